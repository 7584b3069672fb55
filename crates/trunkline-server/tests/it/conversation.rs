//! Whole conversations on one connection: what comes when, what follows what, and what breaks off.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use crate::stage::{End, Set, Stage, Wire};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const CONTINUE: &str = "http/1.1 100 continue\r\n\r\n";

/// What comes after an answer shows whether both sides agree where it ended.
#[track_caller]
fn assert_goes_on(stage: &Stage, caller: &mut Wire) {
    caller.send(&format!(
        "GET /-/health HTTP/1.1\r\nHost: {}\r\n\r\n",
        stage.host()
    ));
    let (head, body) = caller.message();
    assert!(head.starts_with("http/1.1 200 "), "{head}");
    assert_eq!(body, "ok\n");
    caller.assert_quiet();
}

/// An upstream that answers every request with what it was asked.
struct Echo {
    address: SocketAddr,
    is_over: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
}

impl Echo {
    fn behind(stage: &Stage) -> Self {
        let listener = stage.upstream.try_clone().unwrap();
        let address = listener.local_addr().unwrap();
        let is_over = Arc::new(AtomicBool::new(false));
        let accepting = {
            let is_over = Arc::clone(&is_over);
            std::thread::spawn(move || accept(&listener, &is_over))
        };
        Self {
            address,
            is_over,
            accepting: Some(accepting),
        }
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        TcpStream::connect(self.address).ok();
        if let Some(accepting) = self.accepting.take() {
            accepting.join().ok();
        }
    }
}

fn accept(listener: &TcpListener, is_over: &AtomicBool) {
    while let Ok((stream, _)) = listener.accept() {
        if is_over.load(Ordering::SeqCst) {
            break;
        }
        std::thread::spawn(move || echo(stream));
    }
}

fn echo(stream: TcpStream) -> Option<()> {
    stream.set_nodelay(true).unwrap();
    let mut writer = stream.try_clone().unwrap();
    let mut reader = BufReader::new(stream);
    loop {
        let line = line(&mut reader)?;
        let (mut length, mut is_chunked) = (0, false);
        loop {
            let header = self::line(&mut reader)?.to_lowercase();
            if header.is_empty() {
                break;
            }
            if let Some(said) = header.strip_prefix("content-length: ") {
                length = said.parse().unwrap();
            }
            is_chunked |= header == "transfer-encoding: chunked";
        }
        let body = if is_chunked {
            chunks(&mut reader)?
        } else {
            bytes(&mut reader, length)?
        };
        let line = line.trim_end_matches(" HTTP/1.1");
        let text = format!("{line} {} {body}", body.len());
        let answer = if line.contains("chunked") {
            let (first, second) = text.split_at(4);
            format!(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{first}\r\n{:x}\r\n{second}\r\n0\r\n\r\n",
                second.len(),
            )
        } else {
            let length = text.len();
            format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{text}")
        };
        let mut answer = answer.into_bytes();
        if line.starts_with("HEAD ") {
            let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
            answer.truncate(end.unwrap() + 4);
        }
        writer.write_all(&answer).ok()?;
    }
}

fn line(reader: &mut impl BufRead) -> Option<String> {
    let mut line = String::new();
    match reader.read_line(&mut line) {
        Ok(count) if count > 0 => Some(line.trim_end_matches("\r\n").to_owned()),
        _ => None,
    }
}

fn bytes(reader: &mut impl BufRead, length: usize) -> Option<String> {
    let mut bytes = vec![0; length];
    reader.read_exact(&mut bytes).ok()?;
    String::from_utf8(bytes).ok()
}

fn chunks(reader: &mut impl BufRead) -> Option<String> {
    let mut body = String::new();
    loop {
        let length = usize::from_str_radix(&line(reader)?, 16).unwrap();
        body.push_str(&bytes(reader, length)?);
        assert_eq!(line(reader)?, "");
        if length == 0 {
            return Some(body);
        }
    }
}

/// The next answer to a request with this method: its status and its body.
#[track_caller]
fn answer(caller: &mut Wire, method: &str) -> (String, String) {
    let mut head = caller.head();
    while head == CONTINUE {
        head = caller.head();
    }
    let status = head.lines().next().unwrap_or_default().to_owned();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let mut body = String::new();
    if method == "HEAD" {
    } else if let Some(length) = length {
        body = caller.exactly(length.parse().unwrap());
    } else {
        assert!(head.contains("transfer-encoding: chunked\r\n"), "{head}");
        loop {
            let size = caller.until("\r\n");
            let size = usize::from_str_radix(size.trim_end(), 16).unwrap();
            body.push_str(&caller.exactly(size));
            assert_eq!(caller.exactly(2), "\r\n");
            if size == 0 {
                break;
            }
        }
    }
    (status, body)
}

#[test]
fn many_requests_share_a_connection() {
    let stage = Stage::new();
    let _echo = Echo::behind(&stage);
    let mut caller = stage.caller();
    let host = stage.host();
    for number in 0..100 {
        caller.send(&format!(
            "POST /up/{number} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 3\r\n\r\nabc"
        ));
        let expected = format!("POST /{number} 3 abc");
        assert_eq!(answer(&mut caller, "POST").1, expected);
        caller.send(&format!(
            "PUT /up/chunked/{number} HTTP/1.1\r\nHost: {host}\r\n\
             Transfer-Encoding: chunked\r\n\r\n2\r\nde\r\n0\r\nx-trailer: y\r\n\r\n"
        ));
        let expected = format!("PUT /chunked/{number} 2 de");
        assert_eq!(answer(&mut caller, "PUT").1, expected);
        assert_goes_on(&stage, &mut caller);
    }
}

