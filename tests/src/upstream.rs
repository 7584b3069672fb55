//! A third party on loopback whose every move is written down by the test, and which writes down
//! every request it hears.

pub(crate) mod script;

use std::collections::BTreeMap;
use std::io::Write;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::PATIENCE;
use crate::patience;
use crate::upstream::script::{Act, Script};
use crate::wire::{Ending, Framing, Head, Wire, is_timeout};

/// How long nobody may take a byte before a pouring upstream counts as held back.
const STALL: Duration = Duration::from_millis(700);

/// A server on loopback that follows scripts.
#[derive(Debug)]
pub struct Upstream {
    address: SocketAddr,
    shared: Arc<Shared>,
}

/// One request as it arrived.
#[derive(Debug, Clone)]
pub struct Heard {
    /// The connection it came on, counted from 0.
    pub connection: usize,
    /// When its head had been read.
    pub at: Instant,
    /// The request line and the headers.
    pub head: Head,
    /// As much of the body as the script has read.
    pub body: Vec<u8>,
}

#[derive(Debug)]
struct Shared {
    scripts: Scripts,
    is_ending: AtomicBool,
    journal: Mutex<Journal>,
    changed: Condvar,
}

/// Which script is for a request.
#[derive(Debug)]
enum Scripts {
    /// The next one, whatever is asked for.
    InTurn(Vec<Script>),
    /// The next one of those for the first segment of its path.
    ByPath(BTreeMap<String, Vec<Script>>),
}

#[derive(Debug, Default)]
struct Journal {
    heard: Vec<Heard>,
    connections: Vec<Option<TcpStream>>,
    goodbyes: Vec<(usize, Ending)>,
    closed: usize,
    poured: usize,
    stalled: bool,
}

impl Upstream {
    /// Starts one that takes the scripts in turn, one a request, and the last of them for ever.
    pub fn start<S: Into<Script>>(scripts: impl IntoIterator<Item = S>) -> Self {
        let scripts = scripts.into_iter().map(Into::into).collect();
        Self::listening(|_| Scripts::InTurn(scripts))
    }

    /// Starts one that takes the scripts for the first segment of a path in turn, and answers 500
    /// where there is none left. They are made when its base address is known.
    pub fn start_by_path(scripts: impl FnOnce(&str) -> BTreeMap<String, Vec<Script>>) -> Self {
        Self::listening(|url| Scripts::ByPath(scripts(url)))
    }

