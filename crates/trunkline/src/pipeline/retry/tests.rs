//! When an attempt is repeated, and after which wait.

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;

fn policy() -> RetryPolicy {
    RetryPolicy {
        attempts_max: 5,
        wait_first: Duration::from_secs(1),
        wait_max: Duration::from_secs(30),
    }
}

fn situation() -> Situation {
    Situation {
        attempt: 1,
        ending: Ending::Faulty,
        repeatable: Repeatable::Harmless,
        replay: Replay::Possible,
        ruling: Ruling::None,
        asked: None,
        time_left: None,
        budget: Budget::Left,
    }
}

#[track_caller]
fn check(change: impl FnOnce(&mut Situation), expected: Expect) {
    let mut situation = situation();
    change(&mut situation);
    expected.assert_eq(&format!("{:?}", decide(&policy(), &situation, 1.0)));
}

#[test]
fn waits_double_up_to_a_cap() {
    check(|_| {}, expect!["After(1s)"]);
    check(|it| it.attempt = 2, expect!["After(2s)"]);
    check(|it| it.attempt = 4, expect!["After(8s)"]);
    let many = RetryPolicy {
        attempts_max: 100,
        ..policy()
    };
    let late = Situation {
        attempt: 60,
        ..situation()
    };
    assert_eq!(decide(&many, &late, 1.0), Decision::After(BACKOFF_MAX));
}

#[test]
fn jitter_is_full() {
    assert_eq!(
        decide(&policy(), &situation(), 0.0),
        Decision::After(Duration::ZERO)
    );
    assert_eq!(
        decide(&policy(), &situation(), 0.5),
        Decision::After(Duration::from_millis(500))
    );
}

#[test]
fn an_upstreams_wait_is_a_lower_bound_with_a_little_spread() {
    let seconds = |secs| move |it: &mut Situation| it.asked = Some(Duration::from_secs(secs));
    check(seconds(7), expect!["After(7.7s)"]);
    check(seconds(20), expect!["After(21s)"]);
    check(seconds(30), expect!["After(30s)"]);
    check(seconds(31), expect!["Settle(WaitTooLong(31s))"]);
    check(seconds(3600), expect!["Settle(WaitTooLong(3600s))"]);
}

#[test]
fn a_wait_that_outlasts_the_deadline_is_not_slept() {
    let left = |secs| move |it: &mut Situation| it.time_left = Some(Duration::from_secs(secs));
    check(left(2), expect!["After(1s)"]);
    check(left(1), expect!["Settle(PastDeadline(1s))"]);
    check(left(0), expect!["Settle(PastDeadline(1s))"]);
}

#[test]
fn what_may_have_been_done_is_not_done_again() {
    let unsafe_after = |ending| {
        move |it: &mut Situation| {
            it.repeatable = Repeatable::No;
            it.ending = ending;
        }
    };
    check(
        unsafe_after(Ending::Unknown),
        expect!["Settle(NotRepeatable)"],
    );
    check(
        unsafe_after(Ending::Faulty),
        expect!["Settle(NotRepeatable)"],
    );
    check(unsafe_after(Ending::NotProcessed), expect!["After(1s)"]);
    check(unsafe_after(Ending::Throttled), expect!["After(1s)"]);
    check(unsafe_after(Ending::Final), expect!["Settle(Final)"]);
}

#[test]
fn the_upstreams_ruling_overrides_our_judgement() {
    check(
        |it| it.ruling = Ruling::Stop,
        expect!["Settle(UpstreamSaysStop)"],
    );
    check(
        |it| {
            it.ruling = Ruling::Again;
            it.ending = Ending::Final;
            it.repeatable = Repeatable::No;
        },
        expect!["After(1s)"],
    );
}

#[test]
fn attempts_bodies_and_budgets_run_out() {
    check(|it| it.attempt = 5, expect!["Settle(AttemptsUsed)"]);
    check(|it| it.replay = Replay::Gone, expect!["Settle(BodyGone)"]);
    check(
        |it| it.budget = Budget::Spent,
        expect!["Settle(BudgetSpent)"],
    );
}

#[test]
fn a_refused_token_is_replaced_whatever_the_method_and_the_attempts() {
    let refused = |it: &mut Situation| {
        it.ending = Ending::TokenRefused;
        it.repeatable = Repeatable::No;
        it.attempt = 5;
        it.budget = Budget::Spent;
    };
    check(refused, expect!["Renew"]);
    let gone = |it: &mut Situation| {
        refused(it);
        it.replay = Replay::Gone;
    };
    check(gone, expect!["Settle(Final)"]);
}

fn endings() -> impl Strategy<Value = Ending> {
    prop_oneof![
        Just(Ending::Final),
        Just(Ending::NotProcessed),
        Just(Ending::Unknown),
        Just(Ending::Throttled),
        Just(Ending::Faulty),
    ]
}

fn spans() -> impl Strategy<Value = Option<Duration>> {
    proptest::option::of((0_u64..100_000).prop_map(Duration::from_millis))
}

proptest! {
    #[test]
    fn a_call_stays_within_its_attempts_its_deadline_and_its_longest_wait(
        steps in proptest::collection::vec((endings(), spans(), 0.0_f64..=1.0), 1..40),
        attempts_max in 1_u32..10,
        deadline_ms in 0_u64..200_000,
    ) {
        let policy = RetryPolicy { attempts_max, ..policy() };
        let mut left = Duration::from_millis(deadline_ms);
        let mut attempt = 0;
        for (ending, asked, chance) in steps {
            attempt += 1;
            prop_assert!(attempt <= attempts_max);
            let it = Situation { attempt, ending, asked, time_left: Some(left), ..situation() };
            match decide(&policy, &it, chance) {
                Decision::Settle(_) => break,
                Decision::After(wait) => {
                    prop_assert!(wait < left);
                    prop_assert!(wait <= policy.wait_max);
                    prop_assert!(asked.is_none_or(|asked| asked <= wait));
                    left -= wait;
                }
                Decision::Renew => prop_assert!(false, "no token was refused"),
            }
        }
    }

    #[test]
    fn an_unrepeatable_request_is_never_sent_twice_after_it_may_have_arrived(
        ending in prop_oneof![Just(Ending::Unknown), Just(Ending::Faulty)],
        asked in spans(), time_left in spans(), attempt in 1_u32..10, chance in 0.0_f64..=1.0,
    ) {
        let it = Situation {
            attempt, ending, asked, time_left, repeatable: Repeatable::No, ..situation()
        };
        prop_assert_eq!(decide(&policy(), &it, chance), Decision::Settle(Why::NotRepeatable));
    }
}
