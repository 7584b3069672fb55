//! Calls and failures of the last while, in ten slices.

use std::time::Duration;

use crate::Nanos;

const SLICES: usize = 10;

/// What was counted lately.
#[derive(Debug, Default)]
pub(super) struct Recent {
    slices: [Slice; SLICES],
}

#[derive(Debug, Clone, Copy, Default)]
struct Slice {
    /// From 1, so that 0 means one that was never used.
    number: u64,
    calls: u32,
    failures: u32,
}

impl Recent {
    /// Counts one call.
    pub(super) fn count(&mut self, now: Nanos, window: Duration, failures: u32) {
        let number = number_of(now, window);
        let place = usize::try_from(number % SLICES as u64).unwrap_or_default();
        if let Some(slice) = self.slices.get_mut(place) {
            if slice.number != number {
                *slice = Slice {
                    number,
                    ..Slice::default()
                };
            }
            slice.calls = slice.calls.saturating_add(1);
            slice.failures = slice.failures.saturating_add(failures);
        }
    }

    /// Calls and failures of the last `window`.
    pub(super) fn sums(&self, now: Nanos, window: Duration) -> (u32, u32) {
        let newest = number_of(now, window);
        let oldest = newest.saturating_sub(SLICES as u64 - 1).max(1);
        let lately = self
            .slices
            .iter()
            .filter(|slice| (oldest..=newest).contains(&slice.number));
        lately.fold((0, 0), |(calls, failures), slice| {
            (
                calls.saturating_add(slice.calls),
                failures.saturating_add(slice.failures),
            )
        })
    }
}

fn number_of(now: Nanos, window: Duration) -> u64 {
    let slice = u64::try_from(window.as_nanos() / SLICES as u128).unwrap_or(u64::MAX);
    (now.as_nanos() / slice.max(1)).saturating_add(1)
}
