//! The engine as the working folder's settings make it, inside this process.

use std::collections::BTreeSet;
use std::future::Future;
use std::io;
use std::sync::Arc;

use tokio::runtime::{Builder, Runtime};
use trunkline::{Catalog, Clock, Config, Entry, Environment, Secrets, Trunkline};
use trunkline_server::sandbox::Sandbox;

use crate::commands::{self, Context};
use crate::exit::Exit;
use crate::failure::{Complaint, Failure, reason};
use crate::folder::Folder;

/// What the engine is made of.
#[derive(Debug)]
pub(crate) struct Parts {
    /// The settings.
    pub(crate) config: Config,
    /// The connectors.
    pub(crate) catalog: Catalog,
    /// Where secrets are looked for.
    pub(crate) secrets: Secrets,
}

/// Who answers calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Upstreams {
    /// The APIs themselves.
    Real,
    /// The sandbox, which needs no key and no network.
    Sandbox,
}

/// The engine, and what has to live as long as it does.
pub(crate) struct Engine {
    /// The engine itself.
    pub(crate) trunkline: Trunkline,
    runtime: Runtime,
    _sandbox: Option<Sandbox>,
}

impl Parts {
    /// Reads settings, connectors and `.env` files. Warnings go to standard error.
    pub(crate) fn read(folder: &Folder, context: &mut Context) -> Result<Self, Failure> {
        let (config, warnings) = folder.config(&context.environment, Vec::new())?;
        for warning in warnings {
            context.printer.warn(&warning);
        }
        let catalog = folder.catalog()?;
        check_names(&config, &catalog)?;
        let secrets = folder.secrets(&context.environment)?;
        Ok(Self {
            config,
            catalog,
            secrets,
        })
    }

    /// Secrets such as every connector says that they look like, and no real one.
    pub(crate) fn example_secrets(&self) -> Secrets {
        let mut variables = Vec::new();
        for Entry { connector, .. } in self.catalog.iter() {
            let over = self.config.connectors.get(&connector.name);
            for spec in &connector.secrets {
                let own = over.and_then(|over| over.secrets.get(&spec.name));
                variables.push((own.unwrap_or(&spec.env).clone(), spec.example.clone()));
            }
        }
        Secrets::read(&Environment::new(variables), Vec::new())
    }
}

/// Whether calls may go where settings say. `call` lets the guard say so when it is the very
/// connector that is called.
pub(crate) fn check_addresses(config: &Config) -> Result<(), Failure> {
    match config.refused_addresses() {
        [] => Ok(()),
        refused => Err(refused.to_vec().into()),
    }
}

/// Whether the connectors that settings speak of are there, each by the place that names it.
pub(crate) fn check_names(config: &Config, catalog: &Catalog) -> Result<(), Failure> {
    let mut unknown = BTreeSet::new();
    let mut complaints = Vec::new();
    for setting in config.settings() {
        let mut parts = setting.key.split('.');
        let (Some(section @ ("listeners" | "connectors")), Some(name)) =
            (parts.next(), parts.next())
        else {
            continue;
        };
        if catalog.find(name).is_none() && unknown.insert((section, name)) {
            let error = commands::unknown_connector(catalog, name);
            let message = format!("{}: `{section}.{name}`: {error}", setting.place);
            let hint = error.hint().unwrap_or_default();
            complaints.push(Complaint::new(message).note("hint", hint));
        }
    }
    if complaints.is_empty() {
        return Ok(());
    }
    Err(Failure {
        exit: Exit::Usage,
        complaints,
    })
}

impl Engine {
    /// Starts the engine on this thread.
    pub(crate) fn start(parts: Parts, upstreams: Upstreams) -> Result<Self, Failure> {
        let Parts {
            mut config,
            catalog,
            secrets,
        } = parts;
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|err| no_start(&err))?;
        let sandbox = match upstreams {
            Upstreams::Real => None,
            Upstreams::Sandbox => Some(start_sandbox(&catalog)?),
        };
        if let Some(sandbox) = &sandbox {
            config = config.for_sandbox(sandbox.address());
        }
        let data_dir = config.data_dir.clone();
        let trunkline = Trunkline::new(Arc::new(config), catalog, &secrets, Clock::system())?;
        if sandbox.is_none() {
            trunkline.keep_drift_in(data_dir);
        }
        Ok(Self {
            trunkline,
            runtime,
            _sandbox: sandbox,
        })
    }

    /// Runs something to its end.
    pub(crate) fn run<F: Future>(&self, work: F) -> F::Output {
        self.runtime.block_on(work)
    }

    /// Leaves at once what may still be under way, such as a look-up of a name or a write to a
    /// pipe that nobody reads.
    pub(crate) fn leave(self) {
        self.runtime.shutdown_background();
    }
}

fn start_sandbox(catalog: &Catalog) -> Result<Sandbox, Failure> {
    Sandbox::start(Arc::new(catalog.clone()), Clock::system()).map_err(|err| no_start(&err))
}

/// A thread, a socket or another thing of the operating system's that cannot be had.
pub(crate) fn no_start(err: &io::Error) -> Failure {
    let complaint = Complaint::new("the operating system refuses what is needed to start");
    Failure::new(Exit::Usage, complaint.note("caused by", reason(err)))
}
