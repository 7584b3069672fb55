//! Errors that we make ourselves: their shape, their headers, and what they keep to themselves.

use std::net::{Ipv4Addr, TcpListener};

use serde_json::Value;
use trunkline_tests::{Act, Answer, Product, Request, Script, Upstream, answer};

/// Asserts everything that every error of ours has; gives its body.
#[track_caller]
fn check(reply: &Answer, status: u16, code: &str) -> Value {
    let body = reply.problem(status, code);
    for field in ["type", "title", "detail", "hint", "call_id", "message"] {
        assert!(
            body[field].as_str().is_some_and(|text| !text.is_empty()),
            "`{field}` in {body:#}"
        );
    }
    assert_eq!(body["status"], status);
    let link = body["type"].as_str().expect("checked above");
    assert!(
        link.contains("docs/errors.md#") && link.ends_with(code),
        "{link}"
    );
    assert_eq!(body["error"]["code"], code);
    for field in ["type", "message"] {
        assert!(
            body["error"][field]
                .as_str()
                .is_some_and(|text| !text.is_empty()),
            "{body:#}"
        );
    }
    assert_eq!(
        Some(body["call_id"].as_str().expect("checked above")),
        reply.header("trunkline-call-id")
    );
    assert!(
        reply
            .header("proxy-status")
            .is_some_and(|value| value.starts_with("trunkline")),
        "{reply:?}"
    );
    body
}

#[track_caller]
fn check_cause(reply: &Answer, status: u16, code: &str, cause: &str) {
    check(reply, status, code);
    let proxy_status = reply.header("proxy-status").expect("checked above");
    assert!(
        proxy_status.contains(&format!("error={cause}")),
        "{proxy_status}"
    );
}

/// An address at which nobody listens.
fn deserted() -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
    listener
        .local_addr()
        .expect("a listener has an address")
        .to_string()
}

/// A gateway whose openai answers by this script.
#[track_caller]
fn one_answer(script: impl Into<Script>) -> (Upstream, Answer) {
    let upstream = Upstream::start([script.into()]);
    let gateway = Product::calling("openai", &upstream).serve();
    let reply = gateway.send(&Request::get("/openai/v1/models").header("trunkline-retry", "off"));
    (upstream, reply)
}

#[test]
fn an_unknown_connector_is_named_with_the_likely_one() {
    let gateway = Product::new().serve();
    let body = check(&gateway.get("/opnai/v1/models"), 404, "unknown_connector");
    let text = format!("{} {}", body["detail"], body["hint"]);
    assert!(
        text.contains("`opnai`") && text.contains("`openai`"),
        "{text}"
    );
}

#[test]
fn what_is_no_route_of_ours_is_not_found() {
    let gateway = Product::new().serve();
    check(&gateway.get("/-/nothing"), 404, "not_found");
    check(&gateway.get("/"), 404, "not_found");
}

#[test]
fn a_missing_secret_is_named_with_the_page_that_has_it() {
    let upstream = Upstream::start([answer(200)]);
    let product = Product::new().set(
        "connectors.openai.base_url",
        format!("{:?}", upstream.url()),
    );
    let gateway = product.serve();
    let body = check(&gateway.get("/openai/v1/models"), 502, "secret_missing");
    let text = format!("{} {}", body["detail"], body["hint"]);
    assert!(
        text.contains("OPENAI_API_KEY") && text.contains("https://"),
        "{text}"
    );
    assert_eq!(upstream.count(), 0);
}

#[test]
fn a_secret_under_a_public_name_is_refused() {
    let upstream = Upstream::start([answer(200)]);
    for name in ["NEXT_PUBLIC_OPENAI_API_KEY", "VITE_OPENAI_API_KEY"] {
        let product = Product::new()
            .set(
                "connectors.openai.base_url",
                format!("{:?}", upstream.url()),
            )
            .variable(name, "sk-public-secret");
        let body = check(
            &product.serve().get("/openai/v1/models"),
            502,
            "secret_exposed",
        );
        let text = body.to_string();
        assert!(
            text.contains(name) && !text.contains("sk-public-secret"),
            "{text}"
        );
    }
    assert_eq!(upstream.count(), 0);
}

