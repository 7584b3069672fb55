//! Rates in whole numbers.

use proptest::prelude::*;

use super::*;

fn rate(capacity: u32, refill: u32, period: Duration) -> Result<SharedRate, RateError> {
    let number = |number| NonZeroU32::new(number).unwrap();
    SharedRate::new(number(capacity), number(refill), period)
}

#[test]
fn usual_rates_are_exact() {
    let parts = |refill, period| {
        let rate = rate(100, refill, period).unwrap();
        (rate.unit, rate.refill)
    };
    assert_eq!(parts(5, Duration::from_secs(1)), (200_000, 1));
    assert_eq!(parts(3, Duration::from_secs(1)), (1_000_000, 3));
    assert_eq!(parts(600_000, Duration::from_secs(1)), (5, 3));
    assert_eq!(parts(1, Duration::from_hours(24)), (86_400_000_000, 1));
}

#[test]
fn what_is_no_rate_locally_is_none_here() {
    assert_eq!(rate(1, 1, Duration::ZERO), Err(RateError::NoPeriod));
    let error = rate(u32::MAX, 1, Duration::from_secs(1));
    assert!(matches!(error, Err(RateError::TooSlow(_))));
}

proptest! {
    #[test]
    fn a_rate_is_never_faster_than_asked_and_hardly_slower(
        capacity in 1_u32.., refill in 1_u32.., period_ns in 1_u64..10_u64.pow(17)
    ) {
        let Ok(rate) = rate(capacity, refill, Duration::from_nanos(period_ns)) else {
            return Ok(());
        };
        let full = u128::from(rate.unit) * u128::from(capacity);
        prop_assert!(full <= 1 << 53);
        // refill / unit <= asked / period, and over 0.99 of it.
        let period_us = u128::from(period_ns.div_ceil(1_000));
        let ours = u128::from(rate.refill) * period_us;
        let asked = u128::from(refill) * u128::from(rate.unit);
        prop_assert!(ours <= asked);
        prop_assert!(asked * 99 <= ours * 100, "{rate:?}");
    }
}