    fn listening(scripts: impl FnOnce(&str) -> Scripts) -> Self {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
        let address = listener.local_addr().expect("a listener has an address");
        let shared = Arc::new(Shared {
            scripts: scripts(&format!("http://{address}")),
            is_ending: AtomicBool::new(false),
            journal: Mutex::default(),
            changed: Condvar::new(),
        });
        let own = Arc::clone(&shared);
        thread::spawn(move || accept(&listener, &own));
        Self { address, shared }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its base address.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every request so far.
    pub fn heard(&self) -> Vec<Heard> {
        self.shared.lock().heard.clone()
    }

    /// Every request so far whose path begins with that segment.
    pub fn heard_under(&self, segment: &str) -> Vec<Heard> {
        let mut heard = self.heard();
        heard.retain(|heard| heard.segment() == segment);
        heard
    }

    /// The only request so far.
    #[track_caller]
    pub fn only(&self) -> Heard {
        let mut heard = self.heard();
        assert_eq!(heard.len(), 1, "{heard:#?}");
        heard.remove(0)
    }

    /// How many requests there were.
    pub fn count(&self) -> usize {
        self.shared.lock().heard.len()
    }

    /// Waits until that many requests have begun.
    #[track_caller]
    pub fn wait_for(&self, requests: usize) {
        self.wait_until("requests", |journal| requests <= journal.heard.len());
    }

    /// Waits for a request whose target begins with that text; gives the rest of the target.
    #[track_caller]
    pub fn wait_for_target(&self, beginning: &str) -> String {
        let find = |journal: &Journal| {
            let mut targets = journal.heard.iter().map(|heard| heard.head.word(1));
            targets.find_map(|target| target.strip_prefix(beginning).map(str::to_owned))
        };
        self.wait_until(beginning, |journal| find(journal).is_some());
        find(&self.shared.lock()).unwrap_or_default()
    }

    /// Waits until the other side has closed a connection.
    #[track_caller]
    pub fn wait_for_goodbye(&self, connection: usize) -> Ending {
        let is_it = |goodbye: &&(usize, Ending)| goodbye.0 == connection;
        self.wait_until("a goodbye", |journal| {
            journal.goodbyes.iter().any(|goodbye| is_it(&goodbye))
        });
        let journal = self.shared.lock();
        journal
            .goodbyes
            .iter()
            .find(is_it)
            .map_or(Ending::Clean, |goodbye| goodbye.1)
    }

    /// Waits until so many connections were closed by scripts.
    #[track_caller]
    pub fn wait_until_closed(&self, connections: usize) {
        self.wait_until("its own close", |journal| connections <= journal.closed);
    }

    /// Waits until nobody takes what is poured; gives the bytes poured so far.
    #[track_caller]
    pub fn wait_for_stall(&self) -> usize {
        self.wait_until("a stall", |journal| journal.stalled);
        self.shared.lock().poured
    }

    #[track_caller]
    fn wait_until(&self, what: &str, is_true: impl Fn(&Journal) -> bool) {
        let waited =
            self.shared
                .changed
                .wait_timeout_while(self.shared.lock(), PATIENCE, |journal| !is_true(journal));
        let (journal, _) = waited.unwrap_or_else(PoisonError::into_inner);
        assert!(
            is_true(&journal),
            "the upstream saw no {what} within {PATIENCE:?}: {:#?}",
            journal.heard
        );
    }
}

impl Heard {
    /// The first segment of the path.
    fn segment(&self) -> &str {
        let target = self.head.word(1).trim_start_matches('/');
        target.split(['/', '?']).next().unwrap_or_default()
    }
}

impl Drop for Upstream {
    #[expect(clippy::disallowed_methods, reason = "wakes our own listener")]
    fn drop(&mut self) {
        self.shared.is_ending.store(true, Ordering::Relaxed);
        for connection in self.shared.lock().connections.iter().flatten() {
            drop(connection.shutdown(Shutdown::Both));
        }
        drop(TcpStream::connect(self.address));
    }
}

impl Scripts {
    /// The script for the last request that was heard.
    fn next(&self, heard: &[Heard]) -> Script {
        match self {
            Self::InTurn(scripts) => {
                let script = scripts.get(heard.len() - 1).or(scripts.last());
                script.cloned().unwrap_or_default()
            }
            Self::ByPath(scripts) => {
                let segment = heard.last().map_or("", Heard::segment);
                let same = heard.iter().filter(|request| request.segment() == segment);
                let script = scripts
                    .get(segment)
                    .and_then(|scripts| scripts.get(same.count() - 1));
                script.cloned().unwrap_or_else(|| {
                    script::answer(500)
                        .body("nobody wrote this answer")
                        .script()
                })
            }
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Journal> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, write: impl FnOnce(&mut Journal)) {
        write(&mut self.lock());
        self.changed.notify_all();
    }

    /// Writes a request down and finds what is to be done with it.
    fn hear(&self, connection: usize, head: Head) -> (usize, Script) {
        let mut journal = self.lock();
        let place = journal.heard.len();
        journal.heard.push(Heard {
            connection,
            at: patience::now(),
            head,
            body: Vec::new(),
        });
        let script = self.scripts.next(&journal.heard);
        drop(journal);
        self.changed.notify_all();
        (place, script)
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        if shared.is_ending.load(Ordering::Relaxed) {
            return;
        }
        let Ok(stream) = stream else { continue };
        let mut connection = 0;
        shared.note(|journal| {
            connection = journal.connections.len();
            journal.connections.push(stream.try_clone().ok());
        });
        let shared = Arc::clone(shared);
        thread::spawn(move || serve(Wire::over(stream), connection, &shared));
    }
}

fn serve(mut wire: Wire, connection: usize, shared: &Shared) {
    loop {
        // Between two requests a connection may rest as long as the test likes.
        match wire.head() {
            Ok(Some(head)) => {
                let mut exchange = Exchange::begin(connection, head, shared);
                match exchange.play(wire) {
                    Some(still_open) => wire = still_open,
                    None => return,
                }
            }
            Ok(None) => {
                return shared.note(|journal| journal.goodbyes.push((connection, Ending::Clean)));
            }
            Err(err) if is_timeout(&err) => {}
            Err(_) => {
                return shared.note(|journal| journal.goodbyes.push((connection, Ending::Reset)));
            }
        }
    }
}

/// One request that is being dealt with.
struct Exchange<'a> {
    shared: &'a Shared,
    connection: usize,
    place: usize,
    framing: Framing,
    script: Script,
}

impl<'a> Exchange<'a> {
    fn begin(connection: usize, head: Head, shared: &'a Shared) -> Self {
        let framing = head.framing(Framing::Length(0));
        let (place, script) = shared.hear(connection, head);
        Self {
            shared,
            connection,
            place,
            framing,
            script,
        }
    }

