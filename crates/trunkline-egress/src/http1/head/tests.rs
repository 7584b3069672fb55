//! What a request looks like on its way, and which bodies cannot be delimited.

use expect_test::{Expect, expect};
use http::uri::PathAndQuery;
use http::{HeaderValue, Method};

use super::*;
use crate::Body as OurBody;

/// The head of a request with `headers` and `body`, or why there is none.
fn check(headers: &[(&'static str, &'static str)], body: OurBody, expected: &Expect) {
    let mut head = Head::get(PathAndQuery::from_static("/v1/items?limit=1"));
    head.method = Method::POST;
    for (name, value) in headers {
        head.headers.append(*name, HeaderValue::from_static(value));
    }
    let mut out = Vec::new();
    let text = match write(&mut out, &head, &body) {
        Ok(written) => format!(
            "{}{:?} keeps_alive={}",
            String::from_utf8(out).expect("text").replace('\r', ""),
            written.framing,
            written.keeps_alive
        ),
        Err(err) => err.reason().to_owned(),
    };
    expected.assert_eq(&text);
}

fn unknown() -> OurBody {
    let frames = futures_util::stream::pending();
    OurBody::stream(http_body_util::StreamBody::new(frames))
}

#[test]
fn headers_go_out_as_they_are() {
    check(
        &[("host", "a.example"), ("x-a", "1"), ("x-a", "2")],
        OurBody::Empty,
        &expect![[r#"
            POST /v1/items?limit=1 HTTP/1.1
            host: a.example
            x-a: 1
            x-a: 2

            Length(0) keeps_alive=true"#]],
    );
}

#[test]
fn a_body_is_framed_once() {
    let seven = || OurBody::from(b"payload".to_vec());
    let length = &expect![[r#"
        POST /v1/items?limit=1 HTTP/1.1
        content-length: 7

        Length(7) keeps_alive=true"#]];
    for headers in [
        &[][..],
        &[("content-length", "7")],
        &[("content-length", "7"), ("content-length", "7")],
        &[("transfer-encoding", "chunked")],
        &[("transfer-encoding", "gzip"), ("content-length", "7")],
    ] {
        check(headers, seven(), length);
    }
    check(&[("content-length", "7")], unknown(), length);
    let chunked = &expect![[r#"
        POST /v1/items?limit=1 HTTP/1.1
        transfer-encoding: chunked

        Chunked keeps_alive=true"#]];
    check(&[], unknown(), chunked);
    check(
        &[("transfer-encoding", "gzip, chunked")],
        unknown(),
        chunked,
    );
}

#[test]
fn a_request_without_a_body_says_only_what_its_caller_said() {
    check(
        &[("transfer-encoding", "chunked")],
        OurBody::Empty,
        &expect![[r#"
            POST /v1/items?limit=1 HTTP/1.1

            Length(0) keeps_alive=true"#]],
    );
    check(
        &[("content-length", "0")],
        OurBody::Empty,
        &expect![[r#"
            POST /v1/items?limit=1 HTTP/1.1
            content-length: 0

            Length(0) keeps_alive=true"#]],
    );
}

#[test]
fn a_length_that_is_none_or_another_is_refused() {
    let mismatch = &expect!["its body is not as long as its `content-length` says"];
    check(&[("content-length", "5")], OurBody::Empty, mismatch);
    let two = OurBody::from(b"ab".to_vec());
    check(&[("content-length", "3")], two, mismatch);
    let both = [("content-length", "3"), ("content-length", "4")];
    check(&both, unknown(), &expect!["it has two lengths"]);
    for text in ["", "-1", "+1", "1 ", "0x1", "1,1", "18446744073709551616"] {
        let no_length = &expect!["its `content-length` is not a length"];
        check(&[("content-length", text)], unknown(), no_length);
    }
}

#[test]
fn a_request_may_ask_for_the_end_of_the_connection() {
    for (value, keeps_alive) in [
        ("close", false),
        ("x-a, Close", false),
        ("keep-alive", true),
        ("closer", true),
    ] {
        let mut head = Head::get(PathAndQuery::from_static("/"));
        let headers = &mut head.headers;
        headers.insert(CONNECTION, HeaderValue::from_static(value));
        let written = write(&mut Vec::new(), &head, &OurBody::Empty).expect("a head");
        assert_eq!(written.keeps_alive, keeps_alive, "{value}");
    }
}
