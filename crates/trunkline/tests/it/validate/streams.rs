//! Streams under each mode: passed at once, or event by event.

use expect_test::expect;
use http_body_util::BodyExt as _;
use tokio::sync::mpsc;
use trunkline::{ErrorKind, Reply, Validate};

use super::packed;
use super::stage::{create, drift, looked_at, stand, told};
use crate::stand::{Stand, soon};
use crate::upstream::{Act, Upstream, answer, head};

const EVENTS: (&str, &str) = ("content-type", "text/event-stream");

/// A reply that streams, and what gives its pieces.
async fn stream(
    headers: &[(&str, &str)],
    validate: Validate,
) -> (mpsc::UnboundedSender<Vec<u8>>, Upstream, Stand, Reply) {
    let (pieces, act) = mpsc::unbounded_channel();
    let upstream = Upstream::start([Act::Pieces(act)]);
    let stand = stand(upstream.address);
    pieces.send(head(200, headers)).unwrap();
    let reply = soon(stand.engine.call(create(validate))).await.unwrap();
    (pieces, upstream, stand, reply)
}

async fn next(reply: &mut Reply) -> String {
    let frame = soon(reply.body.frame()).await.expect("there is more");
    let data = frame
        .expect("it is no error")
        .into_data()
        .expect("it is data");
    String::from_utf8(data.to_vec()).unwrap()
}

