//! How fast attempts of each operation may follow each other: the settings' limits, put together.

use std::num::NonZeroU32;
use std::sync::Arc;

use rustc_hash::FxHashMap;
use trunkline_connector::Connector;
use trunkline_limit::breaker;
use trunkline_limit::concurrency::Bounds;

use crate::config::{Breaking, Config, Learning, OperationOverride, Override};
use crate::error::{Error, ErrorKind};
use crate::upstream::{Heeds, Pacing, Sharing, Windows};

/// The pacing of a connector's operations.
#[derive(Debug)]
pub(super) struct Pacings {
    usual: Arc<Pacing>,
    /// Of operations that have one of their own, by their place.
    own: FxHashMap<usize, Arc<Pacing>>,
    /// Windows that only one operation has, by its name, for the next reload.
    windows: FxHashMap<String, Windows>,
}

impl Pacings {
    /// What the settings say. What was taken from windows `before` counts still.
    ///
    /// # Errors
    /// [`ErrorKind::BadSettings`], if an operation weighs more than a window ever holds.
    pub(super) fn new(
        connector: &Connector,
        over: &Override,
        config: &Config,
        (before, sharing): (Option<&Self>, Option<&Sharing>),
    ) -> Result<Self, Error> {
        let scope = connector.name.as_str();
        let usual = Pacing {
            windows: Windows::new(
                &over.limits,
                before.map(|before| &before.usual.windows),
                (sharing, scope),
            ),
            common: over.limits.len(),
            bounds: Bounds {
                max: over.concurrency,
                ..Bounds::default()
            },
            breaking: match over.breaking {
                Breaking::On => Some(breaker::Policy::default()),
                Breaking::Off => None,
            },
            heeds: match over.learning {
                // What the sandbox tells was recorded once and never changes.
                _ if config.sandbox.is_some() => Heeds::Nothing,
                Learning::Off => Heeds::Nothing,
                Learning::On if connector.limits.is_declared() => Heeds::Limits,
                Learning::On => Heeds::Refusals,
            },
            scope: None,
        };
        let mut own = FxHashMap::default();
        let mut windows = FxHashMap::default();
        for (place, operation) in connector.operations.iter().enumerate() {
            let Some(over) = over.operations.get(&operation.name) else {
                continue;
            };
            if over.limits.is_empty() && over.weight.is_none() {
                continue;
            }
            let known = before.and_then(|before| before.windows.get(&operation.name));
            let scope = format!("{scope}/{}", operation.name);
            let further = Windows::new(&over.limits, known, (sharing, &scope));
            let weight = over.weight.unwrap_or(NonZeroU32::MIN);
            let pacing = Pacing {
                windows: usual.windows.and(weight, &further),
                scope: (!over.limits.is_empty()).then(|| operation.name.clone()),
                ..usual.clone()
            };
            fits(over, &operation.name, &pacing.windows)?;
            own.insert(place, Arc::new(pacing));
            windows.insert(operation.name.clone(), further);
        }
        Ok(Self {
            usual: Arc::new(usual),
            own,
            windows,
        })
    }

    /// The limits of operations, by their names in order.
    pub(super) fn of_operations(&self) -> impl Iterator<Item = (&str, &Windows)> {
        let windows = self.windows.iter();
        let mut windows: Vec<_> = windows.map(|(name, windows)| (&**name, windows)).collect();
        windows.sort_unstable_by_key(|(name, _)| *name);
        windows.into_iter()
    }

    /// Of the operation at a place.
    pub(super) fn of(&self, operation: Option<usize>) -> &Arc<Pacing> {
        if self.own.is_empty() {
            return &self.usual;
        }
        let own = operation.and_then(|place| self.own.get(&place));
        own.unwrap_or(&self.usual)
    }
}

fn fits(over: &OperationOverride, operation: &str, windows: &Windows) -> Result<(), Error> {
    let Some((name, capacity)) = windows.too_small() else {
        return Ok(());
    };
    let what = format!(
        "weighs more than the limit `{name}` ever holds, {capacity}, so that it could never be called"
    );
    let message = match over.problem(&what) {
        Some(problem) => problem.to_string(),
        None => format!("`{operation}` {what}"),
    };
    Err(Error::new(ErrorKind::BadSettings, message)
        .with_hint("lower its `weight`, or raise the `burst` of the limit"))
}
