//! Which addresses a change throws out of the store.

use std::time::Duration;

use super::*;
use crate::samples::response;

#[track_caller]
fn check(method: &str, answered: &str, expected: &[&str]) {
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    let target = Uri::from_static("https://api.example/a/b?q=1");
    let found = invalidates(Policy::Headers, &method, &target, response(answered).head());
    let found: Vec<_> = found.iter().map(ToString::to_string).collect();
    assert_eq!(found, expected, "{method} {answered}");
}

const TARGET: &str = "https://api.example/a/b?q=1";

#[test]
fn a_change_outdates_its_target_rfc_9111_4_4() {
    for method in ["POST", "PUT", "DELETE", "PATCH"] {
        for status in ["200", "201", "204", "299", "303", "304", "399"] {
            check(method, status, &[TARGET]);
        }
    }
}

#[test]
fn an_unknown_method_outdates_too_rfc_9111_4_4() {
    check("M-SEARCH", "200", &[TARGET]);
    check("get", "200", &[TARGET]);
}

#[test]
fn a_failed_change_outdates_nothing_rfc_9111_4_4() {
    for status in ["100", "400", "404", "409", "500", "503", "599"] {
        check("POST", &format!("{status}\nLocation: /c"), &[]);
    }
}

#[test]
fn a_safe_method_outdates_nothing_rfc_9110_9_2_1() {
    for method in [
        "GET", "HEAD", "OPTIONS", "TRACE", "QUERY", "PROPFIND", "REPORT", "SEARCH",
    ] {
        check(method, "200\nContent-Location: /c", &[]);
    }
}

#[test]
fn a_post_that_asks_outdates_nothing() {
    let target = Uri::from_static(TARGET);
    let policy = Policy::ExplicitPost(Duration::from_secs(9));
    let answer = response("");
    assert!(invalidates(policy, &Method::POST, &target, answer.head()).is_empty());
    assert_eq!(
        invalidates(policy, &Method::PUT, &target, answer.head()),
        [target]
    );
}

#[test]
fn named_addresses_of_the_same_origin_are_outdated_rfc_9111_4_4() {
    check(
        "POST",
        "201\nLocation: c\nContent-Location: /d?e#f",
        &[TARGET, "https://api.example/a/c", "https://api.example/d?e"],
    );
    check(
        "PUT",
        "200\nContent-Location: HTTPS://API.example:443/c",
        &[TARGET, "https://api.example/c"],
    );
    check("PUT", "200\nLocation:", &[TARGET]);
}

#[test]
fn addresses_of_another_origin_are_left_alone_rfc_9111_4_4() {
    for other in [
        "https://other.example/a/b",
        "http://api.example/a/b",
        "https://api.example:8443/a/b",
        "//other.example/x",
        "data:,x",
        "https://",
    ] {
        check(
            "POST",
            &format!("200\nLocation: {other}\nContent-Location: {other}"),
            &[TARGET],
        );
    }
}

#[test]
fn a_target_that_is_no_full_address_stands_alone() {
    let target = Uri::from_static("/a");
    let answer = response("200\nLocation: /b");
    let found = invalidates(Policy::Headers, &Method::PUT, &target, answer.head());
    assert_eq!(found, [target]);
}
