//! Every order in which threads can meet at a bucket, walked by a model checker.

use std::num::NonZeroU32;
use std::time::Duration;

use loom::sync::Arc;
use loom::sync::atomic::{AtomicU64, Ordering};
use loom::thread;

use super::{Bucket, Window, Word, refund_all, reserve_all};
use crate::{Nanos, Rate, Reserved};

impl Word for AtomicU64 {
    fn load(&self) -> u64 {
        self.load(Ordering::Relaxed)
    }

    fn replace(&self, seen: u64, new: u64) -> Result<(), u64> {
        self.compare_exchange(seen, new, Ordering::Relaxed, Ordering::Relaxed)
            .map(|_| ())
    }
}

const ONE: NonZeroU32 = NonZeroU32::MIN;
const NOW: Nanos = Nanos::from_nanos(1 << 30);

fn rate(capacity: u32) -> Rate {
    Rate::new(
        NonZeroU32::new(capacity).unwrap(),
        ONE,
        Duration::from_secs(1),
    )
    .unwrap()
}

fn bucket() -> Bucket<AtomicU64> {
    Bucket {
        word: AtomicU64::new(0),
    }
}

fn in_every_order(threads: usize, each: fn(&Bucket<AtomicU64>) -> Reserved) -> Vec<Reserved> {
    let bucket = Arc::new(bucket());
    let others: Vec<_> = (1..threads)
        .map(|_| {
            let bucket = Arc::clone(&bucket);
            thread::spawn(move || each(&bucket))
        })
        .collect();
    let mut answers = vec![each(&bucket)];
    answers.extend(others.into_iter().map(|other| other.join().unwrap()));
    answers
}

#[test]
fn as_many_go_as_fit_and_who_is_refused_takes_nothing() {
    loom::model(|| {
        let answers = in_every_order(3, |bucket| {
            bucket.reserve(&rate(2), NOW, ONE, Duration::ZERO)
        });
        let let_in = answers.iter().filter(|answer| **answer == Reserved::Now);
        assert_eq!(let_in.count(), 2);
    });
}

#[test]
fn places_in_line_are_never_given_twice() {
    loom::model(|| {
        let answers = in_every_order(3, |bucket| {
            bucket.reserve(&rate(1), NOW, ONE, Duration::from_mins(1))
        });
        let mut times: Vec<_> = answers
            .iter()
            .map(|answer| answer.when(NOW).unwrap().since(NOW).as_secs())
            .collect();
        times.sort_unstable();
        assert_eq!(times, [0, 1, 2]);
    });
}

#[test]
fn giving_back_while_others_take_makes_room_for_one_only() {
    loom::model(|| {
        let bucket = Arc::new(bucket());
        assert_eq!(
            bucket.reserve(&rate(1), NOW, ONE, Duration::ZERO),
            Reserved::Now
        );
        let other = Arc::clone(&bucket);
        let taker = thread::spawn(move || other.reserve(&rate(1), NOW, ONE, Duration::ZERO));
        bucket.refund(&rate(1), NOW, ONE, NOW);
        let mine = bucket.reserve(&rate(1), NOW, ONE, Duration::ZERO);
        let others = taker.join().unwrap();
        let let_in = [mine, others]
            .into_iter()
            .filter(|answer| *answer == Reserved::Now);
        assert_eq!(let_in.count(), 1);
    });
}

#[test]
fn new_settings_that_several_see_first_are_taken_on_once() {
    loom::model(|| {
        let bucket = Arc::new(bucket());
        let hourly = Rate::new(ONE, ONE, Duration::from_hours(1)).unwrap();
        assert_eq!(
            bucket.reserve(&hourly, NOW, ONE, Duration::ZERO),
            Reserved::Now
        );
        let ask = |bucket: &Bucket<AtomicU64>| {
            let reserved = bucket.reserve(&rate(2), NOW, ONE, Duration::from_mins(1));
            reserved.when(NOW).unwrap().since(NOW).as_secs()
        };
        let other = Arc::clone(&bucket);
        let thread = thread::spawn(move || ask(&other));
        let mut times = [ask(&bucket), thread.join().unwrap()];
        times.sort_unstable();
        assert_eq!(times, [1, 2]);
    });
}

/// Two calls that ask for the same two windows in opposite order, of which one holds a single call.
#[test]
fn all_windows_or_none_whoever_comes_between() {
    loom::model(|| {
        let buckets = Arc::new([bucket(), bucket()]);
        let other = Arc::clone(&buckets);
        let ask = |first: &Bucket<AtomicU64>, second: &Bucket<AtomicU64>| {
            let rate = rate(1);
            let windows = [
                Window {
                    bucket: first,
                    rate: &rate,
                    weight: ONE,
                },
                Window {
                    bucket: second,
                    rate: &rate,
                    weight: ONE,
                },
            ];
            reserve_all(&windows, NOW, Duration::ZERO)
        };
        let thread = thread::spawn(move || ask(&other[0], &other[1]));
        let mine = ask(&buckets[1], &buckets[0]);
        let others = thread.join().unwrap();
        let let_in = [mine, others]
            .into_iter()
            .filter(|answer| *answer == Reserved::Now);
        let let_in = u32::try_from(let_in.count()).unwrap();
        assert!(let_in <= 1);
        let rate = rate(1);
        for bucket in buckets.iter() {
            assert_eq!(bucket.available(&rate, NOW), 1 - let_in);
        }
        let windows = [Window {
            bucket: &buckets[0],
            rate: &rate,
            weight: ONE,
        }];
        refund_all(&windows, NOW, NOW);
        assert!(buckets[0].is_full(NOW));
    });
}
