//! How much of what is being written there is at most, and who has how much of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The bytes of all answers that are being written.
#[derive(Debug, Default)]
pub(crate) struct Writing {
    bytes: AtomicU64,
    bytes_max: AtomicU64,
}

/// What one answer takes while it is written; given back on drop.
#[derive(Debug)]
pub(crate) struct Room {
    of: Arc<Writing>,
    bytes: u64,
}

impl Writing {
    /// Sets another bound. Who has more keeps it, and gets no more.
    pub(crate) fn set_bytes_max(&self, bytes_max: u64) {
        self.bytes_max.store(bytes_max, Ordering::Relaxed);
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// No room yet.
    pub(crate) fn room(self: &Arc<Self>) -> Room {
        Room {
            of: Arc::clone(self),
            bytes: 0,
        }
    }
}

impl Room {
    /// Takes as much as it needs for so many bytes in all, if that is there.
    pub(crate) fn grow_to(&mut self, bytes: u64) -> bool {
        let more = bytes.saturating_sub(self.bytes);
        if more == 0 {
            return true;
        }
        let bytes_max = self.of.bytes_max.load(Ordering::Relaxed);
        let taken = self
            .of
            .bytes
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |taken| {
                taken.checked_add(more).filter(|taken| *taken <= bytes_max)
            });
        if taken.is_ok() {
            self.bytes = bytes;
        }
        taken.is_ok()
    }

    /// Gives back what it does not need for so many bytes.
    pub(crate) fn shrink_to(&mut self, bytes: u64) {
        let less = self.bytes.saturating_sub(bytes);
        self.bytes -= less;
        self.of.bytes.fetch_sub(less, Ordering::Relaxed);
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.shrink_to(0);
    }
}

#[cfg(test)]
mod tests;
