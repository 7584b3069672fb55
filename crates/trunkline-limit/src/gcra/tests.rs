//! One caller, one bucket: what is answered when.

use std::num::NonZeroU32;
use std::time::Duration;

use expect_test::{Expect, expect};

use super::{Bucket, Window, refund_all, reserve_all};
use crate::{Nanos, Rate, Reserved};

const NO_WAIT: Duration = Duration::ZERO;
const MINUTE: Duration = Duration::from_mins(1);

/// In the default word.
fn bucket() -> Bucket {
    Bucket::default()
}

fn per_second(capacity: u32, refill: u32) -> Rate {
    rate(capacity, refill, 1)
}

fn rate(capacity: u32, refill: u32, period_secs: u64) -> Rate {
    let period = Duration::from_secs(period_secs);
    Rate::new(weight(capacity), weight(refill), period).unwrap()
}

fn weight(weight: u32) -> NonZeroU32 {
    NonZeroU32::new(weight).unwrap()
}

fn at(millis: u64) -> Nanos {
    Nanos::since_start(Duration::from_millis(millis))
}

fn show(reserved: Reserved) -> String {
    match reserved {
        Reserved::Now => "now".to_owned(),
        Reserved::At { when, by } => format!("at {:?} by {by:?}", when.since(Nanos::ZERO)),
        Reserved::Refused { retry_after, by } => format!("in {retry_after:?} by {by:?}"),
        Reserved::TooHeavy { .. } => format!("{reserved:?}"),
    }
}

#[track_caller]
fn check(reserved: Reserved, expected: Expect) {
    expected.assert_eq(&show(reserved));
}

#[test]
fn a_full_bucket_lets_its_capacity_go_at_once_and_then_one_per_interval() {
    let (bucket, rate) = (bucket(), per_second(3, 2));
    for _ in 0..3 {
        check(
            bucket.reserve(&rate, at(1000), weight(1), NO_WAIT),
            expect!["now"],
        );
    }
    check(
        bucket.reserve(&rate, at(1000), weight(1), NO_WAIT),
        expect!["in 500ms by Window(0)"],
    );
    check(
        bucket.reserve(&rate, at(1500), weight(1), NO_WAIT),
        expect!["now"],
    );
    check(
        bucket.reserve(&rate, at(1600), weight(1), NO_WAIT),
        expect!["in 400ms by Window(0)"],
    );
}

#[test]
fn a_call_that_can_wait_gets_a_place_in_line() {
    let (bucket, rate) = (bucket(), per_second(1, 1));
    check(
        bucket.reserve(&rate, at(0), weight(1), MINUTE),
        expect!["now"],
    );
    check(
        bucket.reserve(&rate, at(0), weight(1), MINUTE),
        expect!["at 1s by Window(0)"],
    );
    check(
        bucket.reserve(&rate, at(200), weight(1), MINUTE),
        expect!["at 2s by Window(0)"],
    );
    check(
        bucket.reserve(&rate, at(200), weight(1), Duration::from_millis(2799)),
        expect!["in 2.8s by Window(0)"],
    );
    check(
        bucket.reserve(&rate, at(200), weight(1), Duration::from_millis(2800)),
        expect!["at 3s by Window(0)"],
    );
}

#[test]
fn a_denied_call_takes_nothing() {
    let (bucket, rate) = (bucket(), per_second(1, 1));
    check(
        bucket.reserve(&rate, at(0), weight(1), NO_WAIT),
        expect!["now"],
    );
    for _ in 0..100 {
        check(
            bucket.reserve(&rate, at(500), weight(1), NO_WAIT),
            expect!["in 500ms by Window(0)"],
        );
    }
    check(
        bucket.reserve(&rate, at(1000), weight(1), NO_WAIT),
        expect!["now"],
    );
}

#[test]
fn looking_takes_nothing_either() {
    let (bucket, rate) = (bucket(), per_second(1, 1));
    for _ in 0..10 {
        check(bucket.look(&rate, at(0), weight(1)), expect!["now"]);
    }
    check(
        bucket.reserve(&rate, at(0), weight(1), NO_WAIT),
        expect!["now"],
    );
    for _ in 0..10 {
        check(
            bucket.look(&rate, at(0), weight(1)),
            expect!["at 1s by Window(0)"],
        );
    }
}

#[test]
fn a_weight_takes_as_much_and_one_above_the_capacity_is_told_so() {
    let (bucket, rate) = (bucket(), per_second(5, 1));
    check(
        bucket.reserve(&rate, at(0), weight(4), NO_WAIT),
        expect!["now"],
    );
    check(
        bucket.reserve(&rate, at(0), weight(2), NO_WAIT),
        expect!["in 1s by Window(0)"],
    );
    check(
        bucket.reserve(&rate, at(0), weight(1), NO_WAIT),
        expect!["now"],
    );
    check(
        bucket.reserve(&rate, at(0), weight(6), MINUTE),
        expect!["TooHeavy { weight: 6, capacity: 5, window: 0 }"],
    );
}

