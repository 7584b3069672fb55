//! What was told of one dimension, and what follows from it.

use std::num::NonZeroU32;
use std::time::Duration;

use super::{Dimension, Left, TRUST_MAX};
use crate::Nanos;

/// Calls go at once while this part of the limit, or more, is left.
const AMPLE_PART: u64 = 5;

/// When an upstream does not tell when it refills, it is asked again after this.
const REFILL_GUESS: Duration = Duration::from_secs(1);

/// Resets that are no further apart than this are the same one, told twice.
const SAME_RESET: Duration = Duration::from_secs(1);

/// What headers told of one dimension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// Of what.
    pub dimension: Dimension,
    /// The most there can be.
    pub limit: Option<u64>,
    /// What is left of it.
    pub remaining: u64,
    /// How it comes back.
    pub refill: Refill,
}

/// How a dimension comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refill {
    /// All at once, at this moment.
    At(Nanos),
    /// Bit by bit, as Shopify's points do.
    Steady {
        /// So much.
        amount: NonZeroU32,
        /// In each such time.
        per: Duration,
    },
    /// Nothing was said.
    Unknown,
}

/// When a call may go by one dimension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    /// There is enough.
    Free,
    /// There is little; whoever is next goes `gap` later.
    Spread { when: Nanos, gap: Duration },
    /// There is too little until then.
    Spent { until: Nanos },
}

/// What is known of one dimension.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    limit: Option<u64>,
    /// The most that was ever seen to be left, for upstreams that do not tell the limit.
    remaining_max: u64,
    remaining: u64,
    refill: Refill,
    /// When `remaining` was true.
    counted_at: Nanos,
    /// When a call that was sent after all else that is known was answered.
    told_at: Nanos,
    /// Taken since by calls whose answers told nothing.
    charged: u64,
    /// The longest time to a reset that was seen: about the upstream's window.
    window: Duration,
    /// When the next call may go while what is left is spread.
    next_at: Nanos,
}

impl Known {
    /// What is known after an answer to a call that was sent at `sent_at`.
    pub(super) fn learn(
        before: Option<Self>,
        told: &Told,
        sent_at: Nanos,
        now: Nanos,
    ) -> Option<Self> {
        let refill = match told.refill {
            Refill::Unknown => Refill::At(now.plus(REFILL_GUESS)),
            told => told,
        };
        let mut after = Self {
            limit: told.limit,
            remaining_max: told.remaining,
            remaining: told.remaining,
            refill,
            counted_at: now,
            told_at: now,
            charged: 0,
            window: match refill {
                Refill::At(reset) => reset.since(now),
                Refill::Steady { .. } | Refill::Unknown => Duration::ZERO,
            },
            next_at: now,
        };
        if after.is_stale(now) {
            return None;
        }
        let Some(before) = before.filter(|before| !before.is_stale(now)) else {
            return Some(after);
        };
        after.limit = told.limit.or(before.limit);
        after.remaining_max = after.remaining_max.max(before.remaining_max);
        after.window = after.window.max(before.window);
        after.next_at = before.next_at;
        // Of answers that overtook each other, the one that leaves less is the later count.
        if sent_at < before.told_at && !before.ends_before(refill) {
            after.remaining = after.remaining.min(before.uncharged(now));
            after.refill = before.refill;
            after.told_at = before.told_at;
            after.charged = before.charged;
        }
        Some(after)
    }

    /// Whether this was a window before the one that `refill` ends.
    fn ends_before(&self, refill: Refill) -> bool {
        match (self.refill, refill) {
            (Refill::At(before), Refill::At(after)) => before.plus(SAME_RESET) < after,
            _ => false,
        }
    }

    pub(super) fn is_stale(&self, now: Nanos) -> bool {
        match self.refill {
            Refill::At(reset) => reset.min(self.forgotten_at()) <= now,
            Refill::Steady { per, .. } => per.is_zero() || self.forgotten_at() <= now,
            Refill::Unknown => true,
        }
    }

    /// When this is forgotten, whatever was told of the reset: nobody has to wait for longer.
    fn forgotten_at(&self) -> Nanos {
        self.counted_at.plus(TRUST_MAX)
    }

