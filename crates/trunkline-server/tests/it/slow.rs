//! Callers that take their time, in both directions.

use crate::stage::{End, Stage};

#[test]
fn a_head_that_does_not_end_is_cut() {
    let stage = Stage::new();
    let mut caller = stage.caller();
    caller.send("GET /up/a HTTP/1.1\r\n");
    for _ in 0..9 {
        stage.pass(1);
        // A drip does not help.
        caller.send("X: y\r\n");
    }
    caller.assert_quiet();
    stage.leap(5);
    let (text, _) = caller.rest();
    assert!(text.starts_with("HTTP/1.1 408 "), "{text}");
    assert!(text.contains("\"code\":\"request_timeout\""), "{text}");
}

#[test]
fn an_idle_connection_is_closed_without_a_word() {
    let stage = Stage::new();
    let mut fresh = stage.caller();
    let mut used = stage.ask("GET /-/health HTTP/1.1\r\nHost: {host}\r\n\r\n");
    used.message();
    stage.pass(74);
    fresh.assert_quiet();
    used.assert_quiet();
    stage.leap(5);
    assert_eq!(fresh.rest(), (String::new(), End::Closed));
    assert_eq!(used.rest(), (String::new(), End::Closed));
}

#[test]
fn an_upload_that_stands_still_is_cut() {
    let stage = Stage::new();
    let mut caller = stage
        .ask("POST /up/a HTTP/1.1\r\nHost: {host}\r\nContent-Length: 1000000\r\n\r\nbeginning");
    let (mut upstream, _) = stage.asked();
    assert_eq!(upstream.exactly(9), "beginning");
    stage.pass(70);
    caller.send("more");
    assert_eq!(upstream.exactly(4), "more");
    stage.pass(70);
    caller.assert_quiet();
    stage.leap(15);
    let (text, _) = caller.rest();
    assert!(text.starts_with("HTTP/1.1 408 "), "{text}");
    assert!(text.contains("\"code\":\"request_timeout\""), "{text}");
    // And so the upstream gets no more.
    upstream.assert_over();
}

#[test]
fn a_download_that_nobody_takes_is_cut() {
    let stage = Stage::new();
    let mut caller = stage.ask("GET /up/a HTTP/1.1\r\nHost: {host}\r\n\r\n");
    let (mut upstream, _) = stage.asked();
    upstream.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n");
    caller.head();
    // More than every buffer on the way holds; then nothing moves.
    let mut sent = upstream.stuff();
    for _ in 0..3 {
        stage.pass(1);
        sent += upstream.stuff();
    }
    assert!(sent < 1_000_000_000, "backpressure holds the upstream back");
    stage.pass(70);
    stage.leap(10);
    upstream.rest();
    let (text, _) = caller.rest();
    assert!(text.len() < sent, "it was cut in the middle");
}

#[test]
fn what_a_caller_sends_ahead_of_a_websocket_goes_first() {
    let stage = Stage::new();
    let mut caller = stage.ask(
        "GET /up/watch HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\n\
         Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\none, ",
    );
    let (mut upstream, _) = stage.asked();
    caller.send("two, ");
    // Long enough for the caller to be looked for.
    stage.pass(4);
    caller.send("three");
    upstream.send(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
    );
    caller.head();
    assert_eq!(upstream.exactly(15), "one, two, three");
}

#[test]
fn a_slow_upstream_is_waited_for() {
    let stage = Stage::new();
    let mut caller = stage.ask("GET /up/a HTTP/1.1\r\nHost: {host}\r\n\r\n");
    let (mut upstream, _) = stage.asked();
    // Below the upstream's own limit for its first byte.
    stage.pass(25);
    upstream.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
    caller.head();
    stage.pass(50);
    caller.assert_quiet();
    upstream.send("ok");
    assert_eq!(caller.exactly(2), "ok");
}
