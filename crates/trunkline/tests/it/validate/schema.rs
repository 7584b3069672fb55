//! Replies and the schemas that they are promised to fit.

use expect_test::{Expect, expect};
use http_body_util::BodyExt as _;
use serde_json::json;
use tokio::sync::mpsc;
use trunkline::{ErrorKind, Validate, examples};

use super::stage::{
    connector, create, drift, looked_at, says_nothing_of, stand, stand_with, told, with_schemas,
};
use super::{JSON, packed};
use crate::stand::{get, operation, soon};
use crate::upstream::{Act, Upstream, answer, head, json as answer_json};

/// What becomes of a reply that is enforced.
async fn check(bytes: Vec<u8>, expected: Expect) {
    let upstream = Upstream::start([Act::Answer(bytes)]);
    let stand = stand(upstream.address);
    let told = match stand.run(create(Validate::Enforce)).await.outcome {
        Ok(reply) => format!("{}", reply.status.as_u16()),
        Err(error) => told(&error),
    };
    expected.assert_eq(&told);
}

#[tokio::test]
async fn a_reply_that_fits_passes() {
    let body = r#"{"id": 1, "mail": "no address at all", "owner": {"name": null}, "parts": [{"id": 2}], "new": 1}"#;
    check(answer(200, &[JSON], body), expect!["200"]).await;
    let packed = packed(body.as_bytes());
    let headers = [JSON, ("content-encoding", "gzip")];
    check(answer(200, &headers, packed), expect!["200"]).await;
    check(b"HTTP/1.1 204 No Content\r\n\r\n".to_vec(), expect!["204"]).await;
}

