//! Who knows better than the general rules: the upstream, and the connector's own rules.

use trunkline_tests::{Product, Request, Response, Upstream, answer};

use crate::connectors;
use crate::retry::{check, get, unsafe_post};

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
