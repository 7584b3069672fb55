//! Documents are told apart, and variables from what does not fit.

use expect_test::{Expect, expect};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Document, DocumentError, OperationKind};
use crate::seeded::seeded;

fn shown(errors: &[DocumentError]) -> String {
    let lines: Vec<String> = errors.iter().map(DocumentError::to_string).collect();
    lines.join("\n") + "\n"
}

#[track_caller]
fn check_refused(text: &str, expected: Expect) {
    expected.assert_eq(&shown(&Document::parse(text).unwrap_err()));
}

/// What becomes of variables.
#[track_caller]
fn check_fit(declared: &str, given: Value, expected: Expect) {
    let document = Document::parse(&format!("query ({declared}) {{ a }}")).unwrap();
    let Value::Object(given) = given else {
        panic!("{given} is no object");
    };
    let text = match document.operations[0].fit(&given) {
        Ok(fitted) => format!("{}\n", Value::Object(fitted)),
        Err(errors) => {
            let errors: Vec<DocumentError> = errors.into_iter().map(|(_, error)| error).collect();
            shown(&errors)
        }
    };
    expected.assert_eq(&text);
}

#[test]
fn operations_are_told_apart() {
    let kind = |text: &str| Document::parse(text).unwrap().operations[0].kind;
    assert_eq!(kind("{ a }"), OperationKind::Query);
    assert_eq!(kind("query A { a }"), OperationKind::Query);
    assert_eq!(
        kind("# mutation\nquery mutation { a }"),
        OperationKind::Query
    );
    assert_eq!(kind("mutation { query }"), OperationKind::Mutation);
    assert_eq!(kind("subscription { a }"), OperationKind::Subscription);
    assert_eq!(
        kind("fragment f on T { a } mutation M { ...f }"),
        OperationKind::Mutation
    );
}

#[test]
fn declared_variables_are_listed() {
    let text =
        r#"query Q($a: Int!, $b: [ID!]! = [], $c: String @d, $d: Order = { by: "x" }) { a }"#;
    let document = Document::parse(text).unwrap();
    let operation = &document.operations[0];
    let variables: Vec<String> = operation
        .variables
        .iter()
        .map(|one| format!("{}: {} {}", one.name, one.of, one.is_required()))
        .collect();
    assert_eq!(operation.name.as_deref(), Some("Q"));
    assert_eq!(
        variables,
        [
            "a: Int! true",
            "b: [ID!]! false",
            "c: String false",
            "d: Order false"
        ]
    );
}

