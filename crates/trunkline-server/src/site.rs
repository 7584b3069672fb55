//! One place where we listen: what is mounted there and what may come in.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use trunkline::connector::ConnectorName;
use trunkline::{Caller, Config, Listen};

use crate::door::Rules;

/// One place where we listen.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    /// What is mounted there.
    pub(crate) mount: Mount,
    /// What may come in.
    pub(crate) rules: Rules,
    /// Whether the sandbox stands in for the upstreams.
    pub(crate) upstreams: Upstreams,
    /// How many connections are open there.
    pub(crate) open: Arc<AtomicUsize>,
}

/// What is mounted at a place where we listen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mount {
    /// Every connector under its name, and our own routes.
    Main,
    /// One connector at `/`, and nothing of ours.
    Connector(ConnectorName),
}

/// Who answers calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Upstreams {
    /// The APIs themselves.
    Real,
    /// The sandbox.
    Sandbox,
}

impl Site {
    /// The place `listen`, as the settings want it.
    pub(crate) fn new(config: &Config, mount: Mount, listen: &Listen) -> Self {
        let upstreams = if config.sandbox.is_some() {
            Upstreams::Sandbox
        } else {
            Upstreams::Real
        };
        Self {
            mount,
            rules: Rules::new(config, listen),
            upstreams,
            open: Arc::new(AtomicUsize::new(0)),
        }
    }

    /// Who calls here, until callers have keys of their own.
    pub(crate) fn caller(&self) -> Caller {
        self.mount
            .connector()
            .map_or(Caller::Anyone, Caller::Listener)
    }

    /// How many connections are open here.
    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::Relaxed)
    }
}

impl Mount {
    /// The connector that is mounted there alone.
    pub(crate) fn connector(self) -> Option<ConnectorName> {
        match self {
            Self::Main => None,
            Self::Connector(name) => Some(name),
        }
    }

    /// Its name in metrics.
    pub(crate) fn label(&self) -> &str {
        match self {
            Self::Main => "main",
            Self::Connector(name) => name.as_str(),
        }
    }
}
