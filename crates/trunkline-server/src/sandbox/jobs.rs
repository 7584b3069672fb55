//! Jobs that take their time: how often each was looked at.

#[cfg(test)]
pub(super) mod tests;

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use trunkline::connector::{Connector, ConnectorName, Example};

/// Which recorded looks at jobs were given. There are never more of them than examples.
#[derive(Debug, Default)]
pub(super) struct Jobs(Mutex<HashSet<Look>>);

/// A connector, the operation that looks, and an example of it.
type Look = (ConnectorName, usize, String);

impl Jobs {
    /// The first of several answers to the same look that was not given yet, or the last.
    pub(super) fn next<'a>(
        &self,
        connector: &Connector,
        looks: &[&'a Example],
    ) -> Option<&'a Example> {
        let (last, before) = looks.split_last()?;
        let mut given = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = |example: &&&Example| {
            given.insert((connector.name, example.operation, example.name.clone()))
        };
        Some(before.iter().find(is_new).unwrap_or(last))
    }

    /// Where an operation that begins a job was answered, looks begin anew.
    pub(super) fn begun(&self, connector: &Connector, example: &Example) {
        let begun = connector.operations.get(example.operation);
        if let Some(poll) = begun.and_then(|operation| operation.poll.as_ref()) {
            let mut given = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            given.retain(|(name, operation, _)| {
                *name != connector.name || *operation != poll.operation
            });
        }
    }
}
