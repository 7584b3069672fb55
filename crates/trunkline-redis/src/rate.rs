//! How many calls a bucket that processes share lets through, in numbers that Redis keeps exactly.

use std::num::NonZeroU32;
use std::time::Duration;

use trunkline_limit::{Rate, RateError};

/// Up to here the numbers of Lua, which are doubles, are exact, with a bit to spare for a sum.
const EXACT_MAX: u128 = 1 << 52;

/// A bucket's size and how fast it refills: at most `capacity + refill * time / period` in any time.
///
/// A bucket is reckoned in parts of a token, so many that each microsecond refills a whole number of
/// them: exact, where [`Rate`] rounds. Only a bucket of more than 2^52 parts is reckoned in coarser
/// ones; it is never faster than asked, and less than 1 % slower.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SharedRate {
    pub(crate) capacity: NonZeroU32,
    /// Parts of a token.
    pub(crate) unit: u64,
    /// Parts that come back each microsecond.
    pub(crate) refill: u64,
}

impl SharedRate {
    /// A bucket of `capacity` that is refilled by `refill` each `period`, which is rounded up to
    /// whole microseconds.
    ///
    /// # Errors
    ///
    /// As [`Rate::new`]: when `period` is zero, or the whole bucket takes longer than a year to
    /// refill.
    pub fn new(
        capacity: NonZeroU32,
        refill: NonZeroU32,
        period: Duration,
    ) -> Result<Self, RateError> {
        Rate::new(capacity, refill, period)?;
        let period = period.as_nanos().div_ceil(1_000);
        let refill = u128::from(refill.get());
        let common = greatest_common_divisor(period, refill);
        let (unit, refill) = (period / common, refill / common);
        let coarser = (unit * u128::from(capacity.get()))
            .div_ceil(EXACT_MAX)
            .max(1);
        // Rounded to the slower side, the refill still to some part: where the unit is coarser, the
        // bucket of 2^52 parts refills within a year, so at over a hundred a microsecond.
        let unit = unit.div_ceil(coarser);
        let refill = refill / coarser;
        let (Ok(unit), Ok(refill @ 1..)) = (u64::try_from(unit), u64::try_from(refill)) else {
            return Err(RateError::TooSlow(Duration::from_hours(366 * 24)));
        };
        Ok(Self {
            capacity,
            unit,
            refill,
        })
    }

    /// The most that can go at once.
    pub const fn capacity(&self) -> u32 {
        self.capacity.get()
    }
}

fn greatest_common_divisor(one: u128, other: u128) -> u128 {
    if other == 0 {
        return one;
    }
    greatest_common_divisor(other, one % other)
}

#[cfg(test)]
mod tests;
