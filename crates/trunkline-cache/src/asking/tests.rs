//! What callers ask of the cache, and how doubt is resolved.

use super::*;
use crate::samples;

#[track_caller]
fn check_request(lines: &str, expected: RequestDirectives) {
    assert_eq!(
        RequestDirectives::read(&samples::headers(lines)),
        expected,
        "{lines}"
    );
}

#[test]
fn directives_of_a_request_are_read_rfc_9111_5_2_1() {
    check_request(
        "Cache-Control: Max-Age=1, min-fresh=\"2\", max-stale=3, stale-if-error=4, no-cache, no-store, only-if-cached",
        RequestDirectives {
            flags: 7,
            max_age: Some(1),
            min_fresh: Some(2),
            max_stale: Some(3),
            stale_if_error: Some(4),
        },
    );
}

#[test]
fn doubtful_directives_of_a_request_ask_for_more_freshness() {
    let none = RequestDirectives::default();
    check_request(
        "Cache-Control: max-age=x, min-fresh=x, max-stale=x, stale-if-error",
        RequestDirectives {
            max_age: Some(0),
            min_fresh: Some(number::SECONDS_MAX),
            max_stale: Some(0),
            stale_if_error: Some(0),
            ..none
        },
    );
    check_request(
        "Cache-Control: max-stale, max-stale=5, min-fresh=1, min-fresh=9, max-age=5, max-age=3",
        RequestDirectives {
            max_age: Some(3),
            min_fresh: Some(9),
            max_stale: Some(5),
            ..none
        },
    );
    check_request(
        "Cache-Control: no-cache; no-store; max-age=1",
        RequestDirectives {
            flags: 3,
            max_age: Some(0),
            ..none
        },
    );
    check_request("Cache-Control: x=\"no-store\"\nPragma: no-cache", none);
}

#[test]
fn max_stale_without_a_value_takes_any_rfc_9111_5_2_1_2() {
    check_request(
        "Cache-Control: max-stale",
        RequestDirectives {
            max_stale: Some(u32::MAX),
            ..RequestDirectives::default()
        },
    );
}
