//! How calls and the server end.

use crate::stage::{End, Set, Stage};

const STREAM: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n";

#[test]
fn an_upstream_that_breaks_off_is_no_clean_end() {
    let stage = Stage::new();
    let mut caller = stage.ask("GET /up/a HTTP/1.1\r\nHost: {host}\r\n\r\n");
    let (mut upstream, _) = stage.asked();
    upstream.send(STREAM);
    drop(upstream);
    caller.head();
    let (rest, _) = caller.rest();
    assert_eq!(
        rest, "5\r\nfirst\r\n",
        "what came is passed on, and no last chunk"
    );
}

#[test]
fn a_short_answer_is_short() {
    let stage = Stage::new();
    let mut caller = stage.ask("GET /up/a HTTP/1.1\r\nHost: {host}\r\n\r\n");
    let (mut upstream, _) = stage.asked();
    upstream.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    drop(upstream);
    let head = caller.head();
    assert!(head.contains("content-length: 10\r\n"), "{head}");
    assert_eq!(caller.rest().0, "half");
}

#[test]
fn an_old_caller_sees_a_reset_where_an_end_would_lie() {
    let stage = Stage::new();
    let mut caller = stage.ask("GET /up/a HTTP/1.0\r\nHost: {host}\r\n\r\n");
    let (mut upstream, _) = stage.asked();
    upstream.send(STREAM);
    let head = caller.head();
    assert!(!head.contains("content-length"), "{head}");
    assert_eq!(caller.exactly(5), "first");
    drop(upstream);
    assert_eq!(caller.rest(), (String::new(), End::Reset));
}

#[test]
fn a_caller_that_leaves_before_the_answer_cancels_the_call() {
    let stage = Stage::new();
    for request in [
        "GET /up/a HTTP/1.1\r\nHost: {host}\r\n\r\n",
        "POST /up/a HTTP/1.1\r\nHost: {host}\r\nContent-Length: 2\r\n\r\nab",
        "POST /up/a HTTP/1.1\r\nHost: {host}\r\nContent-Length: 200000\r\n\r\nab",
        "POST /up/a HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n",
    ] {
        let caller = stage.ask(request);
        let (mut upstream, _) = stage.asked();
        drop(caller);
        let (rest, _) = upstream.rest();
        assert!(!rest.contains("0\r\n\r\n"), "{request}: {rest}");
    }
}

#[test]
fn a_caller_that_closes_its_side_has_left() {
    let stage = Stage::new();
    let mut caller = stage.ask("GET /up/a HTTP/1.1\r\nHost: {host}\r\n\r\n");
    let (mut upstream, _) = stage.asked();
    caller.close_sending();
    upstream.assert_over();
    caller.assert_over();
}

#[test]
fn a_caller_that_leaves_behind_what_nobody_reads_has_left() {
    let stage = Stage::new();
    let ahead = "GET /up/a HTTP/1.1\r\nHost: {host}\r\n\r\n".repeat(2);
    let caller = stage.ask(&ahead);
    let (mut upstream, _) = stage.asked();
    let looking_on = stage.caller();
    drop(caller);
    stage.pass(3);
    upstream.assert_over();
    looking_on.assert_quiet();
    stage.assert_unasked();
}

#[test]
fn a_caller_that_leaves_a_stream_cancels_it() {
    let stage = Stage::new();
    let mut caller = stage.ask("GET /up/a HTTP/1.1\r\nHost: {host}\r\n\r\n");
    let (mut upstream, _) = stage.asked();
    upstream.send(STREAM);
    caller.until("first\r\n");
    drop(caller);
    upstream.assert_over();
}

#[test]
fn an_idle_connection_ends_at_once_and_a_call_in_peace() {
    let mut stage = Stage::new();
    let mut idle = stage.ask("GET /-/health HTTP/1.1\r\nHost: {host}\r\n\r\n");
    idle.message();
    let mut caller = stage.ask("GET /up/a HTTP/1.1\r\nHost: {host}\r\n\r\n");
    let (mut upstream, _) = stage.asked();
    let address = stage.address;
    let running = stage.running.take().unwrap();
    let ending = std::thread::spawn(move || running.shut_down());
    idle.assert_over();
    // Nobody is let in any more.
    assert!(std::net::TcpStream::connect(address).is_err());
    caller.assert_quiet();
    upstream.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    let (head, body) = caller.message();
    assert!(head.contains("connection: close\r\n"), "{head}");
    assert_eq!(body, "ok");
    assert_eq!(caller.rest(), (String::new(), End::Closed));
    ending.join().unwrap();
}

#[test]
fn a_call_that_does_not_end_is_cut_visibly() {
    let mut stage = Set::with("drain = \"10s\"").start();
    let mut caller = stage.ask("GET /up/a HTTP/1.1\r\nHost: {host}\r\n\r\n");
    let (mut upstream, _) = stage.asked();
    upstream.send(STREAM);
    caller.until("first\r\n");
    let running = stage.running.take().unwrap();
    let address = stage.address;
    let ending = std::thread::spawn(move || running.shut_down());
    while std::net::TcpStream::connect(address).is_ok() {
        std::thread::yield_now();
    }
    stage.pass(9);
    caller.assert_quiet();
    upstream.send("6\r\nsecond\r\n");
    assert_eq!(caller.until("second\r\n"), "6\r\nsecond\r\n");
    stage.leap(3);
    let (rest, _) = caller.rest();
    assert_eq!(rest, "", "cut without a last chunk");
    upstream.assert_over();
    ending.join().unwrap();
}

#[test]
fn a_server_that_is_dropped_is_over() {
    let mut stage = Stage::new();
    let mut caller = stage.ask("GET /up/a HTTP/1.1\r\nHost: {host}\r\n\r\n");
    let (mut upstream, _) = stage.asked();
    drop(stage.running.take());
    caller.assert_over();
    upstream.assert_over();
}

#[test]
fn an_idle_server_ends_at_once() {
    let mut stage = Stage::new();
    stage.end();
    assert!(std::net::TcpStream::connect(stage.address).is_err());
}
