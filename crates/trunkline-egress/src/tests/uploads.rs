//! How request bodies go out, and what happens when they do not get through.

use http_body::Frame;
use http_body_util::StreamBody;
use tokio::sync::mpsc;

use super::upstream::{Step, Upstream, answer, send};
use super::*;
use crate::Replayable;

type Piece = Result<Frame<Bytes>, BodyError>;

/// A body that a test feeds.
pub(super) fn fed() -> (mpsc::UnboundedSender<Piece>, Body) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let stream = futures_util::stream::unfold(receiver, |mut receiver| async move {
        let piece = receiver.recv().await?;
        Some((piece, receiver))
    });
    (sender, Body::stream(StreamBody::new(stream)))
}

#[expect(clippy::unnecessary_wraps, reason = "a piece is a frame or an error")]
pub(super) fn piece(text: &'static str) -> Piece {
    Ok(Frame::data(Bytes::from_static(text.as_bytes())))
}

fn broken() -> Piece {
    Err(BodyError::Caller("the line is dead".into()))
}

async fn post(
    egress: &Egress,
    origin: &Origin,
    body: Body,
) -> Result<Response<Received>, SendError> {
    egress
        .send(origin, &head(Method::POST, origin), body, &LIMITS)
        .await
}

#[tokio::test]
async fn a_body_of_known_length_says_its_length() {
    let (egress, _clock) = egress();
    let mut upstream = Upstream::start([vec![Step::Request, answer("ok")]]);
    let body = Body::from(b"payload".to_vec());
    text(
        post(&egress, &upstream.origin(), body)
            .await
            .expect("an answer"),
    )
    .await;
    let seen = upstream.request().await;
    assert!(seen.contains("\r\ncontent-length: 7\r\n"), "{seen}");
    assert!(seen.ends_with("\r\n\r\npayload"), "{seen}");
}

#[tokio::test]
async fn a_body_of_unknown_length_goes_out_in_chunks() {
    let (egress, _clock) = egress();
    let mut upstream = Upstream::start([vec![Step::Request, answer("ok")]]);
    let (feed, body) = fed();
    for text in ["one", "three"] {
        feed.send(piece(text)).expect("a reader");
    }
    drop(feed);
    text(
        post(&egress, &upstream.origin(), body)
            .await
            .expect("an answer"),
    )
    .await;
    let seen = upstream.request().await;
    assert!(
        seen.contains("\r\ntransfer-encoding: chunked\r\n"),
        "{seen}"
    );
    assert!(
        seen.ends_with("\r\n\r\n3\r\none\r\n5\r\nthree\r\n0\r\n\r\n"),
        "{seen}"
    );
}

#[tokio::test]
async fn a_request_without_a_body_says_nothing_of_one() {
    let (egress, _clock) = egress();
    let mut upstream = Upstream::start([vec![Step::Request, answer("ok")]]);
    get_text(&egress, &upstream.origin()).await;
    let seen = upstream.request().await;
    assert!(
        !seen.contains("content-length") && !seen.contains("transfer-encoding"),
        "{seen}"
    );
}

#[tokio::test]
async fn a_body_is_sent_again_after_a_connection_was_lost_under_it() {
    let (egress, _clock) = egress();
    let mut upstream = Upstream::start([vec![Step::Head], vec![Step::Request, answer("ok")]]);
    let origin = upstream.origin();
    let (feed, body) = fed();
    feed.send(piece("one")).expect("a reader");
    let mut replayable = Replayable::new(body, 100);
    let first = replayable.attempt().expect("an attempt");
    let failed = failure(post(&egress, &origin, first).await);
    assert_eq!(failed, (SendErrorKind::ClosedBeforeAnswer, Sent::Perhaps));
    feed.send(piece("two")).expect("a reader");
    drop(feed);
    let second = replayable.attempt().expect("an attempt");
    text(post(&egress, &origin, second).await.expect("an answer")).await;
    upstream.request().await;
    let seen = upstream.request().await;
    assert!(
        seen.ends_with("\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"),
        "{seen}"
    );
}

#[tokio::test]
async fn an_upload_that_breaks_off_is_told_from_an_upstream_that_does() {
    let (egress, _clock) = egress();
    let mut upstream = Upstream::start([vec![Step::Head, Step::Closed]]);
    let (feed, body) = fed();
    feed.send(piece("one")).expect("a reader");
    let origin = upstream.origin();
    let (result, ()) = tokio::join!(post(&egress, &origin, body), async {
        upstream.request().await;
        feed.send(broken()).expect("a reader");
    });
    let err = result.as_ref().expect_err("the upload broke off");
    assert_eq!(err.to_string(), "the request's body ended early");
    assert_eq!(
        failure(result),
        (SendErrorKind::RequestBodyFailed, Sent::Perhaps)
    );
    // The upstream sees a broken request, never a complete one.
    upstream.closed(0).await;
}

#[tokio::test]
async fn an_upload_that_breaks_off_before_anything_was_written_has_sent_nothing() {
    let (egress, _clock) = egress();
    let upstream = Upstream::start([vec![Step::Closed]]);
    let (feed, body) = fed();
    feed.send(broken()).expect("a reader");
    let failed = failure(post(&egress, &upstream.origin(), body).await);
    assert_eq!(failed, (SendErrorKind::RequestBodyFailed, Sent::Nothing));
}

