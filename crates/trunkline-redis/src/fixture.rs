//! A Redis of a test's own, in a folder of its own, and what tests do with it.

#![expect(
    clippy::disallowed_methods,
    reason = "tests wait for real processes, and say how long at most"
)]

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use redis::{Client, Connection};
use tempfile::TempDir;
use tokio::runtime;

use crate::{Address, Forgotten, Notice, Options, Redis, Standing};

/// The longest that anything is waited for.
const WAIT_MAX: Duration = Duration::from_secs(30);

/// A server. It ends with this value.
pub(crate) struct Server {
    folder: TempDir,
    arguments: Vec<String>,
    child: Child,
}

/// A [`Redis`], and what it told.
pub(crate) struct Process {
    pub(crate) redis: Redis,
    notices: Arc<Mutex<Vec<Notice>>>,
    forgotten: Arc<Mutex<Vec<Forgotten>>>,
}

impl Server {
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    pub(crate) fn start_with(arguments: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        let arguments: Vec<_> = arguments.iter().map(ToString::to_string).collect();
        let child = spawn(&folder, &arguments);
        let server = Self {
            folder,
            arguments,
            child,
        };
        server.await_ready();
        server
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join("redis.sock")
    }

    pub(crate) fn address(&self) -> Address {
        Address::parse(&format!("unix:{}", self.socket().display())).unwrap()
    }

    pub(crate) fn connect(&self) -> Connection {
        let url = format!("unix:{}", self.socket().display());
        Client::open(url).unwrap().get_connection().unwrap()
    }

    pub(crate) fn keys(&self) -> Vec<Vec<u8>> {
        let mut keys: Vec<Vec<u8>> = self.ask("KEYS", &["*"]);
        keys.sort();
        keys
    }

    pub(crate) fn ask<T: redis::FromRedisValue>(&self, command: &str, arguments: &[&str]) -> T {
        let mut command = redis::cmd(command);
        command.arg(arguments);
        command.query(&mut self.connect()).unwrap()
    }

    /// Ends it as a crash would.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Begins again, empty, at the same place.
    pub(crate) fn restart(&mut self) {
        fs::remove_file(self.socket()).unwrap();
        self.child = spawn(&self.folder, &self.arguments);
        self.await_ready();
    }

    /// Lets it stand still.
    pub(crate) fn stop(&self) {
        self.signal("-STOP");
    }

    pub(crate) fn resume(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let status = Command::new("kill").args([name, &id]).status().unwrap();
        assert!(status.success());
    }

    fn await_ready(&self) {
        let url = format!("unix:{}", self.socket().display());
        let client = Client::open(url).unwrap();
        eventually("the server answers", || {
            // It may ask for a password: it answers all the same.
            client.get_connection().is_ok_and(|mut connection| {
                let pong = redis::cmd("PING").exec(&mut connection);
                pong.is_ok() || pong.is_err_and(|err| err.code().is_some())
            })
        });
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Process {
    /// Patient, as the machine may be busy.
    pub(crate) fn start(server: &Server) -> Self {
        Self::start_with(&server.address(), options())
    }

    pub(crate) fn start_with(address: &Address, options: Options) -> Self {
        let notices = Arc::new(Mutex::new(Vec::new()));
        let forgotten = Arc::new(Mutex::new(Vec::new()));
        let (told, heard) = (Arc::clone(&notices), Arc::clone(&forgotten));
        let redis = Redis::start(
            address,
            options,
            move |notice| told.lock().unwrap().push(notice),
            move |what| heard.lock().unwrap().push(what),
        );
        Self {
            redis: redis.unwrap(),
            notices,
            forgotten,
        }
    }

    /// With a connection, and having heard that it may have missed anything.
    pub(crate) fn connected(server: &Server) -> Self {
        Self::connected_with(server, options())
    }

    pub(crate) fn connected_with(server: &Server, options: Options) -> Self {
        let process = Self::start_with(&server.address(), options);
        process.await_up();
        eventually("it has heard", || !process.forgotten().is_empty());
        process.forgotten.lock().unwrap().clear();
        process
    }

    pub(crate) fn await_up(&self) {
        eventually("it is up", || self.is_up());
    }

    pub(crate) fn is_up(&self) -> bool {
        matches!(self.redis.standing(), Standing::Up { .. })
    }

    pub(crate) fn notices(&self) -> Vec<Notice> {
        self.notices.lock().unwrap().clone()
    }

    pub(crate) fn forgotten(&self) -> Vec<Forgotten> {
        self.forgotten.lock().unwrap().clone()
    }
}

/// A time limit that a busy machine keeps.
pub(crate) fn options() -> Options {
    Options {
        time_limit: Duration::from_secs(5),
        ..Options::default()
    }
}

/// On a runtime that has neither timers nor sockets.
pub(crate) fn wait<T>(work: impl Future<Output = T>) -> T {
    let runtime = runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(work)
}

pub(crate) fn now() -> Instant {
    Instant::now()
}

#[track_caller]
pub(crate) fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = now() + WAIT_MAX;
    while !is_so() {
        assert!(now() < deadline, "not in time: {what}");
        thread::park_timeout(Duration::from_millis(1));
    }
}

/// A port that was free a moment ago.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn spawn(folder: &TempDir, arguments: &[String]) -> Child {
    let mut command = Command::new("redis-server");
    command
        .current_dir(folder.path())
        .args(["--port", "0", "--unixsocket"])
        .arg(folder.path().join("redis.sock"))
        .args(["--save", "", "--appendonly", "no"])
        .args(arguments)
        .stdout(Stdio::null());
    command.spawn().expect("redis-server is installed")
}
