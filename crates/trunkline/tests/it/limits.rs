//! The limits of time: connecting, the first byte, silence in the middle, the whole call.

use std::pin::pin;
use std::time::Duration;

use http_body_util::BodyExt as _;
use trunkline::{Call, ErrorKind};

use crate::stand::{Stand, catalog, config, get, post, settings_of, soon};
use crate::upstream::{Act, Upstream, head, json};

const SECOND: Duration = Duration::from_secs(1);

fn within(timeout: Duration, mut call: Call) -> Call {
    call.options.timeout = Some(timeout);
    call
}

/// Lets a call come to its `count`th attempt's time limit, and moves time on to it.
async fn let_time_pass(stand: &Stand, upstream: &Upstream, count: usize, limit: Duration) {
    upstream.saw_requests(count).await;
    assert_eq!(soon(stand.time.sleeping()).await, limit);
    stand.time.advance(limit);
}

#[tokio::test]
async fn a_handshake_that_is_not_answered_ends_at_the_connect_limit_for_any_method() {
    let upstream = Upstream::mute();
    let settings = settings_of("acme", upstream.address, "").replace("http:", "https:");
    let settings = settings.replace("connect = \"1d\"", "connect = \"5s\"");
    let stand = Stand::with_config(config(&settings), catalog("acme", ""));
    let mut call = pin!(stand.engine.call(post("acme", "/things", "{}")));
    for attempt in 1..=5 {
        let connecting = async {
            upstream.saw(|log| log.connections == attempt).await;
            stand.time.sleeping_within(5 * SECOND).await
        };
        tokio::select! {
            biased;
            outcome = &mut call => panic!("it has ended: {outcome:?}"),
            left = connecting => {
                assert_eq!(left, 5 * SECOND);
                stand.time.advance(left);
            }
        }
        if attempt < 5 {
            let wait = stand.until_it_waits(&mut call).await;
            stand.time.advance(wait);
        }
    }
    let error = call.await.expect_err("nobody shook hands");
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::ConnectTimeout, 5)
    );
}

#[tokio::test]
async fn the_first_byte_has_a_limit_of_its_own() {
    let upstream = Upstream::start([Act::Hang(Vec::new())]);
    let settings = "timeouts = { first_byte = \"30s\", idle = \"7s\" }";
    let stand = Stand::new("acme", upstream.address, settings);
    let call = stand.engine.call(post("acme", "/things", "{}"));
    let (outcome, ()) = tokio::join!(call, let_time_pass(&stand, &upstream, 1, 30 * SECOND));
    let error = outcome.expect_err("there was no first byte");
    assert_eq!(error.kind(), ErrorKind::FirstByteTimeout);
    upstream.saw_hang_up().await;
}

#[tokio::test]
async fn half_a_head_is_no_first_byte() {
    let upstream = Upstream::start([Act::Hang(b"HTTP/1.1 200 OK\r\nserv".to_vec())]);
    let stand = Stand::new(
        "acme",
        upstream.address,
        "timeouts = { first_byte = \"30s\" }",
    );
    let call = stand.engine.call(post("acme", "/things", "{}"));
    let (outcome, ()) = tokio::join!(call, let_time_pass(&stand, &upstream, 1, 30 * SECOND));
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::FirstByteTimeout);
}

#[tokio::test]
async fn language_models_may_think_for_ten_minutes_and_stripe_for_eighty_seconds() {
    for (connector, limit) in [
        ("openai", 600 * SECOND),
        ("anthropic", 600 * SECOND),
        ("stripe", 80 * SECOND),
        ("slack", 30 * SECOND),
    ] {
        let upstream = Upstream::start([Act::Hang(Vec::new())]);
        let stand = Stand::new(connector, upstream.address, "timeouts = {}");
        let mut call = post(connector, "/v1/x", "{}");
        call.options.attempts_max = std::num::NonZeroU32::new(1);
        let call = stand.engine.call(call);
        let (outcome, ()) = tokio::join!(call, let_time_pass(&stand, &upstream, 1, limit));
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::FirstByteTimeout);
    }
}

#[tokio::test]
async fn silence_in_the_middle_of_a_body_ends_it_with_an_error() {
    let mut half = head(200, &[("content-length", "100")]);
    half.extend_from_slice(b"half");
    let upstream = Upstream::start([Act::Hang(half)]);
    let settings = "timeouts = { first_byte = \"30s\", idle = \"60s\" }";
    let stand = Stand::new("acme", upstream.address, settings);
    let mut reply = stand.engine.call(get("acme", "/things")).await.unwrap();
    let first = reply.body.frame().await.unwrap().unwrap();
    assert_eq!(first.into_data().unwrap(), "half");
    let (frame, ()) = tokio::join!(
        reply.body.frame(),
        let_time_pass(&stand, &upstream, 1, 60 * SECOND)
    );
    let error = frame.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::IdleTimeout);
    assert!(reply.body.frame().await.is_none());
    assert_eq!(stand.ended("idle_timeout"), 1);
    upstream.saw_hang_up().await;
}

