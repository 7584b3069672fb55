//! A lock in many parts, so that threads at different names seldom meet.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

const SHARDS: usize = 64;

/// Many of the same, each behind its own lock.
pub(crate) struct Sharded<S>(Box<[Mutex<S>; SHARDS]>);

impl<S> Sharded<S> {
    pub(crate) fn lock(&self, digest: &[u8; 16]) -> MutexGuard<'_, S> {
        let [.., last] = digest;
        #[expect(
            clippy::indexing_slicing,
            reason = "a remainder is less than what was divided by"
        )]
        lock(&self.0[usize::from(*last) % SHARDS])
    }

    /// Locks one after the other.
    pub(crate) fn each(&self) -> impl Iterator<Item = MutexGuard<'_, S>> {
        self.0.iter().map(lock)
    }
}

impl<S: Default> Default for Sharded<S> {
    fn default() -> Self {
        Self(Box::new(std::array::from_fn(|_| Mutex::default())))
    }
}

impl<S> fmt::Debug for Sharded<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sharded").finish_non_exhaustive()
    }
}

/// Nothing behind a lock of this crate is left half-done by a panic.
pub(crate) fn lock<S>(mutex: &Mutex<S>) -> MutexGuard<'_, S> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
