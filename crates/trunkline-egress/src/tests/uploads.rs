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
        .send(origin, request(Method::POST, origin, body), &LIMITS)
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
