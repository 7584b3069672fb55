//! What heads look like, and how the bodies behind them end.

use std::time::SystemTime;

use expect_test::{Expect, expect};
use http::{HeaderValue, Response};
use trunkline::CallId;

use super::*;

/// A head as it is written, and what it commits us to.
fn written(
    status: u16,
    headers: &[(&'static str, &'static str)],
    length: Option<u64>,
    asked: Asked,
) -> String {
    let mut head = Response::new(()).into_parts().0;
    head.status = StatusCode::from_u16(status).expect("a status");
    for (name, value) in headers {
        head.headers.append(*name, HeaderValue::from_static(value));
    }
    let mut out = Vec::new();
    let written = write(
        &mut out,
        &head,
        length,
        asked,
        (tag(), &Date::of(SystemTime::UNIX_EPOCH)),
    );
    let text = String::from_utf8(out).expect("text").replace('\r', "");
    let text = text.replace("date: Thu, 01 Jan 1970 00:00:00 GMT\n", "");
    let text = text.replace("trunkline-call-id: call_00000000000000000000000007\n", "");
    format!(
        "{text}{:?}, keeps alive: {}",
        written.framing, written.keeps_alive
    )
}

fn tag() -> Tag {
    CallId::new(SystemTime::UNIX_EPOCH, 7).into()
}

fn whole() -> Asked {
    Asked::default()
}

fn old() -> Asked {
    Asked {
        version: Version::HTTP_10,
        ..whole()
    }
}

fn head_only() -> Asked {
    Asked {
        scope: Scope::Head,
        ..whole()
    }
}

#[track_caller]
fn check(shown: &str, expected: Expect) {
    expected.assert_eq(shown);
}

