//! Turns, bounds, deadlines, and leaving.

use std::collections::VecDeque;
use std::time::Duration;

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::{Bounds, Fair, Refusal};
use crate::Nanos;

const ALWAYS: Nanos = Nanos::from_nanos(u64::MAX);

fn at(secs: u64) -> Nanos {
    Nanos::since_start(Duration::from_secs(secs))
}

/// Each word is a caller, and how many of its calls wait: `a*3`.
fn queue(words: &str) -> Fair<char, String> {
    let mut fair = Fair::default();
    for word in words.split(' ') {
        let (caller, count) = word.split_once('*').unwrap();
        let caller = caller.chars().next().unwrap();
        for number in 1..=count.parse().unwrap() {
            let value = format!("{caller}{number}");
            let waiter = (value, 1, ALWAYS);
            let _id = fair
                .push(&caller, waiter, &Bounds::default(), at(0))
                .unwrap();
        }
    }
    fair
}

fn drain<T>(fair: &mut Fair<char, T>) -> Vec<T> {
    std::iter::from_fn(|| fair.pop(at(1))).collect()
}

#[track_caller]
fn check(words: &str, expected: Expect) {
    let mut fair = queue(words);
    expected.assert_eq(&drain(&mut fair).join(" "));
    assert!(fair.is_empty());
    assert_eq!(
        (fair.callers(), fair.turns.len(), fair.deadlines.len()),
        (0, 0, 0)
    );
}

#[test]
fn one_caller_is_first_come_first_served() {
    check("a*5", expect!["a1 a2 a3 a4 a5"]);
}

#[test]
fn a_crowd_does_not_keep_others_waiting() {
    check("a*6 b*2 c*1", expect!["a1 b1 c1 a2 b2 a3 a4 a5 a6"]);
}

#[test]
fn who_comes_late_is_served_next_round() {
    let mut fair = queue("a*100");
    for _ in 0..10 {
        fair.pop(at(1)).unwrap();
    }
    let waiter = ("b1".to_owned(), 1, ALWAYS);
    let _id = fair.push(&'b', waiter, &Bounds::default(), at(1)).unwrap();
    let served: Vec<_> = drain(&mut fair).into_iter().take(2).collect();
    assert!(served.contains(&"b1".to_owned()), "{served:?}");
}

#[test]
fn dear_calls_cost_turns() {
    let mut fair = Fair::default();
    for (caller, cost) in [('a', 3), ('b', 1)] {
        for _ in 0..6 {
            let _id = fair
                .push(&caller, (caller, cost, ALWAYS), &Bounds::default(), at(0))
                .unwrap();
        }
    }
    let served: String = drain(&mut fair).into_iter().collect();
    assert_eq!(served, "bbabbbabaaaa");
}

#[test]
fn a_cost_beyond_all_bounds_is_cut() {
    let mut fair = Fair::default();
    let bounds = Bounds::default();
    let _dear = fair.push(&'a', ("dear", u32::MAX, ALWAYS), &bounds, at(0));
    let _free = fair.push(&'a', ("free", 0, ALWAYS), &bounds, at(0));
    assert_eq!(drain(&mut fair), ["dear", "free"]);
}

#[test]
fn what_has_expired_is_never_handed_out() {
    let mut fair = Fair::default();
    let bounds = Bounds::default();
    for (value, deadline) in [("late", 5), ("later", 9), ("never", 5)] {
        let _id = fair
            .push(&'a', (value, 1, at(deadline)), &bounds, at(0))
            .unwrap();
    }
    assert_eq!(fair.next_deadline(), Some(at(5)));
    assert_eq!(fair.pop(at(5)), Some("later"));
    assert_eq!(fair.pop(at(5)), None);
    assert_eq!(fair.expired(), 2);
    let refused = fair.push(&'a', ("gone", 1, at(5)), &bounds, at(5));
    assert_eq!(refused, Err(Refusal::Expired));
    assert_eq!((fair.len(), fair.next_deadline()), (0, None));
}

#[test]
fn both_bounds_hold_and_what_expired_makes_room() {
    let mut fair = Fair::default();
    let bounds = Bounds {
        total: 3,
        per_caller: 2,
    };
    let mut push =
        |caller, deadline, now| fair.push(&caller, ((), 1, at(deadline)), &bounds, at(now));
    assert!(push('a', 10, 0).is_ok());
    assert!(push('a', 20, 0).is_ok());
    assert_eq!(push('a', 30, 0), Err(Refusal::CallerFull { per_caller: 2 }));
    assert!(push('b', 30, 0).is_ok());
    assert_eq!(push('c', 30, 0), Err(Refusal::Full { total: 3 }));
    assert!(push('a', 30, 10).is_ok());
    assert_eq!(push('c', 30, 10), Err(Refusal::Full { total: 3 }));
}

