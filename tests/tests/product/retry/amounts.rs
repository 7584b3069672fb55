//! How many attempts are made, how long a wait is slept, and what SDKs are told of it.

use trunkline_tests::{Product, Script, Upstream, answer};

use crate::retry::{attempts, check, get};

#[test]
fn five_attempts_are_made_and_the_last_answer_is_given() {
    let last = answer(503)
        .header("x-attempt", "5")
        .json(r#"{"error":"still"}"#);
    let scripts = [answer(503), answer(503), answer(503), answer(503), last];
    let (reply, made) = attempts(&get(), scripts);
    assert_eq!((reply.status, made), (503, 5));
    assert_eq!(reply.header("x-attempt"), Some("5"));
    assert_eq!(reply.text(), r#"{"error":"still"}"#);
}

#[test]
fn settings_say_how_many_attempts() {
    let upstream = Upstream::start([answer(503)]);
    let gateway = Product::calling("openai", &upstream)
        .set("connectors.openai.retry.attempts", 2)
        .serve();
    gateway.send(&get()).expect(503);
    assert_eq!(upstream.count(), 2);
}

#[test]
fn the_caller_says_how_many_attempts() {
    for (said, expected) in [("off", 1), ("1", 1), ("2", 2), ("7", 7)] {
        check(
            &get().header("trunkline-retry", said),
            [answer(503)],
            503,
            expected,
        );
    }
}

#[test]
fn a_wait_that_is_too_long_is_not_slept() {
    for wait in ["31", "3600", "277403"] {
        let throttled = answer(429)
            .header("retry-after", wait)
            .json(r#"{"error":"slow down"}"#);
        let (reply, made) = attempts(&get(), [throttled, answer(200)]);
        assert_eq!((reply.status, made), (429, 1), "{wait}");
        assert_eq!(reply.header("retry-after"), Some(wait));
        assert_eq!(reply.text(), r#"{"error":"slow down"}"#);
    }
}

#[test]
fn a_wait_beyond_what_is_left_of_the_call_is_not_slept() {
    let scripts = [answer(429).header("retry-after", "5"), answer(200)];
    let (reply, made) = attempts(&get().header("trunkline-timeout", "2s"), scripts);
    assert_eq!((reply.status, made), (429, 1));
    assert_eq!(reply.header("retry-after"), Some("5"));
}

#[test]
fn settings_say_which_wait_is_too_long() {
    let upstream = Upstream::start([answer(503).header("retry-after", "2")]);
    let gateway = Product::calling("openai", &upstream)
        .set("connectors.openai.retry.wait_max", r#""1s""#)
        .serve();
    gateway.send(&get()).expect(503);
    assert_eq!(upstream.count(), 1);
}

#[test]
fn attempts_that_an_sdk_has_spent_already_are_not_spent_again() {
    for (spent, expected) in [
        ("0", 5),
        ("1", 4),
        ("2", 3),
        ("4", 1),
        ("9", 1),
        ("many", 5),
    ] {
        check(
            &get().header("x-stainless-retry-count", spent),
            [answer(503)],
            503,
            expected,
        );
    }
}

#[test]
fn an_sdk_is_told_not_to_repeat_what_we_have_repeated() {
    let (reply, _) = attempts(&get(), [answer(503)]);
    assert_eq!(reply.header("x-should-retry"), Some("false"));
    assert_eq!(reply.header("stripe-should-retry"), Some("false"));
    let once = [
        (answer(503), "trunkline-retry", "off"),
        (answer(400), "x-a", "b"),
    ];
    for (script, name, value) in once {
        let (reply, made) = attempts(&get().header(name, value), [script]);
        assert_eq!(made, 1);
        assert_eq!(
            reply.header("x-should-retry"),
            None,
            "nothing of ours was spent"
        );
    }
    let (reply, _) = attempts(&get(), [answer(503), answer(200)]);
    assert_eq!(
        reply.header("x-should-retry"),
        None,
        "there is nothing to repeat"
    );
}

#[test]
fn an_sdk_is_told_so_for_errors_of_ours_too() {
    let (reply, made) = attempts(&get(), [Script::cut()]);
    assert_eq!((reply.status, made), (502, 5));
    assert_eq!(reply.header("x-should-retry"), Some("false"));
}

#[test]
fn a_budget_keeps_a_broken_upstream_from_being_flooded() {
    let upstream = Upstream::start([answer(503)]);
    let gateway = Product::calling("openai", &upstream)
        .set("server.threads", 1)
        // Else it would soon be left alone.
        .set("connectors.openai.breaker", r#""off""#)
        .serve();
    let calls = 60;
    for _ in 0..calls {
        gateway.send(&get()).expect(503);
    }
    // 20 % of the calls of the last 10 s, and always at least 10 retries per 10 s. A slow machine
    // may take more than one such window.
    let retries = upstream.count() - calls;
    assert!(
        (10..=40).contains(&retries),
        "{retries} retries of {calls} calls"
    );
}
