//! The gateways: started, told anew, looked at.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};

use crate::binary::Binary;
use crate::clock::{self, Began};
use crate::gateway::KEY;
use crate::program::Program;
use crate::soak::ask::Listener;
use crate::soak::settings::{Settings, THIRD};
use crate::{machine, metrics, probe};

/// How long anything that is asked of them may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long between two looks.
const AGAIN: Duration = Duration::from_millis(20);

/// What the log says after a reload.
const READ_ANEW: &str = "were read anew";

/// A running gateway. It is ended when it goes out of scope.
#[derive(Debug)]
pub(super) struct Gateway {
    program: Program,
    main: SocketAddr,
    first: SocketAddr,
    folder: PathBuf,
}

impl Gateway {
    /// Starts one in a folder of its own.
    pub(super) fn start(binary: &Binary, folder: PathBuf, settings: &Settings) -> Result<Self> {
        fs::create_dir(&folder)?;
        settings.write(&folder)?;
        let mut command = Command::new(&binary.path);
        command
            .arg("serve")
            .current_dir(&folder)
            .env_clear()
            .env("PATH", machine::variable("PATH").unwrap_or_default())
            .env("SOAK_API_KEY", KEY);
        let program = Program::start(command, &folder)?;
        let (main, first) = (address(&program)?, address(&program)?);
        Ok(Self {
            program,
            main,
            first,
            folder,
        })
    }

    /// Where one of its listeners is.
    pub(super) fn address(&self, listener: Listener) -> SocketAddr {
        match listener {
            Listener::Main => self.main,
            Listener::First => self.first,
        }
    }

    /// Its process id.
    pub(super) fn id(&self) -> u32 {
        self.program.id()
    }

    /// Gives it other settings, and waits until it has taken them up.
    pub(super) fn reload(&self, settings: &Settings) -> Result<()> {
        let times = || self.program.complaints().matches(READ_ANEW).count();
        let before = times();
        settings.write(&self.folder)?;
        self.program.signal("HUP")?;
        wait_until("a gateway does not read its settings anew", || {
            Ok(before < times())
        })?;
        let reply = probe::get(self.main, &format!("/{THIRD}/plain/0"))?;
        let is_known = !reply.body.contains("unknown_connector");
        ensure!(
            is_known == settings.has_third(),
            "a connector was {} by a reload, and the gateway says {}: {}",
            if is_known { "removed" } else { "added" },
            reply.status,
            reply.body
        );
        Ok(())
    }

    /// What it counts, in the text that Prometheus reads.
    pub(super) fn metrics(&self) -> Result<String> {
        let reply = probe::get(self.main, "/-/metrics")?;
        ensure!(reply.status == 200, "the gateway shows no metrics");
        Ok(reply.body)
    }

    /// Waits until it has Redis again; says how long that took.
    pub(super) fn wait_for_redis(&self) -> Result<Duration> {
        let began = Began::now();
        wait_until("a gateway does not find Redis again", || {
            let metrics = self.metrics()?;
            Ok(metrics::counter(&metrics, "trunkline_redis_up") == Some(1))
        })?;
        Ok(began.elapsed())
    }

    /// The size of its log of calls, in bytes: the database, and what is about to go into it.
    pub(super) fn log_bytes(&self) -> (u64, u64) {
        let bytes = |name: &str| {
            let file = self.folder.join(".trunkline").join(name);
            fs::metadata(file).map_or(0, |file| file.len())
        };
        (bytes("calls.db"), bytes("calls.db-wal"))
    }

    /// What it has written to its log of its own.
    pub(super) fn complaints(&self) -> String {
        self.program.complaints()
    }

    /// Asks it to end, and waits until it has.
    pub(super) fn stop(self) -> Result<()> {
        self.program.stop()
    }
}

fn address(program: &Program) -> Result<SocketAddr> {
    let line = program.line()?;
    let address = line.strip_prefix("listening on http://");
    let address = address.and_then(|text| text.split([' ', '/']).next()?.parse().ok());
    address.with_context(|| format!("the gateway said `{line}`"))
}

fn wait_until(what: &str, mut is_so: impl FnMut() -> Result<bool>) -> Result<()> {
    let began = Began::now();
    while !is_so()? {
        if PATIENCE < began.elapsed() {
            bail!("{what} within {PATIENCE:?}");
        }
        clock::pause(AGAIN);
    }
    Ok(())
}