#[test]
fn what_was_not_sent_is_given_back() {
    let (bucket, rate) = (bucket(), rate(1, 1, 3600));
    check(
        bucket.reserve(&rate, at(0), weight(1), NO_WAIT),
        expect!["now"],
    );
    // It took five seconds to find out that nobody listens.
    bucket.refund(&rate, at(5000), weight(1), at(0));
    check(
        bucket.reserve(&rate, at(5000), weight(1), NO_WAIT),
        expect!["now"],
    );
}

#[test]
fn a_burst_that_was_not_sent_is_given_back_whole() {
    let (bucket, rate) = (bucket(), rate(10, 1, 3600));
    for _ in 0..10 {
        check(
            bucket.reserve(&rate, at(7), weight(1), NO_WAIT),
            expect!["now"],
        );
    }
    for _ in 0..10 {
        bucket.refund(&rate, at(7), weight(1), at(7));
    }
    assert_eq!(bucket.available(&rate, at(7)), 10);
    assert!(bucket.is_full(at(7)));
}

#[test]
fn the_last_in_line_leaves_no_gap() {
    for capacity in [1, 5] {
        let (bucket, rate) = (bucket(), per_second(capacity, 1));
        let _all = bucket.reserve(&rate, at(0), weight(capacity), MINUTE);
        for _ in 0..5 {
            check(
                bucket.reserve(&rate, at(0), weight(1), MINUTE),
                expect!["at 1s by Window(0)"],
            );
            check(
                bucket.reserve(&rate, at(0), weight(1), MINUTE),
                expect!["at 2s by Window(0)"],
            );
            bucket.refund(&rate, at(100), weight(1), at(2000));
            bucket.refund(&rate, at(200), weight(1), at(1000));
        }
    }
}

#[test]
fn giving_back_never_lets_two_go_where_one_may() {
    let (bucket, rate) = (bucket(), per_second(1, 1));
    check(
        bucket.reserve(&rate, at(0), weight(1), MINUTE),
        expect!["now"],
    );
    check(
        bucket.reserve(&rate, at(0), weight(1), MINUTE),
        expect!["at 1s by Window(0)"],
    );
    check(
        bucket.reserve(&rate, at(0), weight(1), MINUTE),
        expect!["at 2s by Window(0)"],
    );
    // Who is second is promised the second second; the first's place cannot move behind it.
    bucket.refund(&rate, at(0), weight(1), at(1000));
    check(
        bucket.reserve(&rate, at(0), weight(1), MINUTE),
        expect!["at 3s by Window(0)"],
    );
}

#[test]
fn giving_back_two_that_weigh_more_keeps_the_promise_behind_them() {
    let (bucket, rate) = (bucket(), per_second(3, 1));
    for (asked, expected) in [
        (3, expect!["now"]),
        (3, expect!["at 3s by Window(0)"]),
        (3, expect!["at 6s by Window(0)"]),
        (1, expect!["at 7s by Window(0)"]),
    ] {
        check(
            bucket.reserve(&rate, at(0), weight(asked), MINUTE),
            expected,
        );
    }
    bucket.refund(&rate, at(0), weight(3), at(6000));
    bucket.refund(&rate, at(0), weight(3), at(3000));
    // Not at 7s, where one goes already.
    check(
        bucket.reserve(&rate, at(0), weight(3), MINUTE),
        expect!["at 8s by Window(0)"],
    );
    // All of that is forgotten when the bucket is full again.
    for _ in 0..3 {
        let _taken = bucket.reserve(&rate, at(100_000), weight(1), NO_WAIT);
    }
    bucket.refund(&rate, at(100_000), weight(1), at(100_000));
    assert_eq!(bucket.available(&rate, at(100_000)), 1);
}

#[test]
fn a_refill_that_a_full_bucket_would_not_have_kept_is_not_given_back() {
    let (bucket, rate) = (bucket(), per_second(2, 1));
    for now in [0, 500, 1000] {
        check(
            bucket.reserve(&rate, at(now), weight(1), NO_WAIT),
            expect!["now"],
        );
    }
    // Without the first, the bucket would have been full, and its refill lost, for half a second.
    bucket.refund(&rate, at(1000), weight(1), at(0));
    check(
        bucket.reserve(&rate, at(1000), weight(1), NO_WAIT),
        expect!["in 1s by Window(0)"],
    );
}

#[test]
fn new_settings_hold_at_once_and_keep_what_was_used() {
    let bucket = bucket();
    let (hourly, quick) = (rate(1, 1, 3600), per_second(10, 100));
    check(
        bucket.reserve(&hourly, at(0), weight(1), NO_WAIT),
        expect!["now"],
    );
    // Not an hour, and not a full bucket either.
    check(
        bucket.reserve(&quick, at(0), weight(1), NO_WAIT),
        expect!["in 10ms by Window(0)"],
    );
    check(
        bucket.reserve(&quick, at(10), weight(1), NO_WAIT),
        expect!["now"],
    );
    // Back again: what is missing in time is still missing.
    check(
        bucket.reserve(&hourly, at(10), weight(1), NO_WAIT),
        expect!["in 100ms by Window(0)"],
    );
}

