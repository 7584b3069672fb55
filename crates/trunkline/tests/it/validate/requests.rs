//! Request bodies and the schema of what an operation takes.

use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use expect_test::{Expect, expect};
use http_body::Frame;
use http_body_util::{BodyExt as _, Full};
use serde_json::json;
use trunkline::{Body, BodyError, Call, ErrorKind, Validate};

use super::packed;
use super::stage::{create, stand, told};
use crate::stand::{get, operation, soon, with_header};
use crate::upstream::{Upstream, json as answer_json};

/// A body that comes in pieces, whose length nobody knows.
fn streamed(bytes: &[u8]) -> Body {
    let all = Full::new(Bytes::copy_from_slice(bytes));
    Body::stream(all.map_err(|never: Infallible| -> BodyError { match never {} }))
}

fn with_body(validate: Validate, body: Body) -> Call {
    let mut call = create(validate);
    call.body = body;
    call
}

/// What is told of a request, and what was sent of it.
async fn check(call: Call, expected: Expect) {
    let upstream = Upstream::start([answer_json(200, "{\"id\": 1}")]);
    let told = match stand(upstream.address).run(call).await.outcome {
        Ok(_) => "sent".to_owned(),
        Err(error) => told(&error),
    };
    let sent = upstream.requests();
    let bodies = sent
        .iter()
        .map(|request| String::from_utf8_lossy(&request.body).into_owned());
    let lines: Vec<String> = std::iter::once(told).chain(bodies).collect();
    expected.assert_eq(&lines.join("\n"));
}

#[tokio::test]
async fn a_request_that_fits_is_sent_byte_for_byte() {
    let text = b"{ \"name\":\"lamp\",\n\"more\": [1.0] }";
    let expected = || {
        expect![[r#"
            sent
            { "name":"lamp",
            "more": [1.0] }"#]]
    };
    check(
        with_body(Validate::Enforce, Body::from(text.to_vec())),
        expected(),
    )
    .await;
    check(with_body(Validate::Enforce, streamed(text)), expected()).await;
    let by_name = operation("acme", "things.create", json!({"name": "lamp"}));
    check(
        by_name,
        expect![[r#"
        sent
        {"name":"lamp"}"#]],
    )
    .await;
}

#[tokio::test]
async fn a_request_that_does_not_fit_is_not_sent() {
    let wrong = br#"{"name": 5, "size": "hunter2"}"#;
    let expected = || {
        expect![[r#"
            bad_input: `things.create` takes a text at `/name`, and the request has a whole number there (and 1 more)
            /name: expected a text, found a whole number
            /size: expected a whole number, found a text of 7 characters
            2 in all"#]]
    };
    check(
        with_body(Validate::Enforce, Body::from(wrong.to_vec())),
        expected(),
    )
    .await;
    check(with_body(Validate::Enforce, streamed(wrong)), expected()).await;
    let packed = with_body(Validate::Enforce, Body::from(packed(wrong)));
    check(with_header(packed, "content-encoding", "gzip"), expected()).await;
    check(
        with_body(Validate::Enforce, Body::Empty),
        expect![[r#"
            bad_input: `things.create` takes a value at `/name`, and the request has none there
            /name: expected a value, found nothing
            1 in all"#]],
    )
    .await;
    check(
        with_body(Validate::Enforce, Body::from(b"name=lamp".to_vec())),
        expect![[r#"
            bad_input: `things.create` takes JSON, and the request is something else
            expected JSON, found something else
            1 in all"#]],
    )
    .await;
}

#[tokio::test]
async fn calls_by_name_are_held_to_the_schema_too() {
    let mut call = operation(
        "acme",
        "things.create",
        json!({"name": "lamp", "size": "big"}),
    );
    call.options.validate = Validate::Enforce;
    check(
        call,
        expect![[r#"
            bad_input: `things.create` takes a whole number at `/size`, and the request has a text of 3 characters there
            /size: expected a whole number, found a text of 3 characters
            1 in all"#]],
    )
    .await;
}

#[tokio::test]
async fn without_enforcement_requests_are_the_callers_own_affair() {
    for validate in [Validate::Off, Validate::Report] {
        let call = with_body(validate, Body::from(b"{\"name\": 5}".to_vec()));
        check(
            call,
            expect![[r#"
            sent
            {"name": 5}"#]],
        )
        .await;
    }
    let mut elsewhere = get("acme", "/things");
    elsewhere.options.validate = Validate::Enforce;
    check(
        elsewhere,
        expect![[r#"
        sent
        "#]],
    )
    .await;
}

#[tokio::test]
async fn a_request_that_is_too_large_to_be_checked_is_refused() {
    let large = vec![b' '; 8 * 1024 * 1024 + 1];
    let upstream = Upstream::start([]);
    let call = with_body(Validate::Enforce, streamed(&large));
    let error = stand(upstream.address).run(call).await.error();
    assert_eq!(error.kind(), ErrorKind::BodyTooLarge);
    assert_eq!(upstream.connections(), 0);
}

/// A body of which nothing ever comes.
struct Never;

impl http_body::Body for Never {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        Poll::Pending
    }
}

#[tokio::test]
async fn a_request_that_never_comes_ends_with_the_callers_time() {
    let upstream = Upstream::start([]);
    let stand = stand(upstream.address);
    let mut call = with_body(Validate::Enforce, Body::stream(Never));
    call.options.timeout = Some(Duration::from_secs(5));
    let mut call = pin!(stand.engine.call(call));
    soon(async {
        tokio::select! {
            outcome = &mut call => panic!("it has ended: {outcome:?}"),
            left = stand.time.sleeping() => assert_eq!(left, Duration::from_secs(5)),
        }
    })
    .await;
    stand.time.advance(Duration::from_secs(5));
    let error = soon(call).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CallTimeout);
    assert_eq!(upstream.connections(), 0);
}