#[test]
fn an_old_caller_keeps_a_connection_that_it_asks_to_keep() {
    let stage = Stage::new();
    let mut caller = stage.caller();
    let asks = format!(
        "GET /up/a HTTP/1.0\r\nHost: {}\r\nConnection: Keep-Alive\r\n\r\n",
        stage.host()
    );
    caller.send(&asks);
    let (mut upstream, _) = stage.asked();
    for _ in 0..2 {
        upstream.send(OK);
        let (head, body) = caller.message();
        assert!(head.starts_with("http/1.0 200 "), "{head}");
        assert!(head.contains("\r\nconnection: keep-alive\r\n"), "{head}");
        assert_eq!(body, "ok");
        caller.send(&asks);
        upstream.head();
    }
    // Whose end only the connection's end tells.
    upstream.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n");
    let head = caller.head();
    assert!(head.contains("\r\nconnection: close\r\n"), "{head}");
    assert_eq!(caller.rest(), ("ok".to_owned(), End::Closed));
}

#[test]
fn an_old_caller_that_asks_for_nothing_loses_its_connection() {
    let stage = Stage::new();
    let mut caller = stage.ask("GET /-/health HTTP/1.0\r\nHost: {host}\r\n\r\n");
    let (head, body) = caller.message();
    assert!(head.contains("\r\nconnection: close\r\n"), "{head}");
    assert_eq!(body, "ok\n");
    assert_eq!(caller.rest(), (String::new(), End::Closed));
}

#[test]
fn heads_alone_have_nothing_behind_them() {
    let stage = Stage::new();
    let mut caller = stage.caller();
    let mut upstream = None;
    for (answer, said) in [
        ("200 OK\r\nTransfer-Encoding: chunked", ""),
        ("200 OK\r\nContent-Length: 10", "content-length: 10\r\n"),
        ("204 No Content", ""),
        ("304 Not Modified\r\nETag: \"a\"", "etag: \"a\"\r\n"),
        ("200 OK", ""),
    ] {
        caller.send(&format!(
            "HEAD /up/a HTTP/1.1\r\nHost: {}\r\n\r\n",
            stage.host()
        ));
        let upstream = upstream.get_or_insert_with(|| stage.accept());
        upstream.head();
        upstream.send(&format!("HTTP/1.1 {answer}\r\n\r\n"));
        let head = caller.head();
        assert!(head.contains(said), "{answer}: {head}");
        assert!(!head.contains("connection: close"), "{answer}: {head}");
        assert_goes_on(&stage, &mut caller);
    }
    for path in ["/-/health", "/nothing/here"] {
        let ask =
            |method: &str| format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n\r\n", stage.host());
        caller.send(&ask("HEAD"));
        let alone = caller.head();
        caller.send(&ask("GET"));
        let (head, body) = caller.message();
        let length = format!("content-length: {}\r\n", body.len());
        assert!(alone.contains(&length), "{alone}");
        assert_eq!(alone.lines().next(), head.lines().next());
    }
}

#[test]
fn a_change_of_protocol_that_nobody_asked_for_is_an_error() {
    let stage = Stage::new();
    let mut caller = stage.ask("GET /up/a HTTP/1.1\r\nHost: {host}\r\n\r\n");
    let (mut upstream, _) = stage.asked();
    upstream.send(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\nnoise",
    );
    let (head, _) = caller.message();
    assert!(head.starts_with("http/1.1 502 "), "{head}");
    assert_goes_on(&stage, &mut caller);
}

#[test]
fn nobody_is_told_to_send_what_is_refused_at_the_door() {
    let stage = Set::with("body_max = \"1MiB\"").start();
    for (line, headers, status) in [
        ("POST /up/a", "Content-Length: 2000000", "413"),
        ("POST /UP/a", "Content-Length: 5", "404"),
        ("POST /up/a", "Content-Length: 5\r\nHost: twice", "400"),
        (
            "POST /up/a",
            "Content-Length: 5\r\nOrigin: http://evil.example",
            "403",
        ),
        ("POST /-/health", "Transfer-Encoding: chunked", "405"),
    ] {
        let mut caller = stage.ask(&format!(
            "{line} HTTP/1.1\r\nHost: {{host}}\r\nExpect: 100-continue\r\n{headers}\r\n\r\n"
        ));
        let (head, _) = caller.message();
        assert!(head.starts_with(&format!("http/1.1 {status} ")), "{head}");
        // Whether the body comes after all, nobody knows.
        assert!(head.contains("\r\nconnection: close\r\n"), "{head}");
        assert_eq!(caller.rest(), (String::new(), End::Closed));
    }
    stage.assert_unasked();
}

#[test]
fn an_expectation_is_met_once_and_only_where_it_means_something() {
    let stage = Stage::new();
    let post = "POST /up/a HTTP/1.1\r\nHost: {host}\r\nExpect: 100-Continue\r\n";
    // A large body is wanted by the upstream alone.
    let mut caller = stage.ask(&format!("{post}Content-Length: 200000\r\n\r\n"));
    let (mut upstream, _) = stage.asked();
    assert_eq!(caller.head(), CONTINUE);
    let body = "x".repeat(100_000);
    for _ in 0..2 {
        caller.send(&body);
        assert_eq!(upstream.exactly(100_000), body);
        caller.assert_quiet();
    }
    upstream.send(OK);
    assert_eq!(caller.message().1, "ok");
    assert_goes_on(&stage, &mut caller);
    drop(upstream);
    for (head, body) in [
        ("Content-Length: 2\r\n", "ok"),
        ("Content-Length: 0\r\n", ""),
        ("Transfer-Encoding: chunked\r\n", "2\r\nok\r\n0\r\n\r\n"),
    ] {
        let mut caller = stage.ask(&format!("{post}{head}\r\n{body}"));
        let (mut upstream, _) = stage.asked();
        assert_eq!(upstream.exactly(body.len()), body);
        upstream.send(OK);
        let (head, _) = caller.message();
        assert!(head.starts_with("http/1.1 200 "), "{head}");
    }
    let mut caller = stage.ask(
        "POST /up/a HTTP/1.0\r\nHost: {host}\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n",
    );
    stage.pass(2);
    caller.assert_quiet();
    caller.send("ok");
    let (mut upstream, _) = stage.asked();
    assert_eq!(upstream.exactly(2), "ok");
    upstream.send(OK);
    assert!(caller.head().starts_with("http/1.0 200 "));
}