#[test]
fn what_older_settings_took_is_not_given_back_by_newer_ones() {
    let bucket = bucket();
    let (hourly, quick) = (rate(1, 1, 3600), per_second(10, 100));
    check(
        bucket.reserve(&hourly, at(0), weight(1), NO_WAIT),
        expect!["now"],
    );
    bucket.refund(&quick, at(0), weight(1), at(0));
    assert_eq!(bucket.available(&quick, at(0)), 0);
}

#[test]
fn a_clock_that_steps_back_makes_no_room() {
    let (bucket, rate) = (bucket(), per_second(2, 1));
    for _ in 0..2 {
        check(
            bucket.reserve(&rate, at(9000), weight(1), NO_WAIT),
            expect!["now"],
        );
    }
    check(
        bucket.reserve(&rate, at(8000), weight(1), NO_WAIT),
        expect!["in 2s by Window(0)"],
    );
    check(
        bucket.reserve(&rate, at(0), weight(1), NO_WAIT),
        expect!["in 10s by Window(0)"],
    );
    check(
        bucket.reserve(&rate, at(10_000), weight(1), NO_WAIT),
        expect!["now"],
    );
}

#[test]
fn the_ends_of_time_are_no_trouble() {
    let (bucket, rate) = (bucket(), rate(5, 1, 3600));
    let end = Nanos::from_nanos(u64::MAX);
    check(
        bucket.reserve(&rate, end, weight(1), Duration::MAX),
        expect!["now"],
    );
    check(
        bucket.look(&rate, Nanos::ZERO, weight(1)),
        expect!["at 576442752.303423472s by Window(0)"],
    );
    bucket.refund(&rate, end, weight(1), end);
    bucket.refund(&rate, Nanos::ZERO, weight(5), end);
}

#[test]
fn what_is_left_can_be_shown() {
    let (bucket, rate) = (bucket(), per_second(4, 2));
    let shown = |now| {
        let left = bucket.available(&rate, at(now));
        (left, bucket.next_in(&rate, at(now)).as_millis())
    };
    assert_eq!(shown(0), (4, 500));
    let _taken = bucket.reserve(&rate, at(0), weight(3), NO_WAIT);
    assert_eq!(shown(0), (1, 500));
    assert_eq!(shown(200), (1, 300));
    let _taken = bucket.reserve(&rate, at(200), weight(1), NO_WAIT);
    assert_eq!(shown(200), (0, 300));
    assert!(!bucket.is_full(at(1999)));
    assert_eq!(shown(2000), (4, 500));
    assert!(bucket.is_full(at(2000)));
}

#[test]
fn several_windows_are_taken_from_together_or_not_at_all() {
    let (burst, hourly) = (bucket(), bucket());
    let (fast, slow) = (per_second(2, 2), rate(3, 3, 3600));
    let windows = [
        Window {
            bucket: &burst,
            rate: &fast,
            weight: weight(1),
        },
        Window {
            bucket: &hourly,
            rate: &slow,
            weight: weight(1),
        },
    ];
    for now in [0, 0, 500] {
        check(reserve_all(&windows, at(now), NO_WAIT), expect!["now"]);
    }
    check(
        reserve_all(&windows, at(500), NO_WAIT),
        expect!["in 1199.5s by Window(1)"],
    );
    // The first window had room, and still has.
    assert_eq!(burst.available(&fast, at(1000)), 1);
    check(
        reserve_all(&windows, at(1000), Duration::from_hours(1)),
        expect!["at 1200s by Window(1)"],
    );
    refund_all(&windows, at(1000), at(1_200_000));
    check(
        reserve_all(&windows, at(1000), Duration::from_hours(1)),
        expect!["at 1200s by Window(1)"],
    );
}

#[test]
fn no_window_holds_nobody_and_one_that_is_too_small_is_named() {
    check(
        reserve_all::<std::sync::atomic::AtomicU64>(&[], at(0), NO_WAIT),
        expect!["now"],
    );
    let (large, small) = (bucket(), bucket());
    let (wide, narrow) = (per_second(10, 10), per_second(2, 2));
    let windows = [
        Window {
            bucket: &large,
            rate: &wide,
            weight: weight(5),
        },
        Window {
            bucket: &small,
            rate: &narrow,
            weight: weight(5),
        },
    ];
    check(
        reserve_all(&windows, at(0), MINUTE),
        expect!["TooHeavy { weight: 5, capacity: 2, window: 1 }"],
    );
    assert!(large.is_full(at(0)));
}
