//! What operations take and give back.

use expect_test::expect;
use serde_json::{Value, json};
use trunkline_connector::Connector;
use trunkline_connector::document::Source;

use super::{
    check_operation, check_paths, document, file, imported, imported_with, losses, options, source,
};
use crate::{Loss, Options, Selection, import};

#[test]
fn parameters_keep_their_place_name_and_style() {
    check_operation(
        json!({ "operationId": "find", "parameters": [
            { "name": "id", "in": "path", "required": true, "schema": { "type": "integer" } },
            { "name": "$filter", "in": "query", "schema": { "type": "string" } },
            { "name": "filter[status]", "in": "query", "schema": { "type": "string", "enum": ["on", "off"] } },
            { "name": "ids", "in": "query", "explode": false, "schema": { "type": "array", "items": { "type": "integer" } } },
            { "name": "tags", "in": "query", "schema": { "type": "array", "items": { "enum": ["a", "b"], "type": "string" } } },
            { "name": "where", "in": "query", "style": "deepObject", "explode": true, "schema": { "type": "object" } },
            { "name": "range", "in": "query", "schema": { "type": "object", "properties": { "from": { "type": "integer" }, "to": { "type": "integer" } } } },
            { "name": "query", "in": "query", "content": { "application/json": { "schema": { "type": "object" } } } },
            { "name": "piped", "in": "query", "style": "pipeDelimited", "explode": false, "schema": { "type": "array", "items": {} } },
            { "name": "X-Trace-ID", "in": "header", "schema": { "type": "string" } },
            { "name": "limit", "in": "query", "description": "How many.", "schema": { "type": "integer", "default": 20 } },
            { "name": "api-version", "in": "query", "required": true, "schema": { "type": "string", "default": "2026-01-01" } },
            { "name": "only", "in": "query", "required": true, "schema": { "type": "string", "enum": ["one"] } },
            { "name": "session", "in": "cookie", "schema": { "type": "string" } },
            { "name": "Accept", "in": "header", "schema": { "type": "string" } },
        ] }),
        expect![[r#"
            [[operations]]
            name = "find"
            method = "POST"
            path = "/things/{id}"

            [operations.inputs]
            api_version = { type = "string", default = "2026-01-01", sent_as = "api-version" }
            filter = { type = "string", sent_as = "$filter" }
            filter_status = { type = "string", one_of = ["on", "off"], sent_as = "filter[status]" }
            from = { type = "integer" }
            id = { in = "path", type = "integer", need = "required" }
            ids = { type = "array", lists = "comma" }
            limit = { type = "integer", about = "How many; left out: `20`" }
            only = { type = "string", default = "one", one_of = ["one"] }
            piped = { type = "string", about = "values with `|` between" }
            query = { type = "object", lists = "json", objects = "json" }
            tags = { type = "array", one_of = ["a", "b"], lists = "repeated" }
            to = { type = "integer" }
            where = { type = "object" }
            x_trace_id = { in = "header", type = "string", sent_as = "X-Trace-ID" }

            [operations.reply]
            body = "any""#]],
    );
}

#[test]
fn a_path_keeps_what_an_address_can_hold() {
    check_paths(
        json!({
            "things/{thing-id}/{thing-id}": { "get": { "operationId": "twice" } },
            "/a b/{x}{y}": { "get": { "operationId": "touching" } },
            "/items/{id}.{format}": { "get": { "operationId": "mixed", "parameters": [
                { "name": "format", "in": "path", "required": true, "schema": { "enum": ["json"] } } ] } },
            "/matrix/{id}": { "get": { "operationId": "matrix", "parameters": [
                { "name": "id", "in": "path", "required": true, "style": "matrix", "schema": { "type": "string" } } ] } },
            "/search?type=user&q={q}#part": { "get": { "operationId": "search", "parameters": [
                { "name": "q", "in": "query", "schema": { "type": "string" } } ] } },
            "/x/../y": { "get": { "operationId": "dots" } },
        }),
        expect![[r#"
            [[operations]]
            name = "touching"
            method = "GET"
            path = "/a%20b/{x_y}"

            [operations.inputs]
            x_y = { in = "path", type = "string", need = "required" }

            [operations.reply]
            body = "any"

            [[operations]]
            name = "mixed"
            method = "GET"
            path = "/items/{id}.json"

            [operations.inputs]
            id = { in = "path", type = "string", need = "required" }

            [operations.reply]
            body = "any"

            [[operations]]
            name = "matrix"
            method = "GET"
            path = "/matrix/;id={id}"

            [operations.inputs]
            id = { in = "path", type = "string", need = "required" }

            [operations.reply]
            body = "any"

            [[operations]]
            name = "search"
            method = "GET"
            path = "/search"

            [operations.inputs]
            q = { type = "string" }
            type = { type = "string", default = "user", one_of = ["user"], about = "part of the address" }

            [operations.reply]
            body = "any"

            [[operations]]
            name = "twice"
            method = "GET"
            path = "/things/{thing_id}/{thing_id_2}"

            [operations.inputs]
            thing_id = { in = "path", type = "string", need = "required" }
            thing_id_2 = { in = "path", type = "string", need = "required" }

            [operations.reply]
            body = "any""#]],
    );
}

#[test]
fn operations_have_names_of_their_own() {
    check_paths(
        json!({
            "/v1/customers": { "get": {}, "post": { "operationId": "repos/list-forOrg" } },
            "/v1/customers/{id}": { "get": {}, "put": { "operationId": "listSMSMessages" }, "delete": { "operationId": "repos.list_for_org" } },
            "/2fa": { "get": {}, "post": { "operationId": "日本" } },
            "/": { "get": {} },
        }),
        expect![[r#"
            [[operations]]
            name = "customers.get"
            method = "GET"
            path = "/v1/customers"

            [operations.reply]
            body = "any"

            [[operations]]
            name = "customers.get_by_id"
            method = "GET"
            path = "/v1/customers/{id}"

            [operations.inputs]
            id = { in = "path", type = "string", need = "required" }

            [operations.reply]
            body = "any"

            [[operations]]
            name = "list_sms_messages"
            method = "PUT"
            path = "/v1/customers/{id}"

            [operations.inputs]
            id = { in = "path", type = "string", need = "required" }

            [operations.reply]
            body = "any"

            [[operations]]
            name = "n2fa.get"
            method = "GET"
            path = "/2fa"

            [operations.reply]
            body = "any"

            [[operations]]
            name = "n2fa.post"
            method = "POST"
            path = "/2fa"

            [operations.reply]
            body = "any"

            [[operations]]
            name = "repos.list_for_org"
            method = "POST"
            path = "/v1/customers"

            [operations.reply]
            body = "any"

            [[operations]]
            name = "repos.list_for_org_2"
            method = "DELETE"
            path = "/v1/customers/{id}"

            [operations.inputs]
            id = { in = "path", type = "string", need = "required" }

            [operations.reply]
            body = "any"

            [[operations]]
            name = "root.get"
            method = "GET"
            path = "/"

            [operations.reply]
            body = "any""#]],
    );
}

#[test]
fn a_json_body_becomes_inputs() {
    let document = document(&json!({ "/things": { "post": {
        "operationId": "create",
        "parameters": [{ "name": "name", "in": "query", "schema": { "type": "string" } }],
        "requestBody": { "content": { "application/json": { "schema": { "allOf": [
            { "type": "object", "required": ["name"], "properties": {
                "name": { "type": "string", "description": "Its name." },
                "kind": { "enum": ["a", "b"] },
                "id": { "type": "string", "readOnly": true } } },
            { "properties": { "@type": { "type": "string" }, "tags": { "type": "array", "items": {} }, "any": {} } },
        ] } } } },
    } } }));
    let imported = imported(&document);
    expect![[r#"

        [[operations]]
        name = "create"
        title = "create"
        method = "POST"
        path = "/things"
        docs = "https://docs.acme.example/"
        body = "json"
        request_schema = "components.json#/$defs/create.request"

        [operations.inputs]
        any = { type = "any" }
        kind = { type = "string", one_of = ["a", "b"] }
        name = { in = "query", type = "string" }
        name_2 = { type = "string", need = "required", sent_as = "name", about = "Its name" }
        tags = { type = "array" }
        type = { type = "string", sent_as = "@type" }

        [operations.reply]
        body = "any"
    "#]]
    .assert_eq(&file(&imported, "acme/operations/things.toml"));
}

#[test]
fn other_json_bodies_are_one_input() {
    check_operation(
        json!({ "operationId": "replace", "requestBody": { "required": true, "content": {
            "application/json": { "schema": { "type": "array", "items": { "type": "string" } } } } } }),
        expect![[r#"
            [[operations]]
            name = "replace"
            method = "POST"
            path = "/things/{id}"
            body = "json"
            body_input = "body"
            request_schema = "components.json#/$defs/replace.request"

            [operations.inputs]
            body = { type = "array", need = "required" }
            id = { in = "path", type = "string", need = "required" }

            [operations.reply]
            body = "any""#]],
    );
}

#[test]
fn alternatives_of_a_body_are_one_set_of_inputs() {
    let imported = check_operation(
        json!({ "operationId": "pay", "requestBody": { "content": { "application/json": { "schema": { "oneOf": [
            { "type": "object", "required": ["amount", "card"], "properties": { "amount": { "type": "integer" }, "card": { "type": "string" } } },
            { "type": "object", "required": ["amount", "bank"], "properties": { "amount": { "type": "string" }, "bank": { "type": "string" } } },
        ] } } } } }),
        expect![[r#"
            [[operations]]
            name = "pay"
            method = "POST"
            path = "/things/{id}"
            body = "json"
            request_schema = "components.json#/$defs/pay.request"

            [operations.inputs]
            amount = { type = "any", need = "required" }
            bank = { type = "string" }
            card = { type = "string" }
            id = { in = "path", type = "string", need = "required" }

            [operations.reply]
            body = "any""#]],
    );
    assert!(
        losses(&imported).contains("alternatives 1 "),
        "{}",
        losses(&imported)
    );
}

#[test]
fn a_form_is_written_as_its_encoding_says() {
    check_operation(
        json!({ "operationId": "send", "requestBody": { "content": { "application/x-www-form-urlencoded": {
            "schema": { "type": "object", "properties": {
                "To": { "type": "string" },
                "MediaUrl": { "type": "array", "items": { "type": "string" } },
                "ids": { "type": "array", "items": { "type": "string" } },
                "data": { "type": "object" } } },
            "encoding": { "ids": { "explode": false }, "data": { "contentType": "application/json" } } } } } }),
        expect![[r#"
            [[operations]]
            name = "send"
            method = "POST"
            path = "/things/{id}"
            body = "form_repeated"

            [operations.inputs]
            MediaUrl = { type = "array", lists = "repeated" }
            To = { type = "string" }
            data = { type = "object", lists = "json", objects = "json" }
            id = { in = "path", type = "string", need = "required" }
            ids = { type = "array", lists = "comma" }

            [operations.reply]
            body = "any""#]],
    );
    check_operation(
        json!({ "operationId": "nested", "requestBody": { "content": { "application/x-www-form-urlencoded": {
            "schema": { "type": "object", "properties": {
                "metadata": { "type": "object" }, "line_items": { "type": "array", "items": { "type": "object" } } } },
            "encoding": { "line_items": { "style": "deepObject", "explode": true } } } } } }),
        expect![[r#"
            [[operations]]
            name = "nested"
            method = "POST"
            path = "/things/{id}"
            body = "form"

            [operations.inputs]
            id = { in = "path", type = "string", need = "required" }
            line_items = { type = "array" }
            metadata = { type = "object" }

            [operations.reply]
            body = "any""#]],
    );
}

#[test]
fn parts_of_a_multipart_body_are_files_where_they_are_bytes() {
    let imported = check_operation(
        json!({ "operationId": "upload", "requestBody": { "content": { "multipart/form-data": {
            "schema": { "type": "object", "required": ["file"], "properties": {
                "file": { "type": "string", "format": "binary" },
                "purpose": { "type": "string" },
                "more": { "type": "array", "items": { "type": "string", "format": "binary" } },
                "picture": { "type": "string" },
                "options": { "type": "object" } } },
            "encoding": { "picture": { "contentType": "image/png" } } } } } }),
        expect![[r#"
            [[operations]]
            name = "upload"
            method = "POST"
            path = "/things/{id}"
            body = "multipart"

            [operations.inputs]
            file = { type = "file", need = "required" }
            id = { in = "path", type = "string", need = "required" }
            more = { type = "file" }
            options = { type = "object", lists = "repeated", objects = "json" }
            picture = { type = "file" }
            purpose = { type = "string" }

            [operations.reply]
            body = "any""#]],
    );
    assert!(
        losses(&imported).contains("files 1 "),
        "{}",
        losses(&imported)
    );
}

#[test]
fn a_raw_body_is_a_file_or_a_text() {
    check_operation(
        json!({ "operationId": "put", "requestBody": { "required": true, "content": { "image/png": {} } } }),
        expect![[r#"
            [[operations]]
            name = "put"
            method = "POST"
            path = "/things/{id}"
            body = "raw"
            body_input = "file"
            content_type = "image/png"

            [operations.inputs]
            file = { type = "file", need = "required" }
            id = { in = "path", type = "string", need = "required" }

            [operations.reply]
            body = "any""#]],
    );
    check_operation(
        json!({ "operationId": "put", "requestBody": { "content": { "text/xml": { "schema": { "type": "string" } } } } }),
        expect![[r#"
            [[operations]]
            name = "put"
            method = "POST"
            path = "/things/{id}"
            body = "raw"
            body_input = "body"
            content_type = "text/xml"

            [operations.inputs]
            body = { type = "string" }
            id = { in = "path", type = "string", need = "required" }

            [operations.reply]
            body = "any""#]],
    );
}

#[test]
fn replies_have_a_schema_and_a_kind() {
    let reply = |responses: Value| json!({ "operationId": "act", "responses": responses });
    let json = |schema: Value| json!({ "description": "", "content": { "application/json": { "schema": schema } } });
    check_operation(
        reply(json!({ "204": { "description": "" } })),
        expect![[r#"
        [[operations]]
        name = "act"
        method = "POST"
        path = "/things/{id}"

        [operations.inputs]
        id = { in = "path", type = "string", need = "required" }

        [operations.reply]
        body = "empty""#]],
    );
    check_operation(
        reply(
            json!({ "200": { "description": "", "content": { "text/csv": {}, "application/json": { "schema": { "type": "object" } } } } }),
        ),
        expect![[r#"
            [[operations]]
            name = "act"
            method = "POST"
            path = "/things/{id}"
            headers = { accept = "application/json" }

            [operations.inputs]
            id = { in = "path", type = "string", need = "required" }

            [operations.reply]
            schema = "components.json#/$defs/act.reply""#]],
    );
    check_operation(
        reply(
            json!({ "200": json(json!({ "type": "array" })), "201": json(json!({ "type": "object" })) }),
        ),
        expect![[r#"
            [[operations]]
            name = "act"
            method = "POST"
            path = "/things/{id}"

            [operations.inputs]
            id = { in = "path", type = "string", need = "required" }

            [operations.reply]
            schema = "components.json#/$defs/act.reply_3""#]],
    );
    check_operation(
        reply(json!({ "200": { "description": "", "content": {
            "application/json": { "schema": { "type": "object" } }, "text/event-stream": { "schema": { "type": "string" } } } } })),
        expect![[r#"
            [[operations]]
            name = "act"
            method = "POST"
            path = "/things/{id}"
            headers = { accept = "application/json" }

            [operations.inputs]
            id = { in = "path", type = "string", need = "required" }

            [operations.reply]
            schema = "components.json#/$defs/act.reply"
            event_schema = "components.json#/$defs/act.event""#]],
    );
    check_operation(
        reply(json!({ "200": { "description": "", "content": { "application/pdf": {} } } })),
        expect![[r#"
        [[operations]]
        name = "act"
        method = "POST"
        path = "/things/{id}"

        [operations.inputs]
        id = { in = "path", type = "string", need = "required" }

        [operations.reply]
        body = "any""#]],
    );
}

#[test]
fn one_that_is_left_out_is_reported() {
    let imported = imported(&document(&json!({
        "/a/{x}": { "get": {}, "options": {} },
        "/a/{y}": { "get": {} },
        "/b": { "get": { "requestBody": { "content": { "application/json": { "schema": { "type": "object", "properties": { "q": {} } } } } } } },
        "/c": { "post": { "requestBody": { "content": { "application/vnd.api+json": { "schema": { "type": "object" } }, "application/xml": {} } },
            "callbacks": { "done": {} } } },
    })));
    expect![[r#"
        no_credential 1 /components/securitySchemes 
        method 1 /paths/~1a~1{x}/options OPTIONS
        same_path 1 /paths/~1a~1{y}/get a.get_by_x
        body 1 /paths/~1b/get/requestBody/content a GET request has none
        other_body 1 /paths/~1c/post/requestBody/content/application~1xml application/xml
        callback 1 /paths/~1c/post/callbacks/done 
    "#]]
    .assert_eq(&losses(&imported));
}

#[test]
fn only_what_is_asked_for_is_imported() {
    let document = document(&json!({
        "/v1/customers": { "get": { "operationId": "customers.list", "tags": ["Customers"] } },
        "/v1/prices": { "get": { "operationId": "prices.list" }, "post": { "operationId": "prices.create" } },
    }));
    let names = |selection: Selection| -> Vec<String> {
        let options = Options {
            selection,
            ..options()
        };
        let connector =
            Connector::load(imported_with(&document, &options).files).expect("it was checked");
        connector.operations.into_iter().map(|it| it.name).collect()
    };
    let only = |text: &str| Selection {
        only: Some(text.parse().expect("a pattern")),
        ..Selection::default()
    };
    assert_eq!(names(only("^prices")), ["prices.create", "prices.list"]);
    assert_eq!(names(only("GET /v1/prices")), ["prices.list"]);
    assert_eq!(
        names(Selection {
            tags: vec!["customers".to_owned()],
            ..Selection::default()
        }),
        ["customers.list"]
    );
    let options = Options {
        selection: only("nothing"),
        ..options()
    };
    let problem = import(&source(&document), &options).expect_err("nothing was found");
    assert!(
        problem
            .to_string()
            .contains("no operation that was asked for"),
        "{problem}"
    );
}

#[test]
fn limits_of_inputs_are_counted_where_no_schema_keeps_them() {
    let limited = json!({ "properties": {
        "name": { "type": "string", "maxLength": 5 },
        "free": { "type": "string", "minLength": 0 },
    } });
    let with_body = |media: &str| {
        json!({ "post": {
            "operationId": format!("post_{}", media.replace('/', "_")),
            "requestBody": { "content": { media: { "schema": limited } } },
        } })
    };
    let imported = imported(&document(&json!({
        "/a": { "get": { "operationId": "a", "parameters": [
            { "name": "limit", "in": "query", "schema": { "type": "integer", "minimum": 1, "maximum": 100 } },
            { "name": "sort", "in": "query", "schema": { "enum": ["a", "b"], "pattern": "^[ab]$" } },
            { "name": "ids", "in": "query", "schema": { "type": "array", "items": { "type": "string", "pattern": "^x" } } },
            { "name": "free", "in": "query", "schema": { "type": "integer", "exclusiveMinimum": false } },
        ] } },
        "/form": with_body("application/x-www-form-urlencoded"),
        "/json": with_body("application/json"),
        "/parts": with_body("multipart/form-data"),
    })));
    let places = imported.report.of(Loss::Limits).expect("there are some");
    assert_eq!(places.count, 4);
    let details: Vec<&str> = places.first.iter().map(|place| &*place.detail).collect();
    assert_eq!(details, ["limit", "ids", "name"]);
    assert_eq!(Loss::Limits.in_words(), "limits of an input, not checked");
}

#[test]
fn what_the_reader_passed_over_is_a_loss() {
    let text = "openapi: 3.1.0\ninfo: { title: Acme }\n\
        servers: [{ url: 'https://api.acme.example' }]\n\
        paths: { /a: { get: { operationId: one } }, /a: { get: { operationId: two } } }\n---\nx: 1\n";
    let source = Source {
        name: "acme.yaml".to_owned(),
        text: text.to_owned(),
    };
    let imported = import(&source, &options()).expect("it can be read");
    expect![[r#"
        twice 1 /paths/~1a 
        other_document 1  
        no_credential 1 /components/securitySchemes 
    "#]]
    .assert_eq(&losses(&imported));
}
