//! The threads that carry calls. Each has a runtime and upstream connections of its own, so that
//! they never wait for each other.

use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;

use tokio::runtime::{Builder, LocalOptions};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use trunkline::{Clock, Config};

use crate::coarse_clock::{CoarseClock, Moment};
use crate::connection::{self, Http};
use crate::gateway::Gateway;
use crate::socket::Accepted;
use crate::tally::Tally;
use crate::watch::{self, Limits, Order, Watch};

/// Nobody sends on it. It closes when the last thread has ended.
pub(crate) type Alive = mpsc::Sender<std::convert::Infallible>;

/// A thread as the acceptors see it.
#[derive(Debug)]
pub(crate) struct Thread {
    inbox: mpsc::UnboundedSender<Message>,
    open: Arc<AtomicUsize>,
}

/// What a thread is told.
#[derive(Debug)]
pub(crate) enum Message {
    /// Serve this connection.
    Serve(Arrival),
    /// Do this with every connection, and end with the last.
    Order(Order),
}

/// What every thread is given alike.
#[derive(Debug, Clone)]
pub(crate) struct Kit {
    /// The settings.
    pub(crate) config: Arc<Config>,
    /// The time.
    pub(crate) clock: Clock,
    /// What was refused.
    pub(crate) tally: Arc<Tally>,
}

/// A connection on its way to the thread that will serve it.
#[derive(Debug)]
pub(crate) struct Arrival {
    /// The connection.
    pub(crate) socket: Accepted,
    /// The number of the place it came in at.
    pub(crate) site: usize,
    /// Its place in the counts.
    pub(crate) presence: Presence,
}

/// A connection's place in the counts of open ones: its thread's and its listener's.
#[derive(Debug)]
pub(crate) struct Presence(Arc<AtomicUsize>, Arc<AtomicUsize>);

impl Presence {
    /// Counts a connection.
    pub(crate) fn new(thread: &Thread, listener: &Arc<AtomicUsize>) -> Self {
        for count in [&thread.open, listener] {
            count.fetch_add(1, Ordering::Relaxed);
        }
        Self(Arc::clone(&thread.open), Arc::clone(listener))
    }
}

