//! What became of all calls.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::say;

/// How many of the failures that nobody made are shown.
const SHOWN: u64 = 10;

/// Counted so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Counted {
    /// Good answers.
    pub(super) good: u64,
    /// Good answers, by what the cache did.
    pub(super) cache: BTreeMap<String, u64>,
    /// Calls that a small limit refused.
    pub(super) limited: u64,
    /// Calls whose caller left.
    pub(super) left: u64,
    /// Calls that were not made because all callers were waiting.
    pub(super) unmade: u64,
    /// Errors that an outage explains, by what they were.
    pub(super) explained: BTreeMap<String, u64>,
    /// How long after the end of an outage an error came that it explains, by its code.
    pub(super) after: BTreeMap<String, Duration>,
    /// Errors that nothing explains.
    pub(super) unexplained: u64,
}

impl Counted {
    /// Calls that were answered.
    pub(super) fn calls(&self) -> u64 {
        let explained: u64 = self.explained.values().sum();
        self.good + self.limited + self.left + explained + self.unexplained
    }
}

/// Counts.
#[derive(Debug, Default)]
pub(super) struct Tally(Mutex<Counted>);

impl Tally {
    /// Counts something.
    pub(super) fn count(&self, count: impl FnOnce(&mut Counted)) {
        count(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Counts an error that nothing explains, and shows the first of them.
    pub(super) fn unexplained(&self, text: &str) {
        let mut number = 0;
        self.count(|counted| {
            counted.unexplained += 1;
            number = counted.unexplained;
        });
        if number <= SHOWN {
            say::line(&format!("NOT INJECTED, number {number}: {text}"));
        }
    }

    /// What was counted so far.
    pub(super) fn so_far(&self) -> Counted {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
