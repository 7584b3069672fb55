//! When it opens, lets probes through, and closes.

use std::time::Duration;

use expect_test::{Expect, expect};

use super::{Breaker, Entry, Pass, Policy, Reason, Status, Turn};
use crate::{Nanos, Outcome};

fn at(secs: u64) -> Nanos {
    Nanos::since_start(Duration::from_secs(1000 + secs))
}

/// The settings' defaults.
fn policy() -> Policy {
    Policy::default()
}

fn show_turn(turn: Turn) -> String {
    match turn {
        Turn::Opened {
            next_probe,
            failures,
            calls,
        } => format!(
            "opened for {failures}/{calls}, next probe at {:?}",
            next_probe.since(at(0))
        ),
        Turn::None | Turn::Closed => format!("{turn:?}").to_lowercase(),
    }
}

fn show(entry: Entry) -> String {
    match entry {
        Entry::Closed(_) => "closed".to_owned(),
        Entry::Probe(_) => "probe".to_owned(),
        Entry::Refused { next_probe, by } => {
            format!("refused ({by:?}) until {:?}", next_probe.since(at(0)))
        }
    }
}

fn pass(breaker: &Breaker, now: Nanos) -> Pass {
    match breaker.enter(&policy(), now) {
        Entry::Closed(pass) | Entry::Probe(pass) => pass,
        Entry::Refused { .. } => panic!("refused"),
    }
}

fn call(breaker: &Breaker, outcome: Outcome, now: Nanos) -> Turn {
    breaker.leave(pass(breaker, now), outcome, &policy(), now)
}

/// `.` does well, `x` fails, `t` is throttled, `?` tells nothing; the last call's effect.
#[track_caller]
fn check(calls: &str, expected: Expect) {
    let breaker = Breaker::default();
    let turns = calls
        .chars()
        .map(|character| call(&breaker, outcome(character), at(0)));
    expected.assert_eq(&show_turn(turns.last().unwrap()));
}

fn outcome(character: char) -> Outcome {
    match character {
        '.' => Outcome::Fine,
        'x' => Outcome::Failed,
        't' => Outcome::Throttled,
        '?' => Outcome::Unknown,
        _ => panic!("no outcome"),
    }
}

/// Opened at `now`.
fn opened(now: Nanos) -> Breaker {
    let breaker = Breaker::default();
    for _ in 0..20 {
        let _turn = call(&breaker, Outcome::Failed, now);
    }
    assert_eq!(breaker.view(&policy(), now).status, Status::Open);
    breaker
}

#[test]
fn it_judges_no_fewer_than_twenty_calls() {
    check(&"x".repeat(19), expect!["none"]);
    check(
        &"x".repeat(20),
        expect!["opened for 20/20, next probe at 5s"],
    );
}

#[test]
fn settings_cannot_make_it_judge_fewer() {
    let breaker = Breaker::default();
    let hasty = Policy {
        calls_min: 1,
        ..policy()
    };
    let turn = breaker.leave(pass(&breaker, at(0)), Outcome::Failed, &hasty, at(0));
    assert_eq!(turn, Turn::None);
}

#[test]
fn it_opens_at_the_share_that_is_set() {
    check(&(".".repeat(5) + &"x".repeat(16)), expect!["none"]);
    check(
        &(".".repeat(4) + &"x".repeat(16)),
        expect!["opened for 16/20, next probe at 5s"],
    );
    check(&("?".repeat(50) + &"x".repeat(19)), expect!["none"]);
}

#[test]
fn a_429_never_trips_it() {
    check(&"t".repeat(1000), expect!["none"]);
    check(&("x".repeat(19) + &"t".repeat(20)), expect!["none"]);
}

#[test]
fn failures_of_long_ago_do_not_count() {
    let breaker = Breaker::default();
    assert!(breaker.is_idle(at(0)));
    for now in 0..100 {
        assert_eq!(call(&breaker, Outcome::Failed, at(now)), Turn::None);
    }
    let view = breaker.view(&policy(), at(99));
    assert_eq!((view.calls, view.failures, view.trips), (10, 10, 0));
    assert!(!breaker.is_idle(at(99 + 3599)));
    assert!(breaker.is_idle(at(99 + 3600)));
}

#[test]
fn open_refuses_and_names_the_next_probe() {
    let breaker = opened(at(0));
    expect!["refused (Open) until 5s"].assert_eq(&show(breaker.enter(&policy(), at(4))));
    assert_eq!(breaker.view(&policy(), at(4)).next_probe, Some(at(5)));
    assert!(!breaker.is_idle(at(40_000)));
}

