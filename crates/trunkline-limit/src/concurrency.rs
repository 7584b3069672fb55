//! How many calls and streams may be under way at an upstream, learned from its complaints.
//!
//! Additive increase, multiplicative decrease, as congestion control has it, with two differences.
//! The signs are 429, 503 and timeouts, never slowness: a language model's answer takes as long as it
//! is long. And there is no limit at all before the first sign, unless the settings give one.
//!
//! A sign lowers the limit to nine tenths, once per round trip: calls that started before the last
//! decrease say nothing of it. It grows by one per success up to nine tenths of where the trouble
//! began and when there was none for half a minute, and else by one for as many successes as it lets
//! in; and only while at least half of it is in use.

use std::num::NonZeroU32;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::{Nanos, Outcome, lock};

/// Where learning starts if fewer calls are under way at the first sign; the sign may have been about
/// another account's calls, or about a rate.
const FIRST_MIN: u32 = 20;

/// No two decreases are closer together.
const COOLDOWN: Duration = Duration::from_millis(250);

/// Without a sign for this long, the limit grows by one per success.
const CALM: Duration = Duration::from_secs(30);

/// Without a sign for this long, what was learned may be forgotten.
const FORGET: Duration = Duration::from_mins(10);

/// Calls under way at one upstream.
#[derive(Debug, Default)]
pub struct Concurrency {
    /// Ordered with what else its users count (`SeqCst`): who waits for a seat must be seen by whoever
    /// leaves one.
    in_flight: AtomicU32,
    /// Zero before the first sign.
    learned: AtomicU32,
    history: Mutex<History>,
}

#[derive(Debug, Default)]
struct History {
    lowered_at: Nanos,
    /// The limit when the last series of decreases began.
    peak: u32,
    /// Whether the limit has grown since it was last lowered.
    has_grown: bool,
    successes: u32,
}

/// What the settings say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Never more than this.
    pub max: Option<NonZeroU32>,
    /// What is learned never goes below this.
    pub floor: NonZeroU32,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            max: None,
            floor: NonZeroU32::MIN,
        }
    }
}

/// A call that is under way, until it is given to [`Concurrency::leave`].
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a call that never leaves takes its place for good"]
pub struct Permit {
    started: Nanos,
}

/// Whether a call may start.
#[derive(Debug, PartialEq, Eq)]
pub enum Entry {
    /// Yes.
    In(Permit),
    /// Not before another has left.
    Full {
        /// So many may be under way.
        limit: u32,
        /// Who says so.
        by: Cap,
    },
}

/// Where a limit comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cap {
    /// The settings.
    Settings,
    /// The upstream's complaints.
    Learned,
}

/// What the end of a call did to the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Nothing: no sign either way, or none that counts.
    None,
    /// One more may be under way.
    Raised(u32),
    /// Fewer may be under way.
    Lowered(u32),
}

impl Concurrency {
    /// Lets a call start if there is room.
    pub fn enter(&self, bounds: Bounds, now: Nanos) -> Entry {
        let Some((limit, by)) = self.limit(bounds) else {
            self.in_flight.fetch_add(1, Ordering::SeqCst);
            return Entry::In(Permit { started: now });
        };
        let entered =
            self.in_flight
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |in_flight| {
                    (in_flight < limit).then_some(in_flight + 1)
                });
        match entered {
            Ok(_) => Entry::In(Permit { started: now }),
            Err(_) => Entry::Full { limit, by },
        }
    }

    /// Ends a call, or a stream with its last byte.
    pub fn leave(&self, permit: Permit, outcome: Outcome, bounds: Bounds, now: Nanos) -> Change {
        let in_flight = self.in_flight.fetch_sub(1, Ordering::SeqCst);
        let learned = self.learned.load(Ordering::Relaxed);
        if outcome.asks_for_less() {
            return self.lower(permit, in_flight, bounds, now);
        }
        let is_used = in_flight.saturating_mul(2) >= learned;
        let may_grow = bounds.max.is_none_or(|max| learned < max.get());
        if outcome == Outcome::Fine && learned != 0 && is_used && may_grow {
            return self.raise(now);
        }
        Change::None
    }

    /// How many may be under way, and who says so; none if nobody does.
    pub fn limit(&self, bounds: Bounds) -> Option<(u32, Cap)> {
        let learned = match self.learned.load(Ordering::Relaxed) {
            0 => None,
            learned => Some(learned.max(bounds.floor.get())),
        };
        match (bounds.max.map(NonZeroU32::get), learned) {
            (Some(max), Some(learned)) if learned < max => Some((learned, Cap::Learned)),
            (Some(max), _) => Some((max, Cap::Settings)),
            (None, Some(learned)) => Some((learned, Cap::Learned)),
            (None, None) => None,
        }
    }

    /// How many are under way.
    pub fn in_flight(&self) -> u32 {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// Whether nothing is under way and nothing learned that still matters.
    pub fn is_idle(&self, now: Nanos) -> bool {
        let is_calm = || FORGET <= now.since(lock(&self.history).lowered_at);
        self.in_flight() == 0 && (self.learned.load(Ordering::Relaxed) == 0 || is_calm())
    }

    fn lower(&self, permit: Permit, in_flight: u32, bounds: Bounds, now: Nanos) -> Change {
        let mut history = lock(&self.history);
        let learned = self.learned.load(Ordering::Relaxed);
        let is_known =
            permit.started < history.lowered_at || now.since(history.lowered_at) < COOLDOWN;
        if learned != 0 && is_known {
            return Change::None;
        }
        // A limit that nobody was near is no knowledge.
        let used = in_flight.max(FIRST_MIN);
        let before = match learned {
            0 => used,
            learned => learned.min(used),
        };
        let before = bounds.max.map_or(before, |max| before.min(max.get()));
        if learned == 0 || history.has_grown {
            history.peak = before;
        }
        let after = nine_tenths(before).max(bounds.floor.get());
        history.lowered_at = now;
        history.has_grown = false;
        history.successes = 0;
        self.learned.store(after, Ordering::Relaxed);
        if after < before {
            Change::Lowered(after)
        } else {
            Change::None
        }
    }

    fn raise(&self, now: Nanos) -> Change {
        let mut history = lock(&self.history);
        let learned = self.learned.load(Ordering::Relaxed);
        let is_calm = CALM <= now.since(history.lowered_at);
        history.successes = history.successes.saturating_add(1);
        let is_below_trouble = learned < nine_tenths(history.peak);
        if !is_calm && !is_below_trouble && history.successes < learned {
            return Change::None;
        }
        let after = learned.saturating_add(1);
        history.successes = 0;
        history.has_grown = true;
        self.learned.store(after, Ordering::Relaxed);
        Change::Raised(after)
    }
}

/// Below the number itself, for any but zero.
fn nine_tenths(number: u32) -> u32 {
    number - number.div_ceil(10)
}

#[cfg(test)]
mod tests;
