//! What is said of bytes that are no request.

use expect_test::{Expect, expect};

use super::{HeadLimits, Stop, error};
use crate::http1::Malformed;

#[track_caller]
fn check(stop: Stop, bytes: &[u8], expected: Expect) {
    let limits = HeadLimits {
        headers: 3,
        header_bytes: 1000,
    };
    let error = error(stop, bytes, limits);
    let hint = error.hint().unwrap_or("(the usual)");
    expected.assert_eq(&format!("{}: {error}; {hint}", error.kind().code()));
}

#[test]
fn what_is_no_http_is_told_apart_where_it_can_be() {
    check(
        Stop::Malformed(Malformed("it is odd")),
        b"GET / HTTP/7.3\r\n",
        expect!["request_malformed: the request is malformed: it is odd; (the usual)"],
    );
    check(
        Stop::Malformed(Malformed("it is odd")),
        b"GET / HTTP/1.1\r\nX : y\r\n",
        expect!["request_malformed: the request is malformed: it is odd; (the usual)"],
    );
    check(
        Stop::Malformed(Malformed("it is odd")),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        expect![
            "request_malformed: the request is no HTTP but the beginning of a TLS connection; this is plain http: use http://…"
        ],
    );
    check(
        Stop::Malformed(Malformed("it is odd")),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        expect!["request_malformed: the request is HTTP/2, which is not spoken here; use HTTP/1.1"],
    );
    check(
        Stop::Malformed(Malformed("it is odd")),
        b"",
        expect!["request_malformed: the request is malformed: it is odd; (the usual)"],
    );
}

#[test]
fn what_is_too_large_is_told_with_its_limit() {
    check(
        Stop::TooLarge,
        b"GET / HTTP/1.1\r\na: 1\r\nb: 2\r\nc: 3\r\nd: 4\r\n\r\nbody\nbody",
        expect![
            "headers_too_large: the request has more than 3 headers; send fewer headers, or raise `server.headers_max`"
        ],
    );
    check(
        Stop::TooLarge,
        b"GET / HTTP/1.1\r\na: 1\r\nb: 2\r\nc: 3\r\n\r\nbody\nbody\nbody\nbody",
        expect![
            "headers_too_large: the request's headers are larger than 1000 bytes; send shorter headers, or raise `server.header_bytes_max`"
        ],
    );
    check(
        Stop::TooLarge,
        "GET /aaa".as_bytes(),
        expect![
            "headers_too_large: the request's target is longer than 2000 bytes; send what is long in the body"
        ],
    );
    let long = format!("GET /{} HTTP/1.1\r\na: 1\r\n\r\n", "a".repeat(65_534));
    check(
        Stop::TooLarge,
        long.as_bytes(),
        expect![
            "headers_too_large: the request's target is longer than 2000 bytes; send what is long in the body"
        ],
    );
}
