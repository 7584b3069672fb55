//! A real Redis in a folder of its own, that can be killed, stopped and started again.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::product::Program;

/// Redis as the package of the same name installs it.
const SERVER: &str = "/usr/bin/redis-server";

/// What speaks to it.
const CLIENT: &str = "/usr/bin/redis-cli";

/// A Redis at a socket in a temporary folder, so that nobody else can be there. It keeps nothing.
#[derive(Debug)]
pub struct Redis {
    running: Option<Program>,
    /// Where it listens besides.
    port: Option<u16>,
    password: Option<String>,
    /// Kept until the program has ended, which is why it stands last.
    folder: TempDir,
}

impl Redis {
    /// Whether it is installed.
    pub fn is_installed() -> bool {
        Path::new(SERVER).exists() && Path::new(CLIENT).exists()
    }

    /// A place for one that does not run yet.
    pub fn away() -> Self {
        Self {
            running: None,
            port: None,
            password: None,
            folder: TempDir::new().expect("a folder can be made"),
        }
    }

    /// Starts one.
    #[track_caller]
    pub fn start() -> Self {
        let mut redis = Self::away();
        redis.run();
        redis
    }

    /// Starts one that asks for a password.
    #[track_caller]
    pub fn start_with_password(password: &str) -> Self {
        let mut redis = Self::away();
        redis.password = Some(password.to_owned());
        redis.run();
        redis
    }

    /// Starts one that listens on loopback as well.
    #[track_caller]
    pub fn start_on_loopback() -> Self {
        let mut redis = Self::away();
        loop {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
            let listener = listener.expect("loopback has a free port");
            let address = listener.local_addr().expect("a listener has an address");
            redis.port = Some(address.port());
            drop(listener);
            // Somebody else may have taken the port meanwhile.
            if redis.try_run() {
                return redis;
            }
        }
    }

    /// Starts it, at the same place as before, without what it had.
    #[track_caller]
    pub fn run(&mut self) {
        assert!(self.try_run(), "its port is taken");
    }

    fn try_run(&mut self) -> bool {
        let mut command = Command::new(SERVER);
        let port = self.port.unwrap_or_default().to_string();
        command.args(["--bind", "127.0.0.1", "--port", &port]);
        command.args(["--save", "", "--appendonly", "no"]);
        command.arg("--unixsocket").arg(self.socket());
        if let Some(password) = &self.password {
            command.args(["--requirepass", password]);
        }
        command.current_dir(self.folder.path());
        let program = Program::start(command);
        let is_ready = program.wait_for(|printed| {
            let is_ready = printed.contains("ready to accept");
            (is_ready || printed.contains("Failed listening")).then_some(is_ready)
        });
        self.running = Some(program);
        is_ready
    }

    /// Kills it, so that it has no time to say goodbye.
    pub fn kill(&mut self) {
        drop(self.running.take());
    }

    /// Sends it a signal, such as `STOP`.
    #[track_caller]
    pub fn signal(&self, name: &str) {
        let running = self.running.as_ref().expect("it runs");
        running.signal(name);
    }

    /// Its address, without a password and a database.
    pub fn url(&self) -> String {
        self.port.map_or_else(
            || format!("unix:{}", self.socket().display()),
            |port| format!("redis://127.0.0.1:{port}"),
        )
    }

    /// Has it run a Lua script; gives the lines of its answer.
    #[track_caller]
    pub fn eval(&self, script: &str) -> Vec<String> {
        let mut command = Command::new(CLIENT);
        command.arg("-e").arg("-s").arg(self.socket());
        if let Some(password) = &self.password {
            command.args(["--no-auth-warning", "-a", password]);
        }
        command.args(["EVAL", script, "0"]);
        let done = command.output().expect("Redis has a client");
        let printed = String::from_utf8_lossy(&done.stdout);
        let complaint = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{printed}{complaint}");
        printed.lines().map(str::to_owned).collect()
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }
}
