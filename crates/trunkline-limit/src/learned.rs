//! What an upstream told of its limits, and when a call may go by it.
//!
//! An answer's headers say how much is left of one or more dimensions (requests, tokens) and when
//! they are refilled. That is the upstream's count at that moment, so three things are added to it:
//! calls that are under way are taken to be uncounted, calls that were answered without a word are
//! charged, and a token estimate is corrected when the true usage arrives.
//!
//! While a fifth or more is left, calls go at once. Below, what is left is spread over the time to
//! the reset. When too little is left, calls wait for the reset in a line with small gaps, so that
//! they do not all wake at once. Knowledge whose reset has passed is forgotten. A wait that came with
//! a 429 outweighs, and replaces, all that was known.

use std::sync::Mutex;
use std::time::Duration;

use crate::{By, Nanos, Reserved, lock};

mod dimension;
mod known;

pub use dimension::{Amounts, Dimension, Dimensions};
pub use known::{Refill, Told};

use known::{Known, Turn};

/// No word of an upstream holds for longer than a day; then it is asked again.
const TRUST_MAX: Duration = Duration::from_hours(24);

/// Between two calls that waited for the same reset.
const LINE_GAP: Duration = Duration::from_millis(10);

/// How far behind a reset its line may reach.
const LINE_MAX: Duration = Duration::from_secs(10);

/// What one scope (a connection, a class of operations, a model, a bucket) was told.
#[derive(Debug, Default)]
pub struct Learned {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    known: Dimensions<Option<Known>>,
    /// Reserved, and not answered.
    pending: Dimensions<u64>,
    block: Option<Block>,
    /// Where the line behind a reset ends.
    line_end: Nanos,
}

/// A wait that came with a 429.
#[derive(Debug, Clone, Copy)]
struct Block {
    since: Nanos,
    until: Nanos,
}

/// A call that was sent.
#[derive(Debug, Clone, Copy)]
pub struct Sent {
    /// What was reserved for it.
    pub amounts: Amounts,
    /// When it was sent.
    pub at: Nanos,
}

/// What is known at a moment, to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    /// What is left of each dimension that was told.
    pub left: Dimensions<Option<Left>>,
    /// The end of the wait that came with a 429.
    pub blocked_until: Option<Nanos>,
}

/// What is left of one dimension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    /// The most there can be, if that was told.
    pub limit: Option<u64>,
    /// What can still be reserved.
    pub remaining: u64,
    /// When it is refilled, if all at once.
    pub refilled_at: Option<Nanos>,
}

impl Learned {
    /// Reserves for a call: at once, or for a moment within `wait_max`.
    ///
    /// Each reservation ends with [`Self::answered`] or [`Self::release`].
    pub fn reserve(&self, now: Nanos, wanted: &Amounts, wait_max: Duration) -> Reserved {
        let state = &mut *lock(&self.state);
        if state.knows_nothing() {
            state.add(wanted);
            return Reserved::Now;
        }
        let (when, by) = state.turn(now, wanted);
        if now.plus(wait_max) < when {
            return Reserved::Refused {
                retry_after: when.since(now),
                by,
            };
        }
        state.commit(now, when, by, wanted);
        if when <= now {
            return Reserved::Now;
        }
        Reserved::At { when, by }
    }

    /// Ends a reservation of a call that was answered, and learns what its headers told.
    pub fn answered(&self, now: Nanos, sent: &Sent, told: &[Told]) {
        let state = &mut *lock(&self.state);
        state.release(&sent.amounts);
        if told.is_empty() && state.knows_nothing() {
            return;
        }
        // What was sent before a 429 came knows nothing of it.
        let is_outdated = state
            .block
            .is_some_and(|block| now < block.until && sent.at <= block.since);
        if is_outdated {
            return;
        }
        for dimension in Dimension::ALL {
            let known = state.known.get_mut(dimension);
            let last = told.iter().rfind(|told| told.dimension == dimension);
            match (last, known.as_mut()) {
                (Some(told), _) => *known = Known::learn(known.take(), told, sent.at, now),
                (None, Some(known)) => known.charge(u64::from(*sent.amounts.get(dimension))),
                (None, None) => {}
            }
        }
    }

    /// Puts true usage in the place of what was estimated; a dimension that is zero in `used` stays.
    pub fn corrected(&self, reserved: &Amounts, used: &Amounts) {
        let state = &mut *lock(&self.state);
        for dimension in Dimension::ALL {
            let (was, is) = (*reserved.get(dimension), *used.get(dimension));
            if let (Some(known), true) = (state.known.get_mut(dimension), is != 0) {
                known.correct(u64::from(was), u64::from(is));
            }
        }
    }

