//! Attempts and kept answers: a call that is tried again is one call, and what counts is how it
//! ends.

use trunkline_tests::{Answer, Gateway, Request, Response, Script, Upstream, answer};

use crate::cache::acme;

/// Tries three times in all.
fn in_front_of<S: Into<Script>>(scripts: impl IntoIterator<Item = S>) -> (Upstream, Gateway) {
    let upstream = Upstream::start(scripts);
    let product = acme(&upstream).set("connectors.acme.retry.attempts", 3);
    let gateway = product
        .set("connectors.acme.retry.wait_first", r#""1ms""#)
        .serve();
    (upstream, gateway)
}

fn ask(gateway: &Gateway) -> Answer {
    Request::get("/things").send_after(gateway.dedicated())
}

fn kept(body: &str) -> Response {
    answer(200).header("cache-control", "max-age=60").body(body)
}

#[track_caller]
fn assert_said(got: &Answer, expected: &str) {
    let said = got.header("cache-status").unwrap_or_default();
    assert!(said.contains(expected), "{said}");
}

#[test]
fn the_last_attempts_answer_is_kept() {
    let (upstream, gateway) = in_front_of([
        answer(503).header("cache-control", "max-age=60"),
        kept("good"),
    ]);
    let first = ask(&gateway).expect(200);
    assert_said(&first, "fwd-status=200; stored");
    assert_eq!(ask(&gateway).text(), "good");
    assert_eq!(upstream.count(), 2);
}

#[test]
fn each_attempt_asks_whether_what_is_kept_is_good() {
    let stale = || {
        let response = answer(200).header("cache-control", "max-age=0");
        response.header("etag", "\"a\"").body("kept")
    };
    let good = answer(304).header("cache-control", "max-age=60");
    let (upstream, gateway) = in_front_of([stale(), answer(503), good]);
    ask(&gateway).expect(200);
    assert_eq!(ask(&gateway).expect(200).text(), "kept");
    for attempt in &upstream.heard()[1..] {
        assert_eq!(attempt.head.header("if-none-match"), Some("\"a\""));
    }
    assert_said(&ask(&gateway), "hit");
    assert_eq!(upstream.count(), 3);
}

#[test]
fn nobody_waits_for_further_attempts_where_a_stale_answer_may_stand_in() {
    for failure in [answer(503).script(), Script::cut()] {
        let stale = answer(200)
            .header("cache-control", "max-age=60, stale-if-error=600")
            .header("age", "65")
            .body("kept");
        let (upstream, gateway) = in_front_of([stale.script(), failure]);
        ask(&gateway).expect(200);
        let got = ask(&gateway).expect(200);
        assert_eq!(got.text(), "kept");
        assert_said(&got, "detail=stale-if-error");
        assert_eq!(upstream.count(), 2);
    }
}

#[test]
fn a_failure_that_no_cache_can_mend_is_told_with_what_the_cache_did() {
    let (_upstream, gateway) = in_front_of([Script::cut()]);
    let got = ask(&gateway);
    assert_eq!(got.status, 502, "{}", got.text());
    assert_said(&got, "trunkline; fwd=uri-miss");
}
