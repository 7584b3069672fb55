//! Callers that go away, and upstreams that do: what closes, and how the call is counted.

use std::pin::pin;
use std::time::Duration;

use http_body_util::BodyExt as _;
use tokio::sync::mpsc::{self, UnboundedSender};
use trunkline::{ErrorKind, Reply};

use crate::stand::{Stand, get, post, soon};
use crate::upstream::{Act, Upstream, answer, head, json};

/// An upstream that sends what the test gives, and a reply of which the head has come.
async fn streaming(headers: &[(&str, &str)]) -> (Upstream, Stand, UnboundedSender<Vec<u8>>, Reply) {
    let (pieces, act) = mpsc::unbounded_channel();
    let upstream = Upstream::start([Act::Pieces(act), json(200, "{}")]);
    let stand = Stand::new("acme", upstream.address, "");
    pieces.send(head(200, headers)).unwrap();
    let reply = soon(stand.engine.call(get("acme", "/things"))).await;
    (upstream, stand, pieces, reply.unwrap())
}

const CHUNKED: (&str, &str) = ("transfer-encoding", "chunked");
const EVENTS: (&str, &str) = ("content-type", "text/event-stream");

#[tokio::test]
async fn a_caller_that_leaves_before_the_first_byte_cancels_the_upstream() {
    let upstream = Upstream::start([Act::Hang(Vec::new())]);
    let stand = Stand::new("acme", upstream.address, "");
    {
        let mut call = pin!(stand.engine.call(get("acme", "/things")));
        tokio::select! {
            outcome = &mut call => panic!("it has ended: {outcome:?}"),
            () = upstream.saw_requests(1) => {}
        }
    }
    upstream.saw_hang_up().await;
    assert_eq!(stand.ended("caller_gone"), 1);
}

#[tokio::test]
async fn a_caller_that_leaves_while_a_body_is_held_back_cancels_the_upstream() {
    let half = head(503, &[("content-length", "100")]);
    let upstream = Upstream::start([Act::Hang(half)]);
    let stand = Stand::new("acme", upstream.address, "timeouts = { idle = \"1h\" }");
    {
        let mut call = pin!(stand.engine.call(get("acme", "/things")));
        let held = stand.time.sleeping_within(Duration::from_hours(1));
        tokio::select! {
            outcome = &mut call => panic!("it has ended: {outcome:?}"),
            _ = async { upstream.saw_requests(1).await; held.await } => {}
        }
    }
    upstream.saw_hang_up().await;
    assert_eq!(stand.ended("caller_gone"), 1);
}

#[tokio::test]
async fn a_caller_that_leaves_between_attempts_is_not_called_for_again() {
    let upstream = Upstream::start([json(503, "{}"), json(200, "{}")]);
    let stand = Stand::new("acme", upstream.address, "");
    {
        let mut call = pin!(stand.engine.call(get("acme", "/things")));
        stand.until_it_waits(&mut call).await;
    }
    assert_eq!(stand.ended("caller_gone"), 1);
    assert_eq!(upstream.requests().len(), 1);
    // Nobody is left who could wake up.
    let next = stand.run(get("acme", "/things")).await;
    assert_eq!(next.summary(), "200 in 1");
}

#[tokio::test]
async fn a_caller_that_leaves_in_the_middle_of_a_body_cancels_the_upstream() {
    let (upstream, stand, pieces, mut reply) = streaming(&[EVENTS, CHUNKED]).await;
    pieces.send(b"9\r\ndata: 1\n\n\r\n".to_vec()).unwrap();
    let first = soon(reply.body.frame()).await.unwrap().unwrap();
    assert_eq!(first.into_data().unwrap(), "data: 1\n\n");
    assert_eq!(stand.ended("caller_gone"), 0);
    drop(reply);
    upstream.saw_hang_up().await;
    assert_eq!(stand.ended("caller_gone"), 1);
}

