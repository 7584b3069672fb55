//! How much failure is too much, and what then.

use std::time::Duration;

/// No fewer calls are judged, whatever the settings say.
const CALLS_MIN: u32 = 20;

/// When to open, and for how long.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Policy {
    /// Opens when this part of the calls failed, in `0.0..=1.0`.
    pub failure_share: f64,
    /// Fewer calls than this are not judged; at least 20.
    pub calls_min: u32,
    /// How far back is looked.
    pub window: Duration,
    /// How long it stays open first; doubles from there.
    pub open_first: Duration,
    /// It never stays open longer.
    pub open_max: Duration,
    /// How many probes may be under way, and how many must do well.
    pub probes_max: u32,
}

/// Four of five: an upstream that answers half of the attempts serves nearly every call, since they
/// are repeated, and would serve none if it were left alone.
impl Default for Policy {
    fn default() -> Self {
        Self {
            failure_share: 0.8,
            calls_min: CALLS_MIN,
            window: Duration::from_secs(10),
            open_first: Duration::from_secs(5),
            open_max: Duration::from_mins(1),
            probes_max: 2,
        }
    }
}

impl Policy {
    /// Whether so many failures of so many calls are too many.
    pub(super) fn has_enough_of(&self, calls: u32, failures: u32) -> bool {
        self.calls_min.max(CALLS_MIN) <= calls
            && self.failure_share * f64::from(calls) <= f64::from(failures)
    }

    /// How long to stay open the `trips`th time in a row, from 1.
    pub(super) fn open_for(&self, trips: u32) -> Duration {
        let doublings = trips.saturating_sub(1).min(16);
        let doubled = self.open_first.saturating_mul(1 << doublings);
        doubled.min(self.open_max)
    }
}
