//! Token buckets of one atomic word each, by the generic cell rate algorithm.
//!
//! A bucket's word holds the moment at which the bucket will be full again. What a call takes moves
//! it on by what its weight needs to refill; a call may go when that leaves it no further ahead than
//! a whole bucket. A call that may go later has moved it on as well: its place in line is kept, and
//! whoever comes after it goes after it.
//!
//! The word has three parts: 55 bits of ticks (16 ns; 18 years), one bit for "promises may lie
//! further ahead than the ticks tell" (only giving back asks for it), and eight bits that tell the
//! rate. The rate comes with each question, so that new settings hold at once: a word that another
//! rate wrote counts for at most an empty bucket, so nobody waits an old hour for a new second.
//!
//! Two laws hold for a bucket whose end is `x`, and the property tests check what follows from them:
//!
//! - for every moment `a`, `x >= a + what was taken by calls that go at a or later`. Hence no span of
//!   time ever holds more than a bucket and what refills in the span;
//! - unless the bit says otherwise, no call was promised a moment after `max(now, x - a bucket)`.
//!   Hence giving back may take from `x` what [`Bucket::refund`] says, and the first law still holds.
//!
//! A clock that steps back makes calls wait longer, by its step at most; more than before are never
//! let through.

use std::num::NonZeroU32;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use crate::rate::TICK_SHIFT;
use crate::{By, Nanos, Rate, Reserved};

mod line;
mod windows;
mod word;

pub use windows::{Window, refund_all, reserve_all};
pub use word::Word;

use line::{Line, Place};

/// What one key has taken; full when new.
///
/// Generic over its word so that a model checker can put its own in place.
#[derive(Debug, Default)]
pub struct Bucket<W = AtomicU64> {
    word: W,
}

impl<W: Word> Bucket<W> {
    /// Takes `weight` now, or a place in line if its turn comes within `wait_max`.
    pub fn reserve(
        &self,
        rate: &Rate,
        now: Nanos,
        weight: NonZeroU32,
        wait_max: Duration,
    ) -> Reserved {
        let Some(cost) = rate.cost(weight) else {
            return too_heavy(rate, weight, 0);
        };
        let start = ticks(now);
        let latest = ticks(now.plus(wait_max));
        loop {
            let (seen, line) = self.read(rate, start);
            let Place { when, after } = line.place(rate, cost, start, start);
            if latest < when {
                return Reserved::Refused {
                    retry_after: moment(when).since(now),
                    by: By::Window(0),
                };
            }
            if self.word.replace(seen, after).is_ok() {
                return admitted(start, when, 0);
            }
        }
    }

    /// Says when `weight` could go; takes nothing.
    pub fn look(&self, rate: &Rate, now: Nanos, weight: NonZeroU32) -> Reserved {
        let Some(cost) = rate.cost(weight) else {
            return too_heavy(rate, weight, 0);
        };
        let start = ticks(now);
        let (_, line) = self.read(rate, start);
        admitted(start, line.place(rate, cost, start, start).when, 0)
    }

    /// Gives back what a call took that was to go at `when` and was not sent.
    ///
    /// Only as much as no span of time can come to hold too much by: all of it for the last in line;
    /// for a call whose moment has come, less what was refilled since, which a full bucket would not
    /// have kept; little or nothing while others wait, whose times are promised.
    pub fn refund(&self, rate: &Rate, now: Nanos, weight: NonZeroU32, when: Nanos) {
        let Some(cost) = rate.cost(weight) else {
            return;
        };
        let (now, when) = (ticks(now), ticks(when));
        loop {
            let (seen, line) = self.read(rate, now);
            let Some(after) = line.without(rate, now, cost, when) else {
                return;
            };
            if self.word.replace(seen, after).is_ok() {
                return;
            }
        }
    }

    /// How much could go at once.
    pub fn available(&self, rate: &Rate, now: Nanos) -> u32 {
        let left = rate.tolerance().saturating_sub(self.ahead(rate, now));
        u32::try_from(left / rate.interval()).unwrap_or(u32::MAX)
    }

    /// How long until one more than [`Self::available`] could go.
    pub fn next_in(&self, rate: &Rate, now: Nanos) -> Duration {
        let ahead = self.ahead(rate, now);
        let wanted = rate.interval() * (u64::from(self.available(rate, now)) + 1);
        let wait = (ahead + wanted).saturating_sub(rate.tolerance());
        Duration::from_nanos(wait << TICK_SHIFT)
    }

    /// Whether nothing is missing, so that forgetting the bucket changes nothing.
    pub fn is_full(&self, now: Nanos) -> bool {
        Line::end_of(self.word.load()) <= ticks(now)
    }

    /// Ticks until the bucket is full.
    fn ahead(&self, rate: &Rate, now: Nanos) -> u64 {
        let now = ticks(now);
        self.read(rate, now).1.end.saturating_sub(now)
    }

    /// The word and what it says.
    ///
    /// What another rate left behind is first put as this one sees it: the time that an empty bucket
    /// takes has to run from now on, also if nobody is let in.
    fn read(&self, rate: &Rate, now: u64) -> (u64, Line) {
        let mut word = self.word.load();
        loop {
            let line = Line::read(word, rate, now);
            let Some(settled) = line.settled(word, rate, now) else {
                return (word, line);
            };
            word = match self.word.replace(word, settled) {
                Ok(()) => settled,
                Err(other) => other,
            };
        }
    }
}

fn too_heavy(rate: &Rate, weight: NonZeroU32, window: usize) -> Reserved {
    Reserved::TooHeavy {
        weight: weight.get(),
        capacity: rate.capacity(),
        window,
    }
}

fn admitted(now: u64, when: u64, window: usize) -> Reserved {
    if when <= now {
        return Reserved::Now;
    }
    Reserved::At {
        when: moment(when),
        by: By::Window(window),
    }
}

fn ticks(moment: Nanos) -> u64 {
    (moment.as_nanos() >> TICK_SHIFT).min(line::END_MAX)
}

fn moment(ticks: u64) -> Nanos {
    Nanos::from_nanos(ticks << TICK_SHIFT)
}

#[cfg(test)]
mod laws;
#[cfg(test)]
mod models;
#[cfg(test)]
mod tests;
