//! What is tried again, how often, and what never is. The upstream's journal counts.

use trunkline_tests::{
    Act, Answer, Ending, Gateway, Http2Upstream, Product, Request, Response, Script, Stream,
    Upstream, answer,
};

use crate::connectors;

/// A POST that makes something and has no key that makes it safe to repeat.
fn unsafe_post() -> Request {
    Request::post(
        "/openai/v1/chat/completions",
        r#"{"model":"m","messages":[]}"#,
    )
}

fn get() -> Request {
    Request::get("/openai/v1/models")
}

fn fine() -> Script {
    answer(200).json(r#"{"fine":true}"#).script()
}

/// Sends one request to openai, whose answers are these; gives the reply and the attempts made.
#[track_caller]
fn attempts<S: Into<Script>>(
    request: &Request,
    scripts: impl IntoIterator<Item = S>,
) -> (Answer, usize) {
    let upstream = Upstream::start(scripts);
    let gateway = Product::calling("openai", &upstream).serve();
    let reply = gateway.send(request);
    let said = reply
        .header("trunkline-attempts")
        .and_then(|text| text.parse().ok());
    assert_eq!(said, Some(upstream.count()), "{reply:?}");
    (reply, upstream.count())
}

#[track_caller]
fn check<S: Into<Script>>(
    request: &Request,
    scripts: impl IntoIterator<Item = S>,
    status: u16,
    expected: usize,
) {
    let (reply, made) = attempts(request, scripts);
    assert_eq!(
        (reply.status, made),
        (status, expected),
        "{request:?}\n{}",
        reply.text()
    );
}

#[test]
fn a_safe_method_is_repeated_after_a_server_error() {
    for status in [500, 502, 503, 504] {
        check(
            &get(),
            [answer(status), answer(status), answer(200)],
            200,
            3,
        );
    }
}

#[test]
fn what_is_permanent_is_not_repeated() {
    for status in [400, 401, 403, 404, 405, 410, 422] {
        check(&get(), [answer(status)], status, 1);
    }
}

#[test]
fn a_timeout_or_an_early_request_is_repeated() {
    for status in [408, 425] {
        check(&get(), [answer(status), answer(200)], 200, 2);
    }
}

#[test]
fn idempotent_methods_are_repeated_and_others_are_not() {
    for method in ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"] {
        check(
            &Request::new(method, "/openai/v1/x"),
            [answer(503), answer(200)],
            200,
            2,
        );
    }
    for method in ["POST", "PATCH"] {
        check(
            &Request::new(method, "/openai/v1/x"),
            [answer(503), answer(200)],
            503,
            1,
        );
    }
}

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
fn a_safe_method_is_repeated_after_a_broken_connection() {
    check(&get(), [Script::cut(), fine()], 200, 2);
    check(&get(), [Script::reset(), fine()], 200, 2);
    check(&get(), [Script::new().then(Act::Close), fine()], 200, 2);
    let half_a_head = Script::reading()
        .say("HTTP/1.1 200 OK\r\ncontent-")
        .then(Act::Close);
    check(&get(), [half_a_head, fine()], 200, 2);
}

#[test]
fn an_unsafe_method_is_not_repeated_once_its_bytes_may_have_arrived() {
    check(&unsafe_post(), [Script::cut(), fine()], 502, 1);
    check(&unsafe_post(), [Script::reset(), fine()], 502, 1);
    check(
        &unsafe_post(),
        [Script::new().then(Act::Close), fine()],
        502,
        1,
    );
}

#[test]
fn an_unsafe_method_on_a_kept_connection_is_not_repeated_either() {
    let upstream = Upstream::start([fine(), Script::cut(), fine()]);
    let gateway = Product::calling("openai", &upstream)
        .set("server.threads", 1)
        .serve();
    gateway.send(&get()).expect(200);
    gateway.send(&unsafe_post()).problem(502, "upstream_closed");
    assert_eq!(upstream.count(), 2);
    assert_eq!(
        upstream.heard()[1].connection,
        0,
        "the connection was not kept"
    );
}

