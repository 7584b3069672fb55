//! Requests come out byte for byte as the vendors' own SDKs write them.

use std::fmt::Write as _;

use expect_test::{Expect, expect};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    Composed, ComposedBody, FileContent, FileValue, InputProblem, PART_END, Target, closing,
    compose, compose_incomplete, encode_form, encode_repeated,
};
use crate::connector::{Input, Inputs, Operation, OperationTarget};
use crate::format::{BodyKind, InputKind, InputPlace, ListStyle, Need, ObjectStyle};
use crate::samples::{self, input};
use crate::seeded::seeded;

fn required(input: Input, about: &str) -> Input {
    Input {
        need: Need::Required,
        about: Some(about.to_owned()),
        ..input
    }
}

/// An operation of a made-up API with an input of each place and kind.
fn operation(path: &str, body: BodyKind) -> Operation {
    let rest = super::place_of_rest(body, None);
    let inputs = vec![
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
    ];
    samples::operation(path, body, inputs)
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
    let target = match &composed.target {
        Target::Path(path) => path.clone(),
        Target::Address(url) => url.to_string(),
    };
    let mut text = format!("{} {target}\n", composed.method);
    for (name, value) in composed.headers.iter().chain(&composed.fixed_headers) {
        writeln!(text, "{name}: {}", value.to_str().unwrap()).unwrap();
    }
    match composed.body {
        None => {}
        Some(ComposedBody::Bytes {
            content_type,
            bytes,
        }) => {
            let body = String::from_utf8(bytes).unwrap();
            let content_type = content_type.to_str().unwrap();
            writeln!(text, "content-type: {content_type}\n\n{body}").unwrap();
        }
        Some(ComposedBody::File { content_type, file }) => {
            let content_type = content_type.to_str().unwrap();
            writeln!(text, "content-type: {content_type}\n\nthe file {file}").unwrap();
        }
        Some(ComposedBody::Multipart(parts)) => {
            let mut bytes = Vec::new();
            for part in parts {
                bytes.extend(part.head("b"));
                match part.content {
                    FileContent::Bytes(content) => bytes.extend(content),
                    FileContent::Named(name) => bytes.extend(format!("the file {name}").bytes()),
                }
                bytes.extend(PART_END);
            }
            bytes.extend(closing("b"));
            text.push('\n');
            text.push_str(&String::from_utf8(bytes).unwrap().replace("\r\n", "\n"));
        }
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

fn placed(name: &str, place: InputPlace, change: impl FnOnce(&mut Input)) -> Input {
    let mut made = input(name, place, InputKind::Any);
    change(&mut made);
    made
}

#[track_caller]
fn check_one(operation: &Operation, given: Value, expected: Expect) {
    expected.assert_eq(&shown(compose(operation, &inputs(given), secret)));
}

#[test]
fn every_input_is_written_in_its_own_style() {
    let style = |name: &str, lists, objects| {
        placed(name, InputPlace::Query, |input| {
            input.lists = lists;
            input.objects = objects;
        })
    };
    let operation = samples::operation(
        "/a",
        BodyKind::None,
        vec![
            style("brackets", Some(ListStyle::Brackets), None),
            style("comma", Some(ListStyle::Comma), None),
            style("dots", None, Some(ObjectStyle::Dots)),
            style("json", Some(ListStyle::Json), Some(ObjectStyle::Json)),
            style("repeated", Some(ListStyle::Repeated), None),
        ],
    );
    let list = json!(["x,y", { "k": 1 }]);
    check_one(
        &operation,
        json!({
            "indexed": list, "brackets": list, "repeated": list, "comma": list, "json": list,
            "dots": { "a": { "b": [1, 2] } },
        }),
        expect![[r#"
            POST /a?indexed[0]=x%2Cy&indexed[1][k]=1&brackets[]=x%2Cy&brackets[][k]=1&repeated=x%2Cy&repeated[k]=1&comma=x%2Cy,%7B%22k%22%3A1%7D&json=[%22x%2Cy%22%2C%7B%22k%22%3A1%7D]&dots.a.b[0]=1&dots.a.b[1]=2
        "#]],
    );
    check_one(
        &operation,
        json!({ "comma": [], "indexed": [], "json": [] }),
        expect![[r#"
            POST /a?json=[]
        "#]],
    );
}

#[test]
fn a_form_that_repeats_does_so_unless_an_input_says_otherwise() {
    let items = placed("items", InputPlace::Body, |input| {
        input.lists = Some(ListStyle::Indexed);
    });
    let operation = samples::operation("/a", BodyKind::FormRepeated, vec![items]);
    check_one(
        &operation,
        json!({ "items": [1], "others": [2, 3] }),
        expect![[r#"
            POST /a
            content-type: application/x-www-form-urlencoded

            items%5B0%5D=1&others=2&others=3
        "#]],
    );
}

#[test]
fn an_input_may_have_another_name_on_its_way() {
    let sent_as = |name: &str, place, other: &str| {
        placed(name, place, |input| input.sent_as = Some(other.to_owned()))
    };
    let operation = samples::operation(
        "/a",
        BodyKind::Json,
        vec![
            sent_as("filter", InputPlace::Query, "$filter"),
            sent_as("prefer", InputPlace::Header, "Prefer"),
            sent_as("kind", InputPlace::Body, "@type"),
        ],
    );
    check_one(
        &operation,
        json!({ "filter": "a eq 1", "prefer": "minimal", "kind": "x" }),
        expect![[r#"
            POST /a?%24filter=a%20eq%201
            prefer: minimal
            content-type: application/json

            {"@type":"x"}
        "#]],
    );
    check_one(
        &operation,
        json!({ "prefer": "a\nb" }),
        expect![[r#"
            `prefer` is sent as a header, which holds one line of visible characters
        "#]],
    );
}

#[test]
fn defaults_stand_in_for_what_is_left_out() {
    let with =
        |name: &str, place, value: Value| placed(name, place, |input| input.default = Some(value));
    let operation = samples::operation(
        "/{version}/a",
        BodyKind::Json,
        vec![
            with("version", InputPlace::Path, json!("v2")),
            with("limit", InputPlace::Query, json!(100)),
            with("mode", InputPlace::Header, json!("fast")),
            with("stream", InputPlace::Body, json!(false)),
        ],
    );
    check_one(
        &operation,
        json!({ "name": "x" }),
        expect![[r#"
            POST /v2/a?limit=100
            mode: fast
            content-type: application/json

            {"name":"x","stream":false}
        "#]],
    );
    // Null is given, and so not left out.
    check_one(
        &operation,
        json!({ "version": "v1", "limit": 5, "mode": "slow", "stream": null }),
        expect![[r#"
            POST /v1/a?limit=5
            mode: slow
            content-type: application/json

            {"stream":null}
        "#]],
    );
}

#[test]
fn only_allowed_values_are_sent() {
    let one_of = |name: &str, kind, values: &[Value]| Input {
        one_of: values.to_vec(),
        ..input(name, InputPlace::Body, kind)
    };
    let operation = samples::operation(
        "/a",
        BodyKind::Json,
        vec![
            one_of("size", InputKind::Integer, &[json!(256), json!(512)]),
            one_of(
                "status",
                InputKind::String,
                &[json!("active"), json!("all")],
            ),
            one_of("tags", InputKind::Array, &[json!("a"), json!("b")]),
        ],
    );
    check_one(
        &operation,
        json!({ "status": "actve", "size": "1024", "tags": ["a", "c"] }),
        expect![[r#"
            `status` is the text "actve"; allowed: `active` or `all`; did you mean `active`?
            `size` is `1024`; allowed: `256` or `512`
            `tags` is the text "c"; allowed: `a` or `b`
        "#]],
    );
    check_one(
        &operation,
        json!({ "status": null, "size": "512", "tags": ["b", "a"] }),
        expect![[r#"
            POST /a
            content-type: application/json

            {"status":null,"size":512,"tags":["b","a"]}
        "#]],
    );
    // An example of an error may show what the API says to another value.
    let given = inputs(json!({ "status": "gone" }));
    assert!(compose_incomplete(&operation, &given, secret).is_ok());
}

#[test]
fn one_input_may_be_the_whole_body() {
    let mut operation = samples::operation(
        "/a",
        BodyKind::Json,
        vec![input("rows", InputPlace::Body, InputKind::Any)],
    );
    operation.body_input = Some("rows".to_owned());
    check_one(
        &operation,
        json!({ "rows": [{ "id": 1 }], "on_conflict": "id" }),
        expect![[r#"
            POST /a?on_conflict=id
            content-type: application/json

            [{"id":1}]
        "#]],
    );
    check_one(
        &operation,
        json!({}),
        expect![[r#"
            POST /a
        "#]],
    );
}

#[test]
fn a_raw_body_is_a_file_or_a_text() {
    let mut operation = samples::operation(
        "/a",
        BodyKind::Raw,
        vec![
            input("content-type", InputPlace::Header, InputKind::String),
            input("file", InputPlace::Body, InputKind::File),
        ],
    );
    operation.body_input = Some("file".to_owned());
    check_one(
        &operation,
        json!({ "file": { "file": "pictures/cat.PNG" }, "upsert": true }),
        expect![[r#"
            POST /a?upsert=true
            content-type: image/png

            the file pictures/cat.PNG
        "#]],
    );
    operation.content_type = Some("text/csv".parse().unwrap());
    check_one(
        &operation,
        json!({ "file": { "text": "a,b" } }),
        expect![[r#"
            POST /a
            content-type: text/csv

            a,b
        "#]],
    );
    check_one(
        &operation,
        json!({ "file": { "text": "a,b" }, "content-type": "text/plain" }),
        expect![[r#"
            POST /a
            content-type: text/plain
            content-type: text/plain

            a,b
        "#]],
    );
    check_one(
        &operation,
        json!({ "file": "cat.png" }),
        expect![[r#"
            `file` is the text "cat.png"; it takes a file
        "#]],
    );
    operation.inputs[1].kind = InputKind::String;
    operation.content_type = None;
    check_one(
        &operation,
        json!({ "file": "hello" }),
        expect![[r#"
            POST /a
            content-type: application/octet-stream

            hello
        "#]],
    );
}

#[test]
fn inputs_become_parts() {
    let operation = samples::operation(
        "/a",
        BodyKind::Multipart,
        vec![
            input("file", InputPlace::Body, InputKind::File),
            placed("meta", InputPlace::Body, |input| {
                input.objects = Some(ObjectStyle::Json);
            }),
        ],
    );
    check_one(
        &operation,
        json!({
            "purpose": "fine-tune",
            "file": { "file": "/tmp/a\"b.jsonl" },
            "expires": { "after": 3600 },
            "meta": { "k": [1] },
        }),
        expect![[r#"
            POST /a

            --b
            Content-Disposition: form-data; name="purpose"

            fine-tune
            --b
            Content-Disposition: form-data; name="file"; filename="a%22b.jsonl"
            Content-Type: application/jsonl

            the file /tmp/a"b.jsonl
            --b
            Content-Disposition: form-data; name="expires[after]"

            3600
            --b
            Content-Disposition: form-data; name="meta"

            {"k":[1]}
            --b--
        "#]],
    );
    check_one(
        &operation,
        json!({ "file": { "text": "x", "file_name": "x.bin", "content_type": "a/b" } }),
        expect![[r#"
            POST /a

            --b
            Content-Disposition: form-data; name="file"; filename="x.bin"
            Content-Type: a/b

            x
            --b--
        "#]],
    );
}

#[test]
fn a_file_is_exactly_what_is_written_as_one() {
    for value in [
        json!({ "text": "" }),
        json!({ "file": "a", "file_name": "b" }),
        json!({ "text": "a", "content_type": "text/plain", "file_name": "b" }),
    ] {
        let file = FileValue::of(&value).unwrap();
        assert_eq!(FileValue::of(&file.to_value()), Some(file));
    }
    for value in [
        json!("a"),
        json!({}),
        json!({ "text": "a", "file": "b" }),
        json!({ "text": 1 }),
        json!({ "file": "a", "file_name": 1 }),
        json!({ "file": "a", "path": "/etc/passwd" }),
        json!({ "text": "a", "content_type": "a\nb" }),
    ] {
        assert_eq!(FileValue::of(&value), None, "{value}");
    }
    let named = FileValue::named("x", Some("y.txt".to_owned()));
    assert_eq!(FileValue::of(&named.to_value()), Some(named));
}

#[test]
fn fixed_headers_are_kept_apart_from_those_of_inputs() {
    let mut operation = samples::operation(
        "/a",
        BodyKind::None,
        vec![input("prefer", InputPlace::Header, InputKind::String)],
    );
    let prefer = http::HeaderName::from_static("prefer");
    operation.headers = vec![(prefer.clone(), "return=minimal".parse().unwrap())];
    let given = inputs(json!({ "prefer": "count=exact" }));
    let composed = compose(&operation, &given, secret).unwrap();
    assert_eq!(composed.headers[&prefer], "count=exact");
    assert_eq!(composed.fixed_headers[&prefer], "return=minimal");
}

/// An operation whose address is an input.
fn upload() -> Operation {
    let mut operation = samples::operation(
        "/a",
        BodyKind::None,
        vec![Input {
            need: Need::Required,
            ..input("to", InputPlace::Address, InputKind::String)
        }],
    );
    operation.target = OperationTarget::Address {
        input: "to".to_owned(),
        hosts: vec!["files.example.com".to_owned(), "up.example.com".to_owned()],
    };
    operation
}

#[test]
fn an_address_is_on_one_of_its_hosts() {
    let refused = |address: &str, expected: Expect| {
        check_one(&upload(), json!({ "to": address }), expected);
    };
    refused(
        "https://files.example.com/up/v1/X?sig=a%2Fb",
        expect![[r#"
            POST https://files.example.com/up/v1/X?sig=a%2Fb
        "#]],
    );
    refused(
        "https://FILES.example.com:443/x",
        expect![[r#"
            POST https://files.example.com/x
        "#]],
    );
    refused(
        "https://files.example.com.evil.test/x?sig=secret",
        expect![[r#"
            `to` cannot be called: `files.example.com.evil.test` is not `files.example.com` or `up.example.com`
        "#]],
    );
    refused(
        "https://files.example.com:8443/x",
        expect![[r#"
            `to` cannot be called: `files.example.com:8443` is not `files.example.com` or `up.example.com`
        "#]],
    );
    refused(
        "http://files.example.com/x",
        expect![[r#"
            `to` cannot be called: it does not begin with `https://`
        "#]],
    );
    refused(
        "https://files.example.com@evil.test/x",
        expect![[r#"
            `to` cannot be called: it carries a user name or a password
        "#]],
    );
    refused(
        "/x",
        expect![[r#"
            `to` cannot be called: it is no address: relative URL without a base
        "#]],
    );
}

#[test]
fn an_address_takes_a_query_and_must_be_there() {
    check_one(
        &upload(),
        json!({ "to": "https://up.example.com/x?a=1", "b": "2 3" }),
        expect![[r#"
            POST https://up.example.com/x?a=1&b=2%203
        "#]],
    );
    check_one(
        &upload(),
        json!({}),
        expect![[r#"
            `to` is missing
        "#]],
    );
}

fn graphql() -> Operation {
    let inputs = vec![
        input("operation_name", InputPlace::Body, InputKind::String),
        input("query", InputPlace::Body, InputKind::String),
        input("first", InputPlace::Body, InputKind::Any),
    ];
    samples::operation("/graphql", BodyKind::Graphql, inputs)
}

#[test]
fn inputs_are_the_variables_of_a_document() {
    check_one(
        &graphql(),
        json!({
            "query": "query A($owner: String!, $first: Int) { a } query B { b }",
            "owner": "octocat",
            "first": "10",
            "operation_name": "A",
        }),
        expect![[r#"
            POST /graphql
            content-type: application/json

            {"query":"query A($owner: String!, $first: Int) { a } query B { b }","operationName":"A","variables":{"owner":"octocat","first":10}}
        "#]],
    );
    let given = inputs(json!({ "query": "{ viewer { login } }" }));
    let composed = compose(&graphql(), &given, secret).unwrap();
    assert!(composed.only_reads());
    expect![[r#"
        POST /graphql
        content-type: application/json

        {"query":"{ viewer { login } }"}
    "#]]
    .assert_eq(&shown(Ok(composed)));
    let given = inputs(json!({ "query": "mutation { star }" }));
    assert!(!compose(&graphql(), &given, secret).unwrap().only_reads());
}

#[test]
fn variables_are_compared_with_the_document() {
    check_one(
        &graphql(),
        json!({ "query": "query (\n  $owner: String!\n  $first: Int) { a }", "ownr": "x", "first": "ten" }),
        expect![[r#"
            `ownr`: line 1, column 1: the document declares no variable `$ownr`; did you mean `owner`? allowed: `owner` or `first`
            `first`: line 3, column 3: `$first` is the text "ten"; it takes Int
            `owner`: line 2, column 3: `$owner` is missing; it takes String!
        "#]],
    );
    let wrong = inputs(json!({ "query": "query {" }));
    let problems = compose(&graphql(), &wrong, secret).unwrap_err();
    assert_eq!(problems[0].name(), "query");
    // An example of an error may show what the API says to it.
    assert!(compose_incomplete(&graphql(), &wrong, secret).is_ok());
}

#[test]
fn a_part_of_a_secret_that_is_not_there_is_said_without_its_value() {
    let operation = samples::operation("/{hook.id}", BodyKind::None, Vec::new());
    check_one(
        &operation,
        json!({}),
        expect![[r#"
            `id` of the secret `hook` is part of the path, and the secret is not known or does not have the form that its pattern says
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
            let Target::Path(path) = composed.target else { unreachable!() };
            let uri: http::Uri = path.parse().unwrap();
            prop_assert!(operation.path().unwrap().matches(uri.path()), "{}", uri);
            prop_assert_eq!(pairs(uri.query().unwrap()), vec![("unlisted".to_owned(), unlisted)]);
        }
    }
}
