//! Which of an upstream's headers go on.

use expect_test::{Expect, expect};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::{drop_hops, is_event_stream};

#[track_caller]
fn check(headers: &[(&str, &str)], expected: Expect) {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(
            HeaderName::try_from(*name).unwrap(),
            HeaderValue::from_str(value).unwrap(),
        );
    }
    drop_hops(&mut map);
    let names: Vec<&str> = map.keys().map(HeaderName::as_str).collect();
    expected.assert_eq(&names.join(" "));
}

#[test]
fn what_concerns_one_connection_does_not() {
    check(
        &[
            ("connection", "close, X-Hop"),
            ("connection", " x-other ,, bad name "),
            ("keep-alive", "timeout=5"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "h2c"),
            ("x-hop", "1"),
            ("x-other", "1"),
            ("x-stays", "1"),
        ],
        expect!["x-stays"],
    );
}

#[test]
fn everything_else_does() {
    check(
        &[
            ("trailer", "x-sum"),
            ("set-cookie", "a"),
            ("set-cookie", "b"),
            ("te-xt", "1"),
        ],
        expect!["trailer set-cookie te-xt"],
    );
}

#[test]
fn streams_are_known_by_their_type() {
    let is_stream = |kind: &'static str| {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static(kind));
        is_event_stream(&headers)
    };
    assert!(is_stream("text/event-stream"));
    assert!(is_stream("Text/Event-Stream; charset=utf-8"));
    assert!(!is_stream("text/event"));
    assert!(!is_stream("application/json"));
    assert!(!is_event_stream(&HeaderMap::new()));
}
