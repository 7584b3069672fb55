//! Which requests are sent again after which failure.

use trunkline_tests::{Act, Ending, Product, Request, Script, Upstream, answer};

use crate::retry::{attempts, check, fine, get, unsafe_post};

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
fn a_wait_alone_does_not_make_an_unsafe_method_safe() {
    let busy = || answer(503).header("retry-after", "0");
    check(&unsafe_post(), [busy(), answer(200)], 503, 1);
    check(&get(), [busy(), answer(200)], 200, 2);
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
