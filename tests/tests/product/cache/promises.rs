//! What one caller lets pass is not served to another who judges otherwise, and what was refused is
//! not kept.

use trunkline_tests::{Answer, Gateway, Product, Request, Response, Upstream, answer};

use crate::connectors::plain;

const OPERATIONS: &str = r#"[[operations]]
name = "things.list"
title = "List things"
method = "GET"
path = "/things"
docs = "https://plain.example/docs/things"

[operations.reply]
schema = "thing.json"
"#;

const THING: &str = r#"{ "type": "object", "required": ["id"] }"#;

fn promising(upstream: &Upstream) -> Gateway {
    Product::calling("plain", upstream)
        .variable("PLAIN_TOKEN", "token-of-a-test")
        .file("connectors/plain/connector.toml", &plain(""))
        .file("connectors/plain/operations/things.toml", OPERATIONS)
        .file("connectors/plain/schemas/thing.json", THING)
        .set("connectors.plain.cache", r#""headers""#)
        .serve()
}

fn ask(gateway: &Gateway, validate: &str) -> Answer {
    Request::get("/plain/things")
        .header("trunkline-validate", validate)
        .send_after(gateway.address())
}

fn kept(json: &str) -> Response {
    answer(200).header("cache-control", "max-age=60").json(json)
}

#[test]
fn what_was_refused_is_not_kept() {
    let upstream = Upstream::start([kept("{}"), kept(r#"{"id":1}"#)]);
    let gateway = promising(&upstream);
    ask(&gateway, "enforce").problem(502, "schema_broken");
    for _ in 0..2 {
        assert_eq!(ask(&gateway, "enforce").expect(200).text(), r#"{"id":1}"#);
    }
    assert_eq!(upstream.count(), 2);
}

#[test]
fn what_passed_for_one_is_not_served_to_whoever_judges_otherwise() {
    let upstream = Upstream::start([kept("{}"), kept("{}"), kept(r#"{"id":1}"#)]);
    let gateway = promising(&upstream);
    for validate in ["off", "off"] {
        assert_eq!(ask(&gateway, validate).expect(200).text(), "{}");
    }
    assert_eq!(ask(&gateway, "report").expect(200).text(), "{}");
    for _ in 0..2 {
        assert_eq!(ask(&gateway, "enforce").expect(200).text(), r#"{"id":1}"#);
    }
    assert_eq!(ask(&gateway, "off").expect(200).text(), "{}");
    assert_eq!(upstream.count(), 3);
}
