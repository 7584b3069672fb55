//! Laws that hold for every text: it never panics, and what it gives passes every check.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};
use serde_json::{Map, Value, json};
use trunkline_connector::Connector;
use trunkline_connector::document::Source;

use super::{options, swagger};
use crate::import;

/// The same cases every time, so that a failure is there for everybody.
fn seeded(cases: u32) -> Config {
    Config {
        cases,
        rng_seed: RngSeed::Fixed(2026),
        failure_persistence: None,
        ..Config::default()
    }
}

/// A document in which something of everything stands.
fn rich() -> Value {
    json!({
        "openapi": "3.1.0",
        "info": { "title": "Rich", "version": "1" },
        "servers": [
            { "url": "https://{tenant}.rich.example:{port}/{base}", "variables": {
                "tenant": { "default": "demo" }, "port": { "enum": ["443", "8443"], "default": "443" },
                "base": { "default": "v2" } } },
            { "url": "/relative" },
        ],
        "security": [{ "key": [] }, { "oauth": ["read"] }],
        "tags": [{ "name": "pets" }],
        "paths": {
            "/pets/{petId}.{format}": {
                "parameters": [{ "$ref": "#/components/parameters/id" }],
                "servers": [{ "url": "https://other.rich.example" }],
                "get": {
                    "operationId": "getPet", "tags": ["pets"], "deprecated": true,
                    "responses": { "200": { "$ref": "#/components/responses/pet" },
                        "404": { "description": "", "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Error" } } } } },
                },
                "post": {
                    "operationId": "get-pet", "security": [],
                    "requestBody": { "required": true, "content": { "multipart/form-data": {
                        "schema": { "properties": { "file": { "type": "string", "format": "binary" }, "tags": { "type": "array", "items": { "type": "string" } } }, "required": ["file"] },
                        "encoding": { "tags": { "contentType": "application/json" } } } } },
                    "responses": { "201": { "description": "" } },
                },
                "put": {
                    "requestBody": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Pet" } } } },
                    "responses": { "default": { "description": "", "content": { "text/plain": {} } } },
                },
            },
            "/search?kind={kind}&fixed=1": { "get": { "parameters": [
                { "name": "kind", "in": "query", "required": true, "schema": { "type": "string", "enum": ["a", "b"] } },
                { "name": "at", "in": "query", "style": "deepObject", "explode": true, "schema": { "type": "object" } },
                { "name": "X-Trace", "in": "header", "schema": { "type": "string" } },
                { "name": "sid", "in": "cookie", "schema": { "type": "string" } },
            ] } },
            "/form": { "post": { "requestBody": { "content": { "application/x-www-form-urlencoded": {
                "schema": { "oneOf": [{ "$ref": "#/components/schemas/Pet" }, { "properties": { "name": { "type": "integer" } } }] } } } } } },
        },
        "components": {
            "parameters": { "id": { "name": "petId", "in": "path", "required": true, "schema": { "type": ["integer", "null"] } } },
            "responses": { "pet": { "description": "", "headers": { "Retry-After": {} }, "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Pet" } } } } },
            "securitySchemes": {
                "key": { "type": "apiKey", "name": "X-Key", "in": "header" },
                "oauth": { "type": "oauth2", "flows": { "clientCredentials": { "tokenUrl": "/token", "scopes": { "read": "" } } } },
            },
            "schemas": {
                "Pet": { "type": "object", "required": ["name"], "properties": {
                    "name": { "type": "string", "nullable": true, "pattern": "^[a-z]+$", "minLength": 1 },
                    "parent": { "$ref": "#/components/schemas/Pet", "description": "up" },
                    "kind": { "enum": ["cat", "dog"], "default": "cat" },
                    "age": { "type": "integer", "minimum": 0, "exclusiveMinimum": true },
                } },
                "Error": { "allOf": [{ "$ref": "#/components/schemas/Error" }, { "properties": { "message": { "type": "string" } } }] },
            },
        },
    })
}

