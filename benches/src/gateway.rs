//! The measured gateway, running with one connector whose upstream is on loopback.

pub(crate) mod settings;

use std::fs;
use std::net::SocketAddr;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use tempfile::TempDir;

use crate::gateway::settings::Settings;
use crate::program::Program;
use crate::rounds::Measured;
use crate::{metrics, probe, say};

/// The key that upstreams want to see.
pub(crate) const KEY: &str = "sk-made-up-key-that-only-the-gateway-has";

/// The key that callers send, which nobody may ever see upstream.
pub(crate) const CALLERS_KEY: &str = "sk-made-up-key-of-a-caller";

/// What is called through the gateway.
pub(crate) const PATH: &str = "/openai/v1/models";

/// Counts the calls that were not written down because too many came.
const DROPPED: &str = "trunkline_call_log_dropped_total";

/// A running gateway. It is ended when it goes out of scope.
#[derive(Debug)]
pub(crate) struct Gateway {
    program: Program,
    address: SocketAddr,
    /// Kept until the program has ended, which is why it stands last.
    _folder: TempDir,
}

impl Gateway {
    /// Runs `command`, which may start the gateway through another program, until it listens.
    pub(crate) fn start(mut command: Command, settings: &Settings) -> Result<Self> {
        let folder = tempfile::tempdir().context("no folder can be made for the gateway")?;
        fs::write(folder.path().join("trunkline.toml"), settings.text())?;
        command
            .args(["serve", "--listen", "127.0.0.1:0"])
            .current_dir(&folder)
            .env_clear()
            .env("PATH", crate::machine::variable("PATH").unwrap_or_default())
            .env("OPENAI_API_KEY", KEY);
        let program = Program::start(command, folder.path())?;
        let line = program.line()?;
        let address = line.strip_prefix("listening on http://");
        let address = address.and_then(|text| text.split([' ', '/']).next()?.parse().ok());
        let address = address.with_context(|| format!("the gateway said `{line}`"))?;
        Ok(Self {
            program,
            address,
            _folder: folder,
        })
    }

    /// How many calls its log has left out, if it counts them.
    fn dropped(&self) -> Result<Option<u64>> {
        let metrics = probe::get(self.address, "/-/metrics")?;
        ensure!(metrics.status == 200, "the gateway shows no metrics");
        Ok(metrics::counter(&metrics.body, DROPPED))
    }

    /// Shows how many that are, if it counts them.
    pub(crate) fn say_dropped(&self) -> Result<()> {
        if let Some(dropped) = self.dropped()? {
            say::line(&format!("calls that its log has left out: {dropped}"));
        }
        Ok(())
    }

    /// Asks it to end, and waits until it has.
    pub(crate) fn stop(self) -> Result<()> {
        self.program.stop()
    }
}

impl Measured for Gateway {
    fn address(&self) -> SocketAddr {
        self.address
    }

    fn id(&self) -> u32 {
        self.program.id()
    }

    /// Whoever leaves work out is fast.
    fn check(&self) -> Result<()> {
        let dropped = self.dropped()?.unwrap_or(0);
        ensure!(
            dropped == 0,
            "the log of calls has left out {dropped} of them"
        );
        Ok(())
    }
}
