//! How much of an upstream's load may be repetition, so that retries cannot drown it.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Instant;

use crate::pipeline::retry::Budget;

/// Seconds that are looked back.
const WINDOW_SECS: usize = 10;

/// Retries that are always allowed per window, however few calls there are.
const FLOOR: u32 = 10;

/// One retry for each so many calls is allowed.
const CALLS_PER_RETRY: u32 = 5;

/// Calls and retries of the last ten seconds.
#[derive(Debug)]
pub(crate) struct RetryBudget {
    epoch: Instant,
    /// The second that `calls` is counting, from the epoch.
    second: AtomicU64,
    calls: AtomicU32,
    past: Mutex<Past>,
}

/// What was counted in the seconds before, and when retries began.
#[derive(Debug, Default)]
struct Past {
    calls: [(u64, u32); WINDOW_SECS],
    retries: [(u64, u32); WINDOW_SECS],
}

impl RetryBudget {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            epoch: now,
            second: AtomicU64::new(0),
            calls: AtomicU32::new(0),
            past: Mutex::default(),
        }
    }

    /// Counts a call. One addition, but for the first call of each second.
    pub(crate) fn count_call(&self, now: Instant) {
        self.turn_to(self.second_of(now));
        self.calls.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether one more retry is within the share.
    pub(crate) fn look(&self, now: Instant) -> Budget {
        let second = self.second_of(now);
        self.turn_to(second);
        let Ok(past) = self.past.lock() else {
            return Budget::Spent;
        };
        if self.left_of(&past, second) == 0 {
            Budget::Spent
        } else {
            Budget::Left
        }
    }

    /// Whether a call was ever counted.
    pub(crate) fn is_used(&self) -> bool {
        self.second.load(Ordering::Relaxed) != 0
    }

    /// How many more retries are within the share.
    pub(crate) fn left(&self, now: Instant) -> u32 {
        let second = self.second_of(now);
        self.turn_to(second);
        let past = self.past.lock();
        past.map_or(0, |past| self.left_of(&past, second))
    }

    fn left_of(&self, past: &Past, second: u64) -> u32 {
        let calls = recent(&past.calls, second).saturating_add(self.calls.load(Ordering::Relaxed));
        let share = FLOOR.max(calls / CALLS_PER_RETRY);
        share.saturating_sub(recent(&past.retries, second))
    }

    /// Counts a retry that is about to be made.
    pub(crate) fn count_retry(&self, now: Instant) {
        let second = self.second_of(now);
        if let Ok(mut past) = self.past.lock() {
            add(&mut past.retries, second, 1);
        }
    }

    /// Retries of the last ten seconds.
    pub(crate) fn retries(&self, now: Instant) -> u32 {
        self.past
            .lock()
            .map_or(0, |past| recent(&past.retries, self.second_of(now)))
    }

    /// Puts what was counted before `second` with the past.
    fn turn_to(&self, second: u64) {
        if second <= self.second.load(Ordering::Relaxed) {
            return;
        }
        let Ok(mut past) = self.past.lock() else {
            return;
        };
        let before = self.second.load(Ordering::Relaxed);
        if before < second {
            let counted = self.calls.swap(0, Ordering::Relaxed);
            add(&mut past.calls, before, counted);
            self.second.store(second, Ordering::Relaxed);
        }
    }

    /// From 1, so that 0 means a place that was never used.
    fn second_of(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.epoch).as_secs() + 1
    }
}

fn recent(counted: &[(u64, u32); WINDOW_SECS], now: u64) -> u32 {
    let oldest = now.saturating_sub(WINDOW_SECS as u64 - 1).max(1);
    let within = counted
        .iter()
        .filter(|(second, _)| (oldest..=now).contains(second));
    within.map(|(_, count)| *count).fold(0, u32::saturating_add)
}

fn add(counted: &mut [(u64, u32); WINDOW_SECS], second: u64, count: u32) {
    let place = usize::try_from(second).unwrap_or_default() % WINDOW_SECS;
    if let Some(slot) = counted.get_mut(place) {
        if slot.0 != second {
            *slot = (second, 0);
        }
        slot.1 = slot.1.saturating_add(count);
    }
}

#[cfg(test)]
mod tests;
