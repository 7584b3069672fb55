//! Connections that change to another protocol, and those that do not.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::upstream::{Event, Step, Upstream, answer, send, wait};
use super::*;
use crate::{Tunnel, Upgraded};

const CHANGES: &str =
    "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: chat\r\n\r\n";

async fn upgrade(egress: &Egress, origin: &Origin, limits: &Limits) -> Result<Upgraded, SendError> {
    let mut head = head(Method::GET, origin);
    for (name, value) in [("connection", "upgrade"), ("upgrade", "chat")] {
        head.headers.insert(name, value.parse().expect(value));
    }
    egress.upgrade(origin, &head, limits).await
}

async fn tunnel(egress: &Egress, origin: &Origin) -> Tunnel {
    match upgrade(egress, origin, &LIMITS).await {
        Ok(Upgraded::Tunnel(answer)) => answer.into_body(),
        other => panic!("no tunnel: {other:?}"),
    }
}

async fn read(tunnel: &mut Tunnel, count: usize) -> String {
    let mut bytes = vec![0; count];
    tunnel.read_exact(&mut bytes).await.expect("bytes");
    String::from_utf8(bytes).expect("text")
}

#[tokio::test]
async fn a_tunnel_carries_both_ways_from_the_first_byte_behind_the_head() {
    let (egress, _clock) = egress();
    let mut upstream = Upstream::start([vec![
        Step::Request,
        send(&format!("{CHANGES}early")),
        Step::Bytes(4),
        send("late"),
        Step::Closed,
    ]]);
    let mut tunnel = tunnel(&egress, &upstream.origin()).await;
    assert_eq!(read(&mut tunnel, 5).await, "early");
    tunnel.write_all(b"ping").await.expect("written");
    assert_eq!(read(&mut tunnel, 4).await, "late");
    let request = upstream.request().await.to_lowercase();
    assert!(request.contains("\r\nupgrade: chat\r\n"), "{request}");
    drop(tunnel);
    upstream.closed(0).await;
}

/// What an upstream says with 101 goes no further than its connection, but for what it says itself.
#[tokio::test]
async fn a_change_has_no_length_and_nothing_of_its_connection() {
    let (egress, _clock) = egress();
    let answer = "HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade, x-hop\r\n\
        upgrade: Chat\r\nkeep-alive: timeout=5\r\nx-hop: 1\r\ncontent-length: 5\r\n\
        sec-websocket-accept: yes\r\n\r\nhello";
    let upstream = Upstream::start([vec![Step::Request, send(answer)]]);
    let answer = match upgrade(&egress, &upstream.origin(), &LIMITS).await {
        Ok(Upgraded::Tunnel(answer)) => answer,
        other => panic!("no tunnel: {other:?}"),
    };
    let (head, mut tunnel) = answer.into_parts();
    let names: Vec<_> = head.headers.keys().collect();
    assert_eq!(names, ["sec-websocket-accept"]);
    assert_eq!(read(&mut tunnel, 5).await, "hello");
}

#[tokio::test]
async fn a_change_to_what_was_not_asked_for_is_none() {
    for said in [
        "",
        "upgrade: h2c\r\n",
        "upgrade: chat, h2c\r\n",
        "upgrade:\r\n",
    ] {
        let (egress, _clock) = egress();
        let answer =
            format!("HTTP/1.1 101 Switching Protocols\r\n{said}connection: upgrade\r\n\r\n");
        let upstream = Upstream::start([vec![Step::Request, send(&answer), Step::Closed]]);
        let result = upgrade(&egress, &upstream.origin(), &LIMITS).await;
        let err = result.expect_err(said);
        assert_eq!(err.kind(), SendErrorKind::UpstreamMalformed, "{said}");
        assert_eq!(
            err.reason(),
            Some("it changed to another protocol than the one asked for")
        );
    }
}

#[tokio::test]
async fn the_end_of_the_upstreams_direction_is_an_end() {
    let (egress, _clock) = egress();
    let upstream = Upstream::start([vec![Step::Request, send(&format!("{CHANGES}bye"))]]);
    let mut tunnel = tunnel(&egress, &upstream.origin()).await;
    let mut all = String::new();
    tunnel.read_to_string(&mut all).await.expect("a clean end");
    assert_eq!(all, "bye");
}

#[tokio::test]
async fn a_refusal_is_an_answer_like_any_other() {
    let (egress, _clock) = egress();
    let upstream = Upstream::start([vec![Step::Request, answer("not here")]]);
    match upgrade(&egress, &upstream.origin(), &LIMITS).await {
        Ok(Upgraded::Refused(answer)) => assert_eq!(text(answer).await, "not here"),
        other => panic!("no refusal: {other:?}"),
    }
}

#[tokio::test]
async fn a_tunnel_has_a_connection_of_its_own() {
    let (egress, _clock) = egress();
    let calls = vec![Step::Request, answer("one"), Step::Request, answer("two")];
    let mut upstream = Upstream::start([calls, vec![Step::Request, send(CHANGES), Step::Closed]]);
    let origin = upstream.origin();
    assert_eq!(get_text(&egress, &origin).await, "one");
    let tunnel = tunnel(&egress, &origin).await;
    assert_eq!(get_text(&egress, &origin).await, "two");
    drop(tunnel);
    upstream.closed(1).await;
}

#[tokio::test]
async fn an_upstream_that_closes_unasked_gave_no_answer() {
    let (egress, _clock) = egress();
    let upstream = Upstream::start([vec![Step::Request]]);
    let result = upgrade(&egress, &upstream.origin(), &LIMITS).await;
    let err = result.expect_err("no answer");
    assert_eq!(err.kind(), SendErrorKind::ClosedBeforeAnswer);
    assert!(!err.nothing_was_sent());
}

#[tokio::test]
async fn the_first_byte_has_its_time() {
    let (egress, clock) = egress();
    let (holds, release) = wait();
    let mut upstream = Upstream::start([vec![Step::Request, holds, Step::Closed]]);
    let origin = upstream.origin();
    let mut asked = Box::pin(upgrade(&egress, &origin, &LIMITS));
    loop {
        tokio::select! {
            biased;
            result = &mut asked => panic!("too early: {result:?}"),
            event = upstream.next() => if matches!(event, Event::Request(..)) { break },
        }
    }
    assert!(is_pending(asked.as_mut()).await);
    clock.advance(FIRST_BYTE);
    let err = asked.await.expect_err("no answer");
    assert_eq!(err.kind(), SendErrorKind::FirstByteTimeout);
    release.send(()).expect("the upstream waits");
}