#[tokio::test]
async fn a_reply_that_nobody_reads_counts_as_left() {
    let (upstream, stand, _pieces, reply) = streaming(&[("content-length", "5")]).await;
    drop(reply);
    upstream.saw_hang_up().await;
    assert_eq!(stand.ended("caller_gone"), 1);
}

#[tokio::test]
async fn a_stream_that_ends_cleanly_is_a_success() {
    let (_upstream, stand, pieces, reply) = streaming(&[EVENTS, CHUNKED]).await;
    pieces
        .send(b"9\r\ndata: 1\n\n\r\n0\r\n\r\n".to_vec())
        .unwrap();
    let body = soon(reply.body.collect(100)).await.unwrap();
    assert_eq!(body, "data: 1\n\n");
    assert_eq!(stand.ended("ok"), 1);
}

#[tokio::test]
async fn a_body_that_is_passed_on_to_its_last_byte_is_a_success() {
    let (_upstream, stand, pieces, mut reply) = streaming(&[("content-length", "4")]).await;
    pieces.send(b"done".to_vec()).unwrap();
    let last = soon(reply.body.frame()).await.unwrap().unwrap();
    assert_eq!(last.into_data().unwrap(), "done");
    // A server that knows the length does not ask for more.
    drop(reply);
    assert_eq!(stand.ended("ok"), 1);
}

#[tokio::test]
async fn a_stream_that_breaks_off_never_looks_like_one_that_ended() {
    for headers in [[EVENTS, CHUNKED], [EVENTS, ("content-length", "100")]] {
        let (_upstream, stand, pieces, mut reply) = streaming(&headers).await;
        pieces.send(b"9\r\ndata: 1\n\n\r\n".to_vec()).unwrap();
        soon(reply.body.frame()).await.unwrap().unwrap();
        drop(pieces);
        let end = soon(reply.body.frame()).await.expect("not a clean end");
        assert_eq!(end.unwrap_err().kind(), ErrorKind::UpstreamClosed);
        assert!(reply.body.frame().await.is_none());
        drop(reply);
        assert_eq!(stand.ended("upstream_closed"), 1);
    }
}

#[tokio::test]
async fn chunks_that_make_no_sense_are_not_taken_for_an_end() {
    let (_upstream, stand, pieces, mut reply) = streaming(&[CHUNKED]).await;
    pieces.send(b"what\r\n".to_vec()).unwrap();
    let end = soon(reply.body.frame()).await.expect("not a clean end");
    assert_eq!(end.unwrap_err().kind(), ErrorKind::UpstreamMalformed);
    assert_eq!(stand.ended("upstream_malformed"), 1);
}

#[tokio::test]
async fn calls_are_counted_by_what_came_of_them() {
    let refused = [("content-type", "application/json")];
    let upstream = Upstream::start([
        json(200, "{}"),
        json(401, "{}"),
        json(404, "{}"),
        Act::Answer(answer(
            200,
            &refused,
            r#"{"ok":false,"error":"token_expired"}"#,
        )),
        // Last, since nothing goes for an hour after it.
        Act::Answer(answer(429, &[("retry-after", "3600")], "")),
    ]);
    let stand = Stand::new("slack", upstream.address, "");
    for _ in 0..5 {
        let reply = stand
            .run(post("slack", "/api/users.list", ""))
            .await
            .reply();
        reply.body.collect(1_000).await.unwrap();
    }
    for how in [
        "ok",
        "auth_dead",
        "caller_error",
        "rate_limited",
        "refresh_auth",
    ] {
        assert_eq!(stand.ended(how), 1, "{how}");
    }
    let text = stand.engine.metrics().render();
    let attempts =
        r#"trunkline_attempts_total{connector="slack",operation="users.list",ended="ok"} 1"#;
    assert!(text.contains(attempts), "{text}");
}

#[tokio::test]
async fn a_plan_is_no_call() {
    let upstream = Upstream::start([]);
    let stand = Stand::new("acme", upstream.address, "");
    stand.engine.plan(get("acme", "/things")).unwrap();
    assert!(!stand.engine.metrics().render().contains("connector="));
    assert_eq!(upstream.connections(), 0);
}