#[test]
fn a_secret_that_no_header_can_carry_is_refused() {
    let upstream = Upstream::start([answer(200)]);
    let product =
        Product::calling("openai", &upstream).variable("OPENAI_API_KEY", "sk-a\r\nx-evil: 1");
    let reply = product.serve().get("/openai/v1/models");
    assert_eq!(reply.status, 502, "{}", reply.text());
    assert!(!reply.text().contains("x-evil"), "{}", reply.text());
    assert_eq!(upstream.count(), 0);
}

#[test]
fn an_upstream_that_is_away_is_a_502() {
    let product = Product::new()
        .with_keys()
        .set("connectors.openai.retry.wait_first", r#""1ms""#)
        .set(
            "connectors.openai.base_url",
            format!("\"http://{}\"", deserted()),
        );
    let gateway = product.serve();
    for request in [
        Request::get("/openai/v1/models"),
        Request::post("/openai/v1/x", "{}"),
    ] {
        let reply = gateway.send(&request);
        check_cause(&reply, 502, "connect_failed", "connection_refused");
        // Nothing was sent, so connecting again is safe for any method.
        assert_eq!(reply.header("trunkline-attempts"), Some("5"));
    }
}

#[test]
fn a_private_address_that_nobody_allowed_is_refused() {
    let upstream = Upstream::start([answer(200)]);
    let product = Product::calling("openai", &upstream).set("egress.allow", r#"["10.0.0.0/8"]"#);
    // Plain http is accepted only for addresses in `egress.allow`, so this may fail at the start.
    let finished = product.run(&["call", "openai", "GET", "/v1/models"]);
    assert!(matches!(finished.status, Some(2 | 7)), "{finished:?}");
    assert!(
        finished.stderr.contains("egress.allow"),
        "{}",
        finished.stderr
    );
    assert_eq!(upstream.count(), 0);
}

#[test]
fn the_gateway_does_not_call_itself() {
    let product = Product::new().with_keys();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
    let address = listener.local_addr().expect("a listener has an address");
    drop(listener);
    let gateway = product
        .set("server.listen", format!("\"{address}\""))
        .set(
            "connectors.openai.base_url",
            format!("\"http://{address}/openai\""),
        )
        .serve();
    check(&gateway.get("/openai/v1/models"), 502, "address_refused");
}

#[test]
fn an_upstream_that_says_nothing_is_a_504() {
    let upstream = Upstream::start([Script::silent()]);
    let gateway = Product::calling("openai", &upstream)
        .set("connectors.openai.timeouts.first_byte", r#""100ms""#)
        .serve();
    let reply = gateway.send(&Request::post("/openai/v1/chat/completions", "{}"));
    check_cause(&reply, 504, "first_byte_timeout", "http_response_timeout");
    upstream.wait_for_goodbye(0);
}

#[test]
fn a_call_that_takes_longer_than_the_caller_allows_is_a_504() {
    let upstream = Upstream::start([Script::silent()]);
    let gateway = Product::calling("openai", &upstream).serve();
    let reply =
        gateway.send(&Request::get("/openai/v1/models").header("trunkline-timeout", "150ms"));
    check(&reply, 504, "call_timeout");
    assert_eq!(upstream.count(), 1);
    upstream.wait_for_goodbye(0);
}

#[test]
fn a_timeout_in_the_settings_holds_for_the_whole_call() {
    let upstream = Upstream::start([Script::silent()]);
    let gateway = Product::calling("openai", &upstream)
        .set("connectors.openai.timeout", r#""150ms""#)
        .serve();
    check(&gateway.get("/openai/v1/models"), 504, "call_timeout");
}

#[test]
fn a_connection_closed_before_the_answer_is_a_502() {
    let (_, reply) = one_answer(Script::cut());
    check_cause(&reply, 502, "upstream_closed", "connection_terminated");
    let (_, reply) = one_answer(Script::reset());
    check(&reply, 502, "upstream_closed");
    let (_, reply) = one_answer(
        Script::reading()
            .say("HTTP/1.1 200 OK\r\nx-")
            .then(Act::Close),
    );
    check(&reply, 502, "upstream_closed");
}

#[test]
fn an_answer_that_is_not_http_is_a_502() {
    let nonsense = [
        "SSH-2.0-OpenSSH_9.2\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nbad header\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello!",
    ];
    for nonsense in nonsense {
        let (_, reply) = one_answer(Script::reading().say(nonsense).then(Act::Close));
        check_cause(&reply, 502, "upstream_malformed", "http_protocol_error");
    }
}

#[test]
fn a_reply_that_breaks_its_promise_is_an_error_only_where_that_was_asked_for() {
    let upstream = Upstream::start([answer(200).json(r#"{"unexpected":true}"#)]);
    let gateway = Product::calling("openai", &upstream).serve();
    let request = Request::post(
        "/openai/v1/chat/completions",
        r#"{"model":"m","messages":[]}"#,
    );
    gateway.send(&request).expect(200);
    gateway
        .send(&request.clone().header("trunkline-validate", "report"))
        .expect(200);
    let reply = gateway.send(&request.header("trunkline-validate", "enforce"));
    check(&reply, 502, "schema_broken");
}

#[test]
fn a_header_of_ours_with_a_wrong_value_is_a_400_that_says_what_is_allowed() {
    let upstream = Upstream::start([answer(200)]);
    let gateway = Product::calling("openai", &upstream).serve();
    let cases = [
        ("trunkline-timeout", "10", "10s"),
        ("trunkline-timeout", "-1s", "10s"),
        ("trunkline-timeout", "0s", "10s"),
        ("trunkline-timeout", "soon", "10s"),
        ("trunkline-timeout", "\u{e9}", "plain ASCII"),
        ("trunkline-retry", "never", "off"),
        ("trunkline-retry", "0", "off"),
        ("trunkline-retry", "99999999999", "off"),
        ("trunkline-validate", "yes", "enforce"),
        ("trunkline-sandbox", "500", "429"),
        ("trunkline-nonsense", "1", "-timeout"),
    ];
    for (name, value, allowed) in cases {
        let reply = gateway.send(&Request::get("/openai/v1/models").header(name, value));
        let body = check(&reply, 400, "bad_header");
        let text = format!("{} {}", body["detail"], body["hint"]).to_lowercase();
        assert!(text.contains(name), "{text}");
        assert!(text.contains(&allowed.to_lowercase()), "{text}");
    }
    assert_eq!(upstream.count(), 0);
}

#[test]
fn a_fault_is_played_only_in_the_sandbox() {
    let upstream = Upstream::start([answer(200)]);
    let gateway = Product::calling("openai", &upstream).serve();
    let reply = gateway.send(&Request::get("/openai/v1/models").header("trunkline-sandbox", "429"));
    check(&reply, 400, "bad_header");
    assert_eq!(upstream.count(), 0);
}

#[test]
fn an_unknown_connection_is_refused() {
    let upstream = Upstream::start([answer(200)]);
    let gateway = Product::calling("openai", &upstream).serve();
    let request = Request::get("/openai/v1/models").header("trunkline-connection", "acme");
    check(&gateway.send(&request), 404, "unknown_connection");
    assert_eq!(upstream.count(), 0);
}

#[test]
fn what_is_no_connectors_name_reaches_nobody() {
    let upstream = Upstream::start([answer(200)]);
    let gateway = Product::calling("openai", &upstream).serve();
    let targets = [
        "//openai/v1/x",
        "/OPENAI/v1/x",
        "/%6fpenai/v1/x",
        "/openai%2Fv1/x",
        "/openai;v=1/x",
        "/./openai/x",
        "/../openai/x",
        "/-/../openai/v1/x",
        "/-",
        "/openai.",
        "/\u{e9}",
    ];
    for target in targets {
        let reply = gateway.get(target);
        assert!(
            (400..500).contains(&reply.status),
            "{target}: {}",
            reply.status
        );
    }
    let reply = gateway.send(&Request::new("OPTIONS", "*"));
    assert!((400..500).contains(&reply.status), "{}", reply.status);
    assert_eq!(upstream.count(), 0);
}

#[test]
fn an_upstream_that_wants_another_protocol_is_a_502() {
    let script = Script::reading()
        .say("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n");
    let (_, reply) = one_answer(script.then(Act::AwaitGoodbye));
    assert_eq!(reply.status, 502, "{}", reply.text());
}

#[test]
fn an_answer_with_too_many_headers_is_a_502() {
    let flood = "x-flood: 1\r\n".repeat(20_000);
    let script = Script::reading()
        .say(format!("HTTP/1.1 200 OK\r\n{flood}\r\n"))
        .then(Act::AwaitGoodbye);
    let (_, reply) = one_answer(script);
    check(&reply, 502, "upstream_malformed");
}
