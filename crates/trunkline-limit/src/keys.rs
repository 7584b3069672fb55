//! The state of each key, in a table that cannot be made to grow.
//!
//! Keys may come from anybody. Beyond a bound, those that are idle are forgotten, which changes
//! nothing: a full bucket is as good as none. If none is idle, newcomers share one state until there
//! is room: then too nobody gets more than one key may, and nobody else's state is lost.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use rustc_hash::FxSeededState;

use crate::Nanos;
use crate::breaker::Breaker;
use crate::concurrency::Concurrency;
use crate::gcra::{Bucket, Word};
use crate::learned::Learned;

/// Threads that look at different keys seldom meet.
const SHARDS: usize = 16;

/// A full shard is searched for idle keys this often at most.
const SWEEP_EVERY: Duration = Duration::from_secs(1);

/// A state that may be worth nothing.
pub trait Forgettable {
    /// Whether a new state would behave the same.
    fn is_idle(&self, now: Nanos) -> bool;
}

impl<W: Word> Forgettable for Bucket<W> {
    fn is_idle(&self, now: Nanos) -> bool {
        self.is_full(now)
    }
}

impl Forgettable for Learned {
    fn is_idle(&self, now: Nanos) -> bool {
        self.is_idle(now)
    }
}

impl Forgettable for Concurrency {
    fn is_idle(&self, now: Nanos) -> bool {
        self.is_idle(now)
    }
}

impl Forgettable for Breaker {
    fn is_idle(&self, now: Nanos) -> bool {
        self.is_idle(now)
    }
}

/// A bounded table of states.
pub struct Keys<K, S> {
    /// Random, so that nobody can choose keys that meet.
    hasher: FxSeededState,
    shards: Box<[RwLock<Shard<K, S>>]>,
    shared: Arc<S>,
    per_shard_max: usize,
}

struct Shard<K, S> {
    states: HashMap<K, Arc<S>, FxSeededState>,
    /// When no idle key was found.
    swept_at: Option<Nanos>,
}

/// The state of a key.
#[derive(Debug)]
pub enum Found<S> {
    /// Its own.
    Own(Arc<S>),
    /// The one that is shared by all keys for which there is no room.
    Shared(Arc<S>),
}

impl<S> Found<S> {
    /// The state, whoever else has it.
    pub fn into_state(self) -> Arc<S> {
        match self {
            Self::Own(state) | Self::Shared(state) => state,
        }
    }
}

impl<K: Hash + Eq, S: Forgettable + Default> Keys<K, S> {
    /// A table of about `keys_max` keys at most (never more, and at least 16).
    pub fn new(keys_max: usize) -> Self {
        let seed = RandomState::new().hash_one(keys_max);
        let hasher = FxSeededState::with_seed(usize::try_from(seed).unwrap_or_default());
        let shards = (0..SHARDS).map(|_| {
            RwLock::new(Shard {
                states: HashMap::with_hasher(hasher.clone()),
                swept_at: None,
            })
        });
        Self {
            shards: shards.collect(),
            hasher,
            shared: Arc::default(),
            per_shard_max: (keys_max / SHARDS).max(1),
        }
    }

    /// The state of a key; a new one if there is none and room for it.
    pub fn find<Q>(&self, key: &Q, now: Nanos) -> Found<S>
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        let Some(shard) = self.shard(key) else {
            return Found::Shared(Arc::clone(&self.shared));
        };
        if let Some(state) = read(shard).states.get(key) {
            return Found::Own(Arc::clone(state));
        }
        let mut shard = write(shard);
        if let Some(state) = shard.states.get(key) {
            return Found::Own(Arc::clone(state));
        }
        if !shard.has_room(self.per_shard_max, now) {
            return Found::Shared(Arc::clone(&self.shared));
        }
        let state = Arc::<S>::default();
        shard.states.insert(key.to_owned(), Arc::clone(&state));
        Found::Own(state)
    }

    /// Goes through all states that are not shared.
    pub fn for_each(&self, mut look: impl FnMut(&K, &Arc<S>)) {
        for shard in &self.shards {
            for (key, state) in &read(shard).states {
                look(key, state);
            }
        }
    }

    /// Forgets all that is idle.
    pub fn sweep(&self, now: Nanos) {
        for shard in &self.shards {
            write(shard).sweep(now);
        }
    }

    /// How many keys have a state of their own.
    pub fn len(&self) -> usize {
        let lengths = self.shards.iter().map(|shard| read(shard).states.len());
        lengths.sum()
    }

    /// Whether no key has.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn shard<Q: Hash + ?Sized>(&self, key: &Q) -> Option<&RwLock<Shard<K, S>>> {
        // The table in the shard goes by the low bits, and by the highest seven.
        let middle = (self.hasher.hash_one(key) >> 40) % SHARDS as u64;
        self.shards.get(usize::try_from(middle).unwrap_or_default())
    }
}

impl<K: Hash + Eq, S: Forgettable> Shard<K, S> {
    fn has_room(&mut self, max: usize, now: Nanos) -> bool {
        if self.states.len() < max {
            return true;
        }
        let was_swept_lately = self
            .swept_at
            .is_some_and(|at| at <= now && now.since(at) < SWEEP_EVERY);
        if was_swept_lately {
            return false;
        }
        self.sweep(now);
        self.swept_at = Some(now);
        self.states.len() < max
    }

    /// A state that somebody holds is in use. Nobody can take hold of one meanwhile: that needs the
    /// lock.
    fn sweep(&mut self, now: Nanos) {
        self.states
            .retain(|_, state| 1 < Arc::strong_count(state) || !state.is_idle(now));
    }
}

/// Keys may be somebody's names; how many there are says enough.
impl<K: Hash + Eq, S: Forgettable + Default> fmt::Debug for Keys<K, S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("Keys");
        shown.field("len", &self.len()).finish_non_exhaustive()
    }
}

fn read<T>(lock: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
