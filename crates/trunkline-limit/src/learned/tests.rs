//! What follows from what was told, and upstreams that count for themselves.

use std::num::NonZeroU32;
use std::time::Duration;

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::{Amounts, Dimension, LINE_MAX, Learned, Refill, Sent, Told};
use crate::{Nanos, Reserved};

const LONG: Duration = Duration::from_hours(2);

fn at(millis: u64) -> Nanos {
    Nanos::since_start(Duration::from_millis(millis))
}

fn secs(secs: u64) -> Nanos {
    at(secs * 1000)
}

/// One request.
fn one() -> Amounts {
    Amounts {
        requests: 1,
        ..Amounts::default()
    }
}

fn tokens(tokens: u32) -> Amounts {
    Amounts { tokens, ..one() }
}

fn told(remaining: u64, limit: u64, reset: Nanos) -> Told {
    Told {
        dimension: Dimension::Requests,
        limit: Some(limit),
        remaining,
        refill: Refill::At(reset),
    }
}

fn told_tokens(remaining: u64, limit: u64, reset: Nanos) -> Told {
    Told {
        dimension: Dimension::Tokens,
        ..told(remaining, limit, reset)
    }
}

fn call(learned: &Learned, now: Nanos, told: &[Told]) {
    let sent = Sent {
        amounts: one(),
        at: now,
    };
    assert!(learned.reserve(now, &sent.amounts, Duration::ZERO) == Reserved::Now);
    learned.answered(now, &sent, told);
}

/// After one answer at the start.
fn after(told: Told) -> Learned {
    let learned = Learned::default();
    call(&learned, at(0), &[told]);
    learned
}

fn show(reserved: Reserved) -> String {
    match reserved {
        Reserved::Now => "now".to_owned(),
        Reserved::At { when, by } => format!("at {:?} by {by:?}", when.since(at(0))),
        Reserved::Refused { retry_after, by } => format!("in {retry_after:?} by {by:?}"),
        Reserved::TooHeavy { .. } => format!("{reserved:?}"),
    }
}

#[track_caller]
fn check(reserved: Reserved, expected: Expect) {
    expected.assert_eq(&show(reserved));
}

fn remaining(learned: &Learned, now: Nanos) -> Option<u64> {
    learned.view(now).left.requests.map(|left| left.remaining)
}

#[test]
fn who_was_told_nothing_holds_nobody() {
    let learned = Learned::default();
    for _ in 0..10_000 {
        check(
            learned.reserve(at(0), &one(), Duration::ZERO),
            expect!["now"],
        );
    }
    assert!(!learned.is_idle(at(0)));
}

#[test]
fn while_much_is_left_calls_go_at_once() {
    let learned = after(told(50, 100, secs(60)));
    for _ in 0..31 {
        check(
            learned.reserve(at(0), &one(), Duration::ZERO),
            expect!["now"],
        );
    }
    assert_eq!(remaining(&learned, at(0)), Some(19));
}

#[test]
fn what_little_is_left_is_spread_over_the_time_to_the_reset() {
    let learned = after(told(3, 100, secs(60)));
    check(learned.reserve(at(0), &one(), LONG), expect!["now"]);
    check(
        learned.reserve(at(0), &one(), LONG),
        expect!["at 20s by Spread(Requests)"],
    );
    check(
        learned.reserve(secs(1), &one(), LONG),
        expect!["at 40s by Spread(Requests)"],
    );
    check(
        learned.reserve(secs(1), &one(), LONG),
        expect!["at 60s by Spent(Requests)"],
    );
}

#[test]
fn a_gap_ends_with_the_reset() {
    let learned = after(told(3, 100, secs(60)));
    check(learned.reserve(at(0), &one(), LONG), expect!["now"]);
    let sent = Sent {
        amounts: one(),
        at: at(1),
    };
    learned.answered(at(2), &sent, &[told(2, 100, secs(10))]);
    check(
        learned.reserve(at(2), &one(), LONG),
        expect!["at 10s by Spread(Requests)"],
    );
}

#[test]
fn a_call_that_cannot_wait_is_refused_and_takes_nothing() {
    let learned = after(told(0, 100, secs(60)));
    for _ in 0..3 {
        check(
            learned.reserve(secs(10), &one(), Duration::from_secs(49)),
            expect!["in 50s by Spent(Requests)"],
        );
    }
    assert_eq!(
        learned.view(secs(10)).left.requests.unwrap().limit,
        Some(100)
    );
    learned.reserve(secs(10), &one(), LONG);
    check(
        learned.reserve(secs(10), &one(), LONG),
        expect!["at 60.01s by Spent(Requests)"],
    );
}

