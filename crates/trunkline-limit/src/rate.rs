//! How many calls a bucket lets through.

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

/// Nanoseconds of a tick, as a power of two: 16 ns.
pub(crate) const TICK_SHIFT: u32 = 4;

/// The longest that a bucket may take to refill: a year.
const REFILL_MAX: Duration = Duration::from_hours(366 * 24);

/// A bucket's size and how fast it refills: at most `capacity + refill * time / period` in any time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    capacity: NonZeroU32,
    /// Ticks until one more fits. Rounded up: never faster than asked, and under 1 % slower up to
    /// 600,000 a second.
    interval: u64,
    /// Ticks that refill the whole bucket.
    tolerance: u64,
    /// Tells this rate from others in a bucket's word.
    mark: u8,
}

/// Why there is no such rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RateError {
    /// Something per no time.
    NoPeriod,
    /// The bucket would take longer than this to refill.
    TooSlow(Duration),
}

impl Rate {
    /// A bucket of `capacity` that is refilled by `refill` each `period`.
    ///
    /// # Errors
    ///
    /// When `period` is zero, or the whole bucket takes longer than a year to refill.
    pub fn new(
        capacity: NonZeroU32,
        refill: NonZeroU32,
        period: Duration,
    ) -> Result<Self, RateError> {
        if period.is_zero() {
            return Err(RateError::NoPeriod);
        }
        let tick = u128::from(refill.get()) << TICK_SHIFT;
        let interval = period.as_nanos().div_ceil(tick);
        let tolerance = interval.saturating_mul(u128::from(capacity.get()));
        if REFILL_MAX.as_nanos() >> TICK_SHIFT < tolerance {
            return Err(RateError::TooSlow(REFILL_MAX));
        }
        let (Ok(interval), Ok(tolerance)) = (u64::try_from(interval), u64::try_from(tolerance))
        else {
            return Err(RateError::TooSlow(REFILL_MAX));
        };
        Ok(Self {
            capacity,
            interval,
            tolerance,
            mark: mark(interval, tolerance),
        })
    }

    /// The most that can go at once.
    pub const fn capacity(&self) -> u32 {
        self.capacity.get()
    }

    /// How long an empty bucket takes to refill.
    pub const fn refilled_in(&self) -> Duration {
        Duration::from_nanos(self.tolerance << TICK_SHIFT)
    }

    pub(crate) const fn interval(&self) -> u64 {
        self.interval
    }

    pub(crate) const fn tolerance(&self) -> u64 {
        self.tolerance
    }

    pub(crate) const fn mark(&self) -> u8 {
        self.mark
    }

    /// Ticks that refill what this weight takes; none if it never fits.
    pub(crate) const fn cost(&self, weight: NonZeroU32) -> Option<u64> {
        if self.capacity.get() < weight.get() {
            return None;
        }
        // At most the tolerance, which is below a year.
        Some(self.interval * weight.get() as u64)
    }
}

/// The upper byte of a Fibonacci hash: neighbours differ.
fn mark(interval: u64, tolerance: u64) -> u8 {
    let mixed = (interval ^ tolerance.rotate_left(32)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed.to_be_bytes().first().copied().unwrap_or_default()
}

impl fmt::Display for RateError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPeriod => formatter.write_str("a rate is per some time; the least is 1ns"),
            Self::TooSlow(longest) => write!(
                formatter,
                "a full bucket takes at most {} days to refill; raise the rate or lower the burst",
                longest.as_secs() / (24 * 60 * 60)
            ),
        }
    }
}

impl std::error::Error for RateError {}

#[cfg(test)]
mod tests;
