//! The engine as the working folder's settings make it, inside this process.

use std::future::Future;
use std::io;
use std::sync::Arc;

use tokio::runtime::{Builder, Runtime};
use trunkline::{Catalog, Clock, Config, Secrets, Trunkline};
use trunkline_server::sandbox::Sandbox;

use crate::commands::Context;
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
        let secrets = folder.secrets(&context.environment)?;
        Ok(Self {
            config,
            catalog,
            secrets,
        })
    }
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
        let trunkline = Trunkline::new(Arc::new(config), catalog, &secrets, Clock::system())?;
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
}

fn start_sandbox(catalog: &Catalog) -> Result<Sandbox, Failure> {
    Sandbox::start(Arc::new(catalog.clone()), Clock::system()).map_err(|err| no_start(&err))
}

/// A thread, a socket or another thing of the operating system's that cannot be had.
pub(crate) fn no_start(err: &io::Error) -> Failure {
    let complaint = Complaint::new("the operating system refuses what is needed to start");
    Failure::new(Exit::Usage, complaint.note("caused by", reason(err)))
}
