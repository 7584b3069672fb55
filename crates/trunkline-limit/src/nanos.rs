//! Time as a value: nanoseconds since a start that the caller chose.

use std::time::Duration;

/// A moment of a monotonic clock.
///
/// Sums stop at the end of the range (584 years) and differences at zero, so that a clock that steps
/// back cannot make a panic or a huge number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Nanos(u64);

impl Nanos {
    /// The start.
    pub const ZERO: Self = Self(0);

    /// This many nanoseconds after the start.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since the start.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// This much after the start.
    pub fn since_start(elapsed: Duration) -> Self {
        Self(nanos_of(elapsed))
    }

    /// The moment this much later.
    #[must_use]
    pub fn plus(self, wait: Duration) -> Self {
        Self(self.0.saturating_add(nanos_of(wait)))
    }

    /// How long after `earlier` this is; zero if it is not.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

fn nanos_of(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
