//! Several buckets at once: all are taken from, or none.

use std::num::NonZeroU32;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use super::line::END_MAX;
use super::{Bucket, Word, admitted, moment, ticks, too_heavy};
use crate::{By, Nanos, Rate, Reserved};

/// One of the buckets that a call takes from.
#[derive(Debug)]
pub struct Window<'a, W = AtomicU64> {
    /// What was taken.
    pub bucket: &'a Bucket<W>,
    /// What may be.
    pub rate: &'a Rate,
    /// What this call takes.
    pub weight: NonZeroU32,
}

/// When the slowest of the windows lets a call go.
#[derive(Debug, Clone, Copy)]
struct Turn {
    when: u64,
    window: usize,
}

/// What taking changed, so that it can be undone at once.
#[derive(Debug, Clone, Copy)]
struct Change {
    before: u64,
    after: u64,
}

impl<W: Word> Window<'_, W> {
    /// Takes from the bucket for a call that goes at `when`, or says when it could.
    fn take(&self, now: u64, when: u64) -> Result<Change, u64> {
        let Some(cost) = self.rate.cost(self.weight) else {
            return Err(END_MAX);
        };
        loop {
            let (before, line) = self.bucket.read(self.rate, now);
            let place = line.place(self.rate, cost, now, when);
            if when < place.when {
                return Err(place.when);
            }
            if self.bucket.word.replace(before, place.after).is_ok() {
                return Ok(Change {
                    before,
                    after: place.after,
                });
            }
        }
    }
}

/// Takes from every window for the moment at which all of them let the call go, or from none.
///
/// For a call that must wait, that moment is taken in *every* window, or two calls could come to go
/// together in one of them. A wait for a slow window thus reserves room in a fast one. Where calls
/// differ in their windows, ask with no wait, and let those that must wait stand in a
/// [queue](crate::fair) instead: then one that waits for a window that is its own holds nobody up.
pub fn reserve_all<W: Word>(windows: &[Window<'_, W>], now: Nanos, wait_max: Duration) -> Reserved {
    if let [only] = windows {
        return only.bucket.reserve(only.rate, now, only.weight, wait_max);
    }
    // Looking first keeps a call that will be refused from standing in another's way meanwhile.
    let mut turn = Turn {
        when: ticks(now),
        window: 0,
    };
    for (index, window) in windows.iter().enumerate() {
        match window.bucket.look(window.rate, now, window.weight) {
            Reserved::At { when, .. } if turn.when < ticks(when) => {
                turn = Turn {
                    when: ticks(when),
                    window: index,
                };
            }
            Reserved::Now | Reserved::At { .. } => {}
            Reserved::Refused { .. } | Reserved::TooHeavy { .. } => {
                return too_heavy(window.rate, window.weight, index);
            }
        }
    }
    let latest = ticks(now.plus(wait_max));
    while turn.when <= latest {
        match take_all(windows, 0, ticks(now), turn.when) {
            Ok(()) => return admitted(ticks(now), turn.when, turn.window),
            // Somebody else was quicker.
            Err(later) => turn = later,
        }
    }
    Reserved::Refused {
        retry_after: moment(turn.when).since(now),
        by: By::Window(turn.window),
    }
}

/// Gives back what [`reserve_all`] took for a call that was to go at `when` and was not sent.
pub fn refund_all<W: Word>(windows: &[Window<'_, W>], now: Nanos, when: Nanos) {
    for window in windows {
        window.bucket.refund(window.rate, now, window.weight, when);
    }
}

/// Takes from all, or says which (counting from `index`) would not let the call go before when.
fn take_all<W: Word>(
    windows: &[Window<'_, W>],
    index: usize,
    now: u64,
    when: u64,
) -> Result<(), Turn> {
    let [first, others @ ..] = windows else {
        return Ok(());
    };
    let change = first.take(now, when).map_err(|when| Turn {
        when,
        window: index,
    })?;
    let taken = take_all(others, index + 1, now, when);
    if taken.is_err() {
        undo(first, change, now, when);
    }
    taken
}

/// Puts back the word as it was, or, if somebody came in between, what may be given back.
fn undo<W: Word>(window: &Window<'_, W>, change: Change, now: u64, when: u64) {
    let mut restored = window.bucket.word.replace(change.after, change.before);
    while restored == Err(change.after) {
        restored = window.bucket.word.replace(change.after, change.before);
    }
    if restored.is_err() {
        let (now, when) = (moment(now), moment(when));
        window.bucket.refund(window.rate, now, window.weight, when);
    }
}
