//! An upstream that keeps failing is left alone for a while.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use trunkline_tests::{Answer, Gate, Gateway, Response, Script, Upstream, answer, now, until};

use crate::limits::refusing::assert_refused;
use crate::limits::{ask_many, finish, get, metric, single};

/// Fewer are not judged.
const ENOUGH: usize = 20;

fn labeled(name: &str, upstream: &Upstream) -> String {
    let host = upstream.url();
    format!("{name}{{connector=\"plain\",host=\"{host}\"}}")
}

#[track_caller]
fn opened(gateway: &Gateway, upstream: &Upstream) -> (Option<u64>, Option<u64>) {
    let value = |name| metric(gateway, &labeled(name, upstream));
    (
        value("trunkline_breaker_open"),
        value("trunkline_breaker_opened_total"),
    )
}

/// Has so many calls answered like this.
#[track_caller]
fn fail(gateway: &Gateway, response: &Response, times: usize) -> Vec<Answer> {
    let answers = (0..times).map(|_| gateway.send(&get()));
    let answers: Vec<Answer> = answers.collect();
    let status = |answer: &Answer| answer.status;
    let shown = format!(
        "{response:?}: {:?}",
        answers.iter().map(status).collect::<Vec<_>>()
    );
    let own = answers
        .iter()
        .filter(|answer| answer.header("proxy-status").is_some());
    assert_eq!(own.count(), 0, "{shown}");
    answers
}

#[test]
fn it_is_not_asked_while_it_keeps_failing() {
    let error = answer(500).body("an error of its own");
    let upstream = Upstream::start([error.clone()]);
    let gateway = single(&upstream).serve();
    fail(&gateway, &error, ENOUGH - 1);
    assert_eq!(opened(&gateway, &upstream), (Some(0), Some(0)));
    fail(&gateway, &error, 1);
    let start = now();
    let refused = gateway.send(&get());
    assert!(start.elapsed() < Duration::from_secs(3));
    let secs = assert_refused(&refused, 503, "upstream_suspended");
    assert!((1..=5).contains(&secs), "{secs}");
    let proxy_status = refused.header("proxy-status").unwrap_or_default();
    let named = "trunkline; error=destination_unavailable";
    assert!(proxy_status.starts_with(named), "{proxy_status}");
    assert_eq!(upstream.count(), ENOUGH);
    assert_eq!(opened(&gateway, &upstream), (Some(1), Some(1)));
    let suspended = "trunkline_upstream_suspended_total{connector=\"plain\"}";
    assert_eq!(metric(&gateway, suspended), Some(1));
    gateway
        .program()
        .wait_for_error(|printed| printed.contains("keeps failing").then_some(()));
}

#[test]
fn two_at_a_time_see_whether_it_is_well_again() {
    let gate = Gate::new();
    let failing = (0..ENOUGH).map(|_| answer(502).script());
    let good = answer(200).json("[]");
    let probed = Script::reading().wait(&gate).say(good.bytes());
    let upstream = Upstream::start(failing.chain([probed.clone(), probed, good.script()]));
    let gateway = single(&upstream).serve();
    fail(&gateway, &answer(502), ENOUGH);
    let start = now();
    let refused = AtomicUsize::new(0);
    let until_served = || {
        until("an answer of the upstream's", || {
            match gateway.send(&get()).status {
                200 => Some(()),
                503 => {
                    refused.fetch_add(1, Ordering::Relaxed);
                    None
                }
                status => panic!("{status}"),
            }
        });
    };
    thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(until_served);
        }
        upstream.wait_for(ENOUGH + 2);
        let open_for = start.elapsed();
        assert!(
            (4.0..15.0).contains(&open_for.as_secs_f64()),
            "{open_for:?}"
        );
        // Four go on asking, and none of them comes through.
        let before = refused.load(Ordering::Relaxed);
        until("some more", || {
            (before + 100 < refused.load(Ordering::Relaxed)).then_some(())
        });
        assert_eq!(upstream.count(), ENOUGH + 2);
        assert_eq!(opened(&gateway, &upstream), (Some(1), Some(1)));
        gate.open();
    });
    assert_eq!(opened(&gateway, &upstream), (Some(0), Some(1)));
    fail(&gateway, &answer(200), 5);
    gateway
        .program()
        .wait_for_error(|printed| printed.contains("does well again").then_some(()));
}

