//! Swagger 2.0, as if it were OpenAPI 3.

use expect_test::expect;
use serde_json::{Value, json};

use super::{file, imported, losses};

/// A document in which something of everything stands.
pub(super) fn document() -> Value {
    json!({
        "swagger": "2.0",
        "info": { "title": "Acme", "version": "1" },
        "host": "api.acme.example",
        "basePath": "/v1",
        "schemes": ["http", "https"],
        "consumes": ["application/json"],
        "produces": ["application/json"],
        "securityDefinitions": {
            "key": { "type": "apiKey", "in": "header", "name": "X-Key" },
            "app": { "type": "oauth2", "flow": "application", "tokenUrl": "https://acme.example/token", "scopes": {} },
        },
        "security": [{ "key": [] }, { "app": [] }],
        "parameters": {
            "id": { "name": "id", "in": "path", "required": true, "type": "string" },
            "thing": { "name": "thing", "in": "body", "required": true, "schema": { "$ref": "#/definitions/Thing" } },
        },
        "definitions": { "Thing": { "type": "object", "required": ["name"], "properties": {
            "name": { "type": "string", "x-nullable": true }, "parts": { "type": "array", "items": { "$ref": "#/definitions/Thing" } },
            "bad": { "type": "string", "pattern": "(" } } } },
        "responses": { "Thing": { "description": "", "schema": { "$ref": "#/definitions/Thing" } } },
        "paths": { "/things/{id}": {
            "parameters": [{ "$ref": "#/parameters/id" }],
            "get": { "operationId": "get", "parameters": [
                { "name": "fields", "in": "query", "type": "array", "items": { "type": "string" } },
                { "name": "tags", "in": "query", "type": "array", "items": { "type": "string" }, "collectionFormat": "multi" },
            ], "responses": { "200": { "$ref": "#/responses/Thing" }, "404": { "description": "" } } },
            "put": { "operationId": "put", "parameters": [{ "$ref": "#/parameters/thing" }],
                "responses": { "200": { "description": "", "schema": { "type": "file" } } } },
            "post": { "operationId": "upload", "consumes": ["multipart/form-data"], "parameters": [
                { "name": "file", "in": "formData", "required": true, "type": "file" },
                { "name": "note", "in": "formData", "type": "string", "description": "What it is." },
            ], "responses": { "204": { "description": "" } } },
        } },
    })
}

#[test]
fn version_2_is_read_as_version_3() {
    let imported = imported(&document());
    let connector = file(&imported, "acme/connector.toml");
    for expected in [
        "base_url = \"https://api.acme.example/v1\"",
        "kind = \"client_credentials\"",
        "name = \"X-Key\"",
    ] {
        assert!(connector.contains(expected), "no {expected} in {connector}");
    }
    expect![[r#"

        [[operations]]
        name = "get"
        title = "get"
        method = "GET"
        path = "/things/{id}"
        docs = "https://api.acme.example"

        [operations.inputs]
        fields = { type = "array", lists = "comma" }
        id = { in = "path", type = "string", need = "required" }
        tags = { type = "array", lists = "repeated" }

        [operations.reply]
        schema = "components.json#/$defs/Thing"

        [[operations]]
        name = "put"
        title = "put"
        method = "PUT"
        path = "/things/{id}"
        docs = "https://api.acme.example"
        body = "json"
        request_schema = "components.json#/$defs/Thing"

        [operations.inputs]
        bad = { type = "string" }
        id = { in = "path", type = "string", need = "required" }
        name = { type = "string", need = "required" }
        parts = { type = "array" }

        [operations.reply]
        body = "any"

        [[operations]]
        name = "upload"
        title = "upload"
        method = "POST"
        path = "/things/{id}"
        docs = "https://api.acme.example"
        body = "multipart"

        [operations.inputs]
        file = { type = "file", need = "required" }
        id = { in = "path", type = "string", need = "required" }
        note = { type = "string", about = "What it is" }

        [operations.reply]
        body = "empty"
    "#]]
    .assert_eq(&file(&imported, "acme/operations/things.toml"));
    expect![[r#"
        verify 1 /paths `get` needs inputs
        reply 1 /paths/~1things~1{id}/put/responses application/octet-stream
        pattern 1 /definitions/Thing/properties/bad/pattern (
    "#]]
    .assert_eq(&losses(&imported));
}
