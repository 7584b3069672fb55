use expect_test::{Expect, expect};

use super::*;

#[track_caller]
fn check(url: &str, expected: Expect) {
    let text = match parse(url) {
        Ok(url) => url.to_string(),
        Err(error) => format!("{}: {error}", error.kind().code()),
    };
    expected.assert_eq(&text);
}

#[test]
fn addresses_are_judged_by_their_text_first() {
    check(
        "https://example.com/a?b#c",
        expect!["https://example.com/a?b"],
    );
    check(
        "ftp://example.com/",
        expect!["bad_url: addresses of the scheme `ftp` are not fetched"],
    );
    check(
        "file:///etc/passwd",
        expect!["bad_url: addresses of the scheme `file` are not fetched"],
    );
    check(
        "example.com",
        expect!["bad_url: this is no absolute address"],
    );
    check(
        "http://localhost./",
        expect!["address_refused: the address names this machine or a cloud's metadata service"],
    );
    check(
        "http://app.LOCALHOST/",
        expect!["address_refused: the address names this machine or a cloud's metadata service"],
    );
    check(
        "http://metadata.google.internal./",
        expect!["address_refused: the address names this machine or a cloud's metadata service"],
    );
    check(
        "http://user:pw@example.com/",
        expect!["address_refused: an address with a user name or password is not fetched"],
    );
}

#[track_caller]
fn check_redirect(from: &str, location: &str, expected: Expect) {
    let headers = HeaderMap::from_iter([(header::LOCATION, location.parse().unwrap())]);
    let text = match redirect(&from.parse().unwrap(), StatusCode::FOUND, &headers) {
        Ok(Some(url)) => url.to_string(),
        Ok(None) => "none".to_owned(),
        Err(error) => error.to_string(),
    };
    expected.assert_eq(&text);
}

#[test]
fn redirects_are_judged_like_the_first_address() {
    check_redirect(
        "https://a.example/x/y",
        "../z",
        expect!["https://a.example/z"],
    );
    check_redirect(
        "https://a.example/",
        "http://a.example/",
        expect!["a redirect was not followed: it leaves encryption"],
    );
    check_redirect(
        "http://a.example/",
        "gopher://a.example/",
        expect!["a redirect was not followed: it has another scheme than http and https"],
    );
    check_redirect(
        "http://a.example/",
        "http://localhost/",
        expect!["the address names this machine or a cloud's metadata service"],
    );
}