    /// Ends a reservation of a call that was not sent.
    pub fn release(&self, amounts: &Amounts) {
        lock(&self.state).release(amounts);
    }

    /// Lets nothing go before `until`, for a 429 said so, and forgets what was known.
    pub fn throttled(&self, now: Nanos, until: Nanos) {
        let state = &mut *lock(&self.state);
        let until = until.min(now.plus(TRUST_MAX));
        let longest = state.block.map_or(until, |block| block.until.max(until));
        if now < longest {
            state.block = Some(Block {
                since: now,
                until: longest,
            });
            state.known = Dimensions::default();
        }
    }

    /// Whether nothing is known and nothing under way, so that it can be forgotten.
    pub fn is_idle(&self, now: Nanos) -> bool {
        let state = &mut *lock(&self.state);
        state.forget(now);
        state.knows_nothing() && state.pending == Dimensions::default()
    }

    /// What is known now.
    pub fn view(&self, now: Nanos) -> View {
        let state = &mut *lock(&self.state);
        state.forget(now);
        let mut left = Dimensions::default();
        for dimension in Dimension::ALL {
            let pending = *state.pending.get(dimension);
            *left.get_mut(dimension) = state
                .known
                .get(dimension)
                .map(|known| known.left(now, pending));
        }
        View {
            left,
            blocked_until: state.block.map(|block| block.until),
        }
    }
}

impl State {
    /// Whether nothing holds a call: so of every upstream that tells of no limits.
    fn knows_nothing(&self) -> bool {
        let is_unknown = |dimension| self.known.get(dimension).is_none();
        self.block.is_none() && Dimension::ALL.into_iter().all(is_unknown)
    }

    /// Counts a call that goes.
    fn add(&mut self, wanted: &Amounts) {
        for dimension in Dimension::ALL {
            let pending = self.pending.get_mut(dimension);
            *pending = pending.saturating_add(u64::from(*wanted.get(dimension)));
        }
    }

    /// The moment from which a call may go, and what holds it until then.
    fn turn(&mut self, now: Nanos, wanted: &Amounts) -> (Nanos, By) {
        self.forget(now);
        let mut turn = match self.block {
            Some(block) => (block.until, By::Told),
            None => (now, By::Told),
        };
        for dimension in Dimension::ALL {
            let wanted = u64::from(*wanted.get(dimension));
            let (Some(known), 1..) = (self.known.get(dimension), wanted) else {
                continue;
            };
            let (when, by) = match known.turn(now, *self.pending.get(dimension), wanted) {
                Turn::Free => continue,
                Turn::Spread { when, .. } => (when, By::Spread(dimension)),
                Turn::Spent { until } => (until, By::Spent(dimension)),
            };
            if turn.0 < when {
                turn = (when, by);
            }
        }
        let (when, by) = turn;
        if now < when && stands_in_line(by) && self.line_end.since(when) < LINE_MAX {
            return (when.max(self.line_end), by);
        }
        turn
    }

    fn commit(&mut self, now: Nanos, when: Nanos, by: By, wanted: &Amounts) {
        for dimension in Dimension::ALL {
            let amount = u64::from(*wanted.get(dimension));
            let pending = *self.pending.get(dimension);
            if let (Some(known), 1..) = (self.known.get_mut(dimension), amount) {
                known.pace(now, when, pending, amount);
            }
        }
        self.add(wanted);
        if now < when && stands_in_line(by) {
            self.line_end = self.line_end.max(when.plus(LINE_GAP));
        }
    }

    fn release(&mut self, amounts: &Amounts) {
        for dimension in Dimension::ALL {
            let pending = self.pending.get_mut(dimension);
            *pending = pending.saturating_sub(u64::from(*amounts.get(dimension)));
        }
    }

    fn forget(&mut self, now: Nanos) {
        if self.block.is_some_and(|block| block.until <= now) {
            self.block = None;
        }
        for dimension in Dimension::ALL {
            let known = self.known.get_mut(dimension);
            if known.as_ref().is_some_and(|known| known.is_stale(now)) {
                *known = None;
            }
        }
    }
}

/// Who waits for a reset does; who is paced has its own gaps.
fn stands_in_line(by: By) -> bool {
    match by {
        By::Spent(_) | By::Told => true,
        By::Spread(_) | By::Window(_) => false,
    }
}

#[cfg(test)]
mod tests;
