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

#[test]
fn what_is_for_everybody_does_though_it_is_listed_rfc_9110_7_6_1() {
    check(
        &[
            (
                "connection",
                "cache-control, Vary, set-cookie, content-length",
            ),
            ("connection", "X-Hop,DATE , cdn-cache-control"),
            ("cache-control", "no-store"),
            ("vary", "*"),
            ("set-cookie", "a"),
            ("content-length", "0"),
            ("date", "today"),
            ("cdn-cache-control", "no-store"),
            ("x-hop", "1"),
        ],
        &expect!["cdn-cache-control cache-control vary set-cookie content-length date"],
    );
}
