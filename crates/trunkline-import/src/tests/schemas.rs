//! Schemas as JSON Schema 2020-12.

use expect_test::{Expect, expect};
use serde_json::{Value, json};
use trunkline_connector::Connector;
use trunkline_connector::document::Source;

use super::{check_schema, document, losses, options};
use crate::import;

#[test]
fn schemas_of_3_0_become_those_of_2020() {
    let check = |schema: Value, expected: Expect| {
        check_schema("3.0.3", schema, expected);
    };
    check(
        json!({ "type": "string", "nullable": true, "enum": ["a"], "example": "a", "description": "x" }),
        expect![[r#"{"type":["string","null"],"enum":["a",null]}"#]],
    );
    check(
        json!({ "type": "integer", "minimum": 0, "exclusiveMinimum": true, "maximum": 9, "exclusiveMaximum": false }),
        expect![[r#"{"type":"integer","exclusiveMinimum":0,"maximum":9}"#]],
    );
    check(
        json!({ "nullable": true, "allOf": [{ "$ref": "#/components/schemas/Other" }] }),
        expect![[r##"{"anyOf":[{"allOf":[{"$ref":"#/$defs/Other"}]},{"type":"null"}]}"##]],
    );
    check(
        json!({ "properties": { "up": { "$ref": "#/components/schemas/Thing", "nullable": true } }, "required": ["up", 7] }),
        expect![[
            r##"{"properties":{"up":{"anyOf":[{"$ref":"#/$defs/Thing"},{"type":"null"}]}},"required":["up"]}"##
        ]],
    );
    check(
        json!({ "required": ["id", "secret", "name"], "properties": {
            "id": { "type": "string", "readOnly": true }, "secret": { "type": "string", "writeOnly": true }, "name": {} } }),
        expect![[
            r#"{"required":["name"],"properties":{"id":{"type":"string"},"secret":{"type":"string"},"name":{}}}"#
        ]],
    );
    check(
        json!({ "oneOf": [{ "type": "string" }, { "type": "integer" }], "discriminator": { "propertyName": "x" }, "xml": {}, "x-y": 1 }),
        expect![[r#"{"anyOf":[{"type":"string"},{"type":"integer"}]}"#]],
    );
    check(
        json!({ "type": "file", "pattern": "(", "minLength": "1", "maxLength": 2.0, "requred": [] }),
        expect![[r#"{"maxLength":2}"#]],
    );
    check(
        json!({ "properties": { "a": { "$ref": "other.json#/a" }, "b": { "$ref": "#/components/schemas/None" } } }),
        expect![[r#"{"properties":{"a":true,"b":true}}"#]],
    );
}

#[test]
fn schemas_of_3_1_stay_what_they_are() {
    let check = |schema: Value, expected: Expect| {
        check_schema("3.1.0", schema, expected);
    };
    check(
        json!({ "type": ["string", "null"], "const": "x", "examples": ["x"] }),
        expect![[r#"{"type":["string","null"],"const":"x"}"#]],
    );
    check(
        json!({ "$ref": "#/components/schemas/Other", "maxProperties": 2 }),
        expect![[r##"{"maxProperties":2,"$ref":"#/$defs/Other"}"##]],
    );
    check(
        json!({ "prefixItems": [true, { "type": "string" }], "unevaluatedItems": false }),
        expect![[r#"{"prefixItems":[true,{"type":"string"}],"unevaluatedItems":false}"#]],
    );
    check(
        json!({ "if": { "required": ["a"] }, "then": { "required": ["b"] } }),
        expect![[r#"{"if":{"required":["a"]},"then":{"required":["b"]}}"#]],
    );
}

#[test]
fn a_schema_that_would_be_compared_for_ever_is_cut() {
    let imported = check_schema(
        "3.0.0",
        json!({ "allOf": [{ "$ref": "#/components/schemas/Thing" }, { "type": "object" }], "properties": { "in": { "$ref": "#/components/schemas/Thing" } } }),
        expect![[
            r##"{"allOf":[{},{"type":"object"}],"properties":{"in":{"$ref":"#/$defs/Thing"}}}"##
        ]],
    );
    assert!(
        losses(&imported).contains("cycle 1 "),
        "{}",
        losses(&imported)
    );
}

#[test]
fn depth_has_no_end_and_no_danger() {
    let mut schema = json!({ "type": "string" });
    for _ in 0..50 {
        schema = json!({ "nullable": true, "oneOf": [{ "properties": { "a": schema } }] });
    }
    // As deep as JSON is read.
    schema = json!({ "type": "object", "properties": { "deep": schema["oneOf"][0] } });
    let text = document(
        &json!({ "/a": { "get": { "responses": { "200": { "content": { "application/json": { "schema": schema } } } } } } }),
    );
    let text = text.to_string();
    let source = Source {
        name: "deep.json".to_owned(),
        text,
    };
    match import(&source, &options()) {
        Ok(imported) => drop(Connector::load(imported.files).expect("it passes every check")),
        Err(problem) => assert!(problem.to_string().contains("recursion limit"), "{problem}"),
    }
}

#[test]
fn a_pattern_that_nobody_can_read_is_left_out() {
    let check = |pattern: &str, expected: Expect| {
        check_schema("3.1.0", json!({ "pattern": pattern }), expected);
    };
    check(
        r"^(?!x)[a-z]+$",
        expect![[r#"{"pattern":"^(?!x)[a-z]+$"}"#]],
    );
    check(r"(?!\s*$)[\uD800\uDBFF-\uDC00]", expect!["{}"]);
    check("^.{0,9999999}$", expect!["{}"]);
}
