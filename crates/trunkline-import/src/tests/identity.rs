//! Who the API is, where it answers and who calls.

use expect_test::{Expect, expect};
use serde_json::{Value, json};
use trunkline_connector::Connector;
use trunkline_connector::document::Source;

use super::{check_connector, document, file, imported, imported_with, losses, options, with};
use crate::{AuthChoice, Imported, Options, import};

#[track_caller]
fn check_servers(servers: Value, expected: Expect) {
    check_connector(&with("servers", servers), expected);
}

#[test]
fn the_first_address_is_called_with_encryption() {
    check_servers(
        json!([{ "url": "http://api.acme.example/v2/" }, { "url": "https://eu.acme.example" }]),
        expect![[r#"
        [connector]
        name = "acme"
        # Another address: https://eu.acme.example
        base_url = "https://api.acme.example/v2"

        [auth]
        kind = "none"

        [verify]
        operation = "list""#]],
    );
    check_servers(
        json!([{ "url": "https://api.{region}.acme.example/{base}", "variables": {
            "region": { "enum": ["us", "eu"], "default": "eu" }, "base": { "default": "v3" } } }]),
        expect![[r#"
            [connector]
            name = "acme"
            base_url = "https://api.eu.acme.example/v3"

            [auth]
            kind = "none"

            [verify]
            operation = "list""#]],
    );
    check_servers(
        json!([{ "url": "https://{tenant}.acme.example", "variables": { "tenant": { "default": "your-name" } } }]),
        expect![[r#"
        [connector]
        name = "acme"

        [connector.base_url_from]
        env = "ACME_BASE_URL"

        [auth]
        kind = "none"

        [verify]
        operation = "list""#]],
    );
}

#[test]
fn an_address_that_is_missing_is_each_users_own() {
    check_servers(
        json!([{ "url": "/api/v1" }]),
        expect![[r#"
        [connector]
        name = "acme"

        [connector.base_url_from]
        env = "ACME_BASE_URL"

        [auth]
        kind = "none"

        [verify]
        operation = "list""#]],
    );
    check_servers(
        json!([{ "url": "http://localhost:8080/" }]),
        expect![[r#"
        [connector]
        name = "acme"
        base_url = "http://127.0.0.1:8080"

        [auth]
        kind = "none"

        [verify]
        operation = "list""#]],
    );
    check_servers(
        json!([]),
        expect![[r#"
        [connector]
        name = "acme"

        [connector.base_url_from]
        env = "ACME_BASE_URL"

        [auth]
        kind = "none"

        [verify]
        operation = "list""#]],
    );
}

#[test]
fn an_address_of_ones_own_takes_the_documents_place() {
    let options = |url: &str| Options {
        base_url: Some(url.parse().expect("it is an address")),
        ..options()
    };
    let base = |servers: Value, url: &str| {
        let imported = imported_with(&with("servers", servers), &options(url));
        let text = file(&imported, "acme/connector.toml");
        text.lines()
            .find(|line| line.starts_with("base_url"))
            .unwrap_or_default()
            .to_owned()
    };
    assert_eq!(
        base(json!([{ "url": "/v1" }]), "https://acme.example"),
        r#"base_url = "https://acme.example/v1""#
    );
    assert_eq!(
        base(json!([{ "url": "/v1" }]), "https://acme.example/v2/"),
        r#"base_url = "https://acme.example/v2""#
    );
    assert_eq!(
        base(
            json!([{ "url": "https://other.example" }]),
            "https://acme.example"
        ),
        r#"base_url = "https://acme.example""#
    );
    for refused in [
        "http://acme.example",
        "acme.example",
        "https://user@acme.example",
        "https://acme.example/?a",
    ] {
        assert!(refused.parse::<crate::Address>().is_err(), "{refused}");
    }
}

#[test]
fn operations_at_other_addresses_have_hosts_of_their_own() {
    let servers = json!([{ "url": "https://files.acme.example/v1" }]);
    let imported = imported(&document(&json!({
        "/files/{id}": { "get": {}, "servers": servers },
        "/files": { "post": { "servers": servers } },
        "/things": { "get": {} },
        "/things/{id}/picture": { "put": { "servers": [{ "url": "https://pictures.acme.example" }] } },
    })));
    let text = file(&imported, "acme/connector.toml");
    let hosts: Vec<&str> = text.split("[[").skip(1).take(2).collect();
    expect![[r#"
        connector.hosts]]
        path = "/files"
        base_url = "https://files.acme.example/v1/files"

        connector.hosts]]
        path = "/pictures.acme.example"
        base_url = "https://pictures.acme.example"

        [auth]
        kind = "none"

        [verify]
        operation = "things.get"
    "#]]
    .assert_eq(&hosts.concat());
    expect![[r#"
        made_up_path 1 /paths/~1things~1{id}~1picture/put https://pictures.acme.example
        no_credential 1 /components/securitySchemes 
    "#]]
    .assert_eq(&losses(&imported));
}

#[track_caller]
fn check_security(schemes: Value, security: Value, expected: Expect) -> Imported {
    let mut document = with("components", json!({ "securitySchemes": schemes }));
    document["security"] = security;
    check_connector(&document, expected)
}

#[test]
fn security_schemes_become_ways_to_prove_who_calls() {
    check_security(
        json!({ "a": { "type": "http", "scheme": "bearer" } }),
        json!([{ "a": [] }]),
        expect![[r#"
        [connector]
        name = "acme"
        base_url = "https://api.acme.example/v1"

        [secrets.token]
        env = "ACME_TOKEN"

        [auth]
        kind = "bearer"
        secret = "token"

        [verify]
        operation = "list""#]],
    );
    check_security(
        json!({ "a": { "type": "http", "scheme": "Basic" } }),
        json!([{ "a": [] }]),
        expect![[r#"
        [connector]
        name = "acme"
        base_url = "https://api.acme.example/v1"

        [secrets.username]
        env = "ACME_USERNAME"

        [secrets.password]
        env = "ACME_PASSWORD"

        [auth]
        kind = "basic"
        username = "username"
        password = "password"

        [verify]
        operation = "list""#]],
    );
    check_security(
        json!({ "a": { "type": "apiKey", "in": "query", "name": "key" } }),
        json!([{ "a": [] }]),
        expect![[r#"
        [connector]
        name = "acme"
        base_url = "https://api.acme.example/v1"

        [secrets.api_key]
        env = "ACME_API_KEY"

        [auth]
        kind = "query"
        name = "key"
        secret = "api_key"

        [verify]
        operation = "list""#]],
    );
}

#[test]
fn several_keys_at_once_are_several_headers() {
    check_security(
        json!({ "a": { "type": "apiKey", "in": "header", "name": "X-App" }, "b": { "type": "apiKey", "in": "header", "name": "X-Key" } }),
        json!([{ "a": [], "b": [] }]),
        expect![[r#"
            [connector]
            name = "acme"
            base_url = "https://api.acme.example/v1"

            [secrets.x_app]
            env = "ACME_X_APP"

            [secrets.x_key]
            env = "ACME_X_KEY"

            [auth]
            kind = "headers"
            set = { X-App = "{x_app}", X-Key = "{x_key}" }

            [verify]
            operation = "list""#]],
    );
}

#[test]
fn flows_of_oauth_are_ways_of_their_own() {
    check_security(
        json!({ "a": { "type": "oauth2", "flows": {
            "clientCredentials": { "tokenUrl": "/oauth/token", "scopes": {} },
            "authorizationCode": { "tokenUrl": "https://x.example", "scopes": {} } } } }),
        json!([{ "a": ["read", "write"] }]),
        expect![[r#"
            [connector]
            name = "acme"
            base_url = "https://api.acme.example/v1"

            [secrets.client_id]
            env = "ACME_CLIENT_ID"
            need = "optional"

            [secrets.client_secret]
            env = "ACME_CLIENT_SECRET"
            need = "optional"

            [secrets.token]
            env = "ACME_TOKEN"
            need = "optional"

            [auth]
            kind = "any_of"

            [[auth.of]]
            kind = "client_credentials"
            token_url = "https://api.acme.example/oauth/token"
            client_id = "client_id"
            client_secret = "client_secret"
            scope = "read write"

            [[auth.of]]
            kind = "bearer"
            secret = "token"

            [verify]
            operation = "list""#]],
    );
}

#[test]
fn what_no_request_can_carry_is_reported() {
    let imported = check_security(
        json!({ "a": { "type": "apiKey", "in": "cookie", "name": "sid" }, "b": { "type": "mutualTLS" },
            "c": { "type": "http", "scheme": "digest" }, "d": { "type": "openIdConnect", "openIdConnectUrl": "https://x.example" } }),
        json!([{ "a": [] }, { "b": [] }, { "c": [] }, { "d": [] }]),
        expect![[r#"
            [connector]
            name = "acme"
            base_url = "https://api.acme.example/v1"

            [secrets.token]
            env = "ACME_TOKEN"

            [auth]
            kind = "bearer"
            secret = "token"

            [verify]
            operation = "list""#]],
    );
    expect![[r#"
        security 3 /components/securitySchemes/a apiKey cookie
        security_token 1 /components/securitySchemes/d openIdConnect
    "#]]
    .assert_eq(&losses(&imported));
}

#[test]
fn operations_without_security_send_no_credential() {
    let mut document = document(&json!({ "/things": {
        "get": { "operationId": "list", "security": [] },
        "post": { "operationId": "create" },
        "put": { "operationId": "replace", "security": [{}] },
    } }));
    document["security"] = json!([{ "a": [] }]);
    document["components"] =
        json!({ "securitySchemes": { "a": { "type": "http", "scheme": "bearer" } } });
    let imported = imported(&document);
    let connector = Connector::load(imported.files).expect("it was checked");
    let without = connector
        .operations
        .iter()
        .filter(|it| it.auth == trunkline_connector::format::OperationAuth::None);
    assert_eq!(
        without.map(|it| it.name.as_str()).collect::<Vec<_>>(),
        ["list", "replace"]
    );
}

#[test]
fn a_way_that_was_chosen_goes_before_the_documents() {
    for (text, expected) in [
        ("bearer", r#"kind = "bearer""#),
        ("basic", r#"kind = "basic""#),
        ("header:X-Key", r#"name = "x-key""#),
        ("query:key", r#"name = "key""#),
        ("none", r#"kind = "none""#),
    ] {
        let auth: AuthChoice = text.parse().expect("it is a way");
        let options = Options {
            auth: Some(auth),
            ..options()
        };
        let imported = imported_with(&document(&json!({ "/a": { "get": {} } })), &options);
        assert!(
            file(&imported, "acme/connector.toml").contains(expected),
            "{text}"
        );
    }
    for refused in ["", "token", "header:", "header:cookie", "query:"] {
        assert!(refused.parse::<AuthChoice>().is_err(), "{refused}");
    }
}

#[test]
fn a_part_of_a_path_and_a_secret_do_not_share_a_name() {
    let mut document = document(&json!({ "/keys/{api_key}": { "get": { "operationId": "get" } } }));
    document["components"] = json!({ "securitySchemes": { "a": { "type": "apiKey", "in": "header", "name": "X-Key" } } });
    let imported = imported(&document);
    assert!(file(&imported, "acme/connector.toml").contains("[secrets.api_api_key]"));
}

#[test]
fn errors_say_where_their_text_is() {
    let mut document = document(
        &json!({ "/a": { "get": { "responses": { "default": { "$ref": "#/components/responses/bad" }, "403": { "description": "" } } } } }),
    );
    document["components"] = json!({
        "responses": { "bad": { "description": "", "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Error" } } } } },
        "schemas": { "Error": { "properties": { "error": { "allOf": [{ "properties": { "message": { "type": "string" }, "code": { "type": "string" } } }] } } } },
    });
    let imported = imported(&document);
    let text = file(&imported, "acme/connector.toml");
    assert!(
        text.contains("message = [\"/error/message\"]\ncode = [\"/error/code\"]"),
        "{text}"
    );
    assert!(text.contains("statuses = [\"403\"]"), "{text}");
}

#[test]
fn the_cheapest_call_that_needs_the_credential_proves_it() {
    let verify = |paths: Value| {
        let mut document = document(&paths);
        document["security"] = json!([{ "a": [] }]);
        document["components"] =
            json!({ "securitySchemes": { "a": { "type": "http", "scheme": "bearer" } } });
        let imported = imported(&document);
        let text = file(&imported, "acme/connector.toml");
        text.split_once("[verify]\n")
            .expect("it is there")
            .1
            .to_owned()
    };
    assert_eq!(
        verify(
            json!({ "/a/{id}": { "get": { "operationId": "one" } }, "/users/me": { "get": { "operationId": "me" } }, "/x": { "get": { "operationId": "x" } },
            "/p": { "get": { "operationId": "public", "security": [] } } })
        ),
        "operation = \"me\"\n"
    );
    assert_eq!(
        verify(json!({ "/a/{id}": { "get": { "operationId": "one" } } })),
        "operation = \"one\"\ninputs = { id = \"1\" }\n"
    );
    assert_eq!(
        verify(json!({ "/a": { "post": { "operationId": "create" } } })),
        "operation = \"root.get\"\n"
    );
}

#[test]
fn a_name_is_made_of_the_file_the_host_or_the_title() {
    let name = |file: &str, server: &str, title: &str| {
        let document = json!({ "openapi": "3.0.0", "info": { "title": title }, "servers": [{ "url": server }], "paths": { "/": { "get": {} } } });
        let source = Source {
            name: file.to_owned(),
            text: document.to_string(),
        };
        import(&source, &options())
            .expect("it is a document")
            .name
            .to_string()
    };
    assert_eq!(
        name("apis/stripe.com.json", "https://api.x.example", "T"),
        "stripe"
    );
    assert_eq!(name("openapi.yaml", "https://api.acme.io/v1", "T"), "acme");
    assert_eq!(
        name("api.json", "/v1", "The Acme API (2)"),
        "the-acme-api-2"
    );
    assert_eq!(name("api.json", "/v1", "日本"), "imported");
    let below = |path: &str| crate::name_of_path(path).map(|name| name.to_string());
    assert_eq!(
        below("twilio.com/verify.json").as_deref(),
        Some("twilio-verify")
    );
    assert_eq!(
        below("github.com/api.github.com.json").as_deref(),
        Some("github")
    );
}
