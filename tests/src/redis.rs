//! A real Redis in a folder of its own, that can be killed, stopped and started again.

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

    /// Starts it, at the same place as before, without what it had.
    #[track_caller]
    pub fn run(&mut self) {
        let mut command = Command::new(SERVER);
        command.args(["--port", "0", "--save", "", "--appendonly", "no"]);
        command.arg("--unixsocket").arg(self.socket());
        if let Some(password) = &self.password {
            command.args(["--requirepass", password]);
        }
        command.current_dir(self.folder.path());
        let program = Program::start(command);
        program.wait_for(|printed| printed.contains("ready to accept").then_some(()));
        self.running = Some(program);
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

    /// Its address, without a password.
    pub fn url(&self) -> String {
        format!("unix:{}", self.socket().display())
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