#[test]
fn at_least_a_thousand_may_wait() {
    let mut fair = queue("a*1000");
    assert_eq!(fair.waiting_of(&'a'), 1000);
    assert_eq!(drain(&mut fair).len(), 1000);
}

#[test]
fn who_leaves_is_taken_out_wherever_it_stands() {
    let mut fair = Fair::default();
    let bounds = Bounds::default();
    let mut push = |caller, value| {
        fair.push(&caller, (value, 1, ALWAYS), &bounds, at(0))
            .unwrap()
    };
    let (first, second, only) = (push('a', "a1"), push('a', "a2"), push('b', "b1"));
    let _third = push('a', "a3");
    assert_eq!(fair.remove(&'a', second), Some("a2"));
    assert_eq!(fair.remove(&'a', second), None);
    assert_eq!(fair.remove(&'a', only), None);
    assert_eq!(fair.remove(&'b', only), Some("b1"));
    assert_eq!(fair.callers(), 1);
    assert_eq!(drain(&mut fair), ["a1", "a3"]);
    assert_eq!(fair.remove(&'a', first), None);
}

#[test]
fn coming_and_leaving_leaves_nothing_behind() {
    let mut fair: Fair<u32, ()> = Fair::default();
    for caller in 0..10_000 {
        let id = fair
            .push(&caller, ((), 1, ALWAYS), &Bounds::default(), at(0))
            .unwrap();
        fair.remove(&caller, id).unwrap();
    }
    assert_eq!(
        (fair.len(), fair.turns.len(), fair.deadlines.len()),
        (0, 0, 0)
    );
}

proptest! {
    /// While two callers both wait, neither is served more than one call beyond its share.
    #[test]
    fn callers_that_wait_get_the_same(
        counts in prop::collection::vec(1_usize..30, 2..6),
    ) {
        let mut fair: Fair<usize, usize> = Fair::default();
        for (caller, count) in counts.iter().enumerate() {
            for _ in 0..*count {
                let waiter = (caller, 1, ALWAYS);
                let _id = fair.push(&caller, waiter, &Bounds::default(), at(0)).unwrap();
            }
        }
        let mut served = vec![0_usize; counts.len()];
        while let Some(caller) = fair.pop(at(1)) {
            served[caller] += 1;
            let waits = |caller: &usize| served[*caller] < counts[*caller];
            let busy: Vec<usize> = (0..counts.len()).filter(waits).map(|caller| served[caller]).collect();
            let (least, most) = (busy.iter().min(), busy.iter().max());
            prop_assert!(most <= least.map(|least| least + 1).as_ref());
        }
        prop_assert_eq!(served, counts);
    }

    /// Whatever is done, what waits is what was pushed and not taken, per caller in order.
    #[test]
    fn nothing_is_lost_or_handed_out_twice(
        deeds in prop::collection::vec((0_u8..4, 0_u8..4, 0_u64..6), 1..120),
    ) {
        let mut fair: Fair<u8, usize> = Fair::default();
        let mut model: Vec<VecDeque<(usize, Nanos, super::WaiterId)>> = vec![VecDeque::new(); 4];
        let mut now = at(0);
        for (number, (deed, caller, amount)) in deeds.into_iter().enumerate() {
            let queue = usize::from(caller);
            match deed {
                0 | 1 => {
                    let deadline = now.plus(Duration::from_secs(amount + 1));
                    let id = fair.push(&caller, (number, 1, deadline), &Bounds::default(), now);
                    model[queue].push_back((number, deadline, id.unwrap()));
                }
                2 => {
                    let popped = fair.pop(now);
                    for queue in &mut model {
                        queue.retain(|waiter| now < waiter.1);
                    }
                    let heads = model.iter_mut().find(|queue| queue.front().map(|head| head.0) == popped);
                    prop_assert!(popped.is_none() || heads.is_some());
                    let head = heads.and_then(VecDeque::pop_front);
                    prop_assert_eq!(popped, head.map(|head| head.0));
                }
                _ if amount % 2 == 0 => now = now.plus(Duration::from_secs(amount)),
                _ => {
                    if let Some((value, _, id)) = model[queue].pop_back() {
                        let removed = fair.remove(&caller, id);
                        prop_assert!(removed.is_none() || removed == Some(value));
                    }
                }
            }
        }
    }
}
