//! Whole documents: what becomes of each feature, and that nothing makes it panic.

mod identity;
mod operations;
mod properties;
mod schemas;
mod swagger;

use expect_test::{Expect, expect};
use serde_json::{Value, json};
use trunkline_connector::Connector;
use trunkline_connector::document::Source;

use crate::{Imported, Options, import};

fn options() -> Options {
    Options::new("2026-11-22")
}

fn source(document: &Value) -> Source {
    Source {
        name: "acme.json".to_owned(),
        text: document.to_string(),
    }
}

/// A document with these paths and everything else that it needs.
fn document(paths: &Value) -> Value {
    json!({
        "openapi": "3.0.3",
        "info": { "title": "Acme", "version": "7" },
        "servers": [{ "url": "https://api.acme.example/v1" }],
        "externalDocs": { "url": "https://docs.acme.example" },
        "paths": paths,
    })
}

/// A document with one call and something else at its top.
fn with(key: &str, value: Value) -> Value {
    let mut document = document(&json!({ "/things": { "get": { "operationId": "list" } } }));
    document[key] = value;
    document
}

/// Imports a document, whose connector must pass every check.
#[track_caller]
fn imported_with(document: &Value, options: &Options) -> Imported {
    let imported = import(&source(document), options).expect("it is a document");
    if let Err(problems) = Connector::load(imported.files.clone()) {
        let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
        panic!("{}\n{:#?}", problems.join("\n"), imported.files);
    }
    imported
}

#[track_caller]
fn imported(document: &Value) -> Imported {
    imported_with(document, &options())
}

/// A file without its first line, which says where it comes from.
#[track_caller]
fn file(imported: &Imported, name: &str) -> String {
    let file = imported.files.iter().find(|file| file.name == name);
    let text = &file
        .unwrap_or_else(|| panic!("no {name} in {:?}", imported.files))
        .text;
    text.split_once('\n').expect("it has lines").1.to_owned()
}

fn losses(imported: &Imported) -> String {
    let lines = imported.report.losses().map(|(loss, places)| {
        let place = &places.first[0];
        format!(
            "{} {} {} {}\n",
            loss.code(),
            places.count,
            place.at,
            place.detail
        )
    });
    lines.collect()
}

/// What an operation becomes, from its `path` on.
#[track_caller]
fn check_operation(operation: Value, expected: Expect) -> Imported {
    check_paths(json!({ "/things/{id}": { "post": operation } }), expected)
}

#[track_caller]
fn check_paths(paths: Value, expected: Expect) -> Imported {
    let imported = imported(&document(&paths));
    // Where nothing only reads, an operation is added that has a test of its own.
    let is_made_up = |file: &&Source| file.text.contains("Ask for the address itself");
    let operations = imported
        .files
        .iter()
        .filter(|file| file.name.contains("/operations/"));
    let operations = operations.filter(|file| !is_made_up(file));
    let dull = ["docs = ", "title = "];
    let lines = operations.flat_map(|file| file.text.lines().skip(1));
    let lines = lines.filter(|line| !dull.iter().any(|dull| line.starts_with(dull)));
    expected.assert_eq(
        lines
            .collect::<Vec<_>>()
            .join(
                "
",
            )
            .trim(),
    );
    imported
}

/// What the top of a document becomes: identity, secrets and auth.
#[track_caller]
fn check_connector(document: &Value, expected: Expect) -> Imported {
    let imported = imported(document);
    let text = file(&imported, &format!("{}/connector.toml", imported.name));
    let dull = [
        "schema =",
        "docs =",
        "checked =",
        "obtain =",
        "title =",
        "example =",
    ];
    let lines = text
        .lines()
        .filter(|line| !dull.iter().any(|dull| line.starts_with(dull)));
    expected.assert_eq(lines.collect::<Vec<_>>().join("\n").trim());
    imported
}

/// What a schema becomes as JSON Schema 2020-12.
#[track_caller]
fn check_schema(version: &str, schema: Value, expected: Expect) -> Imported {
    let mut document = document(&json!({ "/things": { "get": {
        "operationId": "list",
        "responses": { "200": { "description": "", "content": { "application/json": {
            "schema": { "$ref": "#/components/schemas/Thing" } } } } },
    } } }));
    document["openapi"] = json!(version);
    document["components"] =
        json!({ "schemas": { "Thing": schema, "Other": { "type": "object" } } });
    let imported = imported(&document);
    let text = imported
        .files
        .last()
        .expect("there is a schema file")
        .text
        .clone();
    let schemas: Value = serde_json::from_str(&text).expect("it is JSON");
    expected.assert_eq(&schemas["$defs"]["Thing"].to_string());
    imported
}