#[test]
fn a_safe_method_is_repeated_when_the_first_byte_does_not_come() {
    let upstream = Upstream::start([Script::silent(), fine()]);
    let gateway = Product::calling("openai", &upstream)
        .set("connectors.openai.timeouts.first_byte", r#""100ms""#)
        .serve();
    gateway.send(&get()).expect(200);
    assert_eq!(upstream.count(), 2);
    upstream.wait_for_goodbye(0);
}

#[test]
fn after_a_transport_error_a_fresh_connection_is_used() {
    let upstream = Upstream::start([Script::cut(), fine()]);
    Product::calling("openai", &upstream)
        .serve()
        .send(&get())
        .expect(200);
    let heard = upstream.heard();
    assert_ne!(heard[0].connection, heard[1].connection);
}

#[test]
fn a_throttled_call_is_repeated_whatever_its_method() {
    let throttled = || answer(429).header("retry-after", "0").json("{}");
    check(
        &unsafe_post(),
        [throttled(), throttled(), answer(200)],
        200,
        3,
    );
    check(
        &Request::new("PATCH", "/openai/v1/x"),
        [throttled(), answer(200)],
        200,
        2,
    );
    check(&get(), [answer(429), answer(200)], 200, 2);
}

#[test]
fn every_attempt_sends_the_whole_request_again() {
    let body = format!(r#"{{"model":"m","input":"{}"}}"#, "x".repeat(50_000));
    let upstream = Upstream::start([answer(429), answer(429), answer(200)]);
    let gateway = Product::calling("openai", &upstream).serve();
    gateway
        .send(&Request::post("/openai/v1/embeddings?a=%20", body.as_str()))
        .expect(200);
    let heard = upstream.heard();
    assert_eq!(heard.len(), 3);
    for attempt in &heard {
        assert_eq!(String::from_utf8_lossy(&attempt.body), body);
        assert_eq!(attempt.head.first, heard[0].head.first);
    }
}

#[test]
fn a_key_of_the_callers_makes_an_unsafe_method_safe() {
    let upstream = Upstream::start([Script::cut(), answer(503).into(), fine()]);
    let gateway = Product::calling("stripe", &upstream).serve();
    let request = Request::post_form("/stripe/v1/customers", "email=a%40b.c");
    gateway
        .send(&request.header("idempotency-key", "order-17"))
        .expect(200);
    let heard = upstream.heard();
    let keys: Vec<_> = heard
        .iter()
        .map(|heard| heard.head.header("idempotency-key"))
        .collect();
    assert_eq!(keys, [Some("order-17"); 3]);
}

#[test]
fn where_the_connector_has_keys_we_add_one_and_keep_it_over_the_attempts() {
    let upstream = Upstream::start([Script::cut(), answer(503).into(), fine(), fine()]);
    let gateway = Product::calling("stripe", &upstream).serve();
    let request = Request::post_form("/stripe/v1/customers", "email=a%40b.c");
    gateway.send(&request).expect(200);
    gateway.send(&request).expect(200);
    let heard = upstream.heard();
    let keys: Vec<&str> = heard
        .iter()
        .map(|heard| {
            heard
                .head
                .header("idempotency-key")
                .expect("each attempt has a key")
        })
        .collect();
    assert_eq!(keys.len(), 4);
    assert!(keys[0].len() >= 16, "{keys:?}");
    assert!(keys[0] == keys[1] && keys[1] == keys[2], "{keys:?}");
    assert_ne!(keys[2], keys[3], "two calls had the same key");
}

#[test]
fn no_key_is_added_where_it_does_nothing() {
    let upstream = Upstream::start([answer(200).json("{}")]);
    let product = Product::calling("openai", &upstream).set(
        "connectors.stripe.base_url",
        format!("{:?}", upstream.url()),
    );
    let gateway = product.serve();
    gateway.send(&unsafe_post()).expect(200);
    gateway
        .send(&Request::get("/stripe/v1/customers"))
        .expect(200);
    for heard in upstream.heard() {
        assert_eq!(heard.head.header("idempotency-key"), None);
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
fn the_upstream_overrides_our_judgement() {
    let must = |status: u16, word: &str| answer(status).header("x-should-retry", word);
    check(&unsafe_post(), [must(400, "true"), answer(200)], 200, 2);
    check(&unsafe_post(), [must(503, "true"), answer(200)], 200, 2);
    check(&get(), [must(503, "false"), answer(200)], 503, 1);
    check(&get(), [must(429, "false"), answer(200)], 429, 1);
    check(&get(), [must(503, "perhaps"), answer(200)], 200, 2);
}

#[test]
fn stripe_overrides_by_a_header_of_its_own() {
    let upstream = Upstream::start([
        answer(409).header("stripe-should-retry", "true"),
        answer(503).header("stripe-should-retry", "false"),
    ]);
    let gateway = Product::calling("stripe", &upstream).serve();
    gateway
        .send(&Request::post_form("/stripe/v1/customers", "a=b"))
        .expect(503);
    assert_eq!(upstream.count(), 2);
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
fn nothing_is_repeated_after_the_first_byte() {
    let broken = Script::reading().say("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf of it");
    let (reply, made) = attempts(&get(), [broken.then(Act::Close), fine()]);
    assert_eq!((reply.status, made), (200, 1));
    assert_eq!(reply.text(), "half of it");
    assert_ne!(reply.ending, Ending::Clean);
}

#[test]
fn a_body_too_large_to_be_kept_is_sent_once() {
    let large = vec![b'x'; 4 << 20];
    let (reply, made) = attempts(
        &Request::new("PUT", "/openai/v1/x").body(large.clone()),
        [answer(503)],
    );
    assert_eq!((reply.status, made), (503, 1));
    let (reply, made) = attempts(&Request::post("/openai/v1/x", large), [answer(429)]);
    assert_eq!((reply.status, made), (429, 1));
    assert_eq!(
        reply.header("x-should-retry"),
        None,
        "nothing of ours was repeated"
    );
}

#[test]
fn a_budget_keeps_a_broken_upstream_from_being_flooded() {
    let upstream = Upstream::start([answer(503)]);
    let gateway = Product::calling("openai", &upstream)
        .set("server.threads", 1)
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

#[test]
fn a_connector_of_ones_own_says_what_is_repeatable_and_what_is_throttled() {
    let rules = r#"[[outcomes]]
statuses = ["403"]
body = { pointer = "/reason", is = { equals = "too_fast" } }
class = "rate_limited"
message = "too many requests"
"#;
    let throttled = answer(403).json(r#"{"reason":"too_fast"}"#);
    let forbidden = answer(403).json(r#"{"reason":"not_yours"}"#);
    for (script, status, expected) in [(throttled, 200, 2), (forbidden, 403, 1)] {
        let upstream = Upstream::start([script, answer(200).json(r#"{"id":1}"#)]);
        let gateway = connectors::plain_calling(&upstream, rules).serve();
        gateway
            .send(&Request::post("/plain/things", r#"{"name":"a"}"#))
            .expect(status);
        assert_eq!(upstream.count(), expected);
    }
}

#[test]
fn an_error_that_calls_itself_ok_is_repeated_where_it_was_a_refusal() {
    let refusal: Response = answer(200).json(r#"{"ok":false,"error":"ratelimited"}"#);
    let upstream = Upstream::start([
        refusal.header("retry-after", "0"),
        answer(200).json(r#"{"ok":true}"#),
    ]);
    let gateway = Product::calling("slack", &upstream).serve();
    let reply = gateway.send(&Request::post(
        "/slack/api/chat.postMessage",
        r#"{"channel":"C1"}"#,
    ));
    assert_eq!(reply.expect(200).text(), r#"{"ok":true}"#);
    assert_eq!(upstream.count(), 2);
}

/// A gateway whose openai speaks HTTP/2, by this list.
fn over_http2(list: &[Stream]) -> (Http2Upstream, Gateway) {
    let upstream = Http2Upstream::start(list);
    let gateway = Product::new()
        .with_keys()
        .file("ca.pem", upstream.certificate())
        .set("egress.extra_ca", r#""ca.pem""#)
        .set(
            "connectors.openai.base_url",
            format!("{:?}", upstream.url()),
        )
        .set("connectors.openai.retry.wait_first", r#""1ms""#)
        .serve();
    (upstream, gateway)
}

#[test]
fn a_refused_http2_stream_is_repeated_whatever_its_method() {
    for refusal in [Stream::Refuse, Stream::GoAway] {
        let (upstream, gateway) = over_http2(&[refusal, Stream::Answer]);
        gateway.send(&unsafe_post()).expect(200);
        assert_eq!(upstream.count(), 2, "{refusal:?}");
    }
}

#[test]
fn a_broken_http2_stream_is_repeated_only_for_safe_methods() {
    let (upstream, gateway) = over_http2(&[Stream::Break, Stream::Answer]);
    gateway.send(&unsafe_post()).expect(502);
    assert_eq!(upstream.count(), 1);
    let (upstream, gateway) = over_http2(&[Stream::Break, Stream::Answer]);
    gateway.send(&get()).expect(200);
    assert_eq!(upstream.count(), 2);
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_refused() {
    let upstream = Http2Upstream::start([Stream::Answer]);
    let product = Product::new()
        .with_keys()
        .set(
            "connectors.openai.base_url",
            format!("{:?}", upstream.url()),
        )
        .set("connectors.openai.retry.wait_first", r#""1ms""#);
    product.serve().send(&get()).problem(502, "tls_failed");
    assert_eq!(upstream.count(), 0);
}
