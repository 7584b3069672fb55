//! How the limit comes about, falls and grows.

use std::num::NonZeroU32;
use std::time::Duration;

use super::{Bounds, Cap, Change, Concurrency, Entry, Permit};
use crate::{Nanos, Outcome};

const NO_BOUNDS: Bounds = Bounds {
    max: None,
    floor: NonZeroU32::MIN,
};

fn at(millis: u64) -> Nanos {
    Nanos::since_start(Duration::from_secs(1000) + Duration::from_millis(millis))
}

fn at_most(max: u32) -> Bounds {
    Bounds {
        max: NonZeroU32::new(max),
        ..NO_BOUNDS
    }
}

/// As many as may, up to `wanted`.
fn enter(upstream: &Concurrency, wanted: usize, now: Nanos) -> Vec<Permit> {
    let entries = (0..wanted).map_while(|_| match upstream.enter(NO_BOUNDS, now) {
        Entry::In(permit) => Some(permit),
        Entry::Full { .. } => None,
    });
    entries.collect()
}

fn leave(
    upstream: &Concurrency,
    permits: Vec<Permit>,
    outcome: Outcome,
    now: Nanos,
) -> Vec<Change> {
    let changes = permits
        .into_iter()
        .map(|permit| upstream.leave(permit, outcome, NO_BOUNDS, now));
    changes.filter(|change| *change != Change::None).collect()
}

fn learned(upstream: &Concurrency) -> Option<u32> {
    upstream.limit(NO_BOUNDS).map(|(limit, _)| limit)
}

/// After a sign with so many under way.
fn troubled(in_flight: usize) -> Concurrency {
    let upstream = Concurrency::default();
    let permits = enter(&upstream, in_flight, at(0));
    assert_eq!(permits.len(), in_flight);
    let changes = leave(&upstream, permits, Outcome::Throttled, at(1));
    assert_eq!(changes.len(), 1);
    upstream
}

#[test]
fn without_settings_and_signs_there_is_no_limit() {
    let upstream = Concurrency::default();
    let permits = enter(&upstream, 10_000, at(0));
    assert_eq!((permits.len(), upstream.in_flight()), (10_000, 10_000));
    assert_eq!(upstream.limit(NO_BOUNDS), None);
    for outcome in [Outcome::Fine, Outcome::Failed, Outcome::Unknown] {
        let permit = enter(&upstream, 1, at(0));
        assert_eq!(leave(&upstream, permit, outcome, at(1)), []);
    }
    assert_eq!(upstream.limit(NO_BOUNDS), None);
    assert!(!upstream.is_idle(at(1)));
    leave(&upstream, permits, Outcome::Fine, at(1));
    assert!(upstream.is_idle(at(1)));
}

#[test]
fn the_settings_can_say_how_many() {
    let upstream = Concurrency::default();
    let bounds = at_most(2);
    let Entry::In(first) = upstream.enter(bounds, at(0)) else {
        panic!("full");
    };
    let Entry::In(_second) = upstream.enter(bounds, at(0)) else {
        panic!("full");
    };
    let full = Entry::Full {
        limit: 2,
        by: Cap::Settings,
    };
    assert_eq!(upstream.enter(bounds, at(0)), full);
    let _change = upstream.leave(first, Outcome::Fine, bounds, at(1));
    assert!(matches!(upstream.enter(bounds, at(1)), Entry::In(_)));
    // Live: a new maximum holds at once, also below what is under way.
    let full = Entry::Full {
        limit: 1,
        by: Cap::Settings,
    };
    assert_eq!(upstream.enter(at_most(1), at(1)), full);
    assert!(matches!(upstream.enter(at_most(3), at(1)), Entry::In(_)));
}

#[test]
fn each_sign_lowers_it_and_slowness_is_none() {
    for outcome in [Outcome::Throttled, Outcome::Unavailable, Outcome::TimedOut] {
        let upstream = Concurrency::default();
        let mut permits = enter(&upstream, 100, at(0));
        let last = permits.pop().unwrap();
        let change = upstream.leave(last, outcome, NO_BOUNDS, at(60_000));
        assert_eq!(change, Change::Lowered(90));
        assert_eq!(upstream.limit(NO_BOUNDS), Some((90, Cap::Learned)));
        let full = Entry::Full {
            limit: 90,
            by: Cap::Learned,
        };
        assert_eq!(upstream.enter(NO_BOUNDS, at(60_000)), full);
        // An hour is no sign.
        leave(&upstream, permits, Outcome::Fine, at(3_600_000));
        assert!(Some(90) <= learned(&upstream));
    }
}

#[test]
fn one_round_trip_lowers_it_once() {
    let upstream = troubled(100);
    assert_eq!(learned(&upstream), Some(90));
    // Started after the decrease, though soon after.
    let permits = enter(&upstream, 50, at(2));
    assert_eq!(leave(&upstream, permits, Outcome::Throttled, at(3)), []);
    let permits = enter(&upstream, 90, at(300));
    let changes = leave(&upstream, permits, Outcome::Throttled, at(400));
    assert_eq!(changes, [Change::Lowered(81)]);
}

#[test]
fn calls_from_before_the_decrease_say_nothing_of_it() {
    let upstream = Concurrency::default();
    let mut permits = enter(&upstream, 100, at(0));
    let last = permits.split_off(50);
    assert_eq!(
        leave(&upstream, permits, Outcome::TimedOut, at(1000)).len(),
        1
    );
    assert_eq!(leave(&upstream, last, Outcome::TimedOut, at(9000)), []);
    assert_eq!(learned(&upstream), Some(90));
}

