//! How a path is taken apart.

use expect_test::{Expect, expect};

use super::split;

#[track_caller]
fn check(target: &str, expected: Expect) {
    let (name, rest) = split(target);
    expected.assert_eq(&format!("{name:?} {rest:?}"));
}

#[test]
fn the_first_segment_is_the_name_and_the_rest_stays_as_it_is() {
    check(
        "/stripe/v1/customers?a=b",
        expect![[r#""stripe" "/v1/customers?a=b""#]],
    );
    check("/stripe//v1", expect![[r#""stripe" "//v1""#]]);
    check(
        "/stripe/%2e%2E/?%20",
        expect![[r#""stripe" "/%2e%2E/?%20""#]],
    );
    check("/stripe", expect![[r#""stripe" """#]]);
    check("/stripe?a=/b", expect![[r#""stripe" "?a=/b""#]]);
    check("/", expect![[r#""" """#]]);
    check("//stripe/v1", expect![[r#""" "/stripe/v1""#]]);
    check("/-/health", expect![[r#""-" "/health""#]]);
    check("/é/a", expect![[r#""é" "/a""#]]);
}
