//! What leads to the next page stands where the operation takes it, and all else stays.

use bytes::Bytes;
use expect_test::{Expect, expect};
use http::Method;
use http::uri::PathAndQuery;
use http_body_util::{BodyExt as _, Full};
use serde_json::{Value, json};
use trunkline_connector::document::Source;
use trunkline_connector::{Connector, Inputs, Operation};
use trunkline_egress::Body;

use super::Asking;
use crate::call::{Call, Target};
use crate::error::ErrorKind;

const CONNECTOR: &str = r#"
schema = 1
[connector]
name = "acme"
title = "Acme"
base_url = "https://acme.example"
docs = "https://acme.example/docs"
checked = "2026-11-22"
[auth]
kind = "none"
[verify]
operation = "me"
"#;

/// An operation that takes a cursor, in a way of its own.
fn operation(more: &str) -> Operation {
    let operations = format!(
        r#"
[[operations]]
name = "list"
title = "List things"
path = "/things"
docs = "https://acme.example/docs/list"
{more}

[[operations]]
name = "me"
title = "Who calls"
method = "GET"
path = "/me"
docs = "https://acme.example/docs/me"
"#
    );
    let example = r#"
operation = "me"
title = "who calls"
request = { method = "GET", path = "/me" }
answer = { status = 200, headers = { content-type = "application/json" }, body = { json = "[]" } }
reply = { class = "ok" }
"#;
    let files = [
        ("connector.toml", CONNECTOR),
        ("operations/things.toml", &operations),
        ("examples/me.toml", example),
    ];
    let source = |(name, text): (&str, &str)| Source {
        name: format!("acme/{name}"),
        text: text.to_owned(),
    };
    let mut connector =
        Connector::load(files.map(source).to_vec()).expect("the connector is right");
    connector.operations.remove(0)
}

fn by_path(path: &str, body: &str) -> Call {
    let path = PathAndQuery::try_from(path).expect("the path is one");
    let mut call = Call::path("acme".parse().expect("the name is one"), Method::POST, path);
    call.body = Body::from(body.as_bytes().to_vec());
    call
}

fn shown(call: &Call) -> String {
    let target = match &call.target {
        Target::Path { path_and_query, .. } => path_and_query.to_string(),
        Target::Operation { inputs, .. } => Value::Object(inputs.clone()).to_string(),
    };
    let mut lines = vec![target];
    let headers = call.headers.iter();
    lines.extend(headers.map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())));
    if let Body::Full(bytes) = &call.body {
        lines.push(String::from_utf8(bytes.to_vec()).unwrap());
    }
    lines.join("\n")
}

/// What a call by path becomes, and the cursor that it had before.
#[track_caller]
fn check(more: &str, (path, body): (&str, &str), expected: Expect) {
    let operation = operation(more);
    let mut asking = Asking::new(by_path(path, body)).expect("the body is there");
    let before = Value::Object(asking.inputs(&operation, ["after"]));
    let text = match asking.set(&operation, "after", json!("x y")) {
        Ok(()) => shown(&asking.call()),
        Err(error) => error.to_string(),
    };
    expected.assert_eq(&format!("{before}\n{text}"));
}

#[test]
fn a_cursor_in_the_query_is_replaced_there() {
    let more = "method = \"GET\"\ninputs.after = { type = \"string\", sent_as = \"page[after]\" }";
    check(
        more,
        ("/things?a=%2F&page%5Bafter%5D=w&b", ""),
        expect![[r#"
            {"after":"w"}
            /things?a=%2F&b&page%5Bafter%5D=x%20y"#]],
    );
}

#[test]
fn a_cursor_in_a_body_is_replaced_there() {
    let json = "method = \"POST\"\nbody = \"json\"\ninputs.after = { type = \"string\" }";
    check(
        json,
        ("/things", r#"{"a": 1.0, "after": 7}"#),
        expect![[r#"
            {"after":7}
            /things
            {"a":1.0,"after":"x y"}"#]],
    );
    check(
        json,
        ("/things", ""),
        expect![[r#"
            {}
            /things
            {"after":"x y"}"#]],
    );
    let form = "method = \"POST\"\nbody = \"form\"\ninputs.after = { type = \"string\" }";
    check(
        form,
        ("/things", "a=1&after=w"),
        expect![[r#"
            {"after":"w"}
            /things
            a=1&after=x%20y"#]],
    );
    check(
        json,
        ("/things", "[1]"),
        expect![[r#"
            {}
            `after`, which leads to the next page of `list`, cannot be set: the body is no JSON object"#]],
    );
}

#[test]
fn a_cursor_of_graphql_is_a_variable() {
    let more = "method = \"POST\"\nbody = \"graphql\"\ninputs.query = { type = \"string\", need = \"required\" }";
    check(
        more,
        (
            "/things",
            r#"{"query":"{a}","variables":{"first":2,"after":"w"}}"#,
        ),
        expect![[r#"
            {"after":"w"}
            /things
            {"query":"{a}","variables":{"first":2,"after":"x y"}}"#]],
    );
    check(
        more,
        ("/things", r#"{"query":"{a}","variables":null}"#),
        expect![[r#"
            {}
            /things
            {"query":"{a}","variables":{"after":"x y"}}"#]],
    );
}

#[test]
fn a_cursor_in_a_header_is_replaced_there() {
    let more = "method = \"GET\"\ninputs.after = { type = \"string\", in = \"header\", sent_as = \"x-after\" }";
    check(
        more,
        ("/things?a=1", ""),
        expect![[r#"
            {}
            /things?a=1
            x-after: x y"#]],
    );
}

#[test]
fn an_address_takes_the_place_of_inputs_but_not_of_headers_and_body() {
    let operation = operation(
        "method = \"POST\"\nbody = \"json\"\nheaders = { Prefer = \"count\" }\n\
         inputs.after = { type = \"string\" }\ninputs.trace = { type = \"string\", in = \"header\" }\n\
         inputs.limit = { type = \"integer\", in = \"query\" }",
    );
    let inputs = json!({ "after": "w", "trace": "t", "limit": 5 });
    let Value::Object(inputs) = inputs else {
        panic!("it is an object");
    };
    let call = Call::operation("acme".parse().unwrap(), "list", inputs);
    let mut asking = Asking::new(call).expect("there is no body");
    asking
        .go_to(&operation, "/other?page=2".to_owned())
        .expect("the path is one");
    let expected = expect![[r#"
        /other?page=2
        trace: t
        prefer: count
        content-type: application/json
        {"after":"w"}"#]];
    expected.assert_eq(&shown(&asking.call()));
    asking
        .go_to(&operation, "/other?page=3".to_owned())
        .expect("the path is one");
    assert!(shown(&asking.call()).starts_with("/other?page=3\ntrace: t\n"));
}

#[test]
fn an_input_of_a_call_by_name_is_set_by_its_name() {
    let operation =
        operation("method = \"GET\"\ninputs.after = { type = \"string\", sent_as = \"x\" }");
    let call = Call::operation("acme".parse().unwrap(), "list", Inputs::new());
    let mut asking = Asking::new(call).expect("there is no body");
    asking
        .set(&operation, "after", json!("c"))
        .expect("it has a place");
    assert_eq!(shown(&asking.call()), r#"{"after":"c"}"#);
}

#[test]
fn a_body_that_is_still_coming_cannot_be_sent_twice() {
    let mut call = by_path("/things", "");
    call.body = Body::stream(Full::new(Bytes::from_static(b"x")).map_err(|never| match never {}));
    let error = Asking::new(call).expect_err("it is gone after the first page");
    assert_eq!(error.kind(), ErrorKind::BodyTooLarge);
}