#[test]
fn a_sign_to_a_lonely_call_does_not_choke_what_comes() {
    let upstream = troubled(1);
    assert_eq!(learned(&upstream), Some(18));
}

#[test]
fn it_never_falls_below_the_floor() {
    for (floor, expected) in [(1, 1), (7, 7)] {
        let bounds = Bounds {
            max: None,
            floor: NonZeroU32::new(floor).unwrap(),
        };
        let upstream = Concurrency::default();
        for round in 0..100 {
            let Entry::In(permit) = upstream.enter(bounds, at(round * 1000)) else {
                panic!("full");
            };
            let _change =
                upstream.leave(permit, Outcome::Unavailable, bounds, at(round * 1000 + 1));
        }
        assert_eq!(upstream.limit(bounds), Some((expected, Cap::Learned)));
    }
}

#[test]
fn near_the_trouble_it_grows_by_one_a_round() {
    let upstream = troubled(100);
    for expected in [91, 92] {
        let permits = enter(&upstream, 1000, at(1000));
        let changes = leave(&upstream, permits, Outcome::Fine, at(1001));
        // All of a full round, of which the first half is counted.
        assert!(changes.len() <= 1);
        let permits = enter(&upstream, 1000, at(1002));
        leave(&upstream, permits, Outcome::Fine, at(1003));
        assert_eq!(learned(&upstream), Some(expected));
    }
}

#[test]
fn after_an_outage_it_comes_back_quickly() {
    let upstream = troubled(100);
    for round in 1..60 {
        let permits = enter(&upstream, 1, at(round * 1000));
        leave(
            &upstream,
            permits,
            Outcome::Unavailable,
            at(round * 1000 + 1),
        );
    }
    let low = learned(&upstream).unwrap();
    assert!(low <= 2, "{low}");
    let mut rounds = 0;
    while learned(&upstream) < Some(90) {
        rounds += 1;
        let permits = enter(&upstream, 1000, at(61_000));
        leave(&upstream, permits, Outcome::Fine, at(61_001));
    }
    assert!(rounds < 20, "{rounds}");
}

#[test]
fn a_new_trouble_lower_down_is_where_growth_slows() {
    let upstream = troubled(100);
    let mut now = 1000;
    while Some(20) < learned(&upstream) {
        let permits = enter(&upstream, 1, at(now));
        leave(&upstream, permits, Outcome::Throttled, at(now + 1));
        now += 1000;
    }
    let permits = enter(&upstream, 20, at(now));
    leave(&upstream, permits, Outcome::Fine, at(now + 1));
    let permits = enter(&upstream, 20, at(now + 1000));
    let changes = leave(&upstream, permits, Outcome::Throttled, at(now + 1001));
    assert_eq!(changes.len(), 1);
    let before = learned(&upstream);
    let permits = enter(&upstream, 1000, at(now + 2000));
    let changes = leave(&upstream, permits, Outcome::Fine, at(now + 2001));
    assert!(changes.len() <= 1, "{changes:?} from {before:?}");
}

#[test]
fn a_long_calm_lets_it_grow_beyond_the_trouble() {
    let upstream = troubled(20);
    for _ in 0..10 {
        let permits = enter(&upstream, 10_000, at(31_000));
        leave(&upstream, permits, Outcome::Fine, at(31_001));
    }
    assert!(Some(200) < learned(&upstream));
}

#[test]
fn a_limit_that_is_not_used_does_not_grow() {
    let upstream = troubled(100);
    for _ in 0..1000 {
        let permits = enter(&upstream, 44, at(60_000));
        leave(&upstream, permits, Outcome::Fine, at(60_001));
    }
    assert_eq!(learned(&upstream), Some(90));
}

#[test]
fn a_sign_far_below_the_limit_brings_it_down_to_what_was_used() {
    let upstream = troubled(1000);
    assert_eq!(learned(&upstream), Some(900));
    let permits = enter(&upstream, 50, at(1000));
    let changes = leave(&upstream, permits, Outcome::Throttled, at(1001));
    assert_eq!(changes, [Change::Lowered(45)]);
}

#[test]
fn the_settings_cap_what_is_learned() {
    let upstream = troubled(100);
    assert_eq!(upstream.limit(at_most(50)), Some((50, Cap::Settings)));
    assert_eq!(upstream.limit(at_most(500)), Some((90, Cap::Learned)));
    for _ in 0..100 {
        let entries = (0..50).map(|_| upstream.enter(at_most(50), at(60_000)));
        for entry in entries.collect::<Vec<_>>() {
            let Entry::In(permit) = entry else {
                panic!("full");
            };
            let change = upstream.leave(permit, Outcome::Fine, at_most(50), at(60_001));
            assert_eq!(change, Change::None);
        }
    }
}

#[test]
fn what_was_learned_can_be_forgotten_after_a_while() {
    let upstream = troubled(5);
    assert!(!upstream.is_idle(at(1000)));
    assert!(upstream.is_idle(at(601_000)));
}

#[test]
fn threads_never_enter_beyond_the_limit() {
    let upstream = Concurrency::default();
    let entered: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let entries = (0..100).map(|_| upstream.enter(at_most(37), at(0)));
                    entries
                        .filter(|entry| matches!(entry, Entry::In(_)))
                        .count()
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum()
    });
    assert_eq!(entered, 37);
}
