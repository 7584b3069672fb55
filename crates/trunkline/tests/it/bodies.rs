//! Request bodies: whole and streamed, sent once and sent again.

use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::Method;
use http_body::Frame;
use http_body_util::{BodyExt as _, Full};
use tokio::sync::mpsc;
use trunkline::{Body, BodyError, Call};

use crate::stand::{Stand, by_path, get, operation, post, with_header};
use crate::upstream::{Act, Upstream, answer, json};

/// As much as is kept of a body that streams.
const KEPT_MAX: usize = 256 * 1024;

/// A body whose pieces the test gives.
struct Given(mpsc::UnboundedReceiver<Result<Bytes, BodyError>>);

impl http_body::Body for Given {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let piece = self.0.poll_recv(cx);
        piece.map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }
}

fn given() -> (mpsc::UnboundedSender<Result<Bytes, BodyError>>, Body) {
    let (sender, pieces) = mpsc::unbounded_channel();
    (sender, Body::stream(Given(pieces)))
}

fn put(body: Body) -> Call {
    let mut call = by_path("acme", Method::PUT, "/things/1");
    call.body = body;
    call
}

/// A body that the engine cannot keep as it is.
fn streamed(length: usize) -> Body {
    let all = Full::new(Bytes::from(letters(length)));
    Body::stream(all.map_err(|never: Infallible| -> BodyError { match never {} }))
}

fn letters(length: usize) -> Vec<u8> {
    (b'a'..=b'z').cycle().take(length).collect()
}

/// Sends a body to an upstream that fails once; says what came of it and checks what arrived.
async fn check(body: Body, length: usize, expected: &str) {
    let upstream = Upstream::start([json(503, "{}"), json(200, "{}")]);
    let stand = Stand::new("acme", upstream.address, "");
    let ran = stand.run(put(body)).await;
    assert_eq!(ran.summary(), expected, "{length} bytes");
    for request in upstream.requests() {
        assert!(request.body == letters(length), "{length} bytes");
    }
}

#[tokio::test]
async fn a_body_that_streams_is_sent_again_up_to_a_length() {
    check(streamed(1), 1, "200 in 2").await;
    check(streamed(KEPT_MAX), KEPT_MAX, "200 in 2").await;
    check(streamed(KEPT_MAX + 1), KEPT_MAX + 1, "503 in 1").await;
}

#[tokio::test]
async fn a_body_that_is_all_there_is_sent_again_whatever_its_length() {
    let length = 4 * KEPT_MAX;
    check(Body::from(letters(length)), length, "200 in 2").await;
}

#[tokio::test]
async fn an_attempt_that_was_answered_early_does_not_cost_the_rest_of_the_body() {
    let sorry = answer(503, &[("connection", "close")], "");
    let upstream = Upstream::start([Act::Early(sorry), json(200, "{}")]);
    let stand = Stand::new("acme", upstream.address, "");
    let (sender, body) = given();
    let mut call = pin!(stand.engine.call(put(body)));
    sender.send(Ok(Bytes::from("first "))).unwrap();
    let wait = stand.until_it_waits(&mut call).await;
    sender.send(Ok(Bytes::from("second"))).unwrap();
    drop(sender);
    stand.time.advance(wait);
    assert_eq!(call.await.unwrap().attempts, 2);
    assert_eq!(upstream.requests()[1].body, b"first second");
}

#[tokio::test]
async fn a_caller_that_breaks_off_its_upload_is_gone() {
    let upstream = Upstream::start([]);
    let stand = Stand::new("acme", upstream.address, "");
    let (sender, body) = given();
    let hung_up = BodyError::Caller("the connection is closed".into());
    sender.send(Ok(Bytes::from("first "))).unwrap();
    sender.send(Err(hung_up)).unwrap();
    let ran = stand.run(put(body)).await;
    assert_eq!(ran.summary(), "caller_gone in 1");
    // Nothing that could be taken for a whole request arrived.
    assert_eq!(upstream.requests().len(), 0);
}

/// What of a request's framing the upstream sees.
async fn framing(call: Call) -> String {
    let connector = call.connector;
    let upstream = Upstream::start([json(200, "{}")]);
    let stand = Stand::new(connector.as_str(), upstream.address, "");
    drop(stand.run(call).await.reply());
    let request = &upstream.requests()[0];
    format!(
        "{} length {} coding {}",
        request.line,
        request.header("content-length").unwrap_or("-"),
        request.header("transfer-encoding").unwrap_or("-")
    )
}

#[tokio::test]
async fn requests_say_how_long_they_are() {
    for (call, expected) in [
        (
            get("acme", "/things"),
            "GET /things HTTP/1.1 length - coding -",
        ),
        (
            post("acme", "/things", "{}"),
            "POST /things HTTP/1.1 length 2 coding -",
        ),
        // RFC 9110 section 8.6: some servers answer 411 to a POST without a length.
        (
            post("acme", "/things", ""),
            "POST /things HTTP/1.1 length 0 coding -",
        ),
        (
            with_header(post("acme", "/things", ""), "content-length", "0"),
            "POST /things HTTP/1.1 length 0 coding -",
        ),
        (
            with_header(post("acme", "/things", "{}"), "content-length", "2"),
            "POST /things HTTP/1.1 length 2 coding -",
        ),
        (put(streamed(5)), "PUT /things/1 HTTP/1.1 length 5 coding -"),
        (
            operation("acme", "things.create", serde_json::json!({"name": "lamp"})),
            "POST /things HTTP/1.1 length 15 coding -",
        ),
    ] {
        assert_eq!(framing(call).await, expected);
    }
    let (sender, body) = given();
    sender.send(Ok(Bytes::from("abc"))).unwrap();
    drop(sender);
    let expected = "PUT /things/1 HTTP/1.1 length - coding chunked";
    assert_eq!(framing(put(body)).await, expected);
}
