//! Requests come out byte for byte as the vendors' own SDKs write them.

use std::fmt::Write as _;

use expect_test::{Expect, expect};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Composed, InputProblem, compose, compose_incomplete, encode_form, encode_repeated};
use crate::connector::{Input, Inputs, Operation};
use crate::format::{BodyKind, InputKind, InputPlace, Need, Repeatable, ReplyKind};
use crate::seeded::seeded;

fn input(name: &str, place: InputPlace, kind: InputKind) -> Input {
    Input {
        name: name.to_owned(),
        place,
        kind,
        need: Need::Optional,
        about: None,
    }
}

fn required(input: Input, about: &str) -> Input {
    Input {
        need: Need::Required,
        about: Some(about.to_owned()),
        ..input
    }
}

/// An operation of a made-up API with an input of each place and kind.
fn operation(path: &str, body: BodyKind) -> Operation {
    let rest = super::place_of_rest(body);
    Operation {
        name: "things.update".to_owned(),
        title: "Change a thing".to_owned(),
        method: http::Method::POST,
        path: path.parse().unwrap(),
        docs: "https://example.com".to_owned(),
        body,
        repeatable: Repeatable::ByMethod,
        pagination: None,
        inputs: vec![
            input("amount", rest, InputKind::Integer),
            input("any", rest, InputKind::Any),
            input("Beta-Version", InputPlace::Header, InputKind::String),
            required(
                input("id", InputPlace::Path, InputKind::String),
                "the thing",
            ),
            input("items", rest, InputKind::Array),
            input("limit", InputPlace::Query, InputKind::Integer),
            input("live", rest, InputKind::Boolean),
            input("metadata", rest, InputKind::Object),
            input("name", rest, InputKind::String),
            input("rate", rest, InputKind::Number),
        ],
        reply_body: ReplyKind::Json,
        reply_required: Vec::new(),
    }
}

fn inputs(value: Value) -> Inputs {
    match value {
        Value::Object(inputs) => inputs,
        other => panic!("{other} is no object"),
    }
}

fn shown(composed: Result<Composed, Vec<InputProblem>>) -> String {
    let composed = match composed {
        Ok(composed) => composed,
        Err(problems) => {
            let lines: Vec<String> = problems.iter().map(InputProblem::to_string).collect();
            return lines.join("\n") + "\n";
        }
    };
    let mut text = format!("{} {}\n", composed.method, composed.path_and_query);
    for (name, value) in &composed.headers {
        writeln!(text, "{name}: {}", value.to_str().unwrap()).unwrap();
    }
    if let Some((content_type, body)) = composed.body {
        let body = String::from_utf8(body).unwrap();
        writeln!(
            text,
            "content-type: {}\n\n{body}",
            content_type.to_str().unwrap()
        )
        .unwrap();
    }
    text
}

fn secret(name: &str) -> Option<String> {
    (name == "account").then(|| "AC/1".to_owned())
}

#[track_caller]
fn check(body: BodyKind, given: Value, expected: Expect) {
    let operation = operation("/v1/things/{id}", body);
    expected.assert_eq(&shown(compose(&operation, &inputs(given), secret)));
}

/// What stripe-node 23.1.0 makes of these values.
#[track_caller]
fn check_form(value: Value, expected: Expect) {
    expected.assert_eq(&encode_form(&inputs(value)));
}

#[test]
fn forms_are_written_as_stripe_node_writes_them() {
    check_form(
        json!({ "a": 1, "metadata": { "k": "v w" } }),
        expect!["a=1&metadata[k]=v%20w"],
    );
    check_form(
        json!({ "items": [{ "price": "x", "quantity": 2 }], "e": [] }),
        expect!["items[0][price]=x&items[0][quantity]=2"],
    );
    check_form(
        json!({ "n": null, "b": true, "s": "a[b]&c=d+e!*()é~", "o": {} }),
        expect!["n=&b=true&s=a[b]%26c%3Dd%2Be%21%2A%28%29%C3%A9~"],
    );
    check_form(json!({ "a b": { "c d": 1 } }), expect!["a%20b[c%20d]=1"]);
    check_form(json!({ "a[b]": "x" }), expect!["a[b]=x"]);
    check_form(
        json!({ "f": 1.5, "l": [[1], [2, 3]] }),
        expect!["f=1.5&l[0][0]=1&l[1][0]=2&l[1][1]=3"],
    );
    check_form(json!({}), expect![""]);
}

