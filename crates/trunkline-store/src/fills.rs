//! Where askers of the same thing meet: the first leads, the others follow.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::fill::{Fill, Role};
use crate::key::{Address, Key};
use crate::lead::Lead;
use crate::reader::Reader;
use crate::sharded::Sharded;
use crate::store::{Known, Store};

/// Upstream calls in flight that others may join; for all threads.
///
/// `F` is a failure that many can share; `T` is what a leader's task hands over when an answer
/// cannot be kept: the answer, or the rest of its body.
pub struct Fills<F, T> {
    store: Arc<Store>,
    in_flight: Sharded<HashMap<Key, Arc<Fill<F, T>>>>,
    count: AtomicUsize,
}

/// What an asker is to do.
#[must_use = "who does not lead lets others wait for nothing"]
pub enum Join<F, T> {
    /// Ask the upstream, for all.
    Lead(Lead<F, T>),
    /// Wait for what another gets.
    Follow(Reader<F, T>),
    /// Look at what is kept once more: it has changed meanwhile.
    Again,
}

impl<F, T> Fills<F, T> {
    /// Calls whose answers go into this store.
    pub fn new(store: Arc<Store>) -> Self {
        Self {
            store,
            in_flight: Sharded::default(),
            count: AtomicUsize::new(0),
        }
    }

    /// Joins the call for a key, or starts it.
    ///
    /// `seen` is what was found in the store before. If there are other answers now, somebody's
    /// call has ended in between, and need not be made again.
    pub fn join(self: &Arc<Self>, key: Key, address: Address, seen: &Known) -> Join<F, T> {
        let mut in_flight = self.in_flight.lock(key.as_bytes());
        if let Some(fill) = in_flight.get(&key)
            && self.store.is_current(&fill.mark())
        {
            return Join::Follow(Reader::new(Arc::clone(fill), Role::Follower));
        }
        if self.store.has_news(&key, seen) {
            return Join::Again;
        }
        let fill = Arc::new(Fill::new(self.store.mark(&address)));
        // One that is outdated goes on for those who are there.
        if in_flight.insert(key, Arc::clone(&fill)).is_none() {
            self.count.fetch_add(1, Ordering::Relaxed);
        }
        drop(in_flight);
        Join::Lead(Lead::new(Arc::clone(self), key, fill))
    }

    /// Starts a call that nobody may join, for whoever has wishes that others have not. What it gets
    /// is kept as other answers are.
    pub fn lead_alone(self: &Arc<Self>, key: Key, address: &Address) -> Lead<F, T> {
        let fill = Arc::new(Fill::new(self.store.mark(address)));
        Lead::new(Arc::clone(self), key, fill)
    }

    /// How many calls may be joined.
    pub fn len(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }

    /// Whether none may.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The store that answers go into.
    pub fn store(&self) -> &Arc<Store> {
        &self.store
    }

    /// Lets nobody join any more.
    pub(crate) fn close(&self, key: &Key, fill: &Arc<Fill<F, T>>) {
        let mut in_flight = self.in_flight.lock(key.as_bytes());
        // Another may have taken its place.
        let is_it = in_flight.get(key).is_some_and(|it| Arc::ptr_eq(it, fill));
        if is_it {
            in_flight.remove(key);
            self.count.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

impl<F, T> fmt::Debug for Fills<F, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fills")
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

impl<F, T> fmt::Debug for Join<F, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lead(lead) => f.debug_tuple("Lead").field(lead).finish(),
            Self::Follow(reader) => f.debug_tuple("Follow").field(reader).finish(),
            Self::Again => f.write_str("Again"),
        }
    }
}

#[cfg(test)]
mod tests;