#[tokio::test]
async fn an_answer_before_the_end_of_the_upload_ends_it() {
    let (egress, _clock) = egress();
    let mut upstream = Upstream::start([
        vec![
            Step::Head,
            send("HTTP/1.1 413 Content Too Large\r\ncontent-length: 3\r\n\r\nbig"),
            Step::Closed,
        ],
        vec![Step::Request, answer("next")],
    ]);
    let origin = upstream.origin();
    let (feed, body) = fed();
    feed.send(piece("one")).expect("a reader");
    let refused = post(&egress, &origin, body).await.expect("an answer");
    assert_eq!(refused.status(), 413);
    assert_eq!(text(refused).await, "big");
    upstream.closed(0).await;
    feed.closed().await;
    assert_eq!(get_text(&egress, &origin).await, "next");
}

#[tokio::test]
async fn a_caller_who_goes_away_during_its_upload_is_noticed_by_the_upstream() {
    let (egress, _clock) = egress();
    let mut upstream = Upstream::start([vec![Step::Head, Step::Closed]]);
    let origin = upstream.origin();
    let (feed, body) = fed();
    feed.send(piece("one")).expect("a reader");
    let mut call = Box::pin(post(&egress, &origin, body));
    tokio::select! {
        _ = &mut call => panic!("there is no answer"),
        _ = upstream.request() => {}
    }
    drop(call);
    upstream.closed(0).await;
    feed.closed().await;
}

#[tokio::test]
async fn an_upload_goes_on_while_its_answer_arrives_and_the_connection_serves_again() {
    let (egress, _clock) = egress();
    let mut upstream = Upstream::start([vec![
        Step::Head,
        send("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n"),
        Step::Bytes("3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n".len()),
        send("3\r\ntwo\r\n0\r\n\r\n"),
        Step::Request,
        answer("next"),
    ]]);
    let origin = upstream.origin();
    let (feed, body) = fed();
    feed.send(piece("abc")).expect("a reader");
    let mut answer = post(&egress, &origin, body).await.expect("an answer");
    let first = answer.body_mut().frame().await.expect("a frame");
    assert_eq!(first.expect("data").into_data().expect("data"), "one");
    feed.send(piece("def")).expect("a reader");
    drop(feed);
    assert_eq!(text(answer).await, "two");
    assert_eq!(get_text(&egress, &origin).await, "next");
    let accepted = upstream.so_far();
    let accepted = accepted.iter().filter(|event| event.starts_with("acc"));
    assert_eq!(accepted.count(), 1);
}

#[tokio::test]
async fn an_upload_that_breaks_off_during_the_answer_cuts_it() {
    let (egress, _clock) = egress();
    let mut upstream = Upstream::start([vec![
        Step::Head,
        send("HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\none"),
        Step::Closed,
    ]]);
    let (feed, body) = fed();
    let answer = post(&egress, &upstream.origin(), body).await;
    feed.send(broken()).expect("a reader");
    let (_, kind) = text_until_failure(answer.expect("an answer")).await;
    assert_eq!(kind, ReceiveErrorKind::Cut);
    upstream.closed(0).await;
}

#[tokio::test]
async fn an_answer_is_seen_although_the_upstream_takes_no_more_of_the_upload() {
    let (egress, _clock) = egress();
    let upstream = Upstream::start([vec![
        Step::Head,
        send("HTTP/1.1 413 Content Too Large\r\ncontent-length: 3\r\n\r\nbig"),
        Step::Closed,
    ]]);
    // Much more than the system holds for a reader that does not read, and never at a pause.
    let pieces = futures_util::stream::repeat_with(|| {
        let bytes = Bytes::from_static(&[b'x'; 16 * 1024]);
        Ok::<_, BodyError>(Frame::data(bytes))
    });
    let body = Body::stream(StreamBody::new(pieces));
    let refused = post(&egress, &upstream.origin(), body).await;
    let refused = refused.expect("an answer");
    assert_eq!(refused.status(), 413);
    assert_eq!(text(refused).await, "big");
}

#[tokio::test]
async fn large_bodies_arrive_whole_in_both_directions() {
    let (egress, _clock) = egress();
    let large = "0123456789abcdef".repeat(40_000);
    let mut upstream = Upstream::start([vec![Step::Request, answer(&large)]]);
    let body = Body::from(large.clone().into_bytes());
    let got = post(&egress, &upstream.origin(), body).await;
    assert!(text(got.expect("an answer")).await == large);
    assert!(upstream.request().await.ends_with(&large));
}

#[tokio::test]
async fn a_request_that_contradicts_its_body_is_not_sent() {
    let (egress, _clock) = egress();
    let upstream = Upstream::start([vec![Step::Closed]]);
    let origin = upstream.origin();
    let mut head = head(Method::POST, &origin);
    let length = http::HeaderValue::from_static("4");
    head.headers.insert("content-length", length);
    let body = Body::from(b"abc".to_vec());
    let failed = failure(egress.send(&origin, &head, body, &LIMITS).await);
    assert_eq!(failed, (SendErrorKind::RequestInvalid, Sent::Nothing));
}