impl Drop for Presence {
    fn drop(&mut self) {
        for count in [&self.0, &self.1] {
            count.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl Thread {
    /// Starts a thread. `gateway` is made there, with everything that belongs to it alone.
    pub(crate) fn start(
        number: usize,
        kit: Kit,
        alive: Alive,
        gateway: impl FnOnce() -> Gateway + Send + 'static,
    ) -> io::Result<(Self, JoinHandle<()>)> {
        let (inbox, messages) = mpsc::unbounded_channel();
        let (said, heard) = std::sync::mpsc::sync_channel(1);
        let work = move || {
            let alive = alive;
            let runtime = Builder::new_current_thread()
                .enable_all()
                .build_local(LocalOptions::default());
            match runtime {
                Ok(runtime) => {
                    // If nobody listens any more, the process is ending already.
                    said.send(Ok(())).ok();
                    runtime.block_on(Carrier::new(kit, gateway()).work(messages));
                    runtime.shutdown_background();
                }
                Err(err) => {
                    said.send(Err(err)).ok();
                }
            }
            drop(alive);
        };
        let handle = std::thread::Builder::new()
            .name(format!("calls-{number}"))
            .spawn(work)?;
        heard
            .recv()
            .unwrap_or_else(|_| Err(io::ErrorKind::BrokenPipe.into()))?;
        Ok((
            Self {
                inbox,
                open: Arc::new(AtomicUsize::new(0)),
            },
            handle,
        ))
    }

    /// How many connections it serves.
    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }

    /// Tells it something. A thread that has ended hears nothing, and what it was given is dropped.
    pub(crate) fn tell(&self, message: Message) {
        self.inbox.send(message).ok();
    }
}

/// What a thread works with.
struct Carrier {
    gateway: Rc<Gateway>,
    http: Rc<Http>,
    clock: Clock,
    coarse: Rc<CoarseClock>,
    limits: Limits,
    began: std::time::Instant,
    connections: JoinSet<()>,
    watches: Vec<Rc<Watch>>,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Serving,
    Ending,
}

impl Carrier {
    fn new(kit: Kit, gateway: Gateway) -> Self {
        let Kit {
            config,
            clock,
            tally,
        } = kit;
        let limits = Limits {
            head: config.server.header_timeout,
            idle: config.server.idle_timeout,
        };
        Self {
            gateway: Rc::new(gateway),
            http: Rc::new(Http::new(&config, tally)),
            coarse: Rc::new(CoarseClock::new(limits.period())),
            limits,
            began: clock.now(),
            clock,
            connections: JoinSet::new(),
            watches: Vec::new(),
            stage: Stage::Serving,
        }
    }

    async fn work(mut self, mut messages: mpsc::UnboundedReceiver<Message>) {
        let mut sweep = self.clock.sleep(self.coarse.period());
        let mut is_told = true;
        while self.stage == Stage::Serving || !self.connections.is_empty() {
            tokio::select! {
                message = messages.recv(), if is_told => match message {
                    Some(Message::Serve(arrival)) => {
                        if self.watches.is_empty() {
                            sweep.reset(self.clock.after(self.coarse.period()));
                        }
                        self.serve(arrival);
                    }
                    Some(Message::Order(order)) => self.order(order),
                    None => {
                        is_told = false;
                        self.order(Order::Cut(None));
                    }
                },
                Some(ended) = self.connections.join_next() => {
                    if let Err(err) = ended && err.is_panic() {
                        tracing::error!(error = %err, "a connection ended in a bug of ours");
                    }
                }
                () = &mut sweep, if !self.watches.is_empty() => {
                    self.sweep();
                    sweep.reset(self.clock.after(self.coarse.period()));
                }
            }
        }
    }

    fn now(&self) -> Moment {
        let passed = self.clock.now().saturating_duration_since(self.began);
        Moment(u64::try_from(passed.as_millis()).unwrap_or(u64::MAX))
    }

    fn serve(&mut self, arrival: Arrival) {
        let Arrival {
            socket,
            site,
            presence,
        } = arrival;
        // Without connections nobody has kept the time.
        self.coarse.set(self.now(), self.clock.wall());
        let socket = match socket.adopt() {
            Ok(socket) if self.stage == Stage::Serving => socket,
            Ok(_) => return,
            Err(err) => {
                tracing::warn!(error = %err, "a connection could not be taken on");
                return;
            }
        };
        let watch = Rc::new(Watch::new(Rc::clone(&self.coarse)));
        self.watches.push(Rc::clone(&watch));
        let over = Over(Rc::clone(&watch));
        let (http, gateway) = (Rc::clone(&self.http), Rc::clone(&self.gateway));
        self.connections.spawn_local(async move {
            let _held = (over, presence);
            connection::serve(socket, http, gateway, site, watch).await;
        });
    }

    fn order(&mut self, order: Order) {
        self.stage = Stage::Ending;
        self.gateway.drain();
        for watch in &self.watches {
            // Between requests there is nothing to finish.
            let order = if watch.is_settled() {
                Order::Cut(None)
            } else {
                order
            };
            watch.give(order);
        }
    }

    fn sweep(&mut self) {
        let now = self.now();
        self.coarse.set(now, self.clock.wall());
        self.watches.retain(|watch| !watch.is_over());
        for watch in &self.watches {
            let state = watch.state();
            if let Some(overdue) = watch::judge(&state, self.limits, now) {
                tracing::debug!(?overdue, "a connection was cut");
                watch.give(Order::Cut(Some(overdue)));
            } else if watch::may_have_left(&state, now) {
                watch.look();
            }
        }
    }
}

/// Says that a connection is no more, however it ended.
struct Over(Rc<Watch>);

impl Drop for Over {
    fn drop(&mut self) {
        self.0.close();
    }
}