#[test]
fn an_upload_may_come_byte_by_byte() {
    let stage = Stage::new();
    let _echo = Echo::behind(&stage);
    for (framing, body) in [
        ("Content-Length: 10", "0123456789"),
        (
            "Transfer-Encoding: chunked",
            "1\r\n0\r\n003\r\n123\r\n6\r\n456789\r\n0\r\na: b\r\n\r\n",
        ),
    ] {
        let mut caller = stage.caller();
        let request = format!(
            "POST /up/a HTTP/1.1\r\nHost: {}\r\n{framing}\r\n\r\n{body}",
            stage.host()
        );
        for byte in request.chars() {
            caller.send(byte.encode_utf8(&mut [0; 4]));
        }
        assert_eq!(answer(&mut caller, "POST").1, "POST /a 10 0123456789");
        assert_goes_on(&stage, &mut caller);
    }
}

#[test]
fn an_upload_of_known_length_passes_piece_by_piece() {
    let stage = Stage::new();
    let mut caller =
        stage.ask("PUT /up/a HTTP/1.1\r\nHost: {host}\r\nContent-Length: 100000\r\n\r\n");
    let (mut upstream, head) = stage.asked();
    assert!(head.contains("content-length: 100000\r\n"), "{head}");
    for _ in 0..100 {
        let piece = "y".repeat(1000);
        caller.send(&piece);
        assert_eq!(upstream.exactly(1000), piece);
    }
    upstream.send(OK);
    assert_eq!(caller.message().1, "ok");
    assert_goes_on(&stage, &mut caller);
}

#[test]
fn an_upload_is_held_back_by_a_slow_upstream_and_arrives_whole() {
    const LENGTH: usize = 60_000_000;
    let stage = Set::with("body_max = \"100MiB\"").start();
    let mut caller = stage.ask(&format!(
        "PUT /up/a HTTP/1.1\r\nHost: {{host}}\r\nContent-Length: {LENGTH}\r\n\r\n"
    ));
    let (mut upstream, _) = stage.asked();
    let sent = caller.stuff();
    // What the system holds on the way, twice, and next to nothing of ours.
    assert!(sent < 40_000_000, "{sent} bytes were taken");
    let (mut caller, mut upstream) = std::thread::scope(|scope| {
        let sending = scope.spawn(move || {
            for _ in 0..(LENGTH - sent) / 1000 {
                caller.send(&"x".repeat(1000));
            }
            caller.send(&"x".repeat((LENGTH - sent) % 1000));
            caller
        });
        let mut left = LENGTH;
        while left > 0 {
            let count = left.min(1_000_000);
            upstream.exactly(count);
            left -= count;
        }
        (sending.join().unwrap(), upstream)
    });
    upstream.send(OK);
    assert_eq!(caller.message().1, "ok");
    assert_goes_on(&stage, &mut caller);
}

#[test]
fn an_early_answer_arrives_and_the_rest_of_the_body_is_no_request() {
    let stage = Stage::new();
    let smuggled = "GET /up/smuggled HTTP/1.1\r\nHost: {host}\r\n\r\n";
    for (framing, begun) in [
        ("Content-Length: 100000", "begun"),
        ("Transfer-Encoding: chunked", "5\r\nbegun\r\n"),
    ] {
        let mut caller = stage.ask(&format!(
            "POST /up/a HTTP/1.1\r\nHost: {{host}}\r\n{framing}\r\n\r\n{begun}"
        ));
        let (mut upstream, _) = stage.asked();
        upstream.until("begun");
        upstream.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\n\r\nnope");
        let (head, body) = caller.message();
        assert!(head.starts_with("http/1.1 403 "), "{head}");
        assert_eq!(body, "nope");
        caller.try_send(&smuggled.replace("{host}", &stage.host()));
        caller.assert_over();
        upstream.rest();
    }
    stage.assert_unasked();
}

#[test]
fn an_early_answer_reaches_a_caller_that_is_still_sending() {
    let stage = Stage::new();
    let mut caller =
        stage.ask("POST /up/a HTTP/1.1\r\nHost: {host}\r\nContent-Length: 8000000\r\n\r\nbegun");
    let (mut upstream, _) = stage.asked();
    upstream.until("begun");
    upstream.send("HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 4\r\n\r\nnope");
    drop(upstream);
    let piece = "x".repeat(10_000);
    for _ in 0..500 {
        if !caller.try_send(&piece) {
            break;
        }
    }
    let (head, body) = caller.message();
    assert!(head.starts_with("http/1.1 403 "), "{head}");
    assert_eq!(body, "nope");
    caller.assert_over();
}

#[test]
fn both_directions_flow_at_once() {
    let stage = Stage::new();
    let mut caller =
        stage.ask("POST /up/a HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n");
    let (mut upstream, _) = stage.asked();
    upstream.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    caller.head();
    for _ in 0..10 {
        caller.send("4\r\nping\r\n");
        assert_eq!(upstream.until("ping\r\n"), "4\r\nping\r\n");
        upstream.send("4\r\npong\r\n");
        assert_eq!(caller.until("pong\r\n"), "4\r\npong\r\n");
    }
    caller.send("0\r\n\r\n");
    assert_eq!(upstream.until("\r\n\r\n"), "0\r\n\r\n");
    upstream.send("0\r\n\r\n");
    assert_eq!(caller.until("\r\n\r\n"), "0\r\n\r\n");
    assert_goes_on(&stage, &mut caller);
}

