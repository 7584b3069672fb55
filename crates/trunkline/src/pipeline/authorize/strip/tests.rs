//! What becomes of single headers; whole requests are looked at where they are signed.

use super::*;

#[test]
fn only_encodings_that_rules_can_read_are_asked_for() {
    for (sent, goes) in [
        ("gzip, deflate, br", "gzip"),
        ("br;q=1.0, gzip;q=0.8, *;q=0.1", "gzip"),
        ("br", "identity"),
        ("gzip;q=0", "identity"),
        ("gzip;q=0.000", "identity"),
        ("gzip;q=0.001", "gzip"),
        ("*", "gzip"),
    ] {
        assert_eq!(
            readable_encoding(&HeaderValue::from_static(sent)),
            goes,
            "{sent}"
        );
    }
}

#[test]
fn credentials_are_known_by_the_shape_of_their_names() {
    for name in [
        "authorization",
        "x-api-key",
        "openai-api-key",
        "x-goog-api-key",
        "dd-api-key",
        "x-forwarded-access-token",
        "x-shopify-access-token",
        "cf-access-client-secret",
        "x-auth-token",
        "trunkline-key",
        "http2-settings",
    ] {
        assert!(never_goes(&HeaderName::from_static(name)), "{name}");
    }
    for name in [
        "token",
        "x-csrf-token",
        "idempotency-key",
        "x-request-id",
        "api-keys",
    ] {
        assert!(!never_goes(&HeaderName::from_static(name)), "{name}");
    }
}

#[test]
fn one_odd_byte_does_not_hide_the_rest_of_a_list() {
    let mut headers = HeaderMap::new();
    let list = HeaderValue::from_bytes(b"x-hop, \xff, close").unwrap();
    headers.insert(header::CONNECTION, list);
    assert_eq!(listed_in_connection(&headers), ["x-hop"]);
}
