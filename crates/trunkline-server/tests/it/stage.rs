//! A server with a scripted upstream behind it and callers before it.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use trunkline::connector::Connector;
use trunkline::connector::document::Source;
use trunkline::{
    Catalog, Clock, Config, Environment, Layers, Listen, ManualClock, Secrets, Trunkline,
};
use trunkline_server::sandbox::Sandbox;
use trunkline_server::{Running, Setup, StartError};

/// No test waits so long; one that does has failed.
const PATIENCE: Duration = Duration::from_secs(20);

const CONNECTOR: &str = r#"
schema = 1

[connector]
name = "up"
title = "Up"
base_url = "https://up.example"
docs = "https://up.example/docs"
checked = "2026-11-22"

[auth]
kind = "none"

[verify]
operation = "things.list"
"#;

const OPERATIONS: &str = r#"
[[operations]]
name = "things.list"
title = "List things"
method = "GET"
path = "/things"
docs = "https://up.example/docs/things"

[[operations]]
name = "things.watch"
title = "Watch things"
method = "GET"
path = "/watch"
docs = "https://up.example/docs/watch"
upgrade = "websocket"
"#;

const EXAMPLE: &str = r#"
operation = "things.list"
title = "no things"

[request]
method = "GET"
path = "/things"

[answer]
status = 200

[answer.body]
json = "{}"

[reply]
class = "ok"
"#;

/// A server, an upstream and a clock.
pub(crate) struct Stage {
    pub(crate) running: Option<Running>,
    pub(crate) upstream: TcpListener,
    pub(crate) time: ManualClock,
    pub(crate) address: SocketAddr,
}

/// How a stage is to be set.
pub(crate) struct Set {
    settings: String,
    dedicated: bool,
}

impl Set {
    /// A server with one thread and the settings of `[server]` given as TOML.
    pub(crate) fn with(settings: &str) -> Self {
        Self {
            settings: settings.to_owned(),
            dedicated: false,
        }
    }

    /// And a listener for the scripted upstream alone.
    pub(crate) fn dedicated(mut self) -> Self {
        self.dedicated = true;
        self
    }

    pub(crate) fn start(self) -> Stage {
        let upstream = TcpListener::bind("127.0.0.1:0").unwrap();
        let (clock, time) = Clock::manual();
        let listeners = if self.dedicated {
            "[listeners]\nup = \"127.0.0.1:0\"\n"
        } else {
            ""
        };
        let text = format!(
            "[server]\nlisten = \"127.0.0.1:0\"\nthreads = 1\n{}\n{listeners}\
             [egress]\nallow = [\"127.0.0.1/32\"]\n\
             [connectors.up]\nbase_url = \"http://{}\"\nretry = {{ attempts = 1 }}\n\
             timeouts = {{ first_byte = \"600s\", idle = \"600s\" }}\n",
            self.settings,
            upstream.local_addr().unwrap(),
        );
        let running = start(config(&text), clock).unwrap();
        let address = tcp(&running.addresses()[0].listen);
        Stage {
            running: Some(running),
            upstream,
            time,
            address,
        }
    }
}

pub(crate) fn config(text: &str) -> Config {
    let source = Source {
        name: "trunkline.toml".to_owned(),
        text: text.to_owned(),
    };
    let environment = Environment::default();
    let layers = Layers {
        file: Some(source),
        environment: &environment,
        arguments: Vec::new(),
    };
    Config::load(layers).unwrap().0
}

/// The scripted upstream's connector, and nothing else.
fn catalog() -> Catalog {
    let source = |name: &str, text: &str| Source {
        name: name.to_owned(),
        text: text.to_owned(),
    };
    let files = vec![
        source("up/connector.toml", CONNECTOR),
        source("up/operations/things.toml", OPERATIONS),
        source("up/examples/things.toml", EXAMPLE),
    ];
    Catalog::of_one(Arc::new(Connector::load(files).unwrap()))
}

