//! What goes upstream, and what never does.

use std::sync::Arc;

use expect_test::{Expect, expect};
use http::uri::PathAndQuery;
use trunkline_egress::Clock;

use crate::call::Call;
use crate::catalog::Catalog;
use crate::client::Trunkline;
use crate::config::{Config, Layers};
use crate::pipeline;
use crate::secret::{Environment, Secrets};

use super::*;

fn engine() -> Trunkline {
    let environment = Environment::new(
        [
            ("OPENAI_API_KEY", "sk-real"),
            ("ANTHROPIC_API_KEY", "sk-ant-real"),
            ("TWILIO_ACCOUNT_SID", "ACreal"),
            ("TWILIO_AUTH_TOKEN", "real-token"),
            ("STRIPE_SECRET_KEY", "sk_real"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned())),
    );
    let nothing = Environment::default();
    let layers = Layers {
        file: None,
        environment: &nothing,
        arguments: Vec::new(),
    };
    let (config, _) = Config::load(layers).unwrap();
    let catalog = Catalog::load(Vec::new()).unwrap();
    let secrets = Secrets::read(&environment, Vec::new());
    Trunkline::new(Arc::new(config), catalog, &secrets, Clock::manual().0).unwrap()
}

fn call(connector: &str, path: &str, headers: &[(&str, &str)]) -> Call {
    let path = PathAndQuery::try_from(path).unwrap();
    let mut call = Call::path(connector.parse().unwrap(), Method::POST, path);
    for (name, value) in headers {
        call.headers
            .append(name.parse::<HeaderName>().unwrap(), value.parse().unwrap());
    }
    call
}

#[track_caller]
fn check(connector: &str, path: &str, headers: &[(&str, &str)], expected: Expect) {
    let request = pipeline::prepare(&engine(), call(connector, path, headers))
        .unwrap()
        .request;
    let mut lines: Vec<String> = request
        .headers()
        .iter()
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    lines.sort();
    lines.insert(0, request.uri().to_string());
    expected.assert_eq(&lines.join("\n"));
}

#[test]
fn no_shape_of_the_callers_credential_goes_upstream() {
    check(
        "openai",
        "/v1/models?api_key=mine",
        &[
            ("authorization", "Bearer callers"),
            ("authorization", "Basic Y2FsbGVyczo="),
            ("proxy-authorization", "Basic x"),
            ("x-api-key", "callers"),
            ("apikey", "callers"),
            ("api-key", "callers"),
            ("cookie", "session=callers"),
            ("trunkline-timeout", "10s"),
            ("accept", "*/*"),
        ],
        expect![[r#"
            /v1/models?api_key=mine
            accept: */*
            authorization: Bearer sk-real
            content-length: 0
            host: api.openai.com"#]],
    );
}

#[test]
fn headers_of_one_connection_stay_and_cannot_take_ours_away() {
    check(
        "openai",
        "/v1/models",
        &[
            ("connection", "keep-alive, Authorization, X-Mine"),
            ("x-mine", "stays"),
            ("x-yours", "goes"),
            ("te", "trailers"),
            ("upgrade", "h2c"),
            ("host", "127.0.0.1:4000"),
            ("transfer-encoding", "chunked"),
        ],
        expect![[r#"
            /v1/models
            authorization: Bearer sk-real
            content-length: 0
            host: api.openai.com
            x-yours: goes"#]],
    );
}

#[test]
fn a_default_header_gives_way_to_the_callers() {
    let expected = expect![[r#"
        /v1/messages
        anthropic-version: 2023-06-01
        content-length: 0
        host: api.anthropic.com
        x-api-key: sk-ant-real"#]];
    check(
        "anthropic",
        "/v1/messages",
        &[("authorization", "Bearer callers")],
        expected,
    );
    let expected = expect![[r#"
        /v1/messages
        anthropic-version: 2026-10-21
        content-length: 0
        host: api.anthropic.com
        x-api-key: sk-ant-real"#]];
    check(
        "anthropic",
        "/v1/messages",
        &[("anthropic-version", "2026-10-21")],
        expected,
    );
}

#[test]
fn a_credential_in_the_path_is_replaced_by_ours() {
    let expected = expect![[r#"
        /2010-04-01/Accounts/ACreal/Messages.json?To=%2B1
        authorization: Basic QUNyZWFsOnJlYWwtdG9rZW4=
        content-length: 0
        host: api.twilio.com"#]];
    check(
        "twilio",
        "/2010-04-01/Accounts/ACcallers/Messages.json?To=%2B1",
        &[],
        expected,
    );
}

#[test]
fn an_idempotency_key_is_the_callers_or_ours() {
    let sent = |headers: &[(&str, &str)]| {
        let call = call("stripe", "/v1/customers", headers);
        let request = pipeline::prepare(&engine(), call).unwrap().request;
        request
            .headers()
            .get("idempotency-key")
            .unwrap()
            .to_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(sent(&[("idempotency-key", "mine")]), "mine");
    assert!(sent(&[]).starts_with("call_"));
    assert_ne!(sent(&[]), sent(&[]));
}

#[test]
fn a_plan_shows_no_secret() {
    let plan = pipeline::plan(
        &engine(),
        call("twilio", "/2010-04-01/Accounts/ACx/Messages.json", &[]),
    )
    .unwrap();
    let shown = format!("{plan:?}");
    assert!(
        !shown.contains("ACreal") && !shown.contains("real-token") && !shown.contains("QUNy"),
        "{shown}"
    );
    assert_eq!(
        plan.url,
        "https://api.twilio.com/2010-04-01/Accounts/…/Messages.json"
    );
}
