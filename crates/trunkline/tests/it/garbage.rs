//! Whatever bytes an upstream sends: a reply or an error, within the limits, and never a panic.

use std::time::Duration;

use tokio::sync::mpsc;
use trunkline::Validate;

use crate::stand::{Stand, get, post};
use crate::upstream::{Act, Upstream, answer};

const STATUS_LINES: [&[u8]; 8] = [
    b"HTTP/1.1 200 OK\r\n",
    b"HTTP/1.1 200 OK\r\n",
    b"HTTP/1.1 204 \r\n",
    b"HTTP/1.1 503 \r\n",
    b"HTTP/1.0 429 Slow\r\n",
    b"HTTP/1.1 999 ?\r\n",
    b"HTTP/1.1 101 Switching\r\n",
    b"HTTP/1.1 103 Early Hints\r\n\r\n",
];

const HEADERS: [&[u8]; 10] = [
    b"content-length: 7\r\n",
    b"content-length: -1\r\n",
    b"content-length: 99999999999999999999\r\n",
    b"transfer-encoding: chunked\r\n",
    b"content-encoding: gzip\r\n",
    b"content-type: application/json\r\n",
    b"content-type: text/event-stream\r\n",
    b"retry-after: 1e308\r\n",
    b"retry-after: Thu, 31 Feb 2026 25:61:61 GMT\r\n",
    b"x-ratelimit-reset: \xff\xfe\r\n",
];

const BODIES: [&[u8]; 6] = [
    b"",
    b"{\"ok\": false, \"error\": \"ratelimited\"}",
    b"{\"ok\": 1e999, \"error\": [[[[[[[[",
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03",
    b"5\r\nhello\r\n0\r\n\r\n",
    b"fffffffffffffffff\r\n",
];

/// Much like an answer, and then some of it changed by chance.
fn garbage(random: &mut fastrand::Rng) -> Vec<u8> {
    let mut bytes = STATUS_LINES[random.usize(..STATUS_LINES.len())].to_vec();
    for _ in 0..random.usize(..4) {
        bytes.extend_from_slice(HEADERS[random.usize(..HEADERS.len())]);
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(BODIES[random.usize(..BODIES.len())]);
    for _ in 0..random.usize(..6).saturating_sub(2) {
        let place = random.usize(..bytes.len());
        match random.u8(..3) {
            0 => bytes[place] = random.u8(..),
            1 => bytes.insert(place, random.u8(..)),
            _ => bytes.truncate(place.max(1)),
        }
    }
    bytes
}

#[tokio::test]
async fn whatever_an_upstream_sends_the_call_ends() {
    let mut random = fastrand::Rng::with_seed(0x7e57);
    let upstream = Upstream::start([]);
    let settings = "retry = { attempts = 2, wait_first = \"1ms\" }";
    let stand = Stand::new("slack", upstream.address, settings);
    let mut replies = 0;
    for round in 0..500 {
        let answers = [garbage(&mut random), garbage(&mut random)];
        upstream.restart(answers.clone().map(Act::Cut));
        let mut call = match random.u8(..3) {
            0 => get("slack", "/api/users.list"),
            1 => post("slack", "/api/users.list", "{}"),
            _ => post("slack", "/api/chat.postMessage", "{}"),
        };
        call.options.validate = match random.u8(..3) {
            0 => Validate::Off,
            1 => Validate::Report,
            _ => Validate::Enforce,
        };
        let ran = stand.run(call).await;
        assert!(
            ran.waits
                .iter()
                .all(|wait| *wait <= Duration::from_secs(30)),
            "round {round}"
        );
        assert!(upstream.requests().len() <= 2, "round {round}");
        if let Ok(reply) = ran.outcome {
            replies += 1;
            // Ends, one way or the other.
            drop(reply.body.collect(1_000).await);
        }
        stand.time.advance(Duration::from_mins(1));
    }
    // It is no test of garbage if all of it is garbage.
    assert!((100..400).contains(&replies), "{replies}");
}

#[tokio::test]
async fn an_answer_in_small_pieces_is_the_same_answer() {
    let bytes = answer(
        200,
        &[("content-type", "application/json")],
        r#"{"ok": true}"#,
    );
    let upstream = Upstream::start([]);
    let stand = Stand::new("slack", upstream.address, "");
    for cut in 1..bytes.len() {
        let (pieces, act) = mpsc::unbounded_channel();
        upstream.restart([Act::Pieces(act)]);
        pieces.send(bytes[..cut].to_vec()).unwrap();
        pieces.send(bytes[cut..].to_vec()).unwrap();
        let reply = stand.run(get("slack", "/api/users.list")).await.reply();
        assert_eq!(reply.body.collect(100).await.unwrap(), r#"{"ok": true}"#);
        // Far enough for kept connections to age.
        stand.time.advance(Duration::from_mins(1));
    }
}

#[tokio::test]
async fn heads_without_end_are_refused() {
    let mut many = b"HTTP/1.1 200 OK\r\n".to_vec();
    for number in 0..200 {
        many.extend_from_slice(format!("x-{number}: 1\r\n").as_bytes());
    }
    many.extend_from_slice(b"content-length: 0\r\n\r\n");
    let mut long = b"HTTP/1.1 200 OK\r\nx: ".to_vec();
    long.resize(200_000, b'x');
    long.extend_from_slice(b"\r\ncontent-length: 0\r\n\r\n");
    for bytes in [many, long] {
        let upstream = Upstream::start([Act::Answer(bytes)]);
        let stand = Stand::new("acme", upstream.address, "retry = { attempts = 1 }");
        let error = stand.run(get("acme", "/things")).await.error();
        assert_eq!(error.kind().code(), "upstream_malformed");
    }
}

#[tokio::test]
async fn interim_answers_are_passed_over() {
    let mut bytes = b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n".repeat(3);
    bytes.extend_from_slice(&answer(200, &[], "here"));
    let upstream = Upstream::start([Act::Answer(bytes)]);
    let stand = Stand::new("acme", upstream.address, "");
    let reply = stand.run(get("acme", "/things")).await.reply();
    assert_eq!(reply.status, 200);
    assert_eq!(reply.body.collect(10).await.unwrap(), "here");
}

#[tokio::test]
async fn a_protocol_that_nobody_asked_for_is_not_switched_to() {
    let bytes = b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n";
    let upstream = Upstream::start([Act::Hang(bytes.to_vec())]);
    let stand = Stand::new("acme", upstream.address, "retry = { attempts = 1 }");
    let error = stand.run(get("acme", "/things")).await.error();
    assert_eq!(error.kind().code(), "upstream_malformed");
    upstream.saw_hang_up().await;
}