#[test]
fn behind_an_upload_that_is_refused_in_its_middle_nothing_is_a_request() {
    let stage = Set::with("body_max = \"20B\"").start();
    let smuggled = "GET /-/health HTTP/1.1\r\nHost: {host}\r\n\r\n";
    for (bad, status) in [
        ("10\r\nfghijfghijfghijf\r\n0\r\n\r\n", "413"),
        ("5\r\nfghijX\r\n0\r\n\r\n", "400"),
        ("5\nfghij\r\n0\r\n\r\n", "400"),
        ("0\r\nbad\r\n\r\n", "400"),
    ] {
        let mut caller = stage.ask(
            "POST /up/a HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n\
             5\r\nabcde\r\n",
        );
        let (mut upstream, _) = stage.asked();
        upstream.until("abcde\r\n");
        caller.send(&format!("{bad}{smuggled}").replace("{host}", &stage.host()));
        let (rest, _) = upstream.rest();
        assert!(!rest.contains("0\r\n\r\n"), "{rest}");
        let (text, _) = caller.rest();
        assert!(text.starts_with(&format!("HTTP/1.1 {status} ")), "{text}");
        assert_eq!(text.matches("HTTP/1.1 ").count(), 1, "{text}");
    }
}

#[test]
fn what_is_sent_ahead_waits_for_its_turn() {
    let stage = Stage::new();
    let mut caller = stage.ask(
        "POST /up/1 HTTP/1.1\r\nHost: {host}\r\nContent-Length: 5\r\n\r\nfirst\
         POST /up/2 HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n\
         6\r\nsecond\r\n0\r\n\r\n\
         GET /up/3 HTTP/1.1\r\nHost: {host}\r\n\r\n",
    );
    let (mut upstream, head) = stage.asked();
    assert!(head.starts_with("post /1 "), "{head}");
    assert_eq!(upstream.exactly(5), "first");
    upstream.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\non");
    assert_eq!(caller.until("\r\n\r\non").lines().last(), Some("on"));
    upstream.assert_quiet();
    stage.assert_unasked();
    upstream.send("e");
    assert_eq!(caller.exactly(1), "e");
    let head = upstream.head();
    assert!(head.starts_with("post /2 "), "{head}");
    assert_eq!(upstream.until("0\r\n\r\n"), "6\r\nsecond\r\n0\r\n\r\n");
    upstream.assert_quiet();
    upstream.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\ntwo");
    assert_eq!(caller.message().1, "two");
    let head = upstream.head();
    assert!(head.starts_with("get /3 "), "{head}");
    upstream.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nthree");
    assert_eq!(caller.message().1, "three");
    stage.assert_unasked();
}

#[test]
fn a_request_within_a_body_is_a_body() {
    let stage = Stage::new();
    let _echo = Echo::behind(&stage);
    let mut caller = stage.caller();
    let inner = "GET /up/inner HTTP/1.1\r\nHost: x\r\n\r\n";
    let length = inner.len();
    caller.send(&format!(
        "POST /up/outer HTTP/1.1\r\nHost: {}\r\nContent-Length: {length}\r\n\r\n{inner}",
        stage.host()
    ));
    let expected = format!("POST /outer {length} {inner}");
    assert_eq!(answer(&mut caller, "POST").1, expected);
    assert_goes_on(&stage, &mut caller);
}

#[test]
fn trailers_go_to_those_who_asked_and_none_that_were_not_announced() {
    let stage = Stage::new();
    let tail = "0\r\nx-sum: 7\r\nx-other: 8\r\n\r\n";
    for (te, trailer, expected) in [
        ("TE: trailers\r\n", "Trailer: X-Sum\r\n", "x-sum: 7\r\n"),
        (
            "TE: gzip;q=0.5, Trailers\r\n",
            "Trailer: x-nothing\r\nTrailer: x-other, x-sum\r\n",
            "x-sum: 7\r\nx-other: 8\r\n",
        ),
        ("TE: trailers\r\n", "", ""),
        ("", "Trailer: X-Sum\r\n", ""),
    ] {
        let mut caller = stage.ask(&format!("GET /up/a HTTP/1.1\r\nHost: {{host}}\r\n{te}\r\n"));
        let (mut upstream, _) = stage.asked();
        upstream.send(&format!(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n{trailer}\r\n2\r\nok\r\n{tail}"
        ));
        caller.head();
        assert_eq!(
            caller.until("\r\n\r\n"),
            format!("2\r\nok\r\n0\r\n{expected}\r\n"),
            "{te}{trailer}"
        );
        assert_goes_on(&stage, &mut caller);
    }
}

#[test]
fn empty_lines_before_a_request_are_passed_over() {
    let stage = Stage::new();
    let mut caller = stage.caller();
    for lines in [1, 2, 200_000] {
        caller.send(&"\r\n".repeat(lines));
        assert_goes_on(&stage, &mut caller);
    }
    caller.send("\r");
    caller.send("\r\n");
    let (text, _) = caller.rest();
    assert!(text.starts_with("HTTP/1.1 400 "), "{text}");
}

#[test]
fn a_head_may_come_byte_by_byte_and_be_too_large_in_pieces() {
    let stage = Set::with("header_bytes_max = \"8KiB\"").start();
    let mut caller = stage.caller();
    for byte in format!(
        "\r\nGET /-/health?a=b HTTP/1.1\r\nHost: {}\r\nX:y\r\nZ:  z  \r\n\r\n",
        stage.host()
    )
    .chars()
    {
        caller.send(byte.encode_utf8(&mut [0; 4]));
    }
    assert_eq!(caller.message().1, "ok\n");
    caller.send("GET /-/health HTTP/1.1\r\nX: ");
    let mut is_taken = true;
    for _ in 0..1000 {
        is_taken &= caller.try_send(&"x".repeat(100));
    }
    // What comes after a refusal is still read for a while.
    let (text, _) = caller.rest();
    assert!(text.starts_with("HTTP/1.1 431 "), "{is_taken}: {text}");
    assert_eq!(text.matches("HTTP/1.1 ").count(), 1, "{text}");
}