pub(crate) fn start(config: Config, clock: Clock) -> Result<Running, StartError> {
    start_with(config, catalog(), clock, None)
}

pub(crate) fn start_with(
    config: Config,
    catalog: Catalog,
    clock: Clock,
    sandbox: Option<Sandbox>,
) -> Result<Running, StartError> {
    let secrets = Secrets::read(&Environment::default(), Vec::new());
    let engine = Trunkline::new(Arc::new(config), catalog, &secrets, clock).unwrap();
    trunkline_server::start(Setup {
        engine,
        sandbox,
        admin: None,
    })
}

pub(crate) fn tcp(listen: &Listen) -> SocketAddr {
    match listen {
        Listen::Tcp(address) => *address,
        Listen::Unix(path) => panic!("{} is no address", path.display()),
    }
}

pub(crate) fn unix(listen: &Listen) -> PathBuf {
    match listen {
        Listen::Unix(path) => path.clone(),
        Listen::Tcp(address) => panic!("{address} is no file"),
    }
}

impl Stage {
    pub(crate) fn new() -> Self {
        Set::with("").start()
    }

    /// A caller's connection.
    pub(crate) fn caller(&self) -> Wire {
        Wire::to(self.address)
    }

    /// A caller's request, `{host}` filled in, on a connection of its own.
    pub(crate) fn ask(&self, request: &str) -> Wire {
        let mut caller = self.caller();
        caller.send(&request.replace("{host}", &self.host()));
        caller
    }

    /// What a caller puts into `Host`.
    pub(crate) fn host(&self) -> String {
        self.address.to_string()
    }

    /// The upstream's next connection.
    pub(crate) fn accept(&self) -> Wire {
        Wire::new(self.upstream.accept().unwrap().0)
    }

    /// The upstream's next connection and what it was asked.
    pub(crate) fn asked(&self) -> (Wire, String) {
        let mut upstream = self.accept();
        let head = upstream.head();
        (upstream, head)
    }

    /// That nobody has asked the upstream anything.
    #[track_caller]
    pub(crate) fn assert_unasked(&self) {
        self.upstream.set_nonblocking(true).unwrap();
        let accepted = self.upstream.accept();
        self.upstream.set_nonblocking(false).unwrap();
        assert!(accepted.is_err(), "the upstream was asked");
    }

    /// Moves time on, a second at a time, and lets the server see each. Some connection has to be
    /// open all the while, or nobody would look.
    pub(crate) fn pass(&self, secs: u64) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap();
        for _ in 0..secs {
            runtime.block_on(self.time.sleeping_within(Duration::from_secs(1)));
            self.time.advance(Duration::from_secs(1));
        }
    }

    /// Moves time on in one leap, after which perhaps nobody waits for it any more.
    pub(crate) fn leap(&self, secs: u64) {
        self.time.advance(Duration::from_secs(secs));
    }

    /// Ends the server while time stands still.
    pub(crate) fn end(&mut self) {
        self.running.take().unwrap().shut_down();
    }
}

/// One end of a connection, with patience.
pub(crate) struct Wire {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Wire {
    pub(crate) fn to(address: SocketAddr) -> Self {
        Self::new(TcpStream::connect(address).unwrap())
    }

    fn new(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            read: Vec::new(),
        }
    }