#[tokio::test]
async fn nothing_of_a_reply_that_does_not_fit_passes() {
    let body = json!({
        "id": "hunter2", "owner": {}, "mail": 5,
        "parts": [{"id": 1}, {"id": null, "parts": [{"mail": "hunter3"}]}]
    });
    check(
        answer(200, &[JSON], body.to_string()),
        expect![[r#"
            schema_broken: `things.create` promises a whole number at `/id`, and the reply has a text of 7 characters there (and 4 more)
            /id: expected a whole number, found a text of 7 characters
            /owner/name: expected a value, found nothing
            /mail: expected a text, found a whole number
            /parts/1/id: expected a whole number, found null
            /parts/1/parts/0/id: expected a value, found nothing
            5 in all"#]],
    )
    .await;
    let headers = [JSON, ("content-encoding", "gzip")];
    check(
        answer(200, &headers, packed(b"{}")),
        expect![[r#"
            schema_broken: `things.create` promises a value at `/id`, and the reply has none there
            /id: expected a value, found nothing
            1 in all"#]],
    )
    .await;
    check(
        answer(200, &[JSON], "[1, 2"),
        expect![[r#"
            schema_broken: `things.create` promises JSON, and the reply's body is none
            expected JSON, found something else
            1 in all"#]],
    )
    .await;
    check(
        answer(200, &[("content-type", "text/html")], "<p>"),
        expect![[r#"
            schema_broken: `things.create` promises JSON, and the reply's type is `text/html`
            expected JSON, found the type `text/html`
            1 in all"#]],
    )
    .await;
}

#[tokio::test]
async fn a_large_reply_is_judged_to_its_end() {
    // More than is judged at once, and wrong behind much that is right.
    let parts = "{\"id\": 1},".repeat(100_000);
    let good = format!("{{\"id\": 1, \"parts\": [{parts}{{\"id\": 2}}]}}");
    check(answer(200, &[JSON], &good), expect!["200"]).await;
    let bad = good.replace("{\"id\": 2}", "{\"id\": \"x\"}");
    let expected = || {
        expect![[r#"
            schema_broken: `things.create` promises a whole number at `/parts/100000/id`, and the reply has a text of 1 character there
            /parts/100000/id: expected a whole number, found a text of 1 character
            1 in all"#]]
    };
    check(answer(200, &[JSON], &bad), expected()).await;
    let headers = [JSON, ("content-encoding", "gzip")];
    check(answer(200, &headers, packed(bad.as_bytes())), expected()).await;
}

#[tokio::test]
async fn what_is_wrong_everywhere_is_counted_so_far() {
    let parts = "{},".repeat(349_000);
    let body = format!("{{\"id\": 1, \"parts\": [{parts}{{}}]}}");
    let upstream = Upstream::start([answer_json(200, &body)]);
    let stand = stand(upstream.address);
    let error = stand.run(create(Validate::Enforce)).await.error();
    let findings = error.findings().expect("nothing fits");
    assert_eq!((findings.shown.len(), findings.total), (20, 1_000));
}

#[tokio::test]
async fn json_that_no_value_holds_is_no_broken_promise() {
    for body in [
        format!("{}1{}", "[".repeat(200), "]".repeat(200)),
        "{\"id\": 1e999}".to_owned(),
        "{\"id\": 1, \"mail\": \"\\ud800\"}".to_owned(),
    ] {
        let expected = expect![
            "reply_too_large: the reply is JSON that cannot be checked: it is nested deeper than 127, or has a number beyond 1e308 or half a surrogate pair"
        ];
        check(answer(200, &[JSON], &body), expected).await;
        let upstream = Upstream::start([answer_json(200, &body)]);
        let stand = stand(upstream.address);
        let reply = stand.run(create(Validate::Report)).await.reply();
        reply.body.collect(1_000).await.unwrap();
        assert_eq!((looked_at(&stand), drift(&stand)), ((0, 0), String::new()));
    }
}

#[tokio::test]
async fn a_reported_reply_passes_at_once_and_is_looked_at_afterwards() {
    let (pieces, act) = mpsc::unbounded_channel();
    let upstream = Upstream::start([Act::Pieces(act)]);
    let stand = stand(upstream.address);
    let body = json!({"id": "hunter2", "new": {"a": "hunter3"}, "parts": [{"id": 1}, {}]});
    let text = body.to_string();
    let (first, second) = text.split_at(10);
    let length = text.len().to_string();
    let mut answer = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
    );
    answer.push_str(first);
    pieces.send(answer.into_bytes()).unwrap();
    let mut reply = soon(stand.engine.call(create(Validate::Report)))
        .await
        .unwrap();
    assert_eq!(reply.schema_problem, None);
    let frame = soon(reply.body.frame()).await.unwrap().unwrap();
    assert_eq!(frame.into_data().unwrap(), first);
    assert_eq!(looked_at(&stand), (0, 0));
    pieces.send(second.as_bytes().to_vec()).unwrap();
    let frame = soon(reply.body.frame()).await.unwrap().unwrap();
    assert_eq!(frame.into_data().unwrap(), second);
    // As a server does that knows the length: it does not ask for the end.
    drop(reply);
    assert_eq!(looked_at(&stand), (1, 1));
    let told = drift(&stand);
    assert!(says_nothing_of(&told, &body), "{told}");
    expect![[r#"
        reply /id changed: a whole number -> a text, 1
        reply /new appeared: no such field -> an object, 1
        reply /parts/*/id vanished: a value -> nothing, 1"#]]
    .assert_eq(&told);
}

#[tokio::test]
async fn what_nobody_read_to_its_end_is_not_looked_at() {
    let (pieces, act) = mpsc::unbounded_channel();
    let upstream = Upstream::start([
        Act::Pieces(act),
        Act::Cut(
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{\"id"
                .to_vec(),
        ),
    ]);
    let stand = stand(upstream.address);
    pieces.send(head(200, &[JSON])).unwrap();
    pieces.send(b"{\"id\": ".to_vec()).unwrap();
    let mut reply = soon(stand.engine.call(create(Validate::Report)))
        .await
        .unwrap();
    soon(reply.body.frame()).await.unwrap().unwrap();
    drop(reply);
    drop(pieces);
    let reply = stand.run(create(Validate::Report)).await.reply();
    let error = reply.body.collect(100).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UpstreamClosed);
    assert_eq!(looked_at(&stand), (0, 0));
}

#[tokio::test]
async fn errors_unknown_paths_and_those_who_want_it_off_are_not_looked_at() {
    let upstream = Upstream::start([
        answer_json(400, "{}"),
        answer_json(200, "{}"),
        answer_json(200, "{}"),
    ]);
    let stand = stand(upstream.address);
    let calls = [
        create(Validate::Report),
        create(Validate::Off),
        get("acme", "/elsewhere"),
    ];
    for call in calls {
        stand
            .run(call)
            .await
            .reply()
            .body
            .collect(100)
            .await
            .unwrap();
    }
    assert_eq!(looked_at(&stand), (0, 0));
}

#[tokio::test]
async fn five_of_an_operation_are_looked_at_in_a_second() {
    let upstream = Upstream::start((0..30).map(|_| answer_json(200, "{\"id\": 1}")));
    let stand = stand(upstream.address);
    let ten = async || {
        for _ in 0..10 {
            let reply = stand.run(create(Validate::Report)).await.reply();
            reply.body.collect(100).await.unwrap();
        }
    };
    ten().await;
    assert_eq!(looked_at(&stand), (5, 0));
    // Another operation has its own.
    let upstream_of_list = stand.run(get("acme", "/things")).await.reply();
    upstream_of_list.body.collect(100).await.unwrap();
    assert_eq!(looked_at(&stand), (6, 0));
    stand.time.advance(std::time::Duration::from_secs(1));
    ten().await;
    assert_eq!(looked_at(&stand), (11, 0));
}

#[tokio::test]
async fn a_reply_beyond_a_size_is_not_kept_to_be_looked_at() {
    let body = |length: usize| format!("{{\"id\": \"{}\"}}", "a".repeat(length - 10));
    let upstream = Upstream::start([
        answer_json(200, &body(1024 * 1024)),
        answer_json(200, &body(1024 * 1024 + 1)),
    ]);
    let stand = stand(upstream.address);
    for _ in 0..2 {
        let reply = stand.run(create(Validate::Report)).await.reply();
        reply.body.collect(2 << 20).await.unwrap();
    }
    assert_eq!(looked_at(&stand), (1, 1));
}

#[tokio::test]
async fn compressed_replies_are_looked_at_too() {
    let headers = [JSON, ("content-encoding", "gzip")];
    let upstream = Upstream::start([
        Act::Answer(answer(200, &headers, packed(b"{\"id\": null}"))),
        Act::Answer(answer(200, &[JSON, ("content-encoding", "br")], "????")),
    ]);
    let stand = stand(upstream.address);
    for _ in 0..2 {
        let reply = stand.run(create(Validate::Report)).await.reply();
        reply.body.collect(100).await.unwrap();
    }
    assert_eq!(looked_at(&stand), (1, 1));
    expect!["reply /id changed: a whole number -> null, 1"].assert_eq(&drift(&stand));
}

#[tokio::test]
async fn a_schema_that_cannot_be_used_is_told_to_those_who_enforce_it() {
    let connector = with_schemas([
        ("thing", r#"{"$ref": "parts.json"}"#),
        ("parts", r#"{"type": "strng"}"#),
        ("event", "true"),
        ("request", "true"),
    ]);
    let upstream = Upstream::start([answer_json(200, "{}"), answer_json(200, "{}")]);
    let stand = stand_with(upstream.address, connector.clone());
    let reply = stand.run(create(Validate::Report)).await.reply();
    reply.body.collect(100).await.unwrap();
    assert_eq!(drift(&stand), "");
    let error = stand.run(create(Validate::Enforce)).await.error();
    assert_eq!(error.kind(), ErrorKind::BadConnectorFile);
    let told = error.to_string();
    assert!(
        told.starts_with("the schema of `things.create` cannot be used: "),
        "{told}"
    );
    let outcomes = examples::run(&connector).unwrap();
    let told = outcomes
        .into_iter()
        .find(|outcome| outcome.example == "things.create");
    assert!(
        told.unwrap()
            .result
            .unwrap_err()
            .starts_with("its schema cannot be used: ")
    );
}

#[test]
fn a_recorded_answer_that_does_not_fit_its_schema_is_told() {
    let strict = with_schemas([
        ("thing", r#"{"required": ["color"]}"#),
        ("parts", "true"),
        ("event", "true"),
        ("request", r#"{"$ref": "parts.json"}"#),
    ]);
    let outcomes = examples::run(&strict).unwrap();
    let told = outcomes
        .into_iter()
        .find(|outcome| outcome.example == "create")
        .unwrap();
    assert_eq!(
        told.result.unwrap_err(),
        "`things.create` promises a value at `/color`, and the answer has none there"
    );
    let good = examples::run(&connector()).unwrap();
    assert!(
        good.iter().all(|outcome| outcome.result.is_ok()),
        "{good:?}"
    );
}

#[tokio::test]
async fn a_body_at_hand_is_compared_with_its_schema_at_once() {
    let body = r#"{"ok": true, "channel": "C1", "ts": "1.2", "message": {"type": 5, "ts": "1.2"}}"#;
    let upstream = Upstream::start([answer_json(200, body)]);
    let stand = crate::stand::Stand::new("slack", upstream.address, "");
    let call = operation("slack", "chat.postMessage", json!({"channel": "C1"}));
    let reply = stand.run(call).await.reply();
    let expected = "`chat.postMessage` promises a text at `/message/type`, and the reply has a whole number there";
    assert_eq!(reply.schema_problem.as_deref(), Some(expected));
    assert_eq!(looked_at(&stand), (1, 1));
}
