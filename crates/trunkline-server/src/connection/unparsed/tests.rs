//! What is said of bytes that are no request.

use expect_test::{Expect, expect};

use super::{HeadLimits, Stop, error};
use crate::framing::{Finding, Shape};

#[track_caller]
fn check(stop: Stop, bytes: &[u8], finding: Option<Shape>, expected: Expect) {
    let finding = finding.map(|shape| Finding { request: 0, shape });
    let limits = HeadLimits {
        headers: 3,
        header_bytes: 1000,
    };
    let error = error(stop, bytes, finding, limits);
    let hint = error.hint().unwrap_or("(the usual)");
    expected.assert_eq(&format!("{}: {error}; {hint}", error.kind().code()));
}

#[test]
fn what_is_no_http_is_told_apart_where_it_can_be() {
    check(
        Stop::NoHttp,
        b"GET / HTTP/7.3\r\n",
        None,
        expect![
            "request_malformed: the request is malformed: its first line or one of its headers is not HTTP/1.1; (the usual)"
        ],
    );
    check(
        Stop::NoHttp,
        b"GET / HTTP/1.1\r\nX : y\r\n",
        Some(Shape::SpaceBeforeColon),
        expect![
            "request_malformed: the request is malformed: it has white space before a header's colon; (the usual)"
        ],
    );
    check(
        Stop::NoHttp,
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        Some(Shape::ControlCharacter),
        expect![
            "request_malformed: the request is no HTTP but the beginning of a TLS connection; this is plain http: use http://…"
        ],
    );
    check(
        Stop::NoHttp,
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        None,
        expect!["request_malformed: the request is HTTP/2, which is not spoken here; use HTTP/1.1"],
    );
    check(
        Stop::NoHttp,
        b"",
        None,
        expect![
            "request_malformed: the request is malformed: its first line or one of its headers is not HTTP/1.1; (the usual)"
        ],
    );
}

#[test]
fn a_length_beyond_all_measure_is_told_from_a_head() {
    check(
        Stop::TooLarge,
        b"",
        None,
        expect![
            "body_too_large: the request declares a longer body than there can be; (the usual)"
        ],
    );
}

#[test]
fn what_is_too_large_is_told_with_its_limit() {
    check(
        Stop::TooLarge,
        b"GET / HTTP/1.1\r\na: 1\r\nb: 2\r\nc: 3\r\nd: 4\r\n\r\nbody\nbody",
        None,
        expect![
            "headers_too_large: the request has more than 3 headers; send fewer headers, or raise `server.headers_max`"
        ],
    );
    check(
        Stop::TooLarge,
        b"GET / HTTP/1.1\r\na: 1\r\nb: 2\r\nc: 3\r\n\r\nbody\nbody\nbody\nbody",
        None,
        expect![
            "headers_too_large: the request's headers are larger than 1000 bytes; send shorter headers, or raise `server.header_bytes_max`"
        ],
    );
    check(
        Stop::TooLarge,
        "GET /aaa".as_bytes(),
        None,
        expect![
            "headers_too_large: the request's target is longer than 2000 bytes; send what is long in the body"
        ],
    );
    let long = format!("GET /{} HTTP/1.1\r\na: 1\r\n\r\n", "a".repeat(65_534));
    check(
        Stop::TooLarge,
        long.as_bytes(),
        None,
        expect![
            "headers_too_large: the request's target is longer than 2000 bytes; send what is long in the body"
        ],
    );
}
