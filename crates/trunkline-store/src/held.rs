//! What the table holds for a key, what that weighs, and how much of it there is.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use quick_cache::{Lifecycle, Weighter};

use crate::entry::Slot;
use crate::key::{Address, Key};

/// About what the tables take for it.
const PASSING_WEIGHT: u64 = 384;

/// What the table holds for a key.
#[derive(Clone, Debug)]
pub(crate) enum Held {
    Entries(Slot),
    Passing(Arc<Passing>),
}

/// That answers at a key are not worth waiting for.
#[derive(Debug)]
pub(crate) struct Passing {
    pub(crate) address: Address,
    pub(crate) until: Instant,
}

impl Held {
    pub(crate) fn address(&self) -> &Address {
        match self {
            Self::Entries(slot) => slot.address(),
            Self::Passing(passing) => &passing.address,
        }
    }

    /// How many answers that are.
    pub(crate) fn entries(&self) -> usize {
        match self {
            Self::Entries(slot) => slot.entries().len(),
            Self::Passing(_) => 0,
        }
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Entries(one), Self::Entries(other)) => one.is(other),
            (Self::Passing(one), Self::Passing(other)) => Arc::ptr_eq(one, other),
            (Self::Entries(_), Self::Passing(_)) | (Self::Passing(_), Self::Entries(_)) => false,
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Scale;

impl Weighter<Key, Held> for Scale {
    fn weight(&self, _: &Key, held: &Held) -> u64 {
        match held {
            Held::Entries(slot) => slot.weight(),
            Held::Passing(_) => PASSING_WEIGHT,
        }
    }
}

/// How much the table holds.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    entries: AtomicUsize,
    passing: AtomicUsize,
}

impl Counts {
    /// To be called before it is in the table, lest it leave before it came.
    pub(crate) fn came(&self, held: &Held) {
        match held {
            Held::Entries(_) => self.entries.fetch_add(held.entries(), Ordering::Relaxed),
            Held::Passing(_) => self.passing.fetch_add(1, Ordering::Relaxed),
        };
    }

    pub(crate) fn left(&self, held: &Held) {
        match held {
            Held::Entries(_) => self.entries.fetch_sub(held.entries(), Ordering::Relaxed),
            Held::Passing(_) => self.passing.fetch_sub(1, Ordering::Relaxed),
        };
    }

    pub(crate) fn entries(&self) -> usize {
        self.entries.load(Ordering::Relaxed)
    }

    pub(crate) fn passing(&self) -> usize {
        self.passing.load(Ordering::Relaxed)
    }
}

/// Sees everything that the table drops by itself.
///
/// That is what is evicted, what is replaced, and what is refused for its weight: so it is in
/// `quick_cache` 0.7, whose documentation speaks of the first only. `laws.rs` would tell if it
/// changed.
#[derive(Clone, Debug)]
pub(crate) struct Doorkeeper(pub(crate) Arc<Counts>);

/// What the table dropped in one go; it goes out of memory after the table's lock.
#[derive(Debug, Default)]
pub(crate) struct Departed(pub(crate) Vec<(Key, Held)>);

impl Lifecycle<Key, Held> for Doorkeeper {
    type RequestState = Departed;

    fn on_evict(&self, departed: &mut Departed, key: Key, held: Held) {
        self.0.left(&held);
        departed.0.push((key, held));
    }
}
