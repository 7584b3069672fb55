//! `trunkline serve`: the gateway, until somebody ends it.

mod signals;

#[cfg(test)]
mod tests;

use std::error::Error as _;
use std::path::Path;
use std::sync::Arc;

use clap::Args;
use tokio::runtime::Builder;
use trunkline::admin::AdminToken;
use trunkline::config::Setting;
use trunkline::{Clock, Config, Environment, Trunkline};
use trunkline_server::sandbox::Sandbox;
use trunkline_server::{Running, Setup, StartError};

use crate::arguments::SettingsOptions;
use crate::commands::Context;
use crate::commands::serve::signals::{Asked, Signals};
use crate::engine::{self, Parts};
use crate::exit::Exit;
use crate::failure::{Complaint, Failure, reason};
use crate::folder::Folder;
use crate::logging;

/// Run the gateway
#[derive(Debug, Args)]
#[command(after_help = "\
Prints one line `listening on http://ADDR` per listener to standard output when it is ready, and
logs to standard error; TRUNKLINE_LOG=debug says more. SIGTERM and Ctrl-C let running calls finish,
for as long as `server.drain` allows; a second one cuts them off. SIGHUP reads settings, connectors
and `.env` files anew.

Examples:
  trunkline serve --sandbox
  trunkline serve --config /etc/trunkline/trunkline.toml --listen 127.0.0.1:4100")]
pub(crate) struct Serve {
    /// Where to listen: an address and port, or `unix:/path/to/socket` [default: 127.0.0.1:4000]
    #[arg(long, value_name = "ADDR")]
    listen: Option<String>,
    /// Let the built-in sandbox answer every call, without keys and network
    #[arg(long)]
    sandbox: bool,
    #[command(flatten)]
    settings: SettingsOptions,
}

/// Where settings come from, now and at each reload.
struct Source {
    folder: Folder,
    environment: Environment,
    arguments: Vec<(&'static str, String)>,
    /// Where the sandbox answers, if it does.
    sandbox: Option<std::net::SocketAddr>,
}

impl Serve {
    /// Serves until a signal ends it.
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        logging::for_server(&context.environment)?;
        let mut source = Source {
            folder: Folder::open(self.settings.config.as_deref())?,
            environment: context.environment.clone(),
            arguments: self
                .listen
                .map(|listen| ("server.listen", listen))
                .into_iter()
                .collect(),
            sandbox: None,
        };
        let Parts {
            config,
            catalog,
            secrets,
        } = source.read()?;
        let clock = Clock::system();
        let sandbox = if self.sandbox {
            let started = Sandbox::start(Arc::new(catalog.clone()), clock.clone());
            Some(started.map_err(|err| engine::no_start(&err))?)
        } else {
            None
        };
        source.sandbox = sandbox.as_ref().map(Sandbox::address);
        let data_dir = config.data_dir.clone();
        let engine = Trunkline::new(Arc::new(source.in_force(config)), catalog, &secrets, clock)?;
        if sandbox.is_none() {
            engine.keep_drift_in(&data_dir);
        }
        engine.keep_calls_in(&data_dir);
        let admin = admin_token(&data_dir);
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|err| engine::no_start(&err))?;
        // Before anybody can know that we run, so that no signal ends us without draining.
        let signals = runtime.block_on(async { Signals::listen() });
        let signals = signals.map_err(|err| engine::no_start(&err))?;
        let running = trunkline_server::start(Setup {
            engine: engine.clone(),
            sandbox,
            admin,
        });
        let running = running.map_err(|err| no_place(&err, engine.config().settings()))?;
        for listening in running.addresses() {
            context
                .printer
                .line(format_args!("listening on {listening}"))?;
        }
        context.printer.flush()?;
        announce(&engine, &source);
        runtime.block_on(serve(running, signals, || source.reload(&engine)));
        if !engine.finish_calls() {
            tracing::warn!("some of the last calls are not in the log");
        }
        runtime.shutdown_background();
        Ok(Exit::Success)
    }
}

/// Waits for signals and does what they ask for.
async fn serve(running: Running, mut signals: Signals, reload: impl Fn()) {
    while signals.next().await == Asked::Reload {
        reload();
    }
    tracing::info!("stopping: running calls may finish");
    let mut drained = tokio::task::spawn_blocking(|| running.shut_down());
    if signals.next_stop_or(&mut drained).await {
        tracing::warn!("stopped at once, calls were cut off");
    } else {
        tracing::info!("stopped");
    }
}

