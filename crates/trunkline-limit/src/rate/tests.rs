//! What a rate is, and which there are not.

use std::num::NonZeroU32;
use std::time::Duration;

use expect_test::{Expect, expect};

use super::{REFILL_MAX, Rate, RateError};

fn rate(capacity: u32, refill: u32, period: Duration) -> Result<Rate, RateError> {
    Rate::new(
        NonZeroU32::new(capacity).unwrap(),
        NonZeroU32::new(refill).unwrap(),
        period,
    )
}

#[track_caller]
fn check(capacity: u32, refill: u32, period: Duration, expected: Expect) {
    let shown = match rate(capacity, refill, period) {
        Ok(rate) => format!("{} refilled in {:?}", rate.capacity(), rate.refilled_in()),
        Err(error) => error.to_string(),
    };
    expected.assert_eq(&shown);
}

#[test]
fn a_bucket_refills_in_the_time_its_rate_says() {
    check(
        100,
        10,
        Duration::from_secs(1),
        expect!["100 refilled in 10s"],
    );
    check(
        5000,
        5000,
        Duration::from_hours(1),
        expect!["5000 refilled in 3600s"],
    );
    check(
        1,
        1,
        Duration::from_hours(24),
        expect!["1 refilled in 86400s"],
    );
}

#[test]
fn a_rate_that_does_not_divide_is_rounded_to_the_slower_side() {
    check(
        3,
        3,
        Duration::from_secs(1),
        expect!["3 refilled in 1.000000032s"],
    );
    check(
        1,
        u32::MAX,
        Duration::from_nanos(1),
        expect!["1 refilled in 16ns"],
    );
}

#[test]
fn what_cannot_be_says_why() {
    check(
        1,
        1,
        Duration::ZERO,
        expect!["a rate is per some time; the least is 1ns"],
    );
    let slow = expect![
        "a full bucket takes at most 366 days to refill; raise the rate or lower the burst"
    ];
    check(400, 1, Duration::from_hours(24), slow);
    assert_eq!(
        rate(u32::MAX, 1, Duration::MAX),
        Err(RateError::TooSlow(REFILL_MAX))
    );
}

#[test]
fn rates_that_differ_are_told_apart() {
    let marks: std::collections::BTreeSet<u8> = (1..=64)
        .map(|refill| rate(refill, refill, Duration::from_mins(1)).unwrap().mark())
        .collect();
    assert!(48 <= marks.len(), "{}", marks.len());
}
