//! The share of repeated calls.

use std::time::Duration;

use super::*;

fn at(start: Instant, secs: u64) -> Instant {
    start + Duration::from_secs(secs)
}

#[expect(
    clippy::disallowed_methods,
    reason = "any instant will do as the first"
)]
fn start() -> Instant {
    Instant::now()
}

/// Retries as long as there is room, and says how many there were.
fn drain(budget: &RetryBudget, now: Instant) -> u32 {
    let mut retries = 0;
    while budget.look(now) == Budget::Left {
        budget.count_retry(now);
        retries += 1;
    }
    retries
}

#[test]
fn ten_retries_are_always_allowed_per_ten_seconds() {
    let start = start();
    let budget = RetryBudget::new(start);
    assert_eq!(drain(&budget, start), 10);
    assert_eq!(drain(&budget, at(start, 9)), 0);
    assert_eq!(drain(&budget, at(start, 10)), 10);
    assert_eq!(budget.retries(at(start, 10)), 10);
}

#[test]
fn a_fifth_of_the_calls_may_be_repeated() {
    let start = start();
    let budget = RetryBudget::new(start);
    for second in 0..5 {
        for _ in 0..100 {
            budget.count_call(at(start, second));
        }
    }
    assert_eq!(drain(&budget, at(start, 4)), 100);
    // The calls of the first second leave the window; its retries were made later and stay.
    assert_eq!(drain(&budget, at(start, 10)), 0);
    assert_eq!(drain(&budget, at(start, 14)), 10);
}

#[test]
fn a_clock_that_stands_or_jumps_does_no_harm() {
    let start = start();
    let budget = RetryBudget::new(at(start, 100));
    budget.count_call(start);
    budget.count_call(at(start, 1_000_000));
    budget.count_call(at(start, 50));
    assert_eq!(drain(&budget, at(start, 1_000_000)), 10);
}