#[test]
fn as_many_headers_pass_as_are_allowed() {
    for (most, settings) in [(100, ""), (300, "headers_max = 300")] {
        let stage = Set::with(settings).start();
        let _echo = Echo::behind(&stage);
        for (count, expected) in [(most, "http/1.1 200 "), (most + 1, "http/1.1 431 ")] {
            // `Host` is one of them.
            let mut lines = String::new();
            for number in 1..count {
                write!(lines, "X-{number}: y\r\n").unwrap();
            }
            let mut caller = stage.ask(&format!(
                "GET /up/a HTTP/1.1\r\nHost: {{host}}\r\n{lines}\r\n"
            ));
            let (head, _) = caller.message();
            assert!(head.starts_with(expected), "{count}: {head}");
        }
    }
}

#[test]
fn odd_values_pass_in_both_directions() {
    let stage = Stage::new();
    let mut caller = stage.ask(
        "GET http://{host}/up/a?b HTTP/1.1\r\nhOST: {host}\r\nX-Empty:\r\nX-Blank:  \t \r\n\
         X-Text: gr\u{fc}n\ta \u{20ac}\r\n\r\n",
    );
    let (mut upstream, head) = stage.asked();
    assert!(head.starts_with("get /a?b http/1.1\r\n"), "{head}");
    for line in [
        "\r\nx-empty: \r\n",
        "\r\nx-blank: \r\n",
        "\r\nx-text: gr\u{fc}n\ta \u{20ac}\r\n",
    ] {
        assert!(head.contains(line), "{line:?}: {head}");
    }
    upstream.send(
        "HTTP/1.1 299 \u{fc}ber\r\nX-Empty:\r\nX-Text: gr\u{fc}n\r\nContent-Length: 2\r\n\r\nok",
    );
    let (head, body) = caller.message();
    assert!(head.starts_with("http/1.1 299 "), "{head}");
    for line in ["\r\nx-empty: \r\n", "\r\nx-text: gr\u{fc}n\r\n"] {
        assert!(head.contains(line), "{line:?}: {head}");
    }
    assert_eq!(body, "ok");
}

#[test]
fn a_caller_that_leaves_at_any_stage_ends_its_call_alone() {
    let stage = Stage::new();
    for begun in ["GET /up/a HT", "GET /up/a HTTP/1.1\r\nHost: {host}\r\n\r"] {
        drop(stage.ask(begun));
    }
    drop(stage.ask("POST /up/a HTTP/1.1\r\nHost: {host}\r\nContent-Length: 5\r\n\r\nab"));
    stage.assert_unasked();
    for (framing, answer) in [
        ("Content-Length: 0", ""),
        ("Content-Length: 100000", ""),
        ("Content-Length: 0", "HTTP/1.1 200 OK\r\nContent-Le"),
        (
            "Content-Length: 0",
            "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        ),
        (
            "Content-Length: 100000",
            "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        ),
        (
            "Transfer-Encoding: chunked",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        ),
    ] {
        let mut caller = stage.ask(&format!(
            "POST /up/a HTTP/1.1\r\nHost: {{host}}\r\n{framing}\r\n\r\n"
        ));
        let (mut upstream, _) = stage.asked();
        upstream.send(answer);
        if answer.contains("half") {
            caller.until("half");
        }
        drop(caller);
        let (rest, _) = upstream.rest();
        assert!(!rest.contains("0\r\n\r\n"), "{framing} {answer:?}: {rest}");
    }
    let mut caller = stage.caller();
    assert_goes_on(&stage, &mut caller);
}

#[test]
fn a_caller_that_reads_slowly_gets_everything() {
    const LINES: usize = 2_000_000;
    let stage = Stage::new();
    let mut caller = stage.ask("GET /up/a HTTP/1.1\r\nHost: {host}\r\n\r\n");
    let (mut upstream, _) = stage.asked();
    let mut body = String::new();
    for number in 0..LINES {
        writeln!(body, "{number:07}").unwrap();
    }
    std::thread::scope(|scope| {
        let body = &body;
        let upstream = &mut upstream;
        scope.spawn(move || {
            let length = body.len();
            upstream.send(&format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}"
            ));
        });
        let head = caller.head();
        assert!(head.contains("content-length: 16000000\r\n"), "{head}");
        for piece in body.as_bytes().chunks(1000) {
            assert_eq!(caller.exactly(piece.len()).as_bytes(), piece);
        }
    });
    assert_goes_on(&stage, &mut caller);
}

#[test]
fn pieces_of_an_answer_do_not_wait_for_the_next() {
    let stage = Stage::new();
    for (version, framing) in [
        ("1.1", "Content-Length: 20"),
        ("1.0", "Content-Length: 20"),
        ("1.0", "Transfer-Encoding: chunked"),
        ("1.1", "Connection: close"),
    ] {
        let mut caller = stage.ask(&format!(
            "GET /up/a HTTP/{version}\r\nHost: {{host}}\r\n\r\n"
        ));
        let (mut upstream, _) = stage.asked();
        upstream.send(&format!("HTTP/1.1 200 OK\r\n{framing}\r\n\r\n"));
        caller.head();
        for number in 0..4 {
            let piece = format!("n = {number}");
            upstream.send(&if framing.contains("chunked") {
                format!("5\r\n{piece}\r\n")
            } else {
                piece.clone()
            });
            assert!(caller.until(&piece).ends_with(&piece));
        }
    }
}

/// Begins to shut the server down, and waits until it lets nobody in any more.
fn begin_to_end(stage: &mut Stage) -> JoinHandle<()> {
    let running = stage.running.take().unwrap();
    let ending = std::thread::spawn(move || running.shut_down());
    while TcpStream::connect(stage.address).is_ok() {
        std::thread::yield_now();
    }
    ending
}