#[test]
fn probes_are_few_and_close_it_when_they_do_well() {
    let breaker = opened(at(0));
    let (first, second) = (pass(&breaker, at(5)), pass(&breaker, at(5)));
    expect!["refused (Probing) until 6s"].assert_eq(&show(breaker.enter(&policy(), at(5))));
    assert_eq!(
        breaker.leave(first, Outcome::Fine, &policy(), at(6)),
        Turn::None
    );
    expect!["probe"].assert_eq(&show(breaker.enter(&policy(), at(6))));
    // The upstream is alive when it says that there is too much.
    let turn = breaker.leave(second, Outcome::Throttled, &policy(), at(6));
    assert_eq!(turn, Turn::Closed);
    expect!["closed"].assert_eq(&show(breaker.enter(&policy(), at(6))));
    // What was counted before it opened is forgotten.
    assert_eq!(call(&breaker, Outcome::Failed, at(6)), Turn::None);
}

#[test]
fn a_failed_probe_opens_it_for_longer_up_to_a_cap() {
    let breaker = opened(at(0));
    let mut probes = Vec::new();
    let mut now = at(5);
    for _ in 0..6 {
        let Turn::Opened { next_probe, .. } = call(&breaker, Outcome::TimedOut, now) else {
            panic!("it did not open");
        };
        probes.push(next_probe.since(now).as_secs());
        now = next_probe;
    }
    assert_eq!(probes, [10, 20, 40, 60, 60, 60]);
    assert_eq!(breaker.view(&policy(), now).trips, 7);
}

#[test]
fn a_relapse_is_punished_and_a_new_trouble_is_not() {
    for (later, expected) in [(10, 10), (70, 5)] {
        let breaker = opened(at(0));
        let _first = call(&breaker, Outcome::Fine, at(5));
        assert_eq!(call(&breaker, Outcome::Fine, at(5)), Turn::Closed);
        let now = at(5 + later);
        let turns = (0..20).map(|_| call(&breaker, Outcome::Failed, now));
        let Some(Turn::Opened { next_probe, .. }) = turns.last() else {
            panic!("it did not open");
        };
        assert_eq!(next_probe.since(now).as_secs(), expected);
    }
}

#[test]
fn calls_from_before_it_opened_say_nothing_any_more() {
    let breaker = Breaker::default();
    let early: Vec<Pass> = (0..30).map(|_| pass(&breaker, at(0))).collect();
    let mut opened = 0;
    for pass in early {
        let turn = breaker.leave(pass, Outcome::Failed, &policy(), at(0));
        opened += u32::from(turn != Turn::None);
    }
    assert_eq!(opened, 1);
    let late = breaker.enter(&policy(), at(5));
    expect!["probe"].assert_eq(&show(late));
}

#[test]
fn a_probe_that_tells_nothing_makes_room_for_another() {
    let breaker = opened(at(0));
    for _ in 0..10 {
        assert_eq!(call(&breaker, Outcome::Unknown, at(5)), Turn::None);
    }
    assert_eq!(breaker.view(&policy(), at(5)).status, Status::HalfOpen);
}

#[test]
fn a_lost_probe_does_not_keep_it_open_for_ever() {
    let breaker = opened(at(0));
    let (first, second) = (pass(&breaker, at(5)), pass(&breaker, at(5)));
    let refused = breaker.enter(&policy(), at(124));
    assert!(matches!(
        refused,
        Entry::Refused {
            by: Reason::Probing,
            ..
        }
    ));
    let fresh = pass(&breaker, at(125));
    // Those that were given up count no more.
    for late in [first, second] {
        assert_eq!(
            breaker.leave(late, Outcome::Failed, &policy(), at(126)),
            Turn::None
        );
    }
    let turn = breaker.leave(fresh, Outcome::Fine, &policy(), at(126));
    assert_eq!(turn, Turn::None);
    assert_eq!(call(&breaker, Outcome::Fine, at(126)), Turn::Closed);
}

#[test]
fn threads_get_no_more_probes_than_there_are() {
    let breaker = opened(at(0));
    let probes: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| matches!(breaker.enter(&policy(), at(5)), Entry::Probe(_))))
            .collect();
        let answers = threads.into_iter().map(|thread| thread.join().unwrap());
        answers.filter(|is_probe| *is_probe).count()
    });
    assert_eq!(probes, 2);
}

#[test]
fn a_window_that_changes_or_a_clock_that_steps_back_is_no_trouble() {
    let breaker = opened(at(100));
    let tiny = Policy {
        window: Duration::ZERO,
        open_first: Duration::MAX,
        probes_max: 0,
        ..policy()
    };
    assert!(matches!(breaker.enter(&tiny, at(0)), Entry::Refused { .. }));
    let Entry::Probe(pass) = breaker.enter(&tiny, Nanos::from_nanos(u64::MAX)) else {
        panic!("no probe");
    };
    let turn = breaker.leave(pass, Outcome::Failed, &tiny, Nanos::from_nanos(u64::MAX));
    assert!(matches!(turn, Turn::Opened { .. }));
    assert_eq!(Status::HalfOpen.name(), "half_open");
}
