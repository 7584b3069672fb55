//! Paths as the log may have them.

use expect_test::{Expect, expect};
use trunkline_connector::document::Source;

use super::*;

fn connector() -> Connector {
    let source = |name: &str, text: &str| Source {
        name: name.to_owned(),
        text: text.to_owned(),
    };
    let text = r#"
schema = 1
[connector]
name = "acme"
title = "Acme"
base_url = "https://api.acme.example"
docs = "https://acme.example/docs"
checked = "2026-11-22"
[caller]
credential_paths = ["/bot{token}"]
[secrets.token]
env = "ACME_TOKEN"
example = "made-up"
obtain = "https://acme.example/keys"
[auth]
kind = "none"
[verify]
operation = "me.get"
"#;
    let operations = r#"
[[operations]]
name = "me.get"
title = "Get me"
method = "GET"
path = "/me"
docs = "https://acme.example/docs/me"
"#;
    let example = r#"
operation = "me.get"
title = "me"
request = { method = "GET", path = "/me" }
answer = { status = 200, headers = { content-type = "application/json" }, body = { json = "{}" } }
reply = { class = "ok" }
"#;
    let files = vec![
        source("acme/connector.toml", text),
        source("acme/operations/me.toml", operations),
        source("acme/examples/me.toml", example),
    ];
    Connector::load(files).expect("it is right")
}

#[track_caller]
fn check(path: &str, expected: Expect) {
    expected.assert_eq(
        without_credential(&connector(), path)
            .as_deref()
            .unwrap_or("as it is"),
    );
}

#[test]
fn a_credential_in_a_path_is_masked_whoever_sent_it() {
    check("/bot123:secret/getMe", expect!["/bot…/getMe"]);
    check("/bot123:secret", expect!["/bot…"]);
    check("/botx/a/b/c", expect!["/bot…/a/b/c"]);
    check("/other/path", expect!["as it is"]);
}

#[test]
fn where_a_credential_could_hide_nothing_is_shown() {
    check("//bot123:secret/getMe", expect!["/…"]);
    check("/./bot123:secret/getMe", expect!["/…"]);
    check("/%62ot123:secret/getMe", expect!["/…"]);
}
