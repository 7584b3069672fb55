//! What all parts know of each other: the time, the outages, what was counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crate::clock::Began;
use crate::soak::outages::Outages;
use crate::soak::tally::Tally;

/// Known to everybody; copies are the same.
#[derive(Debug, Clone)]
pub(super) struct Run(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    began: Began,
    outages: Outages,
    tally: Tally,
    upstream: Counts,
    is_over: AtomicBool,
}

/// What upstreams count.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// Calls of the operation that has a small limit.
    pub(super) limited: AtomicU64,
    /// Calls that may not be repeated, and were.
    pub(super) twice: AtomicU64,
}

impl Run {
    /// The time begins now.
    pub(super) fn new() -> Self {
        Self(Arc::new(Inner {
            began: Began::now(),
            outages: Outages::default(),
            tally: Tally::default(),
            upstream: Counts::default(),
            is_over: AtomicBool::new(false),
        }))
    }

    /// The time since the beginning.
    pub(super) fn now(&self) -> Duration {
        self.0.began.elapsed()
    }

    /// When upstreams were out of order.
    pub(super) fn outages(&self) -> &Outages {
        &self.0.outages
    }

    /// What became of the calls.
    pub(super) fn tally(&self) -> &Tally {
        &self.0.tally
    }

    /// What upstreams have counted.
    pub(super) fn upstream(&self) -> &Counts {
        &self.0.upstream
    }

    /// Asks everybody to end.
    pub(super) fn end(&self) {
        self.0.is_over.store(true, Ordering::Relaxed);
    }

    /// Whether everybody is to end.
    pub(super) fn is_over(&self) -> bool {
        self.0.is_over.load(Ordering::Relaxed)
    }
}