#[test]
fn a_line_longer_than_the_limit_reaches_into_the_window_after() {
    let learned = after(told(0, 2, secs(60)));
    let places: Vec<String> = (0..5)
        .map(|_| show(learned.reserve(at(0), &one(), LONG)))
        .collect();
    expect![[r#"
        at 60s by Spent(Requests)
        at 60.01s by Spent(Requests)
        at 120s by Spent(Requests)
        at 120.01s by Spent(Requests)
        at 180s by Spent(Requests)"#]]
    .assert_eq(&places.join("\n"));
}

#[test]
fn knowledge_whose_reset_has_passed_is_forgotten() {
    let learned = after(told(0, 100, secs(60)));
    assert!(!learned.is_idle(at(59_999)));
    assert!(learned.is_idle(secs(60)));
    check(
        learned.reserve(secs(60), &one(), Duration::ZERO),
        expect!["now"],
    );
    assert_eq!(remaining(&learned, secs(60)), None);
    // And what is old when it comes is not learned.
    learned.release(&one());
    call(&learned, secs(70), &[told(0, 100, secs(69))]);
    assert!(learned.is_idle(secs(70)));
}

#[test]
fn a_429_outweighs_what_was_known_until_its_end() {
    let learned = after(told(90, 100, secs(60)));
    learned.throttled(at(0), secs(20));
    check(
        learned.reserve(at(0), &one(), Duration::from_secs(5)),
        expect!["in 20s by Told"],
    );
    check(
        learned.reserve(at(0), &one(), LONG),
        expect!["at 20s by Told"],
    );
    check(
        learned.reserve(at(0), &one(), LONG),
        expect!["at 20.01s by Told"],
    );
    assert_eq!(learned.view(secs(19)).blocked_until, Some(secs(20)));
    check(
        learned.reserve(secs(20), &one(), Duration::ZERO),
        expect!["now"],
    );
    assert_eq!(remaining(&learned, secs(20)), None);
}

#[test]
fn answers_to_calls_from_before_a_429_do_not_lift_it() {
    let learned = Learned::default();
    let sent = Sent {
        amounts: one(),
        at: at(0),
    };
    for _ in 0..2 {
        check(learned.reserve(at(0), &one(), LONG), expect!["now"]);
    }
    learned.answered(at(10), &sent, &[]);
    learned.throttled(at(10), secs(20));
    learned.answered(at(20), &sent, &[told(90, 100, secs(60))]);
    check(
        learned.reserve(at(20), &one(), Duration::ZERO),
        expect!["in 19.98s by Told"],
    );
    assert_eq!(remaining(&learned, at(20)), None);
    // A shorter wait, told to a call that was sent earlier, is no news.
    learned.throttled(at(30), secs(5));
    check(
        learned.reserve(at(30), &one(), Duration::ZERO),
        expect!["in 19.97s by Told"],
    );
}

#[test]
fn no_word_holds_for_longer_than_a_day() {
    let learned = after(told(0, 1, secs(10_000_000)));
    learned.throttled(at(0), Nanos::from_nanos(u64::MAX));
    assert!(!learned.is_idle(secs(24 * 60 * 60 - 1)));
    assert!(learned.is_idle(secs(24 * 60 * 60)));
}

/// The longest wait that callers are told of what an answer told at the start, `hours` later.
fn longest_wait(told: Told, hours: u64) -> Duration {
    let learned = after(told);
    let now = secs(hours * 60 * 60);
    let mut longest = Duration::ZERO;
    for _ in 0..3 {
        let when = learned.reserve(now, &one(), Duration::MAX).when(now);
        longest = longest.max(when.expect("it may wait").since(now));
    }
    let reserved = learned.reserve(now, &one(), Duration::ZERO);
    if let Reserved::Refused { retry_after, .. } = reserved {
        longest = longest.max(retry_after);
    }
    let left = learned.view(now).left.requests.expect("it is known");
    let refill = left.refilled_at.map_or(Duration::ZERO, |at| at.since(now));
    longest.max(refill)
}

#[test]
fn nobody_is_told_to_wait_until_after_a_word_is_forgotten() {
    let far = secs(878 * 60 * 60);
    let steady = Refill::Steady {
        amount: NonZeroU32::MIN,
        per: Duration::from_hours(878),
    };
    for (kind, told) in [
        ("spent", told(0, 1, far)),
        (
            "spent, at the end of time",
            told(0, 1, Nanos::from_nanos(u64::MAX)),
        ),
        ("spread", told(2, 100, far)),
        (
            "bit by bit",
            Told {
                refill: steady,
                ..told(0, 1, far)
            },
        ),
        // Who is behind waits for the window after the next.
        ("a line", told(0, 1, secs(20 * 60 * 60))),
    ] {
        for hours in [0, 3, 19] {
            let left = Duration::from_hours(24 - hours);
            let wait = longest_wait(told, hours);
            assert!(
                Duration::ZERO < wait && wait < left + LINE_MAX,
                "{kind}, {hours} hours later: {wait:?}"
            );
        }
    }
}

#[test]
fn calls_under_way_are_taken_to_be_uncounted() {
    let learned = Learned::default();
    for _ in 0..5 {
        check(learned.reserve(at(0), &one(), LONG), expect!["now"]);
    }
    let sent = Sent {
        amounts: one(),
        at: at(0),
    };
    learned.answered(at(1), &sent, &[told(4, 10, secs(60))]);
    check(
        learned.reserve(at(1), &one(), LONG),
        expect!["at 60s by Spent(Requests)"],
    );
    learned.release(&one());
    for _ in 0..3 {
        learned.release(&one());
    }
    assert_eq!(remaining(&learned, at(1)), Some(3));
}

#[test]
fn of_answers_that_overtake_each_other_the_smaller_counts() {
    let learned = Learned::default();
    let sent = |millis| Sent {
        amounts: one(),
        at: at(millis),
    };
    for _ in 0..3 {
        check(learned.reserve(at(0), &one(), LONG), expect!["now"]);
    }
    learned.answered(at(10), &sent(0), &[told(70, 100, secs(60))]);
    learned.answered(at(20), &sent(5), &[told(72, 100, secs(60))]);
    learned.answered(at(30), &sent(5), &[told(69, 100, secs(60))]);
    assert_eq!(remaining(&learned, at(30)), Some(69));
    // One that was sent later knows better, whatever it says.
    call(&learned, at(40), &[told(80, 100, secs(60))]);
    assert_eq!(remaining(&learned, at(40)), Some(80));
    // So does a later window.
    check(learned.reserve(at(40), &one(), LONG), expect!["now"]);
    learned.answered(at(50), &sent(5), &[told(99, 100, secs(120))]);
    assert_eq!(remaining(&learned, at(50)), Some(99));
}

#[test]
fn answers_without_a_word_are_charged() {
    let learned = after(told(50, 100, secs(60)));
    for _ in 0..5 {
        call(&learned, secs(1), &[]);
    }
    assert_eq!(remaining(&learned, secs(1)), Some(45));
    call(&learned, secs(2), &[told(44, 100, secs(60))]);
    assert_eq!(remaining(&learned, secs(2)), Some(44));
}

#[test]
fn dimensions_are_apart_and_the_slowest_decides() {
    let learned = Learned::default();
    call(
        &learned,
        at(0),
        &[told(50, 100, secs(10)), told_tokens(100, 40_000, secs(60))],
    );
    check(learned.reserve(at(0), &one(), LONG), expect!["now"]);
    check(
        learned.reserve(at(0), &tokens(500), LONG),
        expect!["at 60s by Spent(Tokens)"],
    );
    check(learned.reserve(at(0), &one(), LONG), expect!["now"]);
}

#[test]
fn the_line_behind_a_far_reset_does_not_hold_who_waits_for_a_near_one() {
    let learned = Learned::default();
    call(
        &learned,
        at(0),
        &[told(0, 100, secs(5)), told_tokens(0, 40_000, secs(60))],
    );
    check(
        learned.reserve(at(0), &tokens(500), LONG),
        expect!["at 60s by Spent(Tokens)"],
    );
    check(
        learned.reserve(at(0), &one(), LONG),
        expect!["at 5s by Spent(Requests)"],
    );
}

#[test]
fn an_estimate_above_the_limit_waits_for_all_of_it() {
    let learned = after(told_tokens(900, 1000, secs(60)));
    check(
        learned.reserve(at(0), &tokens(5000), LONG),
        expect!["at 60s by Spent(Tokens)"],
    );
    let learned = after(told_tokens(1000, 1000, secs(60)));
    check(learned.reserve(at(0), &tokens(5000), LONG), expect!["now"]);
}

#[test]
fn true_usage_takes_the_place_of_the_estimate() {
    let learned = after(told_tokens(10_000, 10_000, secs(60)));
    let left = || learned.view(at(0)).left.tokens.unwrap().remaining;
    let sent = Sent {
        amounts: tokens(1000),
        at: at(0),
    };
    check(learned.reserve(at(0), &sent.amounts, LONG), expect!["now"]);
    assert_eq!(left(), 9000);
    learned.answered(at(0), &sent, &[]);
    assert_eq!(left(), 9000);
    learned.corrected(&sent.amounts, &tokens(250));
    assert_eq!(left(), 9750);
    learned.corrected(&sent.amounts, &tokens(3000));
    assert_eq!(left(), 7750);
    // What the upstream counted itself is not given back twice.
    learned.corrected(&tokens(9000), &tokens(1));
    assert_eq!(left(), 10_000);
}

#[test]
fn what_comes_back_bit_by_bit_is_waited_for() {
    let learned = after(Told {
        dimension: Dimension::Other,
        limit: Some(1000),
        remaining: 100,
        refill: Refill::Steady {
            amount: NonZeroU32::new(50).unwrap(),
            per: Duration::from_secs(1),
        },
    });
    let cost = |other| Amounts { other, ..one() };
    check(learned.reserve(at(0), &cost(100), LONG), expect!["now"]);
    check(
        learned.reserve(at(0), &cost(200), LONG),
        expect!["at 4s by Spent(Other)"],
    );
    learned.release(&cost(300));
    assert_eq!(learned.view(secs(2)).left.other.unwrap().remaining, 200);
    assert_eq!(learned.view(secs(2000)).left.other.unwrap().remaining, 1000);
}

#[test]
fn without_a_word_of_the_reset_it_is_asked_again_soon() {
    let learned = after(Told {
        refill: Refill::Unknown,
        ..told(0, 10, at(0))
    });
    check(
        learned.reserve(at(0), &one(), LONG),
        expect!["at 1s by Spent(Requests)"],
    );
    check(learned.reserve(secs(1), &one(), LONG), expect!["now"]);
}

#[test]
fn hostile_figures_do_no_harm() {
    let figures = [0, 1, u64::MAX];
    let learned = Learned::default();
    for remaining in figures {
        for limit in figures {
            for reset in figures {
                let told = told(remaining, limit, Nanos::from_nanos(reset));
                let sent = Sent {
                    amounts: one(),
                    at: at(0),
                };
                let reserved = learned.reserve(at(0), &one(), Duration::MAX);
                assert!(reserved.when(at(0)).is_some());
                learned.answered(at(0), &sent, &[told]);
                learned.corrected(&one(), &tokens(u32::MAX));
            }
        }
    }
    let steady = Refill::Steady {
        amount: NonZeroU32::MAX,
        per: Duration::ZERO,
    };
    let odd = after(Told {
        refill: steady,
        ..told(0, 0, at(0))
    });
    assert!(odd.is_idle(at(0)));
}

/// An upstream that counts calls as they come.
struct Upstream {
    limit: u64,
    counted: u64,
    refused: u64,
    reset: Nanos,
}

impl Upstream {
    fn serve(&mut self) -> Told {
        self.refused += u64::from(self.counted == self.limit);
        self.counted = self.limit.min(self.counted + 1);
        told(self.limit - self.counted, self.limit, self.reset)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// Calls come all the time, and their answers take theirs and overtake each other. As soon as
    /// one has told, the upstream has nothing to refuse; and most of what it allows is used.
    #[test]
    fn an_upstream_that_tells_is_never_asked_for_more(
        limit in 1_u64..60,
        window_secs in 2_u64..30,
        every in 5_u64..400,
        latencies in prop::collection::vec(1_u64..1_500, 1..8),
        wait_max in prop_oneof![Just(0_u64), 0_u64..40_000],
    ) {
        let window = window_secs * 1000;
        let learned = Learned::default();
        let mut upstream = Upstream { limit, counted: 0, refused: 0, reset: at(window) };
        call(&learned, at(0), &[upstream.serve()]);
        let mut waiting: Vec<Nanos> = Vec::new();
        let mut under_way: Vec<(Nanos, Sent, Told)> = Vec::new();
        let (mut offered, mut busiest) = (1, 0);
        for (turn, now) in (0..window).step_by(5).enumerate() {
            let now = at(now);
            for (_, sent, told) in under_way.extract_if(.., |(answered, ..)| *answered <= now) {
                learned.answered(now, &sent, &[told]);
            }
            if (turn as u64).is_multiple_of(every / 5) {
                offered += 1;
                let reserved = learned.reserve(now, &one(), Duration::from_millis(wait_max));
                waiting.extend(reserved.when(now));
            }
            for when in waiting.extract_if(.., |when| *when <= now) {
                let latency = latencies[turn % latencies.len()];
                let sent = Sent { amounts: one(), at: now };
                under_way.push((when.plus(Duration::from_millis(latency)), sent, upstream.serve()));
            }
            busiest = busiest.max(under_way.len());
        }
        prop_assert_eq!(upstream.refused, 0);
        // Those under way may be counted twice, by the upstream and here.
        let possible = offered.min(limit).saturating_sub(busiest as u64);
        prop_assert!(possible * 9 / 10 <= upstream.counted, "{} of {possible}", upstream.counted);
    }
}
