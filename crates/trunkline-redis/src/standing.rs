//! Whether Redis is there, since when, and what was asked of it so far.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::clock;

/// The wait after the first failure; each further one doubles it.
const RETRY_FIRST: Duration = Duration::from_millis(10);

/// The longest wait after a failure.
const RETRY_MAX: Duration = Duration::from_secs(1);

/// After so long without a failure, the next one is the first again.
const STEADY: Duration = Duration::from_secs(5);

/// Whether Redis is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It answers.
    Up {
        /// How many processes share it, this one included.
        sharing: u32,
    },
    /// It does not; nothing waits for it.
    Away {
        /// Since when.
        since: Instant,
        /// How many processes shared it last; `None` if it was never there.
        sharing: Option<u32>,
    },
}

/// What was asked of Redis so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Operations that were begun; what is refused while Redis is away is not.
    pub operations: u64,
    /// Of these, those without an answer in time.
    pub timeouts: u64,
    /// Of these, those that failed otherwise.
    pub failures: u64,
    /// Values for the cache that were not kept.
    pub dropped_puts: u64,
    /// How often Redis went away.
    pub times_away: u64,
}

/// What the thread tells the others without being asked.
#[derive(Debug)]
pub(crate) struct Board {
    began: Instant,
    /// Microseconds from the beginning, and one; 0 while Redis is there.
    away_since: AtomicU64,
    /// 0 if unknown.
    sharing: AtomicU32,
    pub(crate) operations: AtomicU64,
    pub(crate) timeouts: AtomicU64,
    pub(crate) failures: AtomicU64,
    pub(crate) dropped_puts: AtomicU64,
    times_away: AtomicU64,
}

impl Board {
    /// Away, until there is a connection.
    pub(crate) fn new() -> Self {
        Self {
            began: clock::now(),
            away_since: AtomicU64::new(1),
            sharing: AtomicU32::new(0),
            operations: AtomicU64::new(0),
            timeouts: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            dropped_puts: AtomicU64::new(0),
            times_away: AtomicU64::new(0),
        }
    }

    pub(crate) fn is_away(&self) -> bool {
        self.away_since.load(Ordering::Relaxed) != 0
    }

    pub(crate) fn up(&self, sharing: u32) {
        self.share(sharing);
        self.away_since.store(0, Ordering::Relaxed);
    }

    pub(crate) fn share(&self, sharing: u32) {
        self.sharing.store(sharing, Ordering::Relaxed);
    }

    /// Keeps the first moment, if it was away already.
    pub(crate) fn away(&self) {
        if self.is_away() {
            return;
        }
        let since = clock::now().duration_since(self.began).as_micros();
        let since = u64::try_from(since).unwrap_or(u64::MAX - 1);
        self.away_since.store(since + 1, Ordering::Relaxed);
        self.times_away.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn sharing(&self) -> u32 {
        self.sharing.load(Ordering::Relaxed)
    }

    pub(crate) fn standing(&self) -> Standing {
        let sharing = self.sharing();
        match self.away_since.load(Ordering::Relaxed) {
            0 => Standing::Up { sharing },
            since => Standing::Away {
                since: self.began + Duration::from_micros(since - 1),
                sharing: (sharing != 0).then_some(sharing),
            },
        }
    }

    pub(crate) fn counts(&self) -> Counts {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Counts {
            operations: read(&self.operations),
            timeouts: read(&self.timeouts),
            failures: read(&self.failures),
            dropped_puts: read(&self.dropped_puts),
            times_away: read(&self.times_away),
        }
    }
}

/// Adds one.
pub(crate) fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

/// Which failure in a row this is, from 1, if there was a connection for `served` before it.
pub(crate) fn failures(before: u32, served: Duration) -> u32 {
    if STEADY <= served {
        return 1;
    }
    before.saturating_add(1)
}

/// How long to wait after so many failures in a row.
pub(crate) fn retry_after(failures: u32) -> Duration {
    let doubled = 1_u32
        .checked_shl(failures.saturating_sub(1))
        .unwrap_or(u32::MAX);
    RETRY_FIRST.saturating_mul(doubled).min(RETRY_MAX)
}

#[cfg(test)]
mod tests;
