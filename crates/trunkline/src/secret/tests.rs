//! Where secrets are found, and that nobody sees them.

use expect_test::{Expect, expect};

use super::*;

#[track_caller]
fn check_dotenv(text: &str, expected: Expect) {
    let read = read_dotenv(text);
    let lines: Vec<String> = read
        .0
        .iter()
        .map(|(name, value)| format!("{name}={value:?}"))
        .collect();
    expected.assert_eq(&lines.join("\n"));
}

#[test]
fn dotenv_files_are_read_as_people_write_them() {
    check_dotenv(
        "\u{feff}# keys\nA=one\nexport B = two words # not this\nC='as # it \\n stands'\r\nD=\"line\\n\\\"quoted\\\"\"\nE=\nF=a=b\nnot an assignment\n9=x\n",
        expect![[r#"
            A="one"
            B="two words"
            C="as # it \\n stands"
            D="line\n\"quoted\""
            E=""
            F="a=b""#]],
    );
    check_dotenv(
        "A=\"two\nlines\"\nB=x",
        expect![[r#"
        A="two\nlines"
        B="x""#]],
    );
    check_dotenv(
        "A=\"never closed\nB=x",
        expect![[r#"
        A="\"never closed"
        B="x""#]],
    );
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
            (
                ".env.local".to_owned(),
                "FROM_ENV=local\nEMPTY=filled\nBOTH=local".to_owned(),
            ),
            (".env".to_owned(), "BOTH=plain\nLAST=plain".to_owned()),
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