/// The paths of a small document.
fn small() -> Value {
    json!({ "/things/{id}": { "get": {
        "operationId": "things/get",
        "summary": "Looks up a *thing*. More of it.",
        "parameters": [
            { "name": "id", "in": "path", "required": true, "schema": { "type": "string" } },
            { "name": "expand", "in": "query", "schema": { "type": "array", "items": { "type": "string" } } },
        ],
        "responses": {
            "200": { "description": "", "content": { "application/json": { "schema": { "type": "object" } } } },
            "429": { "description": "", "headers": { "Retry-After": {} } },
        },
    } } })
}

#[test]
fn a_small_document_becomes_files_as_one_would_write_them() {
    let document = document(&small());
    let imported = imported(&document);
    let names: Vec<&str> = imported
        .files
        .iter()
        .map(|file| file.name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "acme/connector.toml",
            "acme/operations/things.toml",
            "acme/schemas/components.json"
        ]
    );
    assert_eq!(
        (imported.name.as_str(), imported.version.as_str()),
        ("acme", "7")
    );
    expect![[r#"
        schema = 1

        [connector]
        name = "acme"
        title = "Acme"
        base_url = "https://api.acme.example/v1"
        docs = "https://docs.acme.example/"
        checked = "2026-11-22"

        [auth]
        kind = "none"

        [[waits]]
        from = { header = "retry-after" }
        unit = "auto"
        sample = "12"
        expect = "12s"

        [[outcomes]]
        statuses = ["429"]
        class = "rate_limited"
        message = "Acme was asked too often"
        hint = "ask less often"

        [verify]
        operation = "things.get"
        inputs = { id = "1" }
    "#]]
    .assert_eq(&file(&imported, "acme/connector.toml"));
    expect![[r#"

        [[operations]]
        name = "things.get"
        title = "Looks up a thing"
        method = "GET"
        path = "/things/{id}"
        docs = "https://docs.acme.example/"

        [operations.inputs]
        expand = { type = "array", lists = "repeated" }
        id = { in = "path", type = "string", need = "required" }

        [operations.reply]
        schema = "components.json#/$defs/things.get.reply"
    "#]]
    .assert_eq(&file(&imported, "acme/operations/things.toml"));
    expect![[r#"
        no_credential 1 /components/securitySchemes 
        verify 1 /paths `things.get` needs inputs
    "#]]
    .assert_eq(&losses(&imported));
}

#[test]
fn yaml_is_read_as_json_is() {
    let text = "openapi: 3.0.0\ninfo:\n  title: Acme\n  version: 1.0\nservers:\n  - url: https://api.acme.example\n\
                paths:\n  /things:\n    get:\n      operationId: list\n      responses:\n        200: &ok\n          description: >-\n            all\n            of them\n        201: *ok\n";
    let source = Source {
        name: "acme.yaml".to_owned(),
        text: text.to_owned(),
    };
    let imported = import(&source, &options()).expect("it is YAML");
    assert_eq!((imported.version.as_str(), imported.operations), ("1.0", 1));
    Connector::load(imported.files).expect("it passes every check");
}

#[test]
fn what_cannot_be_read_is_named_with_its_place() {
    let check = |name: &str, text: &str, expected: &str| {
        let source = Source {
            name: name.to_owned(),
            text: text.to_owned(),
        };
        let problem = import(&source, &options()).expect_err("it is no document");
        assert!(problem.to_string().starts_with(expected), "{problem}");
    };
    check(
        "a.json",
        "{\n  \"openapi\": \"3.0.0\",\n  \"info\": ü\n}",
        "a.json:3:11: the file is no JSON: expected value",
    );
    check("a.yaml", "openapi: 3.0.0\npaths: [\n", "a.yaml:");
    check(
        "a.yaml",
        "a: &a [*a]",
        "a.yaml:1:8: an alias stands within what it names",
    );
    check("a.yaml", "", "a.yaml:1:1: the file is empty");
    check(
        "a.json",
        "{}",
        "a.json:1:1: the file does not say `openapi`",
    );
    check(
        "a.json",
        "[]",
        "a.json:1:1: the file is no OpenAPI document",
    );
    check(
        "a.json",
        r#"{ "openapi": "2.5" }"#,
        "a.json:1:1: `2.5` is no version that can be read",
    );
    check(
        "a.json",
        r#"{ "openapi": "3.1.0" }"#,
        "a.json:1:1: the document has no operation that can be called",
    );
    check(
        "a.json",
        r#"{ "openapi": "3.1.0", "webhooks": { "a": {} } }"#,
        "a.json:1:1: the document has only webhooks",
    );
    let lines: Vec<String> = (1..30)
        .map(|n| format!("a{n}: &a{n} [{}]", format!("*a{},", n - 1).repeat(10)))
        .collect();
    let laughs = lines.join(
        "
",
    );
    check("a.yaml", &format!("a0: &a0 lol\n{laughs}"), "a.yaml:");
    check(
        "a.yaml",
        &"[".repeat(100_000),
        "a.yaml:1:256: the file is no YAML: recursion limit",
    );
}