/// The token by which whoever runs the gateway asks it. Calls go on without one.
fn admin_token(data_dir: &Path) -> Option<AdminToken> {
    let opened = AdminToken::open(data_dir, |file| {
        let file = file.display();
        tracing::warn!(
            "`{file}` could be read by others, which it no longer can; if one of them may have, remove it and start anew"
        );
    });
    match opened {
        Ok(token) => Some(token),
        Err(err) => {
            let file = AdminToken::file_in(data_dir);
            tracing::warn!(
                cause = reason(&err),
                "nobody can use `/-/api/v1/`: `{}` cannot be made or used",
                file.display()
            );
            None
        }
    }
}

fn announce(engine: &Trunkline, source: &Source) {
    for setting in engine.config().settings() {
        if setting.key.contains(".danger_") && setting.value == true {
            tracing::warn!("`{}` is on", setting.key);
        }
    }
    let connectors = engine.catalog().iter().count();
    if source.sandbox.is_some() {
        tracing::info!(
            connectors,
            "ready; the sandbox answers every call, nothing is sent to an API"
        );
    } else {
        tracing::info!(connectors, "ready");
    }
}

impl Source {
    /// Everything as it is written now. Warnings go to the log.
    fn read(&self) -> Result<Parts, Failure> {
        let (config, warnings) = self
            .folder
            .config(&self.environment, self.arguments.clone())?;
        for warning in warnings {
            tracing::warn!("{warning}");
        }
        engine::check_addresses(&config)?;
        let catalog = self.folder.catalog()?;
        engine::check_names(&config, &catalog)?;
        let secrets = self.folder.secrets(&self.environment)?;
        for doubt in secrets.doubts() {
            let complaint = Complaint::from(doubt.clone());
            tracing::warn!(hint = doubt.hint, "{}", complaint.message);
        }
        Ok(Parts {
            config,
            catalog,
            secrets,
        })
    }

    /// The settings with the sandbox, if it answers.
    fn in_force(&self, config: Config) -> Config {
        match self.sandbox {
            Some(address) => config.for_sandbox(address),
            None => config,
        }
    }

    /// Reads everything anew. What is wrong is logged, and everything stays as it was.
    fn reload(&self, engine: &Trunkline) {
        match self.try_reload(engine) {
            Ok(()) => tracing::info!("settings, connectors and `.env` files were read anew"),
            Err(failure) => {
                for Complaint { message, notes } in failure.complaints {
                    let hint = notes.into_iter().find(|(label, _)| *label == "hint");
                    let hint = hint.map(|(_, hint)| hint).unwrap_or_default();
                    tracing::error!(hint, "nothing was changed: {message}");
                }
            }
        }
    }

    fn try_reload(&self, engine: &Trunkline) -> Result<(), Failure> {
        let Parts {
            config,
            catalog,
            secrets,
        } = self.read()?;
        let before = engine.config();
        for key in needs_restart(before.settings(), config.settings()) {
            tracing::warn!("`{key}` has changed, which takes effect at the next start");
        }
        Ok(engine.reload(Arc::new(self.in_force(config)), catalog, &secrets)?)
    }
}

/// The settings that differ and concern what is set up at the start: listeners, addresses, files.
fn needs_restart(before: &[Setting], after: &[Setting]) -> Vec<String> {
    const AT_START: [&str; 6] = [
        "server.",
        "listeners.",
        "egress.",
        "data.",
        "redis.",
        "calls.",
    ];
    let is_in = |setting: &Setting, others: &[Setting]| {
        others
            .iter()
            .any(|other| other.key == setting.key && other.value == setting.value)
    };
    let gone = before.iter().filter(|setting| !is_in(setting, after));
    let new = after.iter().filter(|setting| !is_in(setting, before));
    let mut keys: Vec<String> = gone.chain(new).map(|setting| setting.key.clone()).collect();
    keys.retain(|key| AT_START.iter().any(|section| key.starts_with(section)));
    keys.sort();
    keys.dedup();
    keys
}

/// Why a server does not start, and which setting says so.
fn no_place(err: &StartError, settings: &[Setting]) -> Failure {
    let mut complaint = Complaint::new(err.to_string());
    if let Some(cause) = err.source() {
        complaint = complaint.note("caused by", cause.to_string());
    }
    let is_at = |setting: &&Setting| {
        let is_listener = setting.key == "server.listen" || setting.key.starts_with("listeners.");
        let listen = setting.value.as_str().and_then(|text| text.parse().ok());
        is_listener && listen.is_some() && listen.as_ref() == err.listen()
    };
    if let Some(setting) = settings.iter().find(is_at) {
        complaint = complaint.note("setting", format!("{}: `{}`", setting.place, setting.key));
    }
    Failure::new(Exit::Usage, complaint.note("hint", err.hint()))
}