    pub(crate) fn send(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).unwrap();
    }

    /// Sends to somebody who may have closed already. Says whether it went.
    pub(crate) fn try_send(&mut self, text: &str) -> bool {
        self.stream.write_all(text.as_bytes()).is_ok()
    }

    /// Closes the sending half to somebody who may have closed already.
    pub(crate) fn try_close_sending(&self) {
        self.stream.shutdown(std::net::Shutdown::Write).ok();
    }

    /// Sends until the other side takes no more, and says how much it took.
    pub(crate) fn stuff(&mut self) -> usize {
        let piece = vec![b'x'; 65536];
        self.stream.set_nonblocking(true).unwrap();
        let mut sent = 0;
        let mut tries = 0;
        while tries < 1000 {
            if let Ok(more) = self.stream.write(&piece) {
                sent += more;
                tries = 0;
            } else {
                tries += 1;
                std::thread::yield_now();
            }
        }
        self.stream.set_nonblocking(false).unwrap();
        sent
    }

    /// Everything up to and with `end`.
    #[track_caller]
    pub(crate) fn until(&mut self, end: &str) -> String {
        loop {
            let found = self
                .read
                .windows(end.len())
                .position(|window| window == end.as_bytes());
            if let Some(place) = found {
                let rest = self.read.split_off(place + end.len());
                let text = std::mem::replace(&mut self.read, rest);
                return String::from_utf8(text).unwrap();
            }
            let mut space = [0; 4096];
            let read = self.stream.read(&mut space);
            let count = read.unwrap_or_else(|err| panic!("{err} before {end:?}: {}", self.text()));
            assert!(count > 0, "the end before {end:?}: {}", self.text());
            self.read.extend_from_slice(&space[..count]);
        }
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.read).into_owned()
    }

    /// A head, in lower case, so that tests can look for headers.
    #[track_caller]
    pub(crate) fn head(&mut self) -> String {
        self.until("\r\n\r\n").to_lowercase()
    }

    /// A message whose body has a length: head and body.
    #[track_caller]
    pub(crate) fn message(&mut self) -> (String, String) {
        let head = self.head();
        let body = self.message_body(&head);
        (head, body)
    }

    #[track_caller]
    pub(crate) fn exactly(&mut self, length: usize) -> String {
        while self.read.len() < length {
            let mut space = [0; 4096];
            let count = self.stream.read(&mut space).unwrap();
            assert!(count > 0, "the end after {}", self.text());
            self.read.extend_from_slice(&space[..count]);
        }
        let rest = self.read.split_off(length);
        String::from_utf8(std::mem::replace(&mut self.read, rest)).unwrap()
    }

    /// Everything that still comes, and how it ends.
    pub(crate) fn rest(&mut self) -> (String, End) {
        let mut space = [0; 4096];
        let end = loop {
            match self.stream.read(&mut space) {
                Ok(0) => break End::Closed,
                Ok(count) => self.read.extend_from_slice(&space[..count]),
                Err(err) if err.kind() == ErrorKind::ConnectionReset => break End::Reset,
                Err(err) => panic!("{err} after {}", self.text()),
            }
        };
        (
            String::from_utf8(std::mem::take(&mut self.read)).unwrap(),
            end,
        )
    }

    /// Everything that comes until the connection ends, or the message, if it has a length.
    pub(crate) fn rest_or_problem(&mut self) -> String {
        let head = self.head();
        if head.contains("application/problem+json") {
            self.message_body(&head)
        } else {
            self.rest().0
        }
    }

    fn message_body(&mut self, head: &str) -> String {
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "));
        self.exactly(length.map_or(0, |length| length.parse().unwrap()))
    }

    /// That the other side has closed, one way or the other, and sent nothing more.
    #[track_caller]
    pub(crate) fn assert_over(&mut self) {
        let (rest, _) = self.rest();
        assert_eq!(rest, "");
    }

    /// That nothing has come and the connection stands.
    #[track_caller]
    pub(crate) fn assert_quiet(&self) {
        assert!(self.is_quiet(), "{}", self.text());
    }

    /// Whether nothing has come and the connection stands.
    pub(crate) fn is_quiet(&self) -> bool {
        self.stream.set_nonblocking(true).unwrap();
        let peeked = self.stream.peek(&mut [0]);
        self.stream.set_nonblocking(false).unwrap();
        self.read.is_empty() && peeked.is_err_and(|err| err.kind() == ErrorKind::WouldBlock)
    }

    /// Closes the sending half.
    pub(crate) fn close_sending(&self) {
        self.stream.shutdown(std::net::Shutdown::Write).unwrap();
    }
}

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// As one that is done.
    Closed,
    /// As one that was broken off.
    Reset,
}