/// Puts other values at places of a document, or takes them away.
fn mutate(value: &mut Value, choices: &mut impl Iterator<Item = u8>, others: &[Value]) {
    let Some(choice) = choices.next() else {
        return;
    };
    match choice % 16 {
        0 => *value = others[usize::from(choice) % others.len()].clone(),
        1 => {
            if let Value::Object(fields) = value {
                let name = fields
                    .keys()
                    .nth(usize::from(choice) % fields.len().max(1))
                    .cloned();
                name.and_then(|name| fields.shift_remove(&name));
            }
        }
        2 => {
            if let Value::Object(fields) = value {
                let keys = [
                    "$ref", "", "get", "x-y", "items", "type", "a/b~c", "{", "200", "é", "in",
                ];
                let key = keys[usize::from(choice) / 16 % keys.len()];
                fields.insert(
                    key.to_owned(),
                    others[usize::from(choice) % others.len()].clone(),
                );
            }
        }
        _ => {}
    }
    match value {
        Value::Object(fields) => fields
            .values_mut()
            .for_each(|value| mutate(value, choices, others)),
        Value::Array(items) => items
            .iter_mut()
            .for_each(|value| mutate(value, choices, others)),
        _ => {}
    }
}

fn others() -> Vec<Value> {
    vec![
        Value::Null,
        json!(true),
        json!(-1.5),
        json!(18_446_744_073_709_551_615_u64),
        json!(""),
        json!("."),
        json!("é\u{0}\"\\\n]]"),
        json!("{a}{b}/../{c"),
        json!("#/components/schemas/Pet"),
        json!("#/nowhere"),
        json!("other.json#/a"),
        json!([]),
        json!([null, {}, "x"]),
        json!({}),
        json!({ "$ref": "#/components/schemas/Error" }),
        json!({ "$ref": "#/components/schemas/Pet/properties/parent" }),
        json!({ "type": "array", "enum": [[], {}, 1, "a"] }),
        Value::Object(Map::from_iter([(String::new(), json!({ "": "" }))])),
        json!("https://user:pass@host.example/?a#b"),
        json!(["string", "null", "array"]),
    ]
}

/// Reads a text; what comes of it must pass every check.
fn check(name: &str, text: String) {
    let source = Source {
        name: name.to_owned(),
        text,
    };
    if let Ok(imported) = import(&source, &options())
        && let Err(problems) = Connector::load(imported.files)
    {
        let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
        panic!("{}\n{}", texts.join("\n"), source.text);
    }
}

#[test]
fn the_rich_document_is_in_order() {
    let source = Source {
        name: "rich.json".to_owned(),
        text: rich().to_string(),
    };
    let imported = import(&source, &options()).expect("it is a document");
    assert_eq!(imported.operations, 5);
    check("rich.json", rich().to_string());
}

proptest! {
    #![proptest_config(seeded(200))]

    #[test]
    fn a_changed_document_never_panics_and_passes_every_check(choices in prop::collection::vec(any::<u8>(), 1..400)) {
        let mut document = rich();
        let others = others();
        let mut choices = choices.into_iter();
        for part in document.as_object_mut().expect("it is an object").values_mut() {
            mutate(part, &mut choices, &others);
        }
        document["openapi"] = json!("3.0.0");
        check("rich.json", document.to_string());
    }

    #[test]
    fn a_changed_document_of_version_2_never_panics_either(choices in prop::collection::vec(any::<u8>(), 1..200)) {
        let mut document = swagger::document();
        let others = others();
        let mut choices = choices.into_iter();
        for part in document.as_object_mut().expect("it is an object").values_mut() {
            mutate(part, &mut choices, &others);
        }
        document["swagger"] = json!("2.0");
        check("old.json", document.to_string());
    }

    #[test]
    fn a_text_with_holes_never_panics(at in any::<prop::sample::Index>(), length in 0..40_usize, filler in "[\\PC\n\t]{0,12}") {
        let mut text: Vec<char> = serde_json::to_string_pretty(&rich()).expect("it is JSON").chars().collect();
        let start = at.index(text.len());
        let end = (start + length).min(text.len());
        text.splice(start..end, filler.chars());
        let text: String = text.into_iter().collect();
        // YAML takes JSON as well, and reads much of what is no JSON any more.
        check("rich.json", text.clone());
        check("rich.yaml", format!("# YAML\n{text}"));
    }

    #[test]
    fn any_text_never_panics(text in "[\\PC\n\t]{0,200}") {
        check("any.yaml", text.clone());
        check("any.json", format!("{{{text}"));
    }

    #[test]
    fn anything_that_looks_like_yaml_never_panics(lines in prop::collection::vec("[ ]{0,6}(- |\\? |: |&a |\\*a |! |!!str |\\| |> |\\[|\\]|\\{|\\}|, |<<: |'|\"|# |%|@|`|---|\\.\\.\\.|key: |[a-z0-9]{1,3}){0,5}", 0..12)) {
        check("any.yaml", lines.join("\n"));
    }
}
