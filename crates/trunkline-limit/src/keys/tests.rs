//! The table finds, forgets, and does not grow.

use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use super::{Found, Keys};
use crate::breaker::{self, Breaker, Policy};
use crate::concurrency::{Bounds, Concurrency, Entry};
use crate::gcra::Bucket;
use crate::learned::Learned;
use crate::{Nanos, Outcome, Rate, Reserved};

fn at(secs: u64) -> Nanos {
    Nanos::since_start(Duration::from_secs(secs))
}

/// One per minute.
fn take(state: &Bucket, now: Nanos) -> Reserved {
    let rate = Rate::new(NonZeroU32::MIN, NonZeroU32::MIN, Duration::from_mins(1)).unwrap();
    state.reserve(&rate, now, NonZeroU32::MIN, Duration::ZERO)
}

#[test]
fn a_key_keeps_its_state() {
    let keys: Keys<String, Bucket> = Keys::new(100);
    assert!(keys.is_empty());
    let first = keys.find("a", at(0)).into_state();
    assert!(Arc::ptr_eq(&first, &keys.find("a", at(9)).into_state()));
    assert!(!Arc::ptr_eq(&first, &keys.find("b", at(0)).into_state()));
    assert_eq!(keys.len(), 2);
    let mut seen = BTreeSet::new();
    keys.for_each(|key, _| assert!(seen.insert(key.clone())));
    assert_eq!(seen, BTreeSet::from(["a".to_owned(), "b".to_owned()]));
}

#[test]
fn hostile_keys_make_it_no_larger_and_get_no_more_than_one_key_may() {
    let keys: Keys<u64, Bucket> = Keys::new(64);
    let mut let_in = 0;
    let mut shared = 0;
    for key in 0..100_000 {
        let found = keys.find(&key, at(1));
        shared += u64::from(matches!(found, Found::Shared(_)));
        let_in += u64::from(take(&found.into_state(), at(1)) == Reserved::Now);
    }
    assert_eq!(keys.len(), 64);
    assert_eq!(shared, 100_000 - 64);
    // Each of those that have a state, and one for all the others together.
    assert_eq!(let_in, 65);
}

#[test]
fn who_came_first_keeps_its_state_through_an_attack() {
    let keys: Keys<u64, Bucket> = Keys::new(16);
    assert_eq!(
        take(&keys.find(&7, at(0)).into_state(), at(0)),
        Reserved::Now
    );
    for key in 100..10_000 {
        let _taken = take(&keys.find(&key, at(1)).into_state(), at(1));
    }
    let again = take(&keys.find(&7, at(2)).into_state(), at(2));
    assert_ne!(again, Reserved::Now);
}

#[test]
fn what_is_idle_makes_room() {
    let keys: Keys<u64, Bucket> = Keys::new(64);
    for key in 0..1000 {
        let _taken = take(&keys.find(&key, at(0)).into_state(), at(0));
    }
    let newcomers = (5000..6000).filter(|key| matches!(keys.find(key, at(61)), Found::Own(_)));
    // A full shard is searched once a second, and each newcomer here leaves an idle state behind.
    assert!(16 <= newcomers.count());
    assert!(keys.len() <= 64);
    keys.sweep(at(200));
    assert!(keys.is_empty());
}

#[test]
fn every_kind_of_state_can_be_kept_and_forgotten() {
    let learned: Keys<u64, Learned> = Keys::new(16);
    let concurrency: Keys<u64, Concurrency> = Keys::new(16);
    let breakers: Keys<u64, Breaker> = Keys::new(16);
    let now = at(4000);
    learned.find(&1, now).into_state().throttled(now, at(4060));
    let upstream = concurrency.find(&1, now).into_state();
    let Entry::In(permit) = upstream.enter(Bounds::default(), now) else {
        panic!("full");
    };
    drop(upstream);
    let breaker = breakers.find(&1, now).into_state();
    if let breaker::Entry::Closed(pass) = breaker.enter(&Policy::default(), now) {
        let _turn = breaker.leave(pass, Outcome::Fine, &Policy::default(), now);
    }
    drop(breaker);
    let sweep = |now| {
        learned.sweep(now);
        concurrency.sweep(now);
        breakers.sweep(now);
        [learned.len(), concurrency.len(), breakers.len()]
    };
    assert_eq!(sweep(now), [1, 1, 1]);
    assert_eq!(sweep(at(4060)), [0, 1, 1]);
    let upstream = concurrency.find(&1, now).into_state();
    let _change = upstream.leave(permit, Outcome::Fine, Bounds::default(), now);
    drop(upstream);
    assert_eq!(sweep(at(7600)), [0, 0, 0]);
}

#[test]
fn what_somebody_holds_is_not_forgotten() {
    let keys: Keys<u64, Bucket> = Keys::new(64);
    let held = keys.find(&1, at(0)).into_state();
    drop(keys.find(&2, at(0)));
    keys.sweep(at(1000));
    assert_eq!(keys.len(), 1);
    assert!(Arc::ptr_eq(&held, &keys.find(&1, at(1000)).into_state()));
}

#[test]
fn what_it_shows_names_nobody() {
    let keys: Keys<String, Bucket> = Keys::new(64);
    drop(keys.find("user@example.com", at(0)));
    assert_eq!(format!("{keys:?}"), "Keys { len: 1, .. }");
}

#[test]
fn threads_find_the_same_state() {
    let keys: Keys<u64, Bucket> = Keys::new(64);
    let let_in: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let answers =
                        (0..32).map(|key| take(&keys.find(&key, at(0)).into_state(), at(0)));
                    answers.filter(|answer| *answer == Reserved::Now).count()
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum()
    });
    // 32 keys in 64 places seldom crowd one of the sixteen shards; those that do share.
    let own = keys.len();
    assert!((own..=own + 1).contains(&let_in), "{let_in} of {own}");
}
