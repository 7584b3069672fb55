//! Bodies that say which answers are dropped.

use std::sync::Arc;

use expect_test::{Expect, expect};
use trunkline::Catalog;
use trunkline::connector::Connector;
use trunkline::connector::document::Source;

use super::parse;

fn catalog() -> Catalog {
    let built_in = trunkline::connector::builtin::sources().into_iter();
    let files: Vec<Source> = built_in
        .filter(|(name, _)| name.as_str() == "upstash")
        .flat_map(|(_, files)| files)
        .collect();
    Catalog::of_one(Arc::new(Connector::load(files).expect("it is right")))
}

#[track_caller]
fn check(body: &str, expected: Expect) {
    let read = match parse(body.as_bytes(), &catalog()) {
        Ok(purge) => format!("{purge:?}"),
        Err(error) => format!("{} {error}", error.kind().code()),
    };
    expected.assert_eq(&read);
}

#[test]
fn a_body_says_which_answers() {
    check(r#"{"all": true}"#, expect!["All"]);
    check(r#"{"key": "0aF3"}"#, expect![[r#"Key("0aF3")"#]]);
    check(
        r#"{"connector": "upstash"}"#,
        expect![[r#"Connector("upstash")"#]],
    );
    check(
        r#"{"connector": "upstash", "operation": "get"}"#,
        expect![[r#"Operation { connector: "upstash", operation: "get" }"#]],
    );
    check(r#"{"tag": "prices"}"#, expect![[r#"Tag("prices")"#]]);
}

#[test]
fn whoever_says_nothing_certain_purges_nothing() {
    check("", expect!["bad_input the body is no JSON object"]);
    check("[]", expect!["bad_input the body is no JSON object"]);
    check("{}", expect!["bad_input this does not say which answers"]);
    check(
        r#"{"all": false}"#,
        expect!["bad_input `all` can only be `true`"],
    );
    check(
        r#"{"all": true, "tag": "a"}"#,
        expect!["bad_input this does not say which answers"],
    );
    check(
        r#"{"key": "a", "tag": "a"}"#,
        expect!["bad_input this does not say which answers"],
    );
    check(
        r#"{"operation": "get"}"#,
        expect!["bad_input this does not say which answers"],
    );
    check(
        r#"{"tag": ""}"#,
        expect!["bad_input `tag` is no text, or an empty one"],
    );
    check(
        r#"{"tag": 1}"#,
        expect!["bad_input `tag` is no text, or an empty one"],
    );
    check(
        r#"{"tags": "a"}"#,
        expect!["bad_input there is no field `tags`"],
    );
    check(
        r#"{"connector": "upstsh"}"#,
        expect!["unknown_connector there is no connector `upstsh`"],
    );
    check(
        r#"{"connector": "upstash", "operation": "gett"}"#,
        expect!["unknown_operation `upstash` has no operation `gett`"],
    );
}
