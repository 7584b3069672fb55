//! Which addresses lead back, and which are none of ours.

use expect_test::{Expect, expect};
use trunkline_connector::builtin;

use super::led_back;
use crate::pages::place::Base;

/// A `Link` of GitHub's, called at an address of its own or at a stand-in's.
#[track_caller]
fn check(text: &str, expected: &Expect) {
    let connectors = builtin::load().expect("they load");
    let github = connectors.iter().find(|one| one.name.as_str() == "github");
    let base = |url: &str| Base {
        prefix: String::new(),
        origin: trunkline_egress::Origin::from_url(&url.parse().expect(url)).expect(url),
        path: "/base".to_owned(),
    };
    let bases = [base("http://127.0.0.1:9000")];
    let back = "http://127.0.0.1:4000/github";
    expected.assert_eq(&led_back(
        github.expect("it is there"),
        &bases,
        (text, back),
    ));
}

#[test]
fn addresses_of_the_api_lead_back() {
    check(
        r#"<https://api.github.com/repositories/1/issues?page=2&a=%2F>; rel="next", <https://api.github.com/x>; rel="last""#,
        &expect![[
            r#"<http://127.0.0.1:4000/github/repositories/1/issues?page=2&a=%2F>; rel="next", <http://127.0.0.1:4000/github/x>; rel="last""#
        ]],
    );
    check(
        r#"<http://127.0.0.1:9000/base/user/repos?page=2>; rel="next""#,
        &expect![[r#"<http://127.0.0.1:4000/github/user/repos?page=2>; rel="next""#]],
    );
}

#[test]
fn others_stay_as_they_are() {
    for text in [
        r#"<https://api.github.com.evil.example/x>; rel="next""#,
        r#"<https://me@evil.example/x>; rel="next""#,
        r#"<http://127.0.0.1:9001/base/x>; rel="next""#,
        r#"</relative?page=2>; rel="next""#,
        r#"<https://api.github.com/open; rel="next""#,
        "no address",
        "",
    ] {
        check_same(text);
    }
}

#[track_caller]
fn check_same(text: &str) {
    let connectors = builtin::load().expect("they load");
    let github = connectors.iter().find(|one| one.name.as_str() == "github");
    let led = led_back(
        github.expect("it is there"),
        &[],
        (text, "http://127.0.0.1:4000"),
    );
    assert_eq!(led, text);
}
