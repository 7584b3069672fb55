//! The request that goes to the upstream: path, headers and body, as callers and settings say.

use http::Method;

use crate::stand::{
    Stand, arrives, by_path, catalog, config, get, operation, post, settings_of, with_header,
};
use crate::upstream::{Upstream, json};

#[tokio::test]
async fn a_base_path_stands_before_every_path() {
    let upstream = Upstream::start([json(200, "{}"), json(200, "{}"), json(200, "{}")]);
    let settings = settings_of("twilio", upstream.address, "");
    let address = upstream.address.to_string();
    let settings = settings.replace(&address, &format!("{address}/proxy/v2/"));
    let stand = Stand::with_config(config(&settings), catalog("twilio", ""));
    for (call, expected) in [
        (
            get("twilio", "/x?a=%20b"),
            "GET /proxy/v2/x?a=%20b HTTP/1.1",
        ),
        (get("twilio", "/"), "GET /proxy/v2/ HTTP/1.1"),
        (
            operation(
                "twilio",
                "messages.list",
                serde_json::json!({"PageSize": 2}),
            ),
            "GET /proxy/v2/2010-04-01/Accounts/ACca9a7e00112233445566778899aabbcc/Messages.json?PageSize=2 HTTP/1.1",
        ),
    ] {
        stand.run(call).await.reply().body.collect(9).await.unwrap();
        let requests = upstream.requests();
        assert_eq!(requests.last().unwrap().line, expected);
        assert_eq!(
            requests.last().unwrap().header("host"),
            Some(address.as_str())
        );
    }
}

#[tokio::test]
async fn paths_pass_byte_for_byte() {
    for path in [
        "/a%2Fb//c/../d;e=f?g=h+i%20j&&k",
        "/%e2%82%AC?",
        "/?q=a/b?c",
        "/*",
    ] {
        let request = arrives("acme", "", by_path("acme", Method::DELETE, path)).await;
        assert_eq!(request.line, format!("DELETE {path} HTTP/1.1"));
    }
}

#[tokio::test]
async fn settings_add_headers_and_name_other_variables() {
    let settings = "headers = { openai-organization = \"org-1\", x-tag = \"ours\" }";
    let call = with_header(get("openai", "/v1/models"), "x-tag", "theirs");
    let request = arrives("openai", settings, call).await;
    assert_eq!(request.header("openai-organization"), Some("org-1"));
    assert_eq!(request.header("x-tag"), Some("theirs"));

    let settings = "secrets = { api_key = \"ACME_API_KEY\" }";
    let request = arrives("openai", settings, get("openai", "/v1/models")).await;
    assert_eq!(
        request.header("authorization"),
        Some("Bearer acme-canary-7c41d0")
    );

    // A version header stands only where the caller sent none; settings come before the connector.
    let request = arrives("anthropic", "", get("anthropic", "/v1/models")).await;
    assert_eq!(request.header("anthropic-version"), Some("2023-06-01"));
    let settings = "headers = { anthropic-version = \"2026-10-21\" }";
    let request = arrives("anthropic", settings, get("anthropic", "/v1/models")).await;
    assert_eq!(request.header("anthropic-version"), Some("2026-10-21"));
}

#[tokio::test]
async fn operations_become_the_requests_that_vendors_document() {
    let inputs = serde_json::json!({
        "amount": 1000, "currency": "eur", "metadata": {"order": "7"}, "payment_method_types": ["card"]
    });
    let call = operation("stripe", "payment_intents.create", inputs);
    let request = arrives("stripe", "", call).await;
    assert_eq!(request.line, "POST /v1/payment_intents HTTP/1.1");
    assert_eq!(
        request.header("content-type"),
        Some("application/x-www-form-urlencoded")
    );
    let body = String::from_utf8(request.body).unwrap();
    let expected = "amount=1000&currency=eur&metadata[order]=7&payment_method_types[0]=card";
    assert_eq!(body, expected);
}

#[tokio::test]
async fn one_engine_keeps_connections_for_the_next_call() {
    let upstream = Upstream::start((0..3).map(|_| json(200, "{}")));
    let stand = Stand::new("acme", upstream.address, "");
    for _ in 0..2 {
        let reply = stand.run(post("acme", "/search", "{}")).await.reply();
        reply.body.collect(9).await.unwrap();
    }
    assert_eq!(upstream.connections(), 1);
    // Another thread's engine shares none.
    let other = Stand {
        engine: stand.engine.with_own_pool(),
        time: stand.time.clone(),
    };
    assert_eq!(
        other.run(get("acme", "/things")).await.summary(),
        "200 in 1"
    );
    assert_eq!(upstream.connections(), 2);
}

#[tokio::test]
async fn the_sandbox_gets_made_up_secrets_at_a_path_of_each_connectors_own() {
    let upstream = Upstream::start([json(200, "{}"), json(200, "{}")]);
    for (connector, path, expected) in [
        ("openai", "/v1/models", "GET /openai/v1/models HTTP/1.1"),
        (
            "twilio",
            "/2010-04-01/Accounts/ACmine.json",
            "GET /twilio/2010-04-01/Accounts/ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.json HTTP/1.1",
        ),
    ] {
        // Neither its real address nor an address of the settings is called.
        let settings = format!(
            "[connectors.{connector}]\nbase_url = \"https://10.0.0.1\"\n\
             timeouts = {{ connect = \"1d\", first_byte = \"1d\" }}\n"
        );
        let config = config(&settings).as_ref().clone();
        let config = config.for_sandbox(upstream.address);
        let stand = Stand::with_config(config.into(), catalog(connector, ""));
        let ran = stand.run(get(connector, path)).await;
        assert_eq!(ran.summary(), "200 in 1");
        let request = upstream.requests().pop().unwrap();
        assert_eq!(request.line, expected);
        let shown = format!("{request:?}");
        assert!(
            !shown.contains("canary") && !shown.contains("ca9a7e"),
            "{shown}"
        );
    }
}
