//! A Redis of our own that can be killed, stopped and started again at its place.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::clock::{self, Began};
use crate::program::Program;
use crate::soak::port;
use crate::{machine, usage};

/// How long it may take to start.
const PATIENCE: Duration = Duration::from_secs(10);

/// It keeps nothing on disk.
#[derive(Debug)]
pub(super) struct Redis {
    running: Option<Program>,
    address: SocketAddr,
    folder: PathBuf,
}

impl Redis {
    /// Starts one, with what it needs in a folder below this.
    pub(super) fn start(folder: &Path, chance: &mut fastrand::Rng) -> Result<Self> {
        let folder = folder.join("redis");
        fs::create_dir(&folder)?;
        let mut redis = Self {
            running: None,
            address: port::free(chance)?,
            folder,
        };
        redis.run()?;
        Ok(redis)
    }

    /// Starts it at the same place as before, without what it had.
    pub(super) fn run(&mut self) -> Result<()> {
        let program = machine::installed("redis-server").context("`redis-server` is missing")?;
        let mut command = Command::new(program);
        command
            .args(["--bind", "127.0.0.1", "--port"])
            .arg(self.address.port().to_string())
            .args(["--save", "", "--appendonly", "no"])
            .current_dir(&self.folder);
        let program = Program::start(command, &self.folder)?;
        let began = Began::now();
        while !program.line()?.contains("eady to accept") {
            if PATIENCE < began.elapsed() {
                bail!("Redis does not start");
            }
        }
        self.running = Some(program);
        Ok(())
    }

    /// Kills it, so that it has no time to say goodbye.
    pub(super) fn kill(&mut self) {
        drop(self.running.take());
        // Whoever waits for its connections learns of it now.
        clock::pause(Duration::from_millis(1));
    }

    /// Sends it a signal, such as `STOP`.
    pub(super) fn signal(&self, name: &str) -> Result<()> {
        let running = self.running.as_ref().context("Redis does not run")?;
        running.signal(name)
    }

    /// Its address.
    pub(super) fn url(&self) -> String {
        format!("redis://{}/0", self.address)
    }

    /// The memory that it has in use.
    pub(super) fn memory(&self) -> Option<u64> {
        usage::memory(self.running.as_ref()?.id()).ok()
    }
}