#[test]
fn repeated_forms_are_written_as_twilio_node_writes_them() {
    let value = json!({ "To": "+15558675310", "MediaUrl": ["https://a/1", "https://a/2"], "o": { "k": [1] } });
    expect![
        "To=%2B15558675310&MediaUrl=https%3A%2F%2Fa%2F1&MediaUrl=https%3A%2F%2Fa%2F2&o%5Bk%5D=1"
    ]
    .assert_eq(&encode_repeated(&inputs(value)));
}

#[test]
fn every_input_goes_to_its_place_in_the_order_given() {
    let given = || {
        json!({
            "name": "é",
            "id": "a/b",
            "limit": 3,
            "Beta-Version": "2",
            "metadata": { "k": "v" },
            "unlisted": [true],
            "amount": 1000,
        })
    };
    check(
        BodyKind::Json,
        given(),
        expect![[r#"
        POST /v1/things/a%2Fb?limit=3
        beta-version: 2
        content-type: application/json

        {"name":"é","metadata":{"k":"v"},"unlisted":[true],"amount":1000}
    "#]],
    );
    check(
        BodyKind::Form,
        given(),
        expect![[r#"
        POST /v1/things/a%2Fb?limit=3
        beta-version: 2
        content-type: application/x-www-form-urlencoded

        name=%C3%A9&metadata[k]=v&unlisted[0]=true&amount=1000
    "#]],
    );
    check(
        BodyKind::FormRepeated,
        given(),
        expect![[r#"
        POST /v1/things/a%2Fb?limit=3
        beta-version: 2
        content-type: application/x-www-form-urlencoded

        name=%C3%A9&metadata%5Bk%5D=v&unlisted=true&amount=1000
    "#]],
    );
    check(
        BodyKind::None,
        given(),
        expect![[r#"
        POST /v1/things/a%2Fb?name=%C3%A9&limit=3&metadata[k]=v&unlisted[0]=true&amount=1000
        beta-version: 2
    "#]],
    );
}

#[test]
fn an_operation_with_a_body_always_sends_one() {
    check(
        BodyKind::Json,
        json!({ "id": "1" }),
        expect![[r#"
        POST /v1/things/1
        content-type: application/json

        {}
    "#]],
    );
    check(
        BodyKind::Form,
        json!({ "id": "1" }),
        expect![[r#"
        POST /v1/things/1
        content-type: application/x-www-form-urlencoded


    "#]],
    );
}

#[test]
fn texts_that_say_exactly_a_kind_are_taken_as_it() {
    let given = json!({
        "id": "1",
        "amount": "1000",
        "live": "true",
        "rate": "1.5",
        "items": "[1, 2]",
        "metadata": "{\"k\": \"v\"}",
        "any": "7",
        "name": "8",
        "limit": "20",
    });
    check(
        BodyKind::Json,
        given,
        expect![[r#"
        POST /v1/things/1?limit=20
        content-type: application/json

        {"amount":1000,"live":true,"rate":1.5,"items":[1,2],"metadata":{"k":"v"},"any":"7","name":"8"}
    "#]],
    );
}

#[test]
fn whatever_else_is_the_wrong_kind() {
    let given = json!({
        "id": 1,
        "amount": "1000.5",
        "live": "yes",
        "rate": " 1",
        "items": "[1",
        "metadata": ["a"],
        "name": { "first": "a" },
        "limit": 2.5,
        "Beta-Version": 2,
    });
    check(
        BodyKind::Json,
        given,
        expect![[r#"
        `id` is `1`; it takes a text
        `amount` is the text "1000.5"; it takes a whole number
        `live` is the text "yes"; it takes `true` or `false`
        `rate` is the text " 1"; it takes a number
        `items` is the text "[1"; it takes a list
        `metadata` is a list; it takes an object
        `name` is an object; it takes a text
        `limit` is `2.5`; it takes a whole number
        `Beta-Version` is `2`; it takes a text
    "#]],
    );
    for text in [
        "",
        "+5",
        "0100",
        "0x10",
        "1e3",
        "99999999999999999999",
        "1 ",
        "1_000",
        "null",
    ] {
        let given = inputs(json!({ "id": "1", "amount": text }));
        let problems = compose(&operation("/{id}", BodyKind::Json), &given, secret).unwrap_err();
        assert_eq!(problems.len(), 1, "{text:?}");
    }
}

#[test]
fn a_long_text_is_not_repeated_in_full() {
    let given = inputs(json!({ "id": "1", "amount": "x".repeat(1_000) }));
    let problems = compose(&operation("/{id}", BodyKind::Json), &given, secret);
    expect![[r#"
        `amount` is a text of 1000 characters; it takes a whole number
    "#]]
    .assert_eq(&shown(problems));
}

#[test]
fn null_unsets_what_is_optional() {
    check(
        BodyKind::Json,
        json!({ "id": "1", "name": null }),
        expect![[r#"
        POST /v1/things/1
        content-type: application/json

        {"name":null}
    "#]],
    );
    check(
        BodyKind::Form,
        json!({ "id": null, "Beta-Version": null }),
        expect![[r#"
        `id` is null; it takes a text
        `Beta-Version` is null; it takes a text, a number or a boolean
    "#]],
    );
}

#[test]
fn what_is_missing_is_said_with_everything_else() {
    check(
        BodyKind::Json,
        json!({ "amount": "ten" }),
        expect![[r#"
        `id` is missing: the thing
        `amount` is the text "ten"; it takes a whole number
    "#]],
    );
}

#[test]
fn an_incomplete_call_still_needs_its_path() {
    let mut operation = operation("/v1/things/{id}", BodyKind::Json);
    let needed = required(
        input("name", InputPlace::Body, InputKind::String),
        "its name",
    );
    operation.inputs.push(needed);
    let incomplete = |given| shown(compose_incomplete(&operation, &inputs(given), secret));
    expect![[r#"
        POST /v1/things/1
        content-type: application/json

        {}
    "#]]
    .assert_eq(&incomplete(json!({ "id": "1" })));
    expect![[r#"
        `id` is missing: the thing
    "#]]
    .assert_eq(&incomplete(json!({})));
}

#[test]
fn secrets_in_the_path_are_written_and_never_shown() {
    let known = operation("/Accounts/{account}/{id}.json", BodyKind::None);
    let made = compose(&known, &inputs(json!({ "id": "1" })), secret);
    expect![[r#"
        POST /Accounts/AC%2F1/1.json
    "#]]
    .assert_eq(&shown(made));
    let unknown = operation("/Accounts/{other}/{id}.json", BodyKind::None);
    let problems = compose(&unknown, &inputs(json!({ "id": "1" })), secret);
    expect![[r#"
        the secret `other` is part of the path and not known
    "#]]
    .assert_eq(&shown(problems));
}

#[test]
fn values_that_would_name_another_path_are_refused() {
    for (id, expected) in [
        (
            "..",
            expect![[r#"
            `id` cannot be part of the path: `.` and `..` mean another path
        "#]],
        ),
        (
            "",
            expect![[r#"
            `id` cannot be part of the path: it is empty
        "#]],
        ),
    ] {
        check(BodyKind::None, json!({ "id": id }), expected);
    }
}

#[test]
fn a_header_holds_one_line() {
    check(
        BodyKind::None,
        json!({ "id": "1", "Beta-Version": "a\r\nb: c" }),
        expect![[r#"
        `Beta-Version` is sent as a header, which holds one line of visible characters
    "#]],
    );
}

/// Reads a form back, without nesting.
fn pairs(form: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(form.as_bytes())
        .into_owned()
        .collect()
}

proptest! {
    #![proptest_config(seeded(1_000))]

    /// Whatever stands in names and values, as many pairs come back, with the same texts.
    #[test]
    fn what_a_form_holds_is_read_back(fields in proptest::collection::btree_map("\\PC{1,6}", ".{0,8}", 0..5)) {
        let expected: Vec<(String, String)> = fields.clone().into_iter().collect();
        let inputs: Inputs = fields.into_iter().map(|(name, value)| (name, json!(value))).collect();
        prop_assert_eq!(&pairs(&encode_form(&inputs)), &expected);
        prop_assert_eq!(&pairs(&encode_repeated(&inputs)), &expected);
    }

    /// A value never reaches beyond its place: the query and the path stay what they are.
    #[test]
    fn no_value_changes_the_shape_of_a_request(id in "\\PC{1,8}", unlisted in ".{0,8}") {
        let operation = operation("/v1/things/{id}", BodyKind::None);
        let given = inputs(json!({ "id": id, "unlisted": unlisted }));
        if let Ok(composed) = compose(&operation, &given, secret) {
            let uri: http::Uri = composed.path_and_query.parse().unwrap();
            prop_assert!(operation.path.matches(uri.path()), "{}", uri);
            prop_assert_eq!(pairs(uri.query().unwrap()), vec![("unlisted".to_owned(), unlisted)]);
        }
    }
}
