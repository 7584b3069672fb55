//! The measured gateway, running with one connector whose upstream is on loopback.

use std::fs;
use std::net::SocketAddr;
use std::process::Command;

use anyhow::{Context, Result};
use tempfile::TempDir;

use crate::program::Program;

/// The key that upstreams want to see.
pub(crate) const KEY: &str = "sk-made-up-key-that-only-the-gateway-has";

/// The key that callers send, which nobody may ever see upstream.
pub(crate) const CALLERS_KEY: &str = "sk-made-up-key-of-a-caller";

/// What is called through the gateway.
pub(crate) const PATH: &str = "/openai/v1/models";

/// The threads that carry calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Threads {
    /// One, to compare with others that have one.
    One,
    /// As many as users get who set nothing.
    Default,
}

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
    pub(crate) fn start(
        mut command: Command,
        threads: Threads,
        upstream: SocketAddr,
    ) -> Result<Self> {
        let folder = tempfile::tempdir().context("no folder can be made for the gateway")?;
        fs::write(
            folder.path().join("trunkline.toml"),
            settings(threads, upstream),
        )?;
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

    /// Where callers reach it.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.program.id()
    }

    /// Asks it to end, and waits until it has.
    pub(crate) fn stop(self) -> Result<()> {
        self.program.stop()
    }
}

fn settings(threads: Threads, upstream: SocketAddr) -> String {
    let threads = match threads {
        Threads::One => "[server]\nthreads = 1\n\n",
        Threads::Default => "",
    };
    format!(
        r#"{threads}[egress]
allow = ["127.0.0.1/32"]

[connectors.openai]
base_url = "http://{upstream}"
"#
    )
}