#[test]
fn a_server_that_ends_finishes_what_is_under_way_and_begins_nothing() {
    let mut stage = Stage::new();
    let mut in_head = stage.ask("GET /-/health HTTP/1.1\r\nHost: {host}\r\nX: ");
    let get = "GET /up/a HTTP/1.1\r\nHost: {host}\r\n\r\n";
    let mut waits = stage.ask(&get.repeat(2));
    let (mut first, _) = stage.asked();
    let mut reads = stage.ask(get);
    let (mut second, _) = stage.asked();
    second.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
    reads.until("half\r\n");
    let mut sends =
        stage.ask("POST /up/a HTTP/1.1\r\nHost: {host}\r\nContent-Length: 100000\r\n\r\nbegun");
    let (mut third, _) = stage.asked();
    third.until("begun");
    let ending = begin_to_end(&mut stage);
    assert_eq!(in_head.rest().0, "");
    for caller in [&waits, &reads, &sends] {
        caller.assert_quiet();
    }
    first.send(OK);
    let (head, _) = waits.message();
    assert!(head.contains("\r\nconnection: close\r\n"), "{head}");
    waits.assert_over();
    drop(waits);
    stage.assert_unasked();
    second.send("0\r\n\r\n");
    assert_eq!(reads.rest(), ("0\r\n\r\n".to_owned(), End::Closed));
    let rest = "x".repeat(99_995);
    sends.send(&rest);
    assert_eq!(third.exactly(99_995), rest);
    third.send(OK);
    let (head, _) = sends.message();
    assert!(head.contains("\r\nconnection: close\r\n"), "{head}");
    sends.assert_over();
    ending.join().unwrap();
}

#[test]
fn a_connection_closes_when_its_caller_says_so() {
    let stage = Stage::new();
    for connection in ["close", "keep-alive, Close"] {
        let mut caller = stage.ask(&format!(
            "GET /-/health HTTP/1.1\r\nHost: {{host}}\r\nConnection: {connection}\r\n\r\n\
             GET /up/a HTTP/1.1\r\nHost: {{host}}\r\n\r\n"
        ));
        let (head, body) = caller.message();
        assert_eq!(head.matches("connection: close\r\n").count(), 1, "{head}");
        assert_eq!(body, "ok\n");
        assert_eq!(caller.rest(), (String::new(), End::Closed));
    }
    stage.assert_unasked();
}

#[test]
fn an_error_of_ours_keeps_the_connection_if_the_body_was_read() {
    let stage = Stage::new();
    let mut caller = stage.caller();
    for request in [
        "GET /upp/a HTTP/1.1\r\nHost: {host}\r\n\r\n",
        "POST /upp/a HTTP/1.1\r\nHost: {host}\r\nContent-Length: 5\r\n\r\nabcde",
        "POST /upp/a HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n\
         5\r\nabcde\r\n0\r\n\r\n",
        "POST /-/health HTTP/1.1\r\nHost: {host}\r\nContent-Length: 5\r\n\r\nabcde",
    ] {
        caller.send(&request.replace("{host}", &stage.host()));
        let (head, _) = caller.message();
        assert!(head.starts_with("http/1.1 40"), "{head}");
        assert!(!head.contains("connection:"), "{request}: {head}");
        assert_goes_on(&stage, &mut caller);
    }
    for request in [
        "POST /UP/a HTTP/1.1\r\nHost: {host}\r\nContent-Length: 5\r\n\r\nabcd",
        "POST /upp/a HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n\
         5\r\nabcde\r\n",
    ] {
        let mut caller = stage.ask(request);
        let (head, _) = caller.message();
        assert!(head.starts_with("http/1.1 404 "), "{head}");
        assert!(head.contains("\r\nconnection: close\r\n"), "{head}");
        caller.try_send("GET /-/health HTTP/1.1\r\nHost: x\r\n\r\n");
        caller.assert_over();
    }
    stage.assert_unasked();
}

#[test]
fn limits_begin_anew_with_each_request() {
    let stage = Stage::new();
    let mut caller = stage.caller();
    for _ in 0..3 {
        assert_goes_on(&stage, &mut caller);
        stage.pass(60);
        caller.send("GET /-/health HTTP/1.1\r\n");
        stage.pass(6);
        caller.send(&format!("Host: {}\r\n\r\n", stage.host()));
        assert_eq!(caller.message().1, "ok\n");
    }
    // Part of a head that lies behind a long call is not late when its turn comes.
    caller.send(&format!(
        "GET /up/a HTTP/1.1\r\nHost: {}\r\n\r\nGET /-/hea",
        stage.host()
    ));
    let (mut upstream, _) = stage.asked();
    stage.pass(30);
    upstream.send(OK);
    assert_eq!(caller.message().1, "ok");
    stage.pass(6);
    caller.assert_quiet();
    caller.send(&format!("lth HTTP/1.1\r\nHost: {}\r\n\r\n", stage.host()));
    assert_eq!(caller.message().1, "ok\n");
}

#[test]
fn empty_lines_do_not_keep_a_connection() {
    let stage = Stage::new();
    let mut caller = stage.caller();
    for _ in 0..7 {
        caller.send("\r\n");
        stage.pass(10);
    }
    caller.assert_quiet();
    stage.leap(15);
    assert_eq!(caller.rest().0, "");
}

#[test]
fn an_upload_that_nobody_takes_does_not_cut_a_long_answer() {
    let stage = Set::with("body_max = \"100MiB\"").start();
    let mut caller =
        stage.ask("POST /up/a HTTP/1.1\r\nHost: {host}\r\nContent-Length: 90000000\r\n\r\n");
    let (mut upstream, _) = stage.asked();
    caller.stuff();
    upstream.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    caller.head();
    for _ in 0..4 {
        stage.pass(40);
        upstream.send("1\r\nx\r\n");
        assert_eq!(caller.until("x\r\n"), "1\r\nx\r\n");
    }
}

