//! The stand-in for every vendor: right answers for right requests, the vendor's own errors for
//! wrong ones, faults on demand, no key and no network.

use std::fmt::Write as _;
use std::fs;

use serde_json::Value as Json;
use toml::{Table, Value};
use trunkline_tests::{Answer, Ending, Gateway, Product, Request, repository};

use crate::connectors::{self, Example};

/// The items of `trunkline call` that say what an example calls with.
fn items(example: &Example) -> Vec<String> {
    let item = |(name, value): (&String, &Value)| {
        // A name is taken as it stands, whatever characters it has.
        let name: String = name.chars().map(escaped).collect();
        match value {
            Value::String(text) => format!("{name}:={}", Json::from(text.as_str())),
            other => format!(
                "{name}:={}",
                serde_json::to_string(other).expect("TOML fits into JSON")
            ),
        }
    };
    example.call.iter().map(item).collect()
}

fn escaped(character: char) -> String {
    match character {
        '.' | '[' | ']' | '=' | ':' | '\\' => format!("\\{character}"),
        other => other.to_string(),
    }
}

/// Every example of success, but those of connections that change to WebSocket.
fn good_examples() -> Vec<Example> {
    let all = connectors::builtin()
        .into_iter()
        .flat_map(|name| connectors::examples(&name));
    all.filter(|example| example.class == "ok" && example.status != 101)
        .collect()
}

/// The first example of success of each connector.
fn first_examples() -> Vec<Example> {
    let mut examples = good_examples();
    examples.dedup_by(|later, first| later.connector == first.connector);
    examples
}

/// The operations of a connector whose address is an input, which no path leads to.
fn addressed(connector: &str) -> Vec<String> {
    let folder = repository().join("connectors").join(connector);
    let entries = fs::read_dir(folder.join("operations")).expect("a connector has operations");
    let mut names = Vec::new();
    for entry in entries.flatten() {
        let text = fs::read_to_string(entry.path()).expect("operations can be read");
        let file: Table = text.parse().expect("operations are TOML");
        let operations = file.get("operations").and_then(Value::as_array);
        for operation in operations.into_iter().flatten() {
            if operation.get("address").is_some() {
                names.extend(
                    operation
                        .get("name")
                        .and_then(Value::as_str)
                        .map(str::to_owned),
                );
            }
        }
    }
    names
}

/// The request of an example as an app sends it, with a credential that nobody looks at.
fn request(example: &Example) -> Request {
    let target = format!("/{}{}", example.connector, example.path);
    let mut request = Request::new(&example.method, target);
    for (name, value) in &example.headers {
        request = request.header(name, value);
    }
    match &example.body {
        Some((_, Value::String(text))) => request.body(text.as_str()),
        Some((_, Value::Array(parts))) => request
            .header("content-type", "multipart/form-data; boundary=between")
            .body(written(parts)),
        Some(_) | None => request,
    }
}

/// The parts of a body behind a boundary.
fn written(parts: &[Value]) -> String {
    let mut text = String::new();
    for part in parts {
        let of = |key: &str| part.get(key).and_then(Value::as_str);
        let name = of("name").expect("a part has a name");
        let file = of("file_name").map(|file| format!("; filename=\"{file}\""));
        let kind = of("content_type").map(|kind| format!("\r\nContent-Type: {kind}"));
        write!(
            text,
            "--between\r\nContent-Disposition: form-data; name=\"{name}\"{}{}\r\n\r\n{}\r\n",
            file.unwrap_or_default(),
            kind.unwrap_or_default(),
            of("text").expect("a part has a text"),
        )
        .expect("a text takes everything");
    }
    text + "--between--\r\n"
}

#[track_caller]
fn assert_answer(example: &Example, reply: &Answer) {
    let name = format!("{} {}", example.connector, example.name);
    assert_eq!(reply.status, example.status, "{name}: {}", reply.text());
    assert_eq!(reply.ending, Ending::Clean, "{name}");
    match &example.answer {
        Some((kind, Value::String(text))) if kind == "json" => {
            let expected: Json = serde_json::from_str(text).expect("an example's JSON is JSON");
            assert_eq!(reply.json(), expected, "{name}");
        }
        Some((kind, Value::Array(events))) if kind == "events" => {
            let text = reply.text();
            let data: Vec<&str> = text
                .lines()
                .filter_map(|line| line.strip_prefix("data: "))
                .collect();
            assert_eq!(data.len(), events.len(), "{name}: {text}");
        }
        _ => {}
    }
}

