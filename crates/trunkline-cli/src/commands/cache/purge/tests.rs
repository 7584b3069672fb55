//! What a gateway is asked, and what is made of what it says.

use clap::Parser as _;
use expect_test::{Expect, expect};
use http::StatusCode;

use super::{Asked, Purge, by_hand, purged};
use crate::arguments::{Arguments, Command};
use crate::commands::cache::Cache;

/// What the gateway is sent for these words.
fn body(words: &[&str]) -> Option<String> {
    let words = ["trunkline", "cache", "purge"].iter().chain(words);
    let command = Arguments::try_parse_from(words).ok()?.command;
    match command {
        Command::Cache(Cache::Purge(purge)) => Some(Purge::body(&purge)),
        _ => None,
    }
}

#[test]
fn arguments_become_what_the_route_takes() {
    let shown = |words: &[&str]| body(words).unwrap_or("refused".to_owned());
    let connector = ["--connector", "github"];
    assert_eq!(shown(&["--all"]), r#"{"all":true}"#);
    assert_eq!(shown(&["--key", "0af3"]), r#"{"key":"0af3"}"#);
    assert_eq!(shown(&["--tag", "a b"]), r#"{"tag":"a b"}"#);
    assert_eq!(shown(&connector), r#"{"connector":"github"}"#);
    assert_eq!(
        shown(&[&connector[..], &["--operation", "repos.get"]].concat()),
        r#"{"connector":"github","operation":"repos.get"}"#
    );
    for words in [
        &[][..],
        &["--all", "--key", "0af3"],
        &["--operation", "repos.get"],
        &["--all", "--operation", "repos.get"],
    ] {
        assert_eq!(shown(words), "refused", "{words:?}");
    }
}

#[track_caller]
fn check(status: StatusCode, body: &'static str, expected: Expect) {
    let asked = Asked {
        status,
        body: body.into(),
    };
    let shown = match purged(&asked) {
        Ok(answers) => answers.to_string(),
        Err(failure) => format!("{} {:?}", failure.exit.code(), failure.complaints),
    };
    expected.assert_eq(&shown);
}

#[test]
fn what_a_gateway_says_decides_how_it_ends() {
    check(StatusCode::OK, r#"{"purged": 3}"#, expect!["3"]);
    let problem = r#"{"code": "unknown_connector", "detail": "there is no connector `x`", "hint": "list them"}"#;
    check(
        StatusCode::NOT_FOUND,
        problem,
        expect![[
            r#"2 [Complaint { message: "the gateway says: there is no connector `x`", notes: [("hint", "list them")] }]"#
        ]],
    );
    let problem = r#"{"code": "admin_token_required", "detail": "no"}"#;
    check(
        StatusCode::UNAUTHORIZED,
        problem,
        expect![[r#"4 [Complaint { message: "the gateway says: no", notes: [] }]"#]],
    );
    for other in ["", "<html>", r#"{"code": "of_others", "detail": "no"}"#] {
        check(
            StatusCode::OK,
            other,
            expect![[
                r#"6 [Complaint { message: "what answers at `server.listen` is no gateway that can do this", notes: [("hint", "see what listens there")] }]"#
            ]],
        );
    }
}

#[test]
fn for_a_socket_the_command_is_told_that_asks_it() {
    let failure = by_hand(
        "/run/a b.sock".as_ref(),
        ".trunkline".as_ref(),
        r#"{"all":true}"#,
    );
    let (_, hint) = &failure.complaints[0].notes[0];
    expect![[r#"ask with curl --unix-socket '/run/a b.sock' -H "Authorization: Bearer $(cat .trunkline/admin.token)" -d '{"all":true}' http://localhost/-/api/v1/cache/purge"#]].assert_eq(hint);
}
