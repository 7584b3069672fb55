//! When a connection has waited too long.

use std::rc::Rc;
use std::time::{Duration, SystemTime};

use expect_test::{Expect, expect};

use super::{Limits, Place, Watch, judge, may_have_left};
use crate::coarse_clock::{CoarseClock, Moment};

const LIMITS: Limits = Limits {
    head: Duration::from_secs(10),
    idle: Duration::from_secs(75),
};

/// At which second a connection is found overdue that did these things at second 0, and for what.
#[track_caller]
fn check(does: impl FnOnce(&Watch), expected: Expect) {
    let clock = Rc::new(CoarseClock::new(Duration::from_secs(1)));
    let watch = Watch::new(clock);
    does(&watch);
    let at = |secs: u64| judge(&watch.state(), LIMITS, Moment(secs * 1000));
    let found =
        (0..1000).find_map(|secs| at(secs).map(|overdue| format!("{overdue:?} at {secs} s")));
    expected.assert_eq(&found.unwrap_or_else(|| "never".to_owned()));
}

#[test]
fn limits_are_rounded_up_to_the_next_sweep() {
    check(|_| {}, expect!["Request at 76 s"]);
    check(|watch| watch.read(Place::Head), expect!["Head at 11 s"]);
}

#[test]
fn a_head_has_its_time_from_its_first_byte_only() {
    let clock = Rc::new(CoarseClock::new(Duration::from_secs(1)));
    let watch = Watch::new(Rc::clone(&clock));
    watch.read(Place::Head);
    clock.set(Moment(8_000), SystemTime::UNIX_EPOCH);
    watch.read(Place::Head);
    assert!(
        judge(&watch.state(), LIMITS, Moment(11_000)).is_some(),
        "a drip is no new beginning"
    );
}

#[test]
fn nobody_is_cut_while_the_upstream_is_waited_for() {
    check(
        |watch| {
            watch.begin();
        },
        expect!["never"],
    );
    check(
        |watch| {
            watch.read(Place::Body);
            watch.begin();
        },
        expect!["never"],
    );
    // The head of the next request, sent ahead, is not read.
    check(
        |watch| {
            watch.begin();
            watch.read(Place::Head);
        },
        expect!["never"],
    );
}

#[test]
fn bodies_that_stand_still_are_cut() {
    check(
        |watch| {
            watch.read(Place::Body);
            watch.begin();
            watch.waits_for_bytes();
        },
        expect!["Upload at 76 s"],
    );
    check(
        |watch| {
            watch.begin();
            watch.waits_to_write();
        },
        expect!["Download at 76 s"],
    );
}

#[test]
fn bodies_that_move_are_not() {
    let clock = Rc::new(CoarseClock::new(Duration::from_secs(1)));
    let watch = Watch::new(Rc::clone(&clock));
    watch.begin();
    for secs in (0..1000).step_by(60) {
        clock.set(Moment(secs * 1000), SystemTime::UNIX_EPOCH);
        watch.waits_for_bytes();
        watch.read(Place::Body);
        watch.waits_for_bytes();
        watch.waits_to_write();
        watch.wrote();
        watch.waits_to_write();
        assert_eq!(
            judge(&watch.state(), LIMITS, Moment((secs + 60) * 1000)),
            None
        );
    }
}

#[test]
fn an_answer_begins_the_wait_for_the_next_request_anew() {
    let clock = Rc::new(CoarseClock::new(Duration::from_secs(1)));
    let watch = Watch::new(Rc::clone(&clock));
    watch.begin();
    clock.set(Moment(400_000), SystemTime::UNIX_EPOCH);
    watch.end();
    // Not before its last byte is written.
    assert_eq!(judge(&watch.state(), LIMITS, Moment(900_000)), None);
    clock.set(Moment(500_000), SystemTime::UNIX_EPOCH);
    watch.flushed();
    assert_eq!(judge(&watch.state(), LIMITS, Moment(575_000)), None);
    assert!(judge(&watch.state(), LIMITS, Moment(576_000)).is_some());
}

#[test]
fn a_refused_caller_has_a_little_time_to_read() {
    check(Watch::linger, expect!["Farewell at 6 s"]);
}

#[test]
fn answers_are_settled_when_their_last_byte_is_written() {
    let watch = Watch::new(Rc::new(CoarseClock::new(Duration::from_secs(1))));
    assert!(watch.is_settled(), "nobody has asked");
    watch.begin();
    watch.flushed();
    assert!(!watch.is_settled(), "the answer is still being made");
    watch.end();
    assert!(!watch.is_settled(), "its end is not written");
    watch.flushed();
    assert!(watch.is_settled());
}

/// At which second a caller is first looked for on a connection that did these things at second 0.
#[track_caller]
fn check_look(does: impl FnOnce(&Watch), expected: Option<u64>) {
    let watch = Watch::new(Rc::new(CoarseClock::new(Duration::from_secs(1))));
    does(&watch);
    let looked = (0..1000).find(|secs| may_have_left(&watch.state(), Moment(secs * 1000)));
    assert_eq!(looked, expected);
}

#[test]
fn callers_are_looked_for_where_nobody_reads() {
    // A body that nobody wants yet.
    check_look(
        |watch| {
            watch.read(Place::Body);
            watch.begin();
        },
        Some(2),
    );
    // The next request, sent ahead.
    check_look(
        |watch| {
            watch.begin();
            watch.read(Place::Between);
        },
        Some(2),
    );
}

#[test]
fn callers_are_not_looked_for_where_their_end_shows_anyway() {
    check_look(|_| {}, None);
    check_look(
        |watch| {
            watch.begin();
            watch.waits_for_bytes();
        },
        None,
    );
    check_look(
        |watch| {
            watch.begin();
            watch.waits_to_write();
        },
        None,
    );
    check_look(
        |watch| {
            watch.begin();
            watch.end();
        },
        None,
    );
}

#[test]
fn a_look_is_over_when_somebody_reads_or_has_the_answer() {
    let watch = Watch::new(Rc::new(CoarseClock::new(Duration::from_secs(1))));
    watch.begin();
    assert!(!watch.is_to_look());
    watch.look();
    assert!(watch.is_to_look());
    watch.waits_for_bytes();
    assert!(!watch.is_to_look());
    watch.read(Place::Body);
    assert!(!watch.is_to_look(), "whoever reads comes upon the end");
    watch.look();
    watch.end();
    assert!(!watch.is_to_look(), "an answer is not broken off");
}