#[tokio::test]
async fn an_enforced_stream_passes_event_by_event() {
    let (pieces, upstream, stand, mut reply) = stream(&[EVENTS], Validate::Enforce).await;
    pieces
        .send(b": hello\n\ndata: {\"n\": 1}\n\ndata: {\"n\"".to_vec())
        .unwrap();
    assert_eq!(next(&mut reply).await, ": hello\n\ndata: {\"n\": 1}\n\n");
    pieces.send(b": 2}\n\n".to_vec()).unwrap();
    assert_eq!(next(&mut reply).await, "data: {\"n\": 2}\n\n");
    pieces.send(b"event: late\n".to_vec()).unwrap();
    pieces
        .send(b"data: {\"n\": \"hunter2\"}\n\ndata: {\"n\": 3}\n\n".to_vec())
        .unwrap();
    let error = soon(reply.body.frame()).await.unwrap().unwrap_err();
    expect![[r#"
        schema_broken: `things.create` promises a whole number at `/n`, and the event has a text of 7 characters there
        /n: expected a whole number, found a text of 7 characters
        1 in all"#]]
    .assert_eq(&told(&error));
    // Nobody listens to the upstream any more.
    upstream.saw_hang_up().await;
    drop(reply);
    assert_eq!(stand.ended("schema_broken"), 1);
    expect!["event /n changed: a whole number -> a text, 1"].assert_eq(&drift(&stand));
}

#[tokio::test]
async fn what_is_good_before_a_broken_event_passes_though_they_came_together() {
    let lines = ("content-type", "application/x-ndjson");
    let good = "{\"n\": 1}\n".repeat(500);
    let body = format!("{good}{{\"n\": \"no\"}}\n{{\"n\": 2}}\n");
    let upstream = Upstream::start([Act::Answer(answer(200, &[lines], body))]);
    let stand = stand(upstream.address);
    let mut reply = stand.run(create(Validate::Enforce)).await.reply();
    let mut passed = String::new();
    let error = loop {
        match soon(reply.body.frame()).await.expect("it does not end") {
            Ok(frame) => {
                let data = frame.into_data().expect("it is data");
                passed.push_str(std::str::from_utf8(&data).expect("it is text"));
                assert!(!http_body::Body::is_end_stream(&reply.body));
            }
            Err(error) => break error,
        }
    };
    assert_eq!(passed, good);
    assert_eq!(error.kind(), ErrorKind::SchemaBroken);
}

#[tokio::test]
async fn an_enforced_stream_ends_as_the_upstreams_does() {
    let (pieces, _upstream, stand, reply) = stream(&[EVENTS], Validate::Enforce).await;
    pieces
        .send(b"data: {\"n\": 1}\n\ndata: [DONE]\n\n".to_vec())
        .unwrap();
    drop(pieces);
    let all = soon(reply.body.collect(1000)).await.unwrap();
    assert_eq!(all, "data: {\"n\": 1}\n\ndata: [DONE]\n\n");
    assert_eq!(stand.ended("ok"), 1);
}

#[tokio::test]
async fn lines_of_json_are_events_too() {
    let lines = ("content-type", "application/x-ndjson");
    let (pieces, _upstream, _stand, mut reply) = stream(&[lines], Validate::Enforce).await;
    pieces.send(b"{\"n\": 1}\n{\"n\": ".to_vec()).unwrap();
    assert_eq!(next(&mut reply).await, "{\"n\": 1}\n");
    pieces.send(b"null}\n".to_vec()).unwrap();
    let error = soon(reply.body.frame()).await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::SchemaBroken);
}

#[tokio::test]
async fn a_whole_stream_of_known_length_passes_byte_for_byte() {
    let body = "data: {\"n\": 1}\r\n\r\n: x\n\nid: 7\ndata: {\ndata: \"n\": 2}\n\ndata: {\"n\": 3}";
    for headers in [vec![EVENTS], vec![EVENTS, ("content-encoding", "gzip")]] {
        let sent = if headers.len() > 1 {
            packed(body.as_bytes())
        } else {
            body.as_bytes().to_vec()
        };
        let upstream = Upstream::start([Act::Answer(answer(200, &headers, &sent))]);
        let stand = stand(upstream.address);
        let reply = stand.run(create(Validate::Enforce)).await.reply();
        assert_eq!(reply.body.collect(1000).await.unwrap(), sent);
        assert_eq!(stand.ended("ok"), 1);
    }
}

#[tokio::test]
async fn a_stream_that_nobody_can_read_is_refused_before_it_begins() {
    let headers = [EVENTS, ("content-encoding", "zstd")];
    let upstream = Upstream::start([Act::Answer(answer(200, &headers, "????"))]);
    let stand = stand(upstream.address);
    let error = stand.run(create(Validate::Enforce)).await.error();
    assert_eq!(error.kind(), ErrorKind::ReplyTooLarge);
}

#[tokio::test]
async fn a_reported_stream_passes_piece_by_piece_and_is_looked_at_when_it_has_ended() {
    let (pieces, _upstream, stand, mut reply) = stream(&[EVENTS], Validate::Report).await;
    pieces.send(b"data: {\"n\"".to_vec()).unwrap();
    assert_eq!(next(&mut reply).await, "data: {\"n\"");
    pieces
        .send(b": \"x\", \"m\": 1}\n\ndata: {}\n\n".to_vec())
        .unwrap();
    assert_eq!(next(&mut reply).await, ": \"x\", \"m\": 1}\n\ndata: {}\n\n");
    assert_eq!(drift(&stand), "");
    drop(pieces);
    assert!(soon(reply.body.frame()).await.is_none());
    assert_eq!(looked_at(&stand), (1, 1));
    expect![[r#"
        event /m appeared: no such field -> a whole number, 1
        event /n vanished: a value -> nothing, 1
        event /n changed: a whole number -> a text, 1"#]]
    .assert_eq(&drift(&stand));
}

#[tokio::test]
async fn of_a_long_stream_the_beginning_is_looked_at() {
    let (pieces, _upstream, stand, mut reply) = stream(&[EVENTS], Validate::Report).await;
    let event = format!("data: {{\"n\": \"{}\"}}\n\n", "a".repeat(20_000));
    for _ in 0..4 {
        assert_eq!(looked_at(&stand), (0, 0));
        pieces.send(event.clone().into_bytes()).unwrap();
        let mut length = 0;
        while length < event.len() {
            length += next(&mut reply).await.len();
        }
    }
    // It goes on, perhaps for hours, and what was kept of it is gone.
    assert_eq!(looked_at(&stand), (1, 1));
}
