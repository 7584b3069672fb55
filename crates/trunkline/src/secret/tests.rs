//! Where secrets are found, and that nobody sees them.

use expect_test::{Expect, expect};

use super::*;

fn file(name: &str, text: &str) -> Source {
    Source {
        name: name.to_owned(),
        text: text.to_owned(),
    }
}

fn secrets() -> Secrets {
    let environment = Environment::new([
        ("FROM_ENV".to_owned(), "env-value".to_owned()),
        ("EMPTY".to_owned(), " ".to_owned()),
        ("VITE_STRIPE_SECRET_KEY".to_owned(), "sk".to_owned()),
        ("BROKEN".to_owned(), "a\nb".to_owned()),
    ]);
    Secrets::read(
        &environment,
        vec![
            file(".env.local", "FROM_ENV=local\nEMPTY=filled\nBOTH=local"),
            file(".env", "BOTH=plain\nLAST=plain"),
        ],
    )
}

#[track_caller]
fn check_find(env: &str, expected: Expect) {
    let text = match secrets().find(env) {
        Ok(found) => format!("{} from {}", found.secret.expose(), found.place),
        Err(err) => err.to_string(),
    };
    expected.assert_eq(&text);
}

#[test]
fn the_first_place_that_has_a_secret_wins() {
    check_find("FROM_ENV", expect!["env-value from the environment"]);
    check_find("EMPTY", expect!["filled from .env.local"]);
    check_find("BOTH", expect!["local from .env.local"]);
    check_find("LAST", expect!["plain from .env"]);
    check_find("NOWHERE", expect!["`NOWHERE` is not set"]);
}

#[test]
fn a_published_name_is_refused_with_the_reason() {
    check_find(
        "STRIPE_SECRET_KEY",
        expect![
            "`STRIPE_SECRET_KEY` is not set, and `VITE_STRIPE_SECRET_KEY` in the environment is a name that front-end bundlers publish to every visitor"
        ],
    );
}

#[test]
fn a_secret_that_cannot_be_sent_is_refused() {
    check_find(
        "BROKEN",
        expect![
            "`BROKEN` in the environment holds a line break or another character that cannot be sent"
        ],
    );
}

#[test]
fn doubtful_lines_of_every_file_are_kept_by_their_place() {
    let files = vec![
        file(".env.local", "A=1\nsk-canary"),
        file(".env", "B='canary"),
    ];
    let secrets = Secrets::read(&Environment::default(), files);
    let doubts: Vec<String> = secrets.doubts().iter().map(ToString::to_string).collect();
    expect![[r#"
        .env.local:2:1: this line is no `NAME=value` and is passed over
          hint: names have ASCII letters, digits and `_`; a comment begins with `#`
        .env:1:1: the quote that begins the value of `B` is not closed
          hint: close it, or the quote itself is taken for a part of the value"#]]
    .assert_eq(&doubts.join("\n"));
    assert!(!format!("{secrets:?}").contains("canary"));
}

#[test]
fn a_secret_shows_itself_to_nobody() {
    let secret = Secret::new("sk-canary-0123456789");
    assert_eq!(format!("{secret:?}"), "Secret(…)");
    assert_eq!(secret.first_chars(), "sk-c…");
    assert_eq!(Secret::new("short").first_chars(), "…");
    assert_eq!(
        format!("{:?}", Environment::new([("A".into(), "canary".into())])),
        "Environment(1 variables)"
    );
}