    /// Counts what the upstream did not say that it counted.
    pub(super) fn charge(&mut self, amount: u64) {
        self.charged = self.charged.saturating_add(amount);
    }

    /// More than was reserved is charged; less is given back as far as it was charged here. What the
    /// upstream counted, its next answer corrects.
    pub(super) fn correct(&mut self, reserved: u64, used: u64) {
        self.charged = self
            .charged
            .saturating_add(used.saturating_sub(reserved))
            .saturating_sub(reserved.saturating_sub(used));
    }

    /// What is left by the upstream's count, refilled until now.
    fn uncharged(&self, now: Nanos) -> u64 {
        let Refill::Steady { amount, per } = self.refill else {
            return self.remaining;
        };
        let elapsed = now.since(self.counted_at).as_nanos();
        let refilled = elapsed
            .saturating_mul(u128::from(amount.get()))
            .checked_div(per.as_nanos())
            .unwrap_or_default();
        let refilled = u64::try_from(refilled).unwrap_or(u64::MAX);
        self.remaining.saturating_add(refilled).min(self.most())
    }

    /// The most there can be, as far as is known; at least one.
    fn most(&self) -> u64 {
        self.limit.unwrap_or(self.remaining_max).max(1)
    }

    pub(super) fn left(&self, now: Nanos, pending: u64) -> Left {
        let taken = self.charged.saturating_add(pending);
        Left {
            limit: self.limit,
            remaining: self.uncharged(now).saturating_sub(taken),
            refilled_at: match self.refill {
                Refill::At(reset) => Some(reset.min(self.forgotten_at())),
                Refill::Steady { .. } | Refill::Unknown => None,
            },
        }
    }

    /// When `wanted` may go, with so much under way.
    pub(super) fn turn(&self, now: Nanos, pending: u64, wanted: u64) -> Turn {
        // An estimate above the limit goes when all of it is there.
        let wanted = wanted.min(self.most());
        let taken = self.charged.saturating_add(pending);
        let uncharged = self.uncharged(now);
        let free = uncharged.saturating_sub(taken);
        let lack = taken.saturating_add(wanted).saturating_sub(uncharged);
        match self.refill {
            Refill::At(reset) if lack != 0 => Turn::Spent {
                until: reset
                    .plus(self.windows_until(lack))
                    .min(self.forgotten_at()),
            },
            Refill::At(reset) if free < self.most().div_ceil(AMPLE_PART) => {
                let reset = reset.min(self.forgotten_at());
                let when = now.max(self.next_at).min(reset);
                Turn::Spread {
                    when,
                    gap: share(reset.since(when), wanted, free),
                }
            }
            Refill::Steady { amount, per } if lack != 0 => Turn::Spent {
                until: now
                    .plus(share(per, lack, u64::from(amount.get())))
                    .min(self.forgotten_at()),
            },
            Refill::At(_) | Refill::Steady { .. } | Refill::Unknown => Turn::Free,
        }
    }

    /// Keeps the gap behind a call that goes at `when`, if what is left is being spread.
    pub(super) fn pace(&mut self, now: Nanos, when: Nanos, pending: u64, wanted: u64) {
        if let Turn::Spread { gap, .. } = self.turn(now, pending, wanted) {
            self.next_at = when.plus(gap);
        }
    }

    /// How many windows after the next one must be waited for, when the line fills more than one.
    fn windows_until(&self, lack: u64) -> Duration {
        let Some(limit) = self.limit else {
            return Duration::ZERO;
        };
        let windows = lack
            .saturating_sub(1)
            .checked_div(limit)
            .unwrap_or_default();
        let windows = u32::try_from(windows).unwrap_or(u32::MAX);
        self.window.saturating_mul(windows)
    }
}

/// `time * part / whole`, rounded up.
fn share(time: Duration, part: u64, whole: u64) -> Duration {
    let product = time.as_nanos().saturating_mul(u128::from(part));
    let nanos = product.div_ceil(u128::from(whole.max(1)));
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}
