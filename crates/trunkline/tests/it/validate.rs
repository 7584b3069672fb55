//! Replies that are not what their operation promises: said, enforced, or not looked at.

mod drift;
mod own;
mod requests;
mod schema;
mod stage;
mod streams;

use std::io::Write as _;

use expect_test::{Expect, expect};
use flate2::Compression;
use flate2::write::GzEncoder;
use http_body_util::BodyExt as _;
use tokio::sync::mpsc;
use trunkline::{Call, Validate};

use crate::stand::{Stand, get, operation, soon};
use crate::upstream::{Act, Upstream, answer, head};

const JSON: (&str, &str) = ("content-type", "application/json");

/// Replies are read up to this size to be checked.
const CHECKED_MAX: usize = 8 * 1024 * 1024;

fn create() -> Call {
    operation("acme", "things.create", serde_json::json!({"name": "lamp"}))
}

/// What becomes of an answer in each mode, a line each.
async fn check(call: fn() -> Call, bytes: &[u8], expected: Expect) {
    let mut lines = Vec::new();
    for validate in [Validate::Off, Validate::Report, Validate::Enforce] {
        let upstream = Upstream::start([Act::Answer(bytes.to_vec())]);
        let stand = Stand::new("acme", upstream.address, "");
        let mut call = call();
        call.options.validate = validate;
        lines.push(match stand.run(call).await.outcome {
            Ok(reply) => format!(
                "{validate:?}: {} {}",
                reply.status.as_u16(),
                reply.schema_problem.as_deref().unwrap_or("-")
            ),
            Err(error) => format!("{validate:?}: {}: {error}", error.kind().code()),
        });
    }
    expected.assert_eq(&lines.join("\n"));
}

