//! Lets so many through each second, at the price of one look at a number for all others.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Lets up to 255 through each second.
#[derive(Debug, Default)]
pub(super) struct Sampler {
    /// When the first one asked.
    began: OnceLock<Instant>,
    /// The second since then, and in the lowest eight bits how many came through in it.
    state: AtomicU64,
}

impl Sampler {
    /// Whether one more may come through in this second.
    pub(super) fn takes(&self, now: Instant, per_second: u8) -> bool {
        let began = *self.began.get_or_init(|| now);
        let second = now.saturating_duration_since(began).as_secs();
        let before = self.state.load(Ordering::Relaxed);
        let count = if before >> 8 == second {
            before & 255
        } else {
            0
        };
        if u64::from(per_second) <= count {
            return false;
        }
        let after = (second << 8) | (count + 1);
        // Whoever loses the race is not looked at: there are enough others.
        self.state
            .compare_exchange(before, after, Ordering::Relaxed, Ordering::Relaxed)
            .is_ok()
    }
}
