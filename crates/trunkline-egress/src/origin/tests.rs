//! What a URL says of whom to connect to.

use expect_test::{Expect, expect};
use rustc_hash::FxHashMap;

use super::*;

#[track_caller]
fn check(url: &str, expected: Expect) {
    let text = match Origin::from_url(&url.parse().expect(url)) {
        Ok(origin) => format!(
            "{origin} host `{}` header `{}` port {} {}",
            origin.host(),
            origin.host_header().to_str().expect("text"),
            origin.port(),
            if origin.is_tls() { "tls" } else { "plain" },
        ),
        Err(err) => format!("error: {err}"),
    };
    expected.assert_eq(&text);
}

#[test]
fn scheme_host_and_port_are_taken_and_the_rest_is_not() {
    check(
        "https://api.example.com/v1?x=1#y",
        expect![
            "https://api.example.com host `api.example.com` header `api.example.com` port 443 tls"
        ],
    );
    check(
        "http://API.Example.com:8080",
        expect![
            "http://api.example.com:8080 host `api.example.com` header `api.example.com:8080` port 8080 plain"
        ],
    );
    check(
        "https://[2001:db8::1]:8443/",
        expect![
            "https://[2001:db8::1]:8443 host `[2001:db8::1]` header `[2001:db8::1]:8443` port 8443 tls"
        ],
    );
    check(
        "http://0x7f.1/",
        expect!["http://127.0.0.1 host `127.0.0.1` header `127.0.0.1` port 80 plain"],
    );
}

#[test]
fn what_cannot_be_called_is_refused() {
    check(
        "ftp://example.com/",
        expect!["error: `ftp` is not a scheme that can be called; use `https` or `http`"],
    );
    check(
        "file:///etc/passwd",
        expect!["error: `file` is not a scheme that can be called; use `https` or `http`"],
    );
    check(
        "https://user@example.com/",
        expect!["error: the URL has a user name or a password before its host; remove it"],
    );
    check(
        "https://:pw@example.com/",
        expect!["error: the URL has a user name or a password before its host; remove it"],
    );
    check(
        "http://example.com:0/",
        expect!["error: port 0 cannot be called; use 1 to 65535"],
    );
}

#[test]
fn equal_origins_share_a_place_in_a_pool() {
    let origin = |url: &str| Origin::from_url(&url.parse().expect(url)).expect(url);
    let mut map = FxHashMap::default();
    map.insert(origin("https://example.com/a"), 1);
    assert_eq!(map.get(&origin("https://EXAMPLE.com:443/b")), Some(&1));
    for other in [
        "http://example.com",
        "https://example.com:444",
        "https://example.org",
        "http://example.com:443",
    ] {
        assert_eq!(map.get(&origin(other)), None, "{other}");
    }
}
