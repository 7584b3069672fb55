//! Which of an answer's headers go on.

use expect_test::{Expect, expect};

use super::*;

#[track_caller]
fn check(headers: &[(&'static str, &'static str)], expected: &Expect) {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(*name, HeaderValue::from_static(value));
    }
    strip(&mut map);
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
        &expect!["x-stays"],
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
        &expect!["trailer set-cookie te-xt"],
    );
}