#[test]
fn a_long_answer_outlives_the_limits_of_its_request() {
    let stage = Stage::new();
    for request in [
        "POST /up/a HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST /up/a HTTP/1.1\r\nHost: {host}\r\nContent-Length: 100000\r\n\r\n",
    ] {
        let mut caller = stage.ask(request);
        let (mut upstream, _) = stage.asked();
        caller.send(&if request.contains("chunked") {
            "0\r\n\r\n".to_owned()
        } else {
            "x".repeat(100_000)
        });
        upstream.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        caller.head();
        for _ in 0..3 {
            stage.pass(60);
            upstream.send("1\r\nx\r\n");
            assert_eq!(caller.until("x\r\n"), "1\r\nx\r\n");
        }
        upstream.send("0\r\n\r\n");
        assert_eq!(caller.until("\r\n\r\n"), "0\r\n\r\n");
        assert_goes_on(&stage, &mut caller);
    }
}

#[test]
fn an_upload_that_stands_still_while_its_answer_arrives_is_cut_visibly() {
    let stage = Stage::new();
    let mut caller =
        stage.ask("POST /up/a HTTP/1.1\r\nHost: {host}\r\nContent-Length: 100000\r\n\r\nbegun");
    let (mut upstream, _) = stage.asked();
    upstream.until("begun");
    upstream.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n");
    caller.until("half\r\n");
    stage.pass(70);
    caller.assert_quiet();
    stage.leap(15);
    let (rest, _) = caller.rest();
    assert_eq!(rest, "", "neither an end nor another answer");
    upstream.rest();
}

#[test]
fn what_comes_ahead_of_a_websocket_that_is_refused_is_the_next_request() {
    let stage = Stage::new();
    let mut caller = stage.ask(
        "GET /up/watch HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\n\
         Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n\
         GET /-/health HTTP/1.1\r\nHost: {host}\r\n\r\n",
    );
    let (mut upstream, _) = stage.asked();
    upstream.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\n\r\nnope");
    let (head, body) = caller.message();
    assert!(head.starts_with("http/1.1 403 "), "{head}");
    assert_eq!(body, "nope");
    assert_eq!(caller.message().1, "ok\n");
}

#[test]
fn what_others_would_repair_is_refused() {
    let stage = Stage::new();
    for head in [
        "GET  /up/a HTTP/1.1\r\nHost: {host}",
        "GET /up/a  HTTP/1.1\r\nHost: {host}",
        "GET /up/a HTTP/1.1 \r\nHost: {host}",
        " GET /up/a HTTP/1.1\r\nHost: {host}",
        "GET\t/up/a HTTP/1.1\r\nHost: {host}",
        "GET /up/a\tHTTP/1.1\r\nHost: {host}",
        "GET /up/a\tb HTTP/1.1\r\nHost: {host}",
        "GET /up/\u{7f} HTTP/1.1\r\nHost: {host}",
        "GET /up/a http/1.1\r\nHost: {host}",
        "GET /up/a HTTP/1.10\r\nHost: {host}",
        "GET /up/a HTTP/1.2\r\nHost: {host}",
        "GET /up/a HTTP/01.1\r\nHost: {host}",
        "GET /up/a\r\nHost: {host}",
        "GET /up/a HTTP/1.1\rHost: {host}",
        "GET up/a HTTP/1.1\r\nHost: {host}",
        "GET HTTP/1.1\r\nHost: {host}",
        "GET * HTTP/1.1\r\nHost: {host}",
        "GET http://{host}@evil.example/up/a HTTP/1.1\r\nHost: {host}",
        "GET ftp://{host}/up/a HTTP/1.1\r\nHost: {host}",
        "GET /up/a HTTP/1.1\r\nHost: {host}\r\n: y",
        "GET /up/a HTTP/1.1\r\nHost: {host}\r\n(x): y",
        "GET /up/a HTTP/1.1\r\nHost: {host}\r\nX\u{e9}: y",
        "GET /up/a HTTP/1.1\r\nHost: {host}\r\nX\t: y",
        "GET /up/a HTTP/1.1\r\nHost: {host}\r\nX",
        "GET /up/a HTTP/1.1\r\nHost: {host}\r\n\tX: y",
        "GET /up/a HTTP/1.1\r\n Host: {host}",
        "GET /up/a HTTP/1.1\r\nHost: {host}\r\nX: \u{7f}",
        "GET /up/a HTTP/1.1\r\nHost: {host}\r\nX: a\rb",
        "GET /up/a HTTP/1.1\r\nHost: {host}\r\nContent-Length: 3\t4",
        "GET /up/a HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0x3",
        "GET /up/a HTTP/1.1\r\nHost: {host}\r\nContent-Length: -0",
        "GET /up/a HTTP/1.1\r\nHost: {host}\r\nContent-Length:",
        "GET /up/a HTTP/1.1\r\nHost: {host}\r\nContent-Length: \u{a0}3",
        "GET /up/a HTTP/1.1\r\nHost: {host}\r\nContent-Length: 18446744073709551616",
        "GET /up/a HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked, chunked",
        "GET /up/a HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: identity",
        "GET /up/a HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding:",
        "GET /up/a HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: \"chunked\"",
    ] {
        let mut caller = stage.ask(&format!("{head}\r\n\r\nabc"));
        let (text, _) = caller.rest();
        assert!(text.starts_with("HTTP/1.1 400 "), "{head:?}: {text}");
        assert_eq!(text.matches("HTTP/1.1 4").count(), 1, "{head:?}: {text}");
    }
    stage.assert_unasked();
}

#[test]
fn odd_but_valid_heads_are_taken() {
    let stage = Stage::new();
    let _echo = Echo::behind(&stage);
    for (line, headers, expected) in [
        ("M-SEARCH /up/a?b=c|{}", "X:", "M-SEARCH /a?b=c|{} 0 "),
        ("GET /up/%00", "Content-Length:\t3  ", "GET /%00 3 abc"),
        ("POST /up/a", "cONTENT-lENGTH:0003", "POST /a 3 abc"),
        ("GET /up/a", "X: a:b: c", "GET /a 0 "),
    ] {
        let body = if expected.ends_with("abc") { "abc" } else { "" };
        let mut caller = stage.ask(&format!(
            "{line} HTTP/1.1\r\nHost:{{host}}\r\n{headers}\r\n\r\n{body}"
        ));
        assert_eq!(answer(&mut caller, "GET").1, expected);
        assert_goes_on(&stage, &mut caller);
    }
}

