//! What becomes of single headers; whole requests are looked at where they are signed.

use super::*;

#[test]
fn only_encodings_that_rules_can_read_are_asked_for() {
    for (sent, goes) in [
        ("gzip, deflate, br", "gzip"),
        ("br;q=1.0, gzip;q=0.8, *;q=0.1", "gzip"),
        ("br", "identity"),
        ("gzip;q=0", "identity"),
        ("*", "gzip"),
    ] {
        assert_eq!(
            readable_encoding(&HeaderValue::from_static(sent)),
            goes,
            "{sent}"
        );
    }
}
