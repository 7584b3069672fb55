//! Requests that could be read in two ways, or that are too large.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::stage::{Set, Stage};

/// Sends a request and gives back what came before the connection ended.
#[track_caller]
fn refused(stage: &Stage, request: &str) -> String {
    let mut caller = stage.ask(request);
    let (text, _) = caller.rest();
    text.to_lowercase()
}

#[test]
fn smuggling_shapes_are_refused_and_the_connection_closes() {
    let stage = Stage::new();
    let post = "POST /up/a HTTP/1.1\r\nHost: {host}\r\n";
    for (shape, request) in [
        (
            "both",
            format!("{post}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        ),
        (
            "both",
            format!("{post}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"),
        ),
        (
            "twice",
            format!("{post}Content-Length: 5\r\nContent-Length: 5\r\n\r\nabcde"),
        ),
        (
            "te",
            format!("{post}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
        ),
        (
            "te",
            format!(
                "{post}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
            ),
        ),
        (
            "extension",
            format!("{post}Transfer-Encoding: chunked\r\n\r\n5;a=b\r\nabcde\r\n0\r\n\r\n"),
        ),
        ("lf", "GET /up/a HTTP/1.1\nHost: {host}\n\n".to_owned()),
        ("lf", "GET /up/a HTTP/1.1\r\nHost: {host}\n\r\n".to_owned()),
        (
            "fragment",
            "GET /up/a#b HTTP/1.1\r\nHost: {host}\r\n\r\n".to_owned(),
        ),
        (
            "no host",
            "GET /up/a HTTP/1.1\r\nX: {host}\r\n\r\n".to_owned(),
        ),
        (
            "two hosts",
            "GET /up/a HTTP/1.1\r\nHost: {host}\r\nHost: {host}\r\n\r\n".to_owned(),
        ),
        (
            "absolute",
            "GET http://evil.example/up/a HTTP/1.1\r\nHost: {host}\r\n\r\n".to_owned(),
        ),
    ] {
        let smuggled = format!("{request}GET /up/smuggled HTTP/1.1\r\nHost: {{host}}\r\n\r\n");
        let text = refused(&stage, &smuggled);
        assert!(text.starts_with("http/1.1 400 "), "{shape}: {text}");
        assert!(
            text.contains("\"code\":\"request_malformed\""),
            "{shape}: {text}"
        );
        assert!(text.contains("connection: close\r\n"), "{shape}: {text}");
        assert_eq!(text.matches("http/1.1 ").count(), 1, "{shape}: {text}");
    }
    stage.assert_unasked();
}

#[test]
fn what_is_no_http_is_told_so_in_words_and_counted() {
    let stage = Stage::new();
    let requests = [
        "\0\0\0\0\r\n\r\n",
        "GET\r\n\r\n",
        "GET /up/a HTTP/3.7\r\nHost: {host}\r\n\r\n",
        "GET /up/a b HTTP/1.1\r\nHost: {host}\r\n\r\n",
        "G@T /up/a HTTP/1.1\r\nHost: {host}\r\n\r\n",
        "GET /up/a HTTP/1.1\r\nHost: {host}\r\nX : y\r\n\r\n",
        "GET /up/a HTTP/1.1\r\nHost: {host}\r\nX: y\r\n z\r\n\r\n",
        "GET /up/a HTTP/1.1\r\nHost: {host}\r\nX: \0\r\n\r\n",
        "POST /up/a HTTP/1.1\r\nHost: {host}\r\nContent-Length: 3, 3\r\n\r\nabc",
        "POST /up/a HTTP/1.1\r\nHost: {host}\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        "POST /up/a HTTP/1.1\r\nHost: {host}\r\nContent-Length: +3\r\n\r\nabc",
        "POST /up/a HTTP/1.0\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\u{1}\u{fc}\u{3}\u{3}",
    ];
    for request in requests {
        let text = refused(&stage, request);
        assert!(text.starts_with("http/1.1 400 "), "{request:?}: {text}");
        for part in [
            "\r\ncontent-type: application/problem+json\r\n",
            "\r\ntrunkline-call-id: call_",
            "\r\nconnection: close\r\n",
            "\"code\":\"request_malformed\"",
        ] {
            assert!(text.contains(part), "no {part:?} for {request:?}: {text}");
        }
        assert_eq!(text.matches("http/1.1 4").count(), 1, "{request:?}: {text}");
    }
    let mut caller = stage.ask("GET /-/metrics HTTP/1.1\r\nHost: {host}\r\n\r\n");
    let counted = format!(
        "trunkline_refused_total{{code=\"request_malformed\"}} {}\n",
        requests.len()
    );
    let metrics = caller.message().1;
    assert!(metrics.contains(&counted), "{metrics}");
    stage.assert_unasked();
}

#[test]
fn a_caller_that_means_tls_is_told_what_this_is() {
    let stage = Stage::new();
    let hello = "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\u{1}\u{fc}\u{3}\u{3}";
    let text = refused(&stage, hello);
    assert!(
        text.contains("this is plain http: use http://..."),
        "{text}"
    );
}

#[test]
fn what_is_no_http_behind_a_good_request_leaves_its_answer_whole() {
    let stage = Stage::new();
    let mut caller = stage.ask("GET /up/a HTTP/1.1\r\nHost: {host}\r\n\r\nGET\r\n\r\n");
    let (mut upstream, _) = stage.asked();
    upstream.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n");
    assert_eq!(caller.until("2\r\nok\r\n").lines().last(), Some("ok"));
    upstream.send("0\r\n\r\n");
    assert_eq!(caller.until("\r\n\r\n"), "0\r\n\r\n");
    let (head, body) = caller.message();
    assert!(head.starts_with("http/1.1 400 "), "{head}");
    assert!(body.contains("\"code\":\"request_malformed\""), "{body}");
    caller.assert_over();
}

#[test]
fn a_bad_request_behind_a_good_one_is_refused_alone() {
    let stage = Stage::new();
    let mut caller = stage.ask(
        "GET /up/a HTTP/1.1\r\nHost: {host}\r\n\r\n\
         GET /up/b#c HTTP/1.1\r\nHost: {host}\r\n\r\n",
    );
    let (mut upstream, _) = stage.asked();
    upstream.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    assert_eq!(caller.message().1, "ok");
    let (head, body) = caller.message();
    assert!(head.starts_with("http/1.1 400 "), "{head}");
    assert!(body.contains("fragment"), "{body}");
    caller.assert_over();
}

#[test]
fn a_body_that_turns_bad_does_not_reach_the_upstream_whole() {
    let stage = Stage::new();
    let mut caller = stage.ask(
        "POST /up/a HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n",
    );
    let (mut upstream, _) = stage.asked();
    assert_eq!(upstream.until("first\r\n"), "5\r\nfirst\r\n");
    caller.send("6;x=y\r\nsecond\r\n0\r\n\r\n");
    let (rest, _) = upstream.rest();
    assert_eq!(rest, "", "nothing after the bad chunk, and no clean end");
    let (text, _) = caller.rest();
    assert!(text.starts_with("HTTP/1.1 400 "), "{text}");
    assert!(text.contains("chunk extensions"), "{text}");
}

#[test]
fn large_requests_are_refused() {
    let stage =
        Set::with("header_bytes_max = \"8KiB\"\nbody_max = \"1MiB\"\nheaders_max = 50").start();
    let long = format!(
        "GET /up/a HTTP/1.1\r\nHost: {{host}}\r\nX: {}\r\n\r\n",
        "a".repeat(9_000)
    );
    assert!(refused(&stage, &long).contains("\"code\":\"headers_too_large\""));
    let endless = format!(
        "GET /up/a HTTP/1.1\r\nHost: {{host}}\r\nX: {}\r\n\r\n",
        "a".repeat(30_000)
    );
    let text = refused(&stage, &endless);
    assert!(text.starts_with("http/1.1 431 "), "{text}");
    assert!(
        text.contains("headers are larger than 8192 bytes"),
        "{text}"
    );
    let many = "X: a\r\n".repeat(60);
    let many = format!("GET /up/a HTTP/1.1\r\nHost: {{host}}\r\n{many}\r\n");
    assert!(refused(&stage, &many).contains("61 headers, 50 are allowed"));
    let flood = "X: a\r\n".repeat(5000);
    let flood = format!("GET /up/a HTTP/1.1\r\nHost: {{host}}\r\n{flood}\r\n");
    assert!(refused(&stage, &flood).contains("more than 50 headers"));
    let declared = "POST /up/a HTTP/1.1\r\nHost: {host}\r\nContent-Length: 1048577\r\n\r\n";
    let text = refused(&stage, declared);
    assert!(text.starts_with("http/1.1 413 "), "{text}");
    assert!(text.contains("\"code\":\"body_too_large\""), "{text}");
    let line = format!(
        "GET /{} HTTP/1.1\r\nHost: {{host}}\r\n\r\n",
        "a".repeat(70_000)
    );
    let text = refused(&stage, &line);
    assert!(text.contains("target is longer than 16384 bytes"), "{text}");
    stage.assert_unasked();
}

#[test]
fn a_refusal_reaches_a_caller_that_is_still_sending() {
    let stage = Set::with("body_max = \"1KiB\"").start();
    let mut caller =
        stage.ask("POST /up/a HTTP/1.1\r\nHost: {host}\r\nContent-Length: 4000000\r\n\r\n");
    let piece = "x".repeat(10_000);
    for _ in 0..400 {
        caller.send(&piece);
    }
    let (head, _) = caller.message();
    assert!(head.starts_with("http/1.1 413 "), "{head}");
}

#[test]
fn bodies_of_unknown_length_are_counted() {
    let stage = Set::with("body_max = \"8B\"").start();
    let mut caller = stage.ask(
        "POST /up/a HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n",
    );
    let (mut upstream, _) = stage.asked();
    upstream.until("abcde\r\n");
    caller.send("5\r\nfghij\r\n0\r\n\r\n");
    let (rest, _) = upstream.rest();
    assert_eq!(rest, "");
    let (text, _) = caller.rest();
    assert!(text.starts_with("HTTP/1.1 413 "), "{text}");
    assert!(text.contains("larger than 8 bytes"), "{text}");
}

/// Panics of the threads that carry calls, which no caller would see.
static PANICS: AtomicUsize = AtomicUsize::new(0);

#[test]
fn no_bytes_whatever_do_harm() {
    const PIECES: [&str; 20] = [
        "GET /up/a HTTP/1.1\r\n",
        "POST /-/health HTTP/1.1\r\n",
        "Host: {host}\r\n",
        "\r\n",
        "\n",
        "Content-Length: 3\r\n",
        "Content-Length: 99999999999\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Expect: 100-continue\r\n",
        "Connection: close\r\n",
        "Origin: null\r\n",
        "abc",
        "3\r\n",
        "0\r\n",
        "ffffffffffffffffff\r\n",
        ";",
        "\0",
        "\u{ff}",
        "HEAD * HTTP/1.0\r\n",
        "Trunkline-Retry: 0\r\n",
    ];
    std::panic::set_hook(Box::new(|panic| {
        let thread = std::thread::current();
        if thread.name().is_some_and(|name| name.starts_with("calls-")) {
            PANICS.fetch_add(1, Ordering::Relaxed);
        }
        std::io::Write::write_fmt(&mut std::io::stderr(), format_args!("{panic}\n")).ok();
    }));
    let stage = Stage::new();
    for seed in 0..300 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut caller = stage.caller();
        for _ in 0..random.usize(1..12) {
            let piece = PIECES[random.usize(..PIECES.len())];
            if !caller.try_send(&piece.replace("{host}", &stage.host())) {
                break;
            }
        }
        caller.try_close_sending();
        caller.rest();
    }
    let mut caller = stage.ask("GET /-/health HTTP/1.1\r\nHost: {host}\r\n\r\n");
    assert_eq!(caller.message().1, "ok\n");
    assert_eq!(PANICS.load(Ordering::Relaxed), 0);
}
