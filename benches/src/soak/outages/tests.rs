//! What an outage explains, and for how long.

use std::time::Duration;

use super::{Kind, Outages, Span};

const fn at(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

/// One outage of upstream 1, from 10 to 20 seconds.
fn outages() -> Outages {
    let outages = Outages::default();
    outages.begin(1, Kind::Hangs, at(10));
    outages.end(1, at(20));
    outages
}

#[track_caller]
fn check(upstream: usize, from: u64, until: u64, expected: Option<u64>) {
    let span = Span {
        upstream,
        from: at(from),
        until: at(until),
    };
    let explained = outages().explain(span, at(5));
    assert_eq!(explained, expected.map(|after| (Kind::Hangs, at(after))));
}

#[test]
fn an_outage_explains_whatever_it_touches() {
    check(1, 5, 10, Some(0));
    check(1, 12, 13, Some(0));
    check(1, 20, 30, Some(0));
}

#[test]
fn nothing_is_explained_before_it_begins() {
    check(1, 5, 9, None);
}

#[test]
fn its_grace_ends() {
    check(1, 25, 26, Some(5));
    check(1, 26, 27, None);
}

#[test]
fn an_outage_says_nothing_of_another_upstream() {
    check(0, 12, 13, None);
}

#[test]
fn an_outage_that_goes_on_explains_too() {
    let outages = outages();
    outages.begin(1, Kind::Busy, at(40));
    let span = Span {
        upstream: 1,
        from: at(90),
        until: at(91),
    };
    let explained = outages.explain(span, Duration::ZERO);
    assert_eq!(explained, Some((Kind::Busy, Duration::ZERO)));
}