/// A request like any, and its method.
fn request(random: &mut fastrand::Rng, host: &str) -> (String, String) {
    const SIZES: [usize; 7] = [0, 1, 5, 300, 4096, 20_000, 70_000];
    let method = ["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH"][random.usize(..6)];
    let number = random.u32(..1000);
    let paths = ["/up/", "/up/chunked/", "/up/chunked?a=", "/-/health?"];
    let paths = match method {
        "GET" | "HEAD" => &paths[..],
        _ => &paths[..3],
    };
    let path = paths[random.usize(..paths.len())];
    let mut text = "\r\n".repeat(random.usize(..4) / 3);
    write!(text, "{method} {path}{number} HTTP/1.1\r\n").unwrap();
    let mut lines = vec![format!("Host: {host}\r\n")];
    for _ in 0..random.usize(..4) {
        let value = "v".repeat(random.usize(..200));
        lines.push(format!("X-{}:{value} \r\n", random.u32(..9)));
    }
    let has_body = path.starts_with("/up") && matches!(method, "POST" | "PUT" | "PATCH");
    let mut body = String::new();
    if has_body {
        for _ in 0..SIZES[random.usize(..SIZES.len())] {
            body.push(random.alphanumeric());
        }
        if random.u8(..4) == 0 {
            lines.push("Expect: 100-continue\r\n".to_owned());
        }
        if random.bool() {
            lines.push(format!("Content-Length: {}\r\n", body.len()));
        } else {
            lines.push("Transfer-Encoding: chunked\r\n".to_owned());
            body = chunked(random, &body);
        }
    }
    random.shuffle(&mut lines);
    text.push_str(&lines.concat());
    text.push_str("\r\n");
    text.push_str(&body);
    (method.to_owned(), text)
}

fn chunked(random: &mut fastrand::Rng, body: &str) -> String {
    let mut chunks = String::new();
    let mut rest = body;
    while !rest.is_empty() {
        let (chunk, behind) = rest.split_at(random.usize(1..=rest.len().min(9000)));
        write!(chunks, "{:X}\r\n{chunk}\r\n", chunk.len()).unwrap();
        rest = behind;
    }
    chunks.push_str("0\r\n");
    if random.u8(..3) == 0 {
        chunks.push_str("X-Sum: 7\r\n");
    }
    chunks.push_str("\r\n");
    chunks
}

#[test]
fn however_requests_are_cut_they_are_answered_alike() {
    let stage = Stage::new();
    let _echo = Echo::behind(&stage);
    for seed in 0..150 {
        let mut random = fastrand::Rng::with_seed(seed);
        let requests: Vec<_> = (0..random.usize(1..8))
            .map(|_| request(&mut random, &stage.host()))
            .collect();
        let expected: Vec<_> = requests
            .iter()
            .map(|(method, text)| {
                let mut alone = stage.caller();
                alone.send(text);
                answer(&mut alone, method)
            })
            .collect();
        let mut caller = stage.caller();
        let mut rest = requests
            .iter()
            .map(|(_, text)| text.as_str())
            .collect::<String>();
        let piece_max = [1, 20, 3000, 100_000][random.usize(..4)];
        if piece_max == 1 && rest.len() > 5000 {
            continue;
        }
        while !rest.is_empty() {
            let behind = rest.split_off(random.usize(1..=rest.len().min(piece_max)));
            caller.send(&rest);
            if random.u8(..8) == 0 {
                std::thread::yield_now();
            }
            rest = behind;
        }
        for ((method, _), expected) in requests.iter().zip(expected) {
            assert_eq!(answer(&mut caller, method), expected, "seed {seed}");
        }
        caller.assert_quiet();
    }
}

#[test]
fn trailers_that_mean_something_elsewhere_are_dropped() {
    let stage = Stage::new();
    let mut caller = stage.ask("GET /up/a HTTP/1.1\r\nHost: {host}\r\nTE: trailers\r\n\r\n");
    let (mut upstream, _) = stage.asked();
    upstream.send(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\
         Trailer: x-sum, content-length, transfer-encoding, set-cookie, trailer, cache-control, \
         content-type, content-encoding, host, trunkline-call-id\r\n\r\n\
         2\r\nok\r\n0\r\nx-sum: 7\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\
         set-cookie: a=b\r\ntrailer: x\r\ncache-control: public\r\ncontent-type: text/html\r\n\
         content-encoding: gzip\r\nhost: evil.example\r\n\r\n",
    );
    caller.head();
    assert_eq!(caller.until("\r\n\r\n"), "2\r\nok\r\n0\r\nx-sum: 7\r\n\r\n");
}

#[test]
fn an_upload_that_stands_still_after_it_was_asked_for_is_told_so() {
    let stage = Stage::new();
    let mut caller = stage.ask(
        "POST /up/a HTTP/1.1\r\nHost: {host}\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n",
    );
    assert_eq!(caller.head(), CONTINUE);
    caller.send("begun");
    stage.pass(70);
    caller.assert_quiet();
    stage.leap(15);
    let (text, _) = caller.rest();
    assert!(text.starts_with("HTTP/1.1 408 "), "{text:?}");
}

#[test]
fn nobody_is_told_to_send_a_small_body_for_a_connector_that_there_is_not() {
    let stage = Stage::new();
    let mut caller = stage.ask(
        "POST /upp/a HTTP/1.1\r\nHost: {host}\r\nExpect: 100-continue\r\n\
         Content-Length: 5\r\n\r\n",
    );
    let head = caller.head();
    assert!(head.starts_with("http/1.1 404 "), "{head}");
    assert!(head.contains("\r\nconnection: close\r\n"), "{head}");
}