#[tokio::test]
async fn silence_in_a_held_body_is_a_failed_attempt() {
    let half = head(503, &[("content-length", "100")]);
    let upstream = Upstream::start([Act::Hang(half.clone()), json(200, "{}")]);
    let stand = Stand::new("acme", upstream.address, "timeouts = { idle = \"20s\" }");
    let mut call = pin!(stand.engine.call(get("acme", "/things")));
    let silent = async {
        upstream.saw_requests(1).await;
        // The limit for the first byte is longer, and stands by until the head is here.
        stand.time.sleeping_within(20 * SECOND).await
    };
    tokio::select! {
        biased;
        outcome = &mut call => panic!("it has ended: {outcome:?}"),
        left = soon(silent) => stand.time.advance(left),
    }
    let wait = stand.until_it_waits(&mut call).await;
    assert!(wait <= SECOND);
    stand.time.advance(wait);
    assert_eq!(call.await.unwrap().attempts, 2);
}

#[tokio::test]
async fn the_whole_call_has_a_limit_where_the_caller_sets_one() {
    let upstream = Upstream::start([Act::Hang(Vec::new())]);
    let stand = Stand::new("acme", upstream.address, "");
    let call = within(10 * SECOND, get("acme", "/things"));
    let call = stand.engine.call(call);
    let (outcome, ()) = tokio::join!(call, let_time_pass(&stand, &upstream, 1, 10 * SECOND));
    let error = outcome.expect_err("the time was up");
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::CallTimeout, 1)
    );
    upstream.saw_hang_up().await;
}

#[tokio::test]
async fn waits_between_attempts_count_as_part_of_the_call() {
    let upstream = Upstream::start([
        Act::Answer(crate::upstream::answer(429, &[("retry-after", "4")], "")),
        Act::Hang(Vec::new()),
    ]);
    let stand = Stand::new("acme", upstream.address, "retry = { wait_first = \"1ms\" }");
    let call = within(10 * SECOND, post("acme", "/things", "{}"));
    let mut call = pin!(stand.engine.call(call));
    upstream_waits(&stand, &mut call, 4 * SECOND).await;
    let silent = async {
        upstream.saw_requests(2).await;
        stand.time.sleeping().await
    };
    tokio::select! {
        biased;
        outcome = &mut call => panic!("it has ended: {outcome:?}"),
        left = soon(silent) => {
            // Ten seconds less the wait and its spread.
            assert!(left <= 6 * SECOND && 5 * SECOND < left, "{left:?}");
            stand.time.advance(left);
        }
    }
    let error = call.await.expect_err("the time was up");
    assert_eq!(
        (error.kind(), error.attempts()),
        (ErrorKind::CallTimeout, 2)
    );
}

async fn upstream_waits(
    stand: &Stand,
    call: &mut (impl crate::stand::CallFuture + Unpin),
    expected: Duration,
) {
    let wait = stand.until_it_waits_below(9 * SECOND, call).await;
    assert!(
        expected <= wait && wait <= expected.mul_f64(1.1) + SECOND / 10,
        "{wait:?}"
    );
    stand.time.advance(wait);
}

#[tokio::test]
async fn the_limit_of_a_whole_call_holds_for_the_body_too() {
    let (pieces, act) = tokio::sync::mpsc::unbounded_channel();
    let upstream = Upstream::start([Act::Pieces(act)]);
    let stand = Stand::new("acme", upstream.address, "");
    pieces
        .send(head(200, &[("content-length", "100")]))
        .unwrap();
    let call = within(10 * SECOND, get("acme", "/things"));
    let mut reply = stand.engine.call(call).await.unwrap();
    stand.time.advance(6 * SECOND);
    pieces.send(b"half".to_vec()).unwrap();
    let first = reply.body.frame().await.unwrap().unwrap();
    assert_eq!(first.into_data().unwrap(), "half");
    let (frame, ()) = tokio::join!(
        reply.body.frame(),
        let_time_pass(&stand, &upstream, 1, 4 * SECOND)
    );
    assert_eq!(frame.unwrap().unwrap_err().kind(), ErrorKind::CallTimeout);
    assert_eq!(stand.ended("call_timeout"), 1);
}

#[tokio::test]
async fn without_a_limit_of_its_own_a_stream_may_last_for_days() {
    let (pieces, act) = tokio::sync::mpsc::unbounded_channel();
    let upstream = Upstream::start([Act::Pieces(act)]);
    let stand = Stand::new("openai", upstream.address, "timeouts = {}");
    pieces
        .send(head(200, &[("content-type", "text/event-stream")]))
        .unwrap();
    let mut reply = stand.engine.call(get("openai", "/v1/x")).await.unwrap();
    for _ in 0..500 {
        stand.time.advance(599 * SECOND);
        pieces.send(b"data: 1\n\n".to_vec()).unwrap();
        let frame = reply.body.frame().await.unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap(), "data: 1\n\n");
    }
    drop(pieces);
    assert!(reply.body.frame().await.is_none());
    assert_eq!(stand.ended("ok"), 1);
}