#[test]
fn a_probe_that_fails_keeps_it_alone_for_longer() {
    let upstream = Upstream::start([answer(500)]);
    let gateway = single(&upstream).serve();
    fail(&gateway, &answer(500), ENOUGH);
    let refused = until("a probe", || {
        let asked = gateway.send(&get());
        (ENOUGH < upstream.count()).then_some(asked)
    });
    assert_eq!(refused.status, 500);
    let refused = gateway.send(&get());
    let secs = assert_refused(&refused, 503, "upstream_suspended");
    assert!((6..=10).contains(&secs), "{secs}");
    assert_eq!(upstream.count(), ENOUGH + 1);
    assert_eq!(opened(&gateway, &upstream), (Some(1), Some(2)));
}

#[test]
fn what_is_no_failure_never_trips_it() {
    for status in [429, 400, 404, 501] {
        let response = answer(status);
        let upstream = Upstream::start([response.clone()]);
        let gateway = single(&upstream).serve();
        fail(&gateway, &response, 2 * ENOUGH);
        assert_eq!(upstream.count(), 2 * ENOUGH, "{status}");
        assert_eq!(opened(&gateway, &upstream), (Some(0), Some(0)));
    }
}

/// An upstream that answers half of the attempts serves nearly every call, for they are repeated.
#[test]
fn half_of_the_calls_failing_does_not() {
    let turns = (0..60).map(|turn| answer(if turn % 2 == 0 { 500 } else { 200 }));
    let upstream = Upstream::start(turns);
    let gateway = single(&upstream).serve();
    fail(&gateway, &answer(500), 60);
    assert_eq!(upstream.count(), 60);
}

#[test]
fn connections_that_break_trip_it() {
    let upstream = Upstream::start([Script::cut()]);
    let gateway = single(&upstream).serve();
    for _ in 0..ENOUGH {
        gateway.send(&get()).expect(502);
    }
    gateway.send(&get()).problem(503, "upstream_suspended");
    assert_eq!(upstream.count(), ENOUGH);
}

#[test]
fn those_who_wait_when_it_opens_are_told() {
    let upstream = Upstream::start([answer(500)]);
    let gateway = single(&upstream)
        .set("connectors.plain.concurrency", 1)
        .serve();
    let talks = ask_many(&gateway, &get(), ENOUGH + 10);
    let statuses: Vec<u16> = talks.into_iter().map(|talk| finish(talk).status).collect();
    let count = |expected: u16| {
        statuses
            .iter()
            .filter(|status| **status == expected)
            .count()
    };
    assert_eq!((count(500), count(503)), (ENOUGH, 10), "{statuses:?}");
    assert_eq!(upstream.count(), ENOUGH);
}

#[test]
fn silence_trips_it() {
    let upstream = Upstream::start([Script::silent()]);
    let gateway = single(&upstream)
        .set("connectors.plain.timeouts.first_byte", r#""20ms""#)
        .serve();
    for _ in 0..ENOUGH {
        gateway.send(&get()).problem(504, "first_byte_timeout");
    }
    gateway.send(&get()).problem(503, "upstream_suspended");
    assert_eq!(upstream.count(), ENOUGH);
}

#[test]
fn it_can_be_switched_off() {
    let upstream = Upstream::start([answer(500)]);
    let gateway = single(&upstream)
        .set("connectors.plain.breaker", r#""off""#)
        .serve();
    fail(&gateway, &answer(500), 2 * ENOUGH);
    assert_eq!(upstream.count(), 2 * ENOUGH);
}

#[test]
fn what_is_left_of_the_retries_is_told() {
    let upstream = Upstream::start([answer(500), answer(200).json("[]")]);
    let gateway = single(&upstream)
        .set("connectors.plain.retry.attempts", 2)
        .serve();
    let left = |gateway: &Gateway| {
        let name = "trunkline_upstream_retries_left{connector=\"plain\"}";
        metric(gateway, name)
    };
    gateway.send(&get()).expect(200);
    let first = left(&gateway);
    assert_eq!(first, Some(9));
    gateway.send(&get()).expect(200);
    assert_eq!(left(&gateway), first);
}
