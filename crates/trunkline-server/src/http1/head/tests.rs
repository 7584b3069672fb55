//! What requests are made of heads, and which are none.

use expect_test::{Expect, expect};

use super::*;
use crate::http1::scan::Scan;

fn parsed(text: &str) -> Result<Head, Stop> {
    let mut scan = Scan::new();
    let found = scan.find_end(text.as_bytes())?.expect("a whole head");
    assert_eq!(found.bytes, text.len());
    parse(&Bytes::from(text.to_owned()), scan.lines())
}

#[track_caller]
fn check(text: &str, expected: Expect) {
    let shown = match parsed(text) {
        Ok(head) => format!(
            "{} {} {:?}, keeps alive: {}, expects: {:?}",
            head.request.method(),
            head.request.uri(),
            head.request.version(),
            head.asked.keeps_alive,
            head.expects,
        ),
        Err(stop) => format!("{stop:?}"),
    };
    expected.assert_eq(&shown);
}

#[test]
fn a_head_becomes_a_request() {
    let head = parsed("\r\nGET /a?b=%20 HTTP/1.1\r\nHost: a\r\nX-A: 1\r\nx-a:\t2 \r\nE:\r\n\r\n");
    let headers = head.expect("a head").request.headers().clone();
    let values: Vec<_> = headers.get_all("x-a").iter().collect();
    assert_eq!(values, ["1", "2"]);
    assert_eq!(headers["e"], "");
    check(
        "GET /a?b=%20 HTTP/1.1\r\nHost: a\r\n\r\n",
        expect!["GET /a?b=%20 HTTP/1.1, keeps alive: true, expects: Nothing"],
    );
    check(
        "OPTIONS * HTTP/1.1\r\n\r\n",
        expect!["OPTIONS * HTTP/1.1, keeps alive: true, expects: Nothing"],
    );
    check(
        "GET http://a/b HTTP/1.1\r\n\r\n",
        expect!["GET http://a/b HTTP/1.1, keeps alive: true, expects: Nothing"],
    );
}

#[test]
fn connections_live_on_as_their_version_has_it() {
    for (version, line, expected) in [
        ("1.1", "", true),
        ("1.1", "Connection: close\r\n", false),
        (
            "1.1",
            "Connection: x, CLOSE\r\nConnection: keep-alive\r\n",
            false,
        ),
        ("1.0", "", false),
        ("1.0", "Connection: Keep-Alive\r\n", true),
        ("1.0", "Connection: keep-alive, close\r\n", false),
    ] {
        let head = parsed(&format!("GET / HTTP/{version}\r\n{line}\r\n")).expect("a head");
        assert_eq!(head.asked.keeps_alive, expected, "{version} {line}");
    }
}

#[test]
fn only_a_caller_of_http_1_1_waits_to_be_told() {
    check(
        "PUT / HTTP/1.1\r\nExpect: 100-Continue\r\n\r\n",
        expect!["PUT / HTTP/1.1, keeps alive: true, expects: Continue"],
    );
    check(
        "PUT / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n",
        expect!["PUT / HTTP/1.0, keeps alive: false, expects: Nothing"],
    );
    check(
        "PUT / HTTP/1.1\r\nExpect: more\r\n\r\n",
        expect!["PUT / HTTP/1.1, keeps alive: true, expects: Nothing"],
    );
}

#[test]
fn what_is_no_request_is_refused() {
    for text in [
        "GET / HTTP/1.2\r\n\r\n",
        "GET / HTTP/2.0\r\n\r\n",
        "GET /\r\n\r\n",
        "GET\r\n\r\n",
        "G@T / HTTP/1.1\r\n\r\n",
        "GET  / HTTP/1.1\r\n\r\n",
        "GET / a HTTP/1.1\r\n\r\n",
        " GET / HTTP/1.1\r\n\r\n",
        "GET /\u{7f} HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\n: a\r\n\r\n",
        "GET / HTTP/1.1\r\nA\u{e9}: a\r\n\r\n",
        "GET / HTTP/1.1\r\n(a): a\r\n\r\n",
        "GET / HTTP/1.1\r\nA: \u{7f}\r\n\r\n",
        "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
    ] {
        let stop = parsed(text).map(|head| head.request).expect_err(text);
        assert!(matches!(stop, Stop::Malformed(_)), "{text:?}: {stop:?}");
    }
}

#[test]
fn a_target_has_its_limit() {
    let target = |length: usize| format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(length - 1));
    assert!(parsed(&target(TARGET_BYTES_MAX)).is_ok());
    let stop = parsed(&target(TARGET_BYTES_MAX + 1)).map(|head| head.request);
    assert_eq!(stop.err(), Some(Stop::TooLarge));
}