#[test]
fn a_body_is_framed_by_what_it_is() {
    let length = written(200, &[("x-a", "1"), ("x-a", "2")], Some(3), whole());
    check(
        &length,
        expect![[r#"
        HTTP/1.1 200 OK
        x-a: 1
        x-a: 2
        content-length: 3

        Length(3), keeps alive: true"#]],
    );
    let unknown = written(200, &[], None, whole());
    check(
        &unknown,
        expect![[r#"
        HTTP/1.1 200 OK
        transfer-encoding: chunked

        Chunked, keeps alive: true"#]],
    );
    let nothing = written(200, &[], Some(0), whole());
    check(
        &nothing,
        expect![[r#"
        HTTP/1.1 200 OK
        content-length: 0

        Length(0), keeps alive: true"#]],
    );
    // What an upstream said of its own framing is not ours.
    let headers = [
        ("content-length", "3"),
        ("transfer-encoding", "gzip, chunked"),
    ];
    assert_eq!(
        written(200, &headers, Some(3), whole()),
        written(200, &[], Some(3), whole())
    );
    // Unless the body itself does not know.
    assert_eq!(
        written(200, &headers, None, whole()),
        written(200, &[], Some(3), whole())
    );
    let two = [("content-length", "3"), ("content-length", "3")];
    assert_eq!(written(200, &two, None, whole()), unknown);
}

#[test]
fn an_old_caller_gets_no_chunks() {
    check(
        &written(200, &[("trailer", "x")], None, old()),
        expect![[r#"
            HTTP/1.0 200 OK
            connection: close

            UntilClose, keeps alive: false"#]],
    );
    check(
        &written(200, &[], Some(3), old()),
        expect![[r#"
        HTTP/1.0 200 OK
        content-length: 3
        connection: keep-alive

        Length(3), keeps alive: true"#]],
    );
    let once = Asked {
        keeps_alive: false,
        ..old()
    };
    check(
        &written(200, &[], Some(3), once),
        expect![[r#"
        HTTP/1.0 200 OK
        content-length: 3
        connection: close

        Length(3), keeps alive: false"#]],
    );
}

#[test]
fn where_there_is_no_body_a_length_is_what_was_said() {
    let said = [("content-length", "7")];
    check(
        &written(200, &said, Some(0), head_only()),
        expect![[r#"
        HTTP/1.1 200 OK
        content-length: 7

        Length(0), keeps alive: true"#]],
    );
    check(
        &written(200, &[], Some(0), head_only()),
        expect![[r#"
        HTTP/1.1 200 OK

        Length(0), keeps alive: true"#]],
    );
    check(
        &written(200, &[], Some(7), head_only()),
        expect![[r#"
        HTTP/1.1 200 OK
        content-length: 7

        Length(0), keeps alive: true"#]],
    );
    check(
        &written(200, &[], None, head_only()),
        expect![[r#"
        HTTP/1.1 200 OK

        Length(0), keeps alive: true"#]],
    );
    check(
        &written(304, &said, Some(0), whole()),
        expect![[r#"
        HTTP/1.1 304 Not Modified
        content-length: 7

        Length(0), keeps alive: true"#]],
    );
    // RFC 9110 section 8.6: neither a 204 nor an interim answer may have one.
    check(
        &written(204, &said, Some(0), whole()),
        expect![[r#"
        HTTP/1.1 204 No Content

        Length(0), keeps alive: true"#]],
    );
    check(
        &written(204, &[], None, whole()),
        expect![[r#"
        HTTP/1.1 204 No Content

        Length(0), keeps alive: true"#]],
    );
}

#[test]
fn a_change_of_protocol_has_neither_body_nor_close() {
    let headers = [("connection", "upgrade"), ("upgrade", "websocket")];
    check(
        &written(101, &headers, Some(0), whole()),
        expect![[r#"
        HTTP/1.1 101 Switching Protocols
        connection: upgrade
        upgrade: websocket

        Length(0), keeps alive: false"#]],
    );
}

#[test]
fn an_end_of_the_connection_is_said_once() {
    let once = Asked {
        keeps_alive: false,
        ..whole()
    };
    check(
        &written(200, &[], Some(0), once),
        expect![[r#"
        HTTP/1.1 200 OK
        content-length: 0
        connection: close

        Length(0), keeps alive: false"#]],
    );
    check(
        &written(400, &[("connection", "close")], Some(0), once),
        expect![[r#"
            HTTP/1.1 400 Bad Request
            connection: close
            content-length: 0

            Length(0), keeps alive: false"#]],
    );
    check(
        &written(400, &[("connection", "close")], Some(0), whole()),
        expect![[r#"
            HTTP/1.1 400 Bad Request
            connection: close
            content-length: 0

            Length(0), keeps alive: false"#]],
    );
}

#[test]
fn every_answer_has_a_date_and_no_second() {
    let mut head = Response::new(()).into_parts().0;
    let date = Date::of(SystemTime::UNIX_EPOCH);
    let mut out = Vec::new();
    write(&mut out, &head, Some(0), whole(), (tag(), &date));
    assert!(String::from_utf8_lossy(&out).contains("\r\ndate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"));
    head.headers
        .insert(DATE, HeaderValue::from_static("yesterday"));
    out.clear();
    write(&mut out, &head, Some(0), whole(), (tag(), &date));
    let text = String::from_utf8_lossy(&out);
    assert!(
        text.contains("\r\ndate: yesterday\r\n") && !text.contains("1970"),
        "{text}"
    );
}

#[test]
fn an_unknown_status_has_a_reason_as_well() {
    assert!(written(299, &[], Some(0), whole()).starts_with("HTTP/1.1 299 Unknown\n"));
    assert!(written(404, &[], Some(0), old()).starts_with("HTTP/1.0 404 Not Found\n"));
}

#[test]
fn trailers_are_those_that_were_announced() {
    let head = HeaderMap::from_iter([
        (
            TRAILER,
            HeaderValue::from_static("X-Sum, content-digest, content-length, Vary, trunkline-hint"),
        ),
        (DATE, HeaderValue::from_static("now")),
    ]);
    let mut trailers = HeaderMap::new();
    for (name, value) in [
        ("x-sum", "1"),
        ("x-sum", "2"),
        ("set-cookie", "a"),
        ("content-digest", "b"),
        ("content-length", "0"),
        ("vary", "*"),
        ("trunkline-hint", "c"),
    ] {
        trailers.append(name, HeaderValue::from_static(value));
    }
    let kept = announced(&head, trailers);
    let kept: Vec<_> = kept
        .iter()
        .map(|(name, value)| (name.as_str(), value))
        .collect();
    assert_eq!(
        kept,
        [
            ("x-sum", &HeaderValue::from_static("1")),
            ("x-sum", &HeaderValue::from_static("2")),
            ("content-digest", &HeaderValue::from_static("b")),
        ]
    );
}
