//! What a bucket needs of an atomic: reading, and replacing what was read.

use std::sync::atomic::{AtomicU64, Ordering};

/// An atomic 64-bit word.
///
/// Each bucket is one word and publishes nothing else, so that relaxed order is enough.
pub trait Word {
    /// What is there.
    fn load(&self) -> u64;

    /// Puts `new` in the place of `seen`; otherwise says what is there. May fail without a cause.
    fn replace(&self, seen: u64, new: u64) -> Result<(), u64>;
}

impl Word for AtomicU64 {
    fn load(&self) -> u64 {
        self.load(Ordering::Relaxed)
    }

    fn replace(&self, seen: u64, new: u64) -> Result<(), u64> {
        self.compare_exchange_weak(seen, new, Ordering::Relaxed, Ordering::Relaxed)
            .map(|_| ())
    }
}