#[test]
fn every_example_of_success_is_answered_through_the_gateway() {
    let gateway = Product::new().serve_sandbox();
    let examples = good_examples();
    assert!(
        examples.len() > 20,
        "there are few examples: {}",
        examples.len()
    );
    for example in &examples {
        if !addressed(&example.connector).contains(&example.operation) {
            assert_answer(example, &gateway.send(&request(example)));
        }
    }
}

// One of each connector: whether all are answered is seen without starting a program for each.
#[test]
fn an_example_of_success_is_answered_to_a_command() {
    let product = Product::bare();
    for example in first_examples() {
        let items = items(&example);
        let mut arguments = vec!["call", "--sandbox", &example.connector, &example.operation];
        arguments.extend(items.iter().map(String::as_str));
        let finished = product.run(&arguments).expect(0);
        if let Some((kind, Value::String(text))) = &example.answer
            && kind == "json"
        {
            let expected: Json = serde_json::from_str(text).expect("an example's JSON is JSON");
            assert_eq!(finished.json(), expected, "{arguments:?}");
        }
    }
}

#[test]
fn every_operation_has_an_example_of_success() {
    let product = Product::bare();
    for connector in connectors::builtin() {
        let operations = product
            .run(&["operations", &connector, "--json"])
            .expect(0)
            .json();
        let mut shown = connectors::examples(&connector);
        shown.retain(|example| example.class == "ok");
        for operation in operations.as_array().expect("a list") {
            let name = operation["name"].as_str().expect("an operation has a name");
            assert!(
                shown.iter().any(|example| example.operation == name),
                "{connector} {name} cannot be tried"
            );
        }
    }
}

#[test]
fn a_request_matches_by_its_meaning_and_not_byte_for_byte() {
    let gateway = Product::new().serve_sandbox();
    let body = r#"{ "messages": [{"content": "Something else entirely?", "role": "user"}],
                   "temperature": 0.5, "model": "some-other-model" }"#;
    let reply = gateway
        .send(&Request::post("/openai/v1/chat/completions", body))
        .expect(200);
    assert_eq!(reply.json()["object"], "chat.completion");
    let form = "email=somebody%40else.example&metadata[own]=1";
    let reply = gateway
        .send(&Request::post_form("/stripe/v1/customers", form))
        .expect(200);
    assert_eq!(reply.json()["object"], "customer");
}

#[test]
fn a_missing_input_is_the_vendors_own_error() {
    let gateway = Product::new().serve_sandbox();
    let reply = gateway.send(&Request::post(
        "/openai/v1/chat/completions",
        r#"{"model":"m"}"#,
    ));
    assert_eq!(reply.status, 400, "{}", reply.text());
    assert!(
        reply.json()["error"]["message"].is_string(),
        "{}",
        reply.text()
    );
    let reply = gateway.send(&Request::post(
        "/slack/api/chat.postMessage",
        r#"{"text":"to nobody"}"#,
    ));
    assert_eq!(
        (reply.status, &reply.json()["ok"]),
        (200, &Json::Bool(false)),
        "{}",
        reply.text()
    );
}

#[test]
fn what_nothing_matches_is_the_vendors_404() {
    let gateway = Product::new().serve_sandbox();
    for name in ["openai", "anthropic", "stripe", "twilio"] {
        let reply = gateway.get(&format!("/{name}/v1/no/such/thing"));
        assert_eq!(reply.status, 404, "{name}: {}", reply.text());
        assert!(
            reply
                .header("content-type")
                .is_some_and(|value| value.contains("json")),
            "{name}"
        );
    }
}

#[test]
fn a_streaming_request_is_answered_by_a_stream_and_another_is_not() {
    let gateway = Product::new().serve_sandbox();
    let ask = |stream: bool| {
        let body = format!(
            r#"{{"model":"m","messages":[{{"role":"user","content":"hi"}}],"stream":{stream}}}"#
        );
        gateway
            .send(&Request::post("/openai/v1/chat/completions", body))
            .expect(200)
    };
    let streamed = ask(true);
    assert!(
        streamed
            .header("content-type")
            .is_some_and(|value| value.starts_with("text/event-stream"))
    );
    assert!(
        streamed.text().ends_with("data: [DONE]\n\n"),
        "{}",
        streamed.text()
    );
    assert_eq!(ask(false).json()["object"], "chat.completion");
}

