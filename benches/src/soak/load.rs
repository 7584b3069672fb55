//! Calls at a steady rate, over connections that are kept, each answer looked at.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Mutex, mpsc};
use tokio::task::JoinSet;

use crate::clock;
use crate::effort::Soak;
use crate::gateway::CALLERS_KEY;
use crate::soak::CONNECTORS;
use crate::soak::ask::{self, Ask, Door, Listener, Patience};
use crate::soak::content;
use crate::soak::gateways::Gateway;
use crate::soak::judge::{self, Heard, Verdict};
use crate::soak::run::Run;
use crate::soak::wire::{Connection, Progress};

/// Callers, each with a connection. All wait when an upstream hangs.
const CALLERS: usize = 320;

/// The longest that anything may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often calls are given out.
const TICK: Duration = Duration::from_millis(10);

/// Load that goes on, on a thread of its own.
#[derive(Debug)]
pub(super) struct Load {
    run: Run,
    thread: JoinHandle<Result<()>>,
}

impl Load {
    /// Begins.
    pub(super) fn start(run: &Run, gateways: &[Gateway], effort: Soak, seed: u32) -> Result<Self> {
        let doors: Vec<(Door, SocketAddr)> = (0..CALLERS)
            .map(Door::of)
            .filter_map(|door| Some((door, gateways.get(door.gateway)?.address(door.listener))))
            .collect();
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let own = run.clone();
        let thread =
            thread::spawn(move || runtime.block_on(make_calls(own, doors, effort.rate, seed)));
        Ok(Self {
            run: run.clone(),
            thread,
        })
    }

    /// Ends, when what is under way was answered.
    pub(super) fn stop(self) -> Result<()> {
        self.run.end();
        let ended = self.thread.join();
        ended.map_err(|_| anyhow!("the load panicked"))?
    }
}

/// Hands out calls to whoever has nothing to do.
async fn make_calls(run: Run, doors: Vec<(Door, SocketAddr)>, rate: u32, seed: u32) -> Result<()> {
    let (give, tickets) = mpsc::channel::<()>(1);
    let tickets = Arc::new(Mutex::new(tickets));
    let numbers = Arc::new(AtomicU64::new(0));
    let mut callers = JoinSet::new();
    for (place, (door, address)) in doors.into_iter().enumerate() {
        let caller = Caller {
            run: run.clone(),
            door,
            address,
            connection: None,
            known: HashMap::new(),
            chance: fastrand::Rng::with_seed((u64::from(seed) << 16) + u64::try_from(place)?),
        };
        let (tickets, numbers) = (Arc::clone(&tickets), Arc::clone(&numbers));
        callers.spawn(async {
            caller.work(tickets, numbers).await;
            Ok(())
        });
    }
    callers.spawn(end_on_signal(run.clone()));
    let began = run.now();
    let mut given = 0;
    while !run.is_over() {
        clock::wait(TICK).await;
        let due = run.now().saturating_sub(began).as_secs_f64() * f64::from(rate);
        while f64::from(given) < due {
            given += 1;
            if clock::within(TICK, "nobody is free", give.send(()))
                .await
                .is_err()
            {
                run.tally().count(|counted| counted.unmade += 1);
            }
        }
    }
    drop(give);
    while let Some(ended) = callers.join_next().await {
        ended.context("a caller broke off")??;
    }
    Ok(())
}

/// Whoever stops the soak early gets a report all the same, and nothing is left running.
async fn end_on_signal(run: Run) -> Result<()> {
    let mut stop = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    while !run.is_over() {
        tokio::select! {
            _ = stop.recv() => run.end(),
            _ = interrupt.recv() => run.end(),
            () = clock::wait(TICK) => {}
        }
    }
    Ok(())
}

struct Caller {
    run: Run,
    door: Door,
    address: SocketAddr,
    connection: Option<Connection>,
    /// The newest version that it has of each thing.
    known: HashMap<String, u64>,
    chance: fastrand::Rng,
}

impl Caller {
    async fn work(mut self, tickets: Arc<Mutex<mpsc::Receiver<()>>>, numbers: Arc<AtomicU64>) {
        loop {
            // The lock is fair: everybody has a turn, and no connection is left alone for long.
            let ticket = tickets.lock().await.recv().await;
            if ticket.is_none() {
                return;
            }
            let number = numbers.fetch_add(1, Ordering::Relaxed);
            let mut ask = ask::choose(&mut self.chance, self.door.listener, number);
            if ask.route.is_kept() && self.chance.u8(..4) == 0 {
                ask.known = self.known.get(&ask.what).copied();
            }
            self.call(&ask).await;
        }
    }

    async fn call(&mut self, ask: &Ask) {
        let from = self.run.now();
        let mut progress = Progress::default();
        let patience = match ask.patience {
            Patience::Whole => PATIENCE,
            Patience::For(moment) => moment,
        };
        let talk = self.talk(ask, &mut progress);
        let talked = clock::within(patience, "no whole answer came", talk).await;
        let broken = match talked {
            Ok(talked) => talked.err(),
            Err(_) if ask.patience != Patience::Whole => {
                self.connection = None;
                self.run.tally().count(|counted| counted.left += 1);
                return;
            }
            Err(slow) => Some(slow),
        };
        if broken.is_some() || Connection::is_closing(&progress.answer) {
            self.connection = None;
        }
        let heard = Heard {
            progress,
            broken: broken.map(|err| format!("{err:#}")),
        };
        self.settle(ask, &heard, from);
    }

    async fn talk(&mut self, ask: &Ask, progress: &mut Progress) -> Result<()> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => none.insert(Connection::open(self.address).await?),
        };
        let name = CONNECTORS.get(ask.connector).copied().unwrap_or_default();
        let prefix = match self.door.listener {
            Listener::Main => format!("/{name}"),
            Listener::First => String::new(),
        };
        let request = ask.request(self.address, &prefix, CALLERS_KEY);
        connection.send(request.as_bytes()).await?;
        connection.answer(progress).await
    }

    fn settle(&mut self, ask: &Ask, heard: &Heard, from: Duration) {
        let tally = self.run.tally();
        let answer = &heard.progress.answer;
        let describe = |what: &str| {
            format!(
                "{what}\nasked gateway {} ({:?}) at {from:.3?}, for {:.3?}: {} {}, known {:?}\n{}",
                self.door.gateway,
                self.door.listener,
                self.run.now().saturating_sub(from),
                ask.route.method(),
                ask.what,
                ask.known,
                judge::show(answer),
            )
        };
        match judge::judge(ask, heard, from) {
            Verdict::Good => {
                let version = content::version_of(&answer.body);
                if let Some(version) = version.filter(|_| ask.route.is_kept()) {
                    self.known.insert(ask.what.clone(), version);
                }
                let cache = judge::cache_word(answer);
                tally.count(|counted| {
                    counted.good += 1;
                    *counted.cache.entry(cache).or_default() += 1;
                });
            }
            Verdict::Limited => tally.count(|counted| counted.limited += 1),
            Verdict::Wrong(what) => tally.unexplained(&describe(&what)),
            Verdict::Error { name, grace } => {
                let span = judge::span(ask, from, self.run.now());
                let Some((kind, after)) = self.run.outages().explain(span, grace) else {
                    tally.unexplained(&describe(&name));
                    return;
                };
                tally.count(|counted| {
                    let most = counted.after.entry(name.clone()).or_default();
                    *most = after.max(*most);
                    *counted
                        .explained
                        .entry(format!("{kind:?}: {name}"))
                        .or_default() += 1;
                });
            }
        }
    }
}