#[tokio::test]
async fn a_reply_as_promised_passes() {
    let body = r#"{"id": 1, "owner": {"name": null}}"#;
    let expected = expect![[r#"
        Off: 200 -
        Report: 200 -
        Enforce: 200 -"#]];
    check(create, &answer(200, &[JSON], body), expected).await;
    let expected = expect![[r#"
        Off: 201 -
        Report: 201 -
        Enforce: 201 -"#]];
    let kind = [("content-type", "application/vnd.acme+json; charset=utf-8")];
    check(create, &answer(201, &kind, body), expected).await;
}

#[tokio::test]
async fn another_type_than_json_is_seen_in_every_reply() {
    let expected = expect![[r#"
        Off: 200 -
        Report: 200 `things.create` promises JSON, and the reply's type is `text/html`
        Enforce: schema_broken: `things.create` promises JSON, and the reply's type is `text/html`"#]];
    let kind = [("content-type", "text/html; charset=utf-8")];
    check(create, &answer(200, &kind, "<p>It works!</p>"), expected).await;
    let expected = expect![[r#"
        Off: 200 -
        Report: 200 `things.create` promises JSON, and the reply's type is `nothing`
        Enforce: schema_broken: `things.create` promises JSON, and the reply's type is `nothing`"#]];
    check(create, &answer(200, &[], "{}"), expected).await;
}

#[tokio::test]
async fn a_missing_value_is_found_where_the_whole_body_is_read() {
    let expected = expect![[r#"
        Off: 200 -
        Report: 200 -
        Enforce: schema_broken: `things.create` promises a value at `/owner/name`, and the reply has none there"#]];
    let body = r#"{"id": 1, "owner": {}}"#;
    check(create, &answer(200, &[JSON], body), expected).await;
    let expected = expect![[r#"
        Off: 200 -
        Report: 200 -
        Enforce: schema_broken: `things.create` promises JSON, and the reply's body is none"#]];
    check(create, &answer(200, &[JSON], "{\"id\": 1"), expected).await;
    let expected = expect![[r#"
        Off: 200 -
        Report: 200 -
        Enforce: schema_broken: `things.create` promises JSON, and the reply's body is none"#]];
    check(create, &answer(200, &[JSON], ""), expected).await;
}

#[tokio::test]
async fn errors_and_unknown_paths_promise_nothing() {
    let expected = expect![[r#"
        Off: 400 -
        Report: 400 -
        Enforce: 400 -"#]];
    check(create, &answer(400, &[], "no"), expected).await;
    let expected = expect![[r#"
        Off: 200 -
        Report: 200 -
        Enforce: 200 -"#]];
    let unknown = || get("acme", "/elsewhere");
    check(
        unknown,
        &answer(200, &[("content-type", "text/html")], "hm"),
        expected,
    )
    .await;
    let expected = expect![[r#"
        Off: 200 -
        Report: 200 -
        Enforce: 200 -"#]];
    let picture = || get("acme", "/things/1.png");
    check(
        picture,
        &answer(200, &[("content-type", "image/png")], "PNG"),
        expected,
    )
    .await;
}

/// A good reply of exactly so many bytes.
fn good_of(length: usize) -> Vec<u8> {
    let body = r#"{"id": 1, "owner": {"name": "ada"}}"#;
    let name = "a".repeat(length - body.len() + 3);
    body.replace("ada", &name).into_bytes()
}

#[tokio::test]
async fn replies_are_checked_up_to_a_size() {
    let expected = expect![[r#"
        Off: 200 -
        Report: 200 -
        Enforce: 200 -"#]];
    check(
        create,
        &answer(200, &[JSON], good_of(CHECKED_MAX)),
        expected,
    )
    .await;
    let expected = expect![[r#"
        Off: 200 -
        Report: 200 -
        Enforce: reply_too_large: the reply cannot be checked: it is larger than 8388608 bytes, too slow, or compressed otherwise than with gzip"#]];
    check(
        create,
        &answer(200, &[JSON], good_of(CHECKED_MAX + 1)),
        expected,
    )
    .await;
}

fn packed(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn compressed_replies_are_checked_by_what_is_in_them() {
    let zip = |body: &[u8]| answer(200, &[JSON, ("content-encoding", "gzip")], packed(body));
    let expected = expect![[r#"
        Off: 200 -
        Report: 200 -
        Enforce: schema_broken: `things.create` promises a value at `/owner/name`, and the reply has none there"#]];
    check(create, &zip(br#"{"id": 1}"#), expected).await;
    let expected = expect![[r#"
        Off: 200 -
        Report: 200 -
        Enforce: 200 -"#]];
    check(create, &zip(&good_of(3 * 1024 * 1024)), expected).await;
    let expected = expect![[r#"
        Off: 200 -
        Report: 200 -
        Enforce: reply_too_large: the reply cannot be checked: it is larger than 8388608 bytes, too slow, or compressed otherwise than with gzip"#]];
    check(create, &zip(&good_of(CHECKED_MAX + 1)), expected).await;
}

#[tokio::test]
async fn what_promises_nothing_is_not_read_to_be_checked() {
    let upstream = Upstream::start([Act::Answer(answer(200, &[], vec![7; CHECKED_MAX + 1]))]);
    let stand = Stand::new("acme", upstream.address, "");
    let mut call = get("acme", "/things/1.png");
    call.options.validate = Validate::Enforce;
    let reply = stand.run(call).await.reply();
    assert_eq!(
        reply.body.collect(CHECKED_MAX + 1).await.unwrap().len(),
        CHECKED_MAX + 1
    );
}

#[tokio::test]
async fn a_body_that_rules_have_read_is_checked_without_being_asked_to() {
    let body = r#"{"ok": true, "channel": "C1", "message": {"type": "message", "ts": "1.2"}}"#;
    let upstream = Upstream::start([Act::Answer(answer(200, &[JSON], body))]);
    let stand = Stand::new("slack", upstream.address, "");
    let call = operation(
        "slack",
        "chat.postMessage",
        serde_json::json!({"channel": "C1"}),
    );
    let reply = stand.run(call).await.reply();
    let expected = "`chat.postMessage` promises a value at `/ts`, and the reply has none there";
    assert_eq!(reply.schema_problem.as_deref(), Some(expected));
}

#[tokio::test]
async fn an_enforced_reply_is_still_the_upstreams_byte_for_byte() {
    let body = good_of(200_000);
    let upstream = Upstream::start([Act::Answer(answer(200, &[JSON], &body))]);
    let stand = Stand::new("acme", upstream.address, "");
    let mut call = create();
    call.options.validate = Validate::Enforce;
    let reply = stand.run(call).await.reply();
    assert_eq!(reply.body.collect(1 << 20).await.unwrap(), body);
}

#[tokio::test]
async fn streams_are_not_delayed_by_being_checked() {
    let (pieces, act) = mpsc::unbounded_channel();
    let upstream = Upstream::start([Act::Pieces(act)]);
    let stand = Stand::new("acme", upstream.address, "");
    pieces
        .send(head(200, &[("content-type", "text/event-stream")]))
        .unwrap();
    let mut call = create();
    call.options.validate = Validate::Enforce;
    let mut reply = soon(stand.engine.call(call)).await.unwrap();
    pieces.send(b"data: 1\n\n".to_vec()).unwrap();
    let frame = soon(reply.body.frame()).await.unwrap().unwrap();
    assert_eq!(frame.into_data().unwrap(), "data: 1\n\n");
}