/// Calls the first thing of a connector with a fault.
#[track_caller]
fn with_fault(gateway: &Gateway, connector: &str, fault: &str) -> Answer {
    let mut examples = connectors::examples(connector).into_iter();
    let example = examples.find(|example| example.class == "ok");
    let request = request(&example.expect("a connector has an example of success"));
    gateway.send(
        &request
            .header("trunkline-sandbox", fault)
            .header("trunkline-retry", "off"),
    )
}

#[test]
fn faults_come_on_demand_in_the_vendors_own_words() {
    let gateway = Product::new().serve_sandbox();
    for connector in connectors::builtin() {
        for (fault, status) in [("401", 401), ("429", 429), ("503", 503)] {
            let reply = with_fault(&gateway, &connector, fault);
            let name = format!("{connector} {fault}: {} {}", reply.status, reply.text());
            // Slack says that a token is wrong in an answer of status 200.
            let is_said =
                (fault, reply.status) == ("401", 200) && reply.json()["ok"] == Json::Bool(false);
            assert!(is_said || reply.status == status, "{name}");
            assert!(reply.header("trunkline-hint").is_some(), "{name}");
            assert_ne!(
                reply.header("content-type"),
                Some("application/problem+json"),
                "{name}"
            );
        }
    }
}

#[test]
fn a_fault_applies_to_every_attempt() {
    let product = Product::new().set("connectors.openai.retry.wait_first", r#""1ms""#);
    let request = Request::get("/openai/v1/models").header("trunkline-sandbox", "503");
    let reply = product
        .serve_sandbox()
        .send(&request.header("trunkline-retry", "3"))
        .expect(503);
    assert_eq!(reply.header("trunkline-attempts"), Some("3"));
}

#[test]
fn a_429_has_the_vendors_own_headers() {
    let gateway = Product::new()
        .set("connectors.openai.retry.attempts", 1)
        .serve_sandbox();
    let reply = with_fault(&gateway, "openai", "429");
    let waits = [
        "retry-after",
        "retry-after-ms",
        "x-ratelimit-reset-tokens",
        "x-ratelimit-reset-requests",
    ];
    assert!(
        waits.iter().any(|name| reply.header(name).is_some()),
        "{:?}",
        reply.head
    );
}

#[test]
fn a_cut_is_a_cut() {
    let gateway = Product::new().serve_sandbox();
    let request = Request::post(
        "/openai/v1/chat/completions",
        r#"{"model":"m","messages":[{"role":"user","content":"hi"}],"stream":true}"#,
    );
    let reply = gateway.send(
        &request
            .header("trunkline-sandbox", "cut")
            .header("trunkline-retry", "off"),
    );
    assert!(
        reply.status == 502 || reply.ending != Ending::Clean,
        "{}",
        reply.text()
    );
}

#[test]
fn slow_is_slower_than_a_short_limit() {
    let gateway = Product::new().serve_sandbox();
    let request = Request::get("/openai/v1/models").header("trunkline-sandbox", "slow");
    let reply = gateway.send(
        &request
            .header("trunkline-timeout", "100ms")
            .header("trunkline-retry", "off"),
    );
    assert!(
        reply.status == 504 || reply.ending != Ending::Clean,
        "{} {}",
        reply.status,
        reply.text()
    );
}

#[test]
fn real_keys_are_neither_needed_nor_read() {
    let product = Product::new()
        .with_keys()
        .variable("TRUNKLINE_LOG", "trace");
    let gateway = product.serve_sandbox();
    for mut example in first_examples() {
        example.headers.retain(|(name, _)| name != "authorization");
        let with_own = request(&example).header("authorization", "Bearer sk-anything");
        assert_eq!(gateway.send(&with_own).status, example.status);
    }
    let finished = gateway.stop().expect(0);
    assert!(!finished.stderr.contains("Real"), "{}", finished.stderr);
}

#[test]
fn the_sandbox_works_through_dedicated_listeners() {
    let product = Product::new().set("listeners.stripe", r#""127.0.0.1:0""#);
    let gateway = product.serve_sandbox();
    let reply = Request::get("/v1/customers?limit=3")
        .send(gateway.dedicated())
        .expect(200);
    assert_eq!(reply.json()["object"], "list");
}

#[test]
fn nothing_real_is_called_in_the_sandbox() {
    let upstream = trunkline_tests::Upstream::start([trunkline_tests::answer(500)]);
    let product = Product::calling("openai", &upstream);
    product.serve_sandbox().get("/openai/v1/models").expect(200);
    product
        .run(&["call", "--sandbox", "openai", "models.list"])
        .expect(0);
    assert_eq!(upstream.count(), 0);
}