#[test]
fn what_cannot_be_executed_is_refused_with_its_place() {
    check_refused(
        "query {\n  viewer {\n    login\n",
        expect![[r#"
            line 4, column 1: expected `}`, which never comes
        "#]],
    );
    check_refused(
        "query (owner: String) { a }",
        expect![[r#"
        line 1, column 8: expected a Variable Definition
    "#]],
    );
    check_refused(
        "qurey { é }",
        expect![[r#"
        line 1, column 1: expected an operation or a fragment
    "#]],
    );
    check_refused(
        "",
        expect![[r#"
        line 1, column 1: unexpected end of the document
    "#]],
    );
    check_refused(
        "# nothing",
        expect![[r#"
        line 1, column 10: unexpected end of the document
    "#]],
    );
    check_refused(
        "fragment f on T { a }",
        expect![[r#"
        line 1, column 1: the document has no operation
    "#]],
    );
    check_refused(
        "query { a }\ntype T { a: Int }",
        expect![[r#"
            line 2, column 1: this belongs to a schema; a document has operations and fragments
        "#]],
    );
    check_refused(
        "query A { a } query A { b }",
        expect![[r#"
        line 1, column 15: there is already an operation `A`
    "#]],
    );
    check_refused(
        "{ a } { b }",
        expect![[r#"
        line 1, column 7: an operation without a name must be the only one
    "#]],
    );
}

#[test]
fn a_document_that_is_nested_too_deep_is_refused() {
    for deep in [
        format!("{}{}", "{a".repeat(5_000), "}".repeat(5_000)),
        format!("{{ a(b: {}{}) }}", "[".repeat(5_000), "]".repeat(5_000)),
        format!(
            "query ($a: {}Int{}) {{ a }}",
            "[".repeat(5_000),
            "]".repeat(5_000)
        ),
        format!("{{ {} }}", "a ".repeat(60_000)),
    ] {
        let errors = Document::parse(&deep).unwrap_err();
        assert!(
            errors
                .iter()
                .any(|error| error.message.contains("200 levels")),
            "{}",
            shown(&errors[..1])
        );
    }
}

#[test]
fn one_operation_is_chosen_by_its_name() {
    let two = Document::parse("query A { a } mutation B { b }").unwrap();
    let chosen = |name| two.operation(name).map(|operation| operation.kind);
    assert_eq!(chosen(Some("B")), Ok(OperationKind::Mutation));
    assert_eq!(
        chosen(None).unwrap_err().message,
        "the document has several operations; choose one with `operation_name`: `A` or `B`"
    );
    assert_eq!(
        chosen(Some("b")).unwrap_err().message,
        "the document has no operation `b`; did you mean `B`? allowed: `A` or `B`"
    );
    let one = Document::parse("{ a }").unwrap();
    assert!(one.operation(None).is_ok());
    assert!(one.operation(Some("A")).is_err());
}

#[test]
fn scalars_of_the_language_are_checked() {
    let declared = "$i: Int, $f: Float, $b: Boolean, $s: String, $d: ID, $e: Order";
    check_fit(
        declared,
        json!({ "i": 3, "f": 1, "b": true, "s": "x", "d": 7, "e": "ASC" }),
        expect![[r#"
            {"i":3,"f":1,"b":true,"s":"x","d":7,"e":"ASC"}
        "#]],
    );
    check_fit(
        declared,
        json!({ "i": "3", "f": "1.5", "b": "false", "s": "8", "d": "7", "e": null }),
        expect![[r#"
            {"i":3,"f":1.5,"b":false,"s":"8","d":"7","e":null}
        "#]],
    );
    check_fit(
        declared,
        json!({ "i": 1.5, "f": "x", "b": 1, "s": 8, "d": 1.5, "e": { "any": 1 } }),
        expect![[r#"
            line 1, column 8: `$i` is `1.5`; it takes Int
            line 1, column 17: `$f` is the text "x"; it takes Float
            line 1, column 28: `$b` is `1`; it takes Boolean
            line 1, column 41: `$s` is `8`; it takes String
            line 1, column 53: `$d` is `1.5`; it takes ID
        "#]],
    );
    check_fit(
        "$i: Int",
        json!({ "i": 3_000_000_000_u64 }),
        expect![[r#"
            line 1, column 8: `$i` is `3000000000`; it takes Int
        "#]],
    );
}

#[test]
fn lists_and_nulls_are_checked() {
    check_fit(
        "$l: [Int!]!, $n: [[String]]",
        json!({ "l": [1, "2"], "n": [["a", null], null, "b"] }),
        expect![[r#"
            {"l":[1,2],"n":[["a",null],null,"b"]}
        "#]],
    );
    check_fit(
        "$l: [Int!]!",
        json!({ "l": "[1, 2]" }),
        expect![[r#"
            {"l":[1,2]}
        "#]],
    );
    check_fit(
        "$l: [Int!]!, $o: [Int!], $s: String!, $t: String! = \"x\"",
        json!({ "l": null, "o": [1, null], "s": null }),
        expect![[r#"
            line 1, column 8: `$l` is null; it takes [Int!]!
            line 1, column 21: `$o` is a list; it takes [Int!]
            line 1, column 33: `$s` is null; it takes String!
        "#]],
    );
}

#[test]
fn what_is_missing_or_not_declared_is_named() {
    check_fit(
        "$owner: String!, $first: Int",
        json!({ "ownr": "x" }),
        expect![[r#"
            line 1, column 1: the document declares no variable `$ownr`; did you mean `owner`? allowed: `owner` or `first`
            line 1, column 8: `$owner` is missing; it takes String!
        "#]],
    );
    let document = Document::parse("{ a }").unwrap();
    let mut given = serde_json::Map::new();
    given.insert("x".to_owned(), json!(1));
    let errors = document.operations[0].fit(&given).unwrap_err();
    assert_eq!(
        errors[0].1.message,
        "the document declares no variable `$x`; it declares none"
    );
}

proptest! {
    #![proptest_config(seeded(1_000))]

    /// Whatever is written, it is read or every error has a place within the text.
    #[test]
    fn every_error_stands_in_the_text(text in "[{}()\\[\\]!$:@=a-c0-9\"# \n\\.é]{0,40}") {
        if let Err(errors) = Document::parse(&text) {
            prop_assert!(!errors.is_empty());
            let lines: Vec<&str> = text.split('\n').collect();
            for error in errors {
                let line = lines.get(error.line - 1);
                prop_assert!(line.is_some_and(|line| error.column <= line.chars().count() + 1), "{}", error);
            }
        }
    }

    /// What is declared is what comes back.
    #[test]
    fn declared_types_are_read_back(names in proptest::collection::btree_set("[a-z]{1,5}", 1..5), lists in 0..4_usize) {
        let of = format!("{}Int!{}", "[".repeat(lists), "]!".repeat(lists));
        let declared: Vec<String> = names.iter().map(|name| format!("${name}: {of}")).collect();
        let document = Document::parse(&format!("query ({}) {{ a }}", declared.join(", "))).unwrap();
        let read: Vec<String> = document.operations[0].variables.iter().map(|one| format!("${}: {}", one.name, one.of)).collect();
        prop_assert_eq!(read, declared);
    }
}

#[test]
fn of_a_text_that_is_all_wrong_the_beginning_is_told() {
    let errors = Document::parse(&":\n".repeat(500)).unwrap_err();
    assert!(errors.len() <= 50, "{}", errors.len());
    assert_eq!((errors[0].line, errors[0].column), (1, 1));
}
