//! A point that one side of a test does not pass before another side says so.

use std::sync::{Arc, Condvar, Mutex, PoisonError};

use crate::PATIENCE;

/// Closed at first; once opened it stays open. Clones are the same gate.
#[derive(Debug, Clone, Default)]
pub struct Gate(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    is_open: Mutex<bool>,
    changed: Condvar,
}

impl Gate {
    /// A closed gate.
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets everybody pass who waits now or later.
    pub fn open(&self) {
        *self
            .0
            .is_open
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = true;
        self.0.changed.notify_all();
    }

    /// Whether somebody has opened it.
    pub fn is_open(&self) -> bool {
        *self
            .0
            .is_open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until somebody opens it.
    #[track_caller]
    pub fn pass(&self) {
        let is_open = self
            .0
            .is_open
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let waited = self
            .0
            .changed
            .wait_timeout_while(is_open, PATIENCE, |is_open| !*is_open);
        let (is_open, _) = waited.unwrap_or_else(PoisonError::into_inner);
        assert!(*is_open, "nobody opened the gate within {PATIENCE:?}");
    }
}