    /// Plays the script; gives the connection back if it is still good for another request.
    fn play(&mut self, mut wire: Wire) -> Option<Wire> {
        for act in std::mem::take(&mut self.script.acts) {
            let went_well = match act {
                Act::Read => self.read(&mut wire, usize::MAX),
                Act::ReadSome(bytes) => self.read(&mut wire, bytes),
                Act::Say(bytes) => wire.say(bytes).map_err(|_| Ending::Reset),
                Act::Pour { piece, times } => self.pour(&wire, &piece, times),
                Act::Await(gate) => {
                    gate.pass();
                    Ok(())
                }
                Act::Open(gate) => {
                    gate.open();
                    Ok(())
                }
                Act::Echo => wire.say(self.echo()).map_err(|_| Ending::Reset),
                Act::AwaitGoodbye => Err(wire.until_closed()),
                Act::CloseHalf => {
                    wire.close_half();
                    self.shared.note(|journal| journal.closed += 1);
                    Ok(())
                }
                Act::Close => return self.close(wire),
                Act::Reset => {
                    self.forget();
                    wire.reset();
                    self.shared.note(|journal| journal.closed += 1);
                    return None;
                }
            };
            if let Err(ending) = went_well {
                self.shared
                    .note(|journal| journal.goodbyes.push((self.connection, ending)));
                return None;
            }
        }
        Some(wire)
    }

    fn echo(&self) -> Vec<u8> {
        let body = self.shared.lock().heard[self.place].body.clone();
        script::answer(200).body(body).bytes()
    }

    /// Closes at once. Dropping alone would not do: the journal holds the socket as well.
    fn close(&self, wire: Wire) -> Option<Wire> {
        self.forget();
        drop(wire);
        self.shared.note(|journal| journal.closed += 1);
        None
    }

    fn forget(&self) {
        self.shared
            .note(|journal| journal.connections[self.connection] = None);
    }

    fn read(&mut self, wire: &mut Wire, least: usize) -> Result<(), Ending> {
        let mut read = 0;
        while read < least {
            let Some(piece) = wire.piece(&mut self.framing)? else {
                break;
            };
            read += piece.len();
            self.shared
                .note(|journal| journal.heard[self.place].body.extend(piece));
        }
        Ok(())
    }

    fn pour(&self, wire: &Wire, piece: &[u8], times: usize) -> Result<(), Ending> {
        let mut stream = wire.stream();
        stream
            .set_write_timeout(Some(STALL))
            .expect("a write timeout can be set");
        for _ in 0..times {
            let mut left = piece;
            while !left.is_empty() {
                match stream.write(left) {
                    Ok(written) => {
                        left = &left[written..];
                        self.shared.note(|journal| journal.poured += written);
                    }
                    Err(err) if is_timeout(&err) => {
                        self.shared.note(|journal| journal.stalled = true);
                    }
                    Err(_) => return Err(Ending::Reset),
                }
            }
        }
        stream
            .set_write_timeout(Some(PATIENCE))
            .expect("a write timeout can be set");
        Ok(())
    }
}
