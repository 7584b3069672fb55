//! Replies and requests that are not what an operation promises: reported, enforced, not looked at.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};
use trunkline_tests::{Answer, Ending, Gate, Product, Request, Script, Upstream, answer};

use crate::connectors::plain;

const OPERATIONS: &str = r#"[[operations]]
name = "things.list"
title = "List things"
method = "GET"
path = "/things"
docs = "https://plain.example/docs/things"

[operations.reply]
schema = "thing.json"

[[operations]]
name = "things.create"
title = "Make a thing"
method = "POST"
path = "/things"
docs = "https://plain.example/docs/things"
body = "json"
request_schema = "request.json"

[operations.inputs]
name = { type = "string", need = "required" }

[operations.reply]
schema = "thing.json"
event_schema = "event.json"
"#;

const THING: &str = r##"{
  "type": "object",
  "required": ["id"],
  "properties": {
    "id": { "type": "integer" },
    "mail": { "type": "string", "format": "email" },
    "parts": { "type": "array", "items": { "$ref": "#" } }
  }
}"##;

const EVENT: &str = r#"{ "required": ["n"], "properties": { "n": { "type": "integer" } } }"#;

const REQUEST: &str = r#"{ "required": ["name"], "properties": { "name": { "type": "string" } } }"#;

const CANARY: &str = "canary-of-a-value";

/// A folder whose connector `plain` promises by schema, and calls this upstream.
fn product(upstream: &Upstream) -> Product {
    Product::calling("plain", upstream)
        .variable("PLAIN_TOKEN", "token-of-a-test")
        .file("connectors/plain/connector.toml", &plain(""))
        .file("connectors/plain/operations/things.toml", OPERATIONS)
        .file("connectors/plain/schemas/thing.json", THING)
        .file("connectors/plain/schemas/event.json", EVENT)
        .file("connectors/plain/schemas/request.json", REQUEST)
}

fn list(validate: &str) -> Request {
    Request::get("/plain/things").header("Trunkline-Validate", validate)
}

/// What a problem document says that was found: path, expected, found.
#[track_caller]
fn findings(problem: &Value) -> Vec<[&str; 3]> {
    let findings = problem["findings"].as_array();
    let findings = findings.unwrap_or_else(|| panic!("no findings in {problem:#}"));
    findings
        .iter()
        .map(|finding| {
            ["path", "expected", "found"].map(|name| finding[name].as_str().unwrap_or_default())
        })
        .collect()
}

#[test]
fn an_enforced_reply_is_refused_with_its_findings() {
    let body = json!({"id": CANARY, "parts": [{"id": 1}, {}]}).to_string();
    let upstream = Upstream::start([answer(200).json(&body)]);
    let gateway = product(&upstream).serve();
    let refused: Answer = gateway.send(&list("enforce"));
    let problem = refused.problem(502, "schema_broken");
    assert_eq!(
        findings(&problem),
        [
            ["/id", "a whole number", "a text of 17 characters"],
            ["/parts/1/id", "a value", "nothing"],
        ]
    );
    assert_eq!(problem["findings_total"], 2);
    assert!(!refused.text().contains(CANARY), "{}", refused.text());
    // The same passes wherever nobody wants it enforced.
    for validate in ["off", "report"] {
        assert_eq!(gateway.send(&list(validate)).expect(200).text(), body);
    }
}

#[test]
fn findings_are_twenty_at_most_and_counted_all() {
    let parts = vec![json!({"id": null}); 1000];
    let body = json!({"id": 1, "parts": parts}).to_string();
    let upstream = Upstream::start([answer(200).json(&body)]);
    let gateway = product(&upstream).serve();
    let refused = gateway.send(&list("enforce"));
    let problem = refused.problem(502, "schema_broken");
    assert_eq!(
        (findings(&problem).len(), &problem["findings_total"]),
        (20, &json!(1000))
    );
}

#[test]
fn an_enforced_stream_breaks_off_before_the_event_that_does_not_fit() {
    let gate = Gate::new();
    let script = Script::reading()
        .say_chunked_head("text/event-stream")
        .chunk("data: {\"n\": 1}\n\ndata: {\"n\":")
        .wait(&gate)
        .chunk(" \"no\"}\n\ndata: {\"n\": 2}\n\n")
        .chunk("");
    let upstream = Upstream::start([script]);
    let gateway = product(&upstream).serve();
    let ask =
        Request::post("/plain/things", r#"{"name": "x"}"#).header("Trunkline-Validate", "enforce");
    let mut incoming = ask.start(gateway.address());
    incoming.expect_so_far("data: {\"n\": 1}\n\n");
    gate.open();
    let ended = incoming.finish();
    assert_eq!(ended.text(), "data: {\"n\": 1}\n\n");
    assert_ne!(ended.ending, Ending::Clean);
}

#[test]
fn an_enforced_request_that_does_not_fit_is_not_sent() {
    let upstream = Upstream::start([answer(200).json(r#"{"id": 1}"#)]);
    let gateway = product(&upstream).serve();
    let post =
        |body: &str| Request::post("/plain/things", body).header("Trunkline-Validate", "enforce");
    let refused = gateway.send(&post(r#"{"name": 5}"#));
    let problem = refused.problem(400, "bad_input");
    assert_eq!(findings(&problem), [["/name", "a text", "a whole number"]]);
    assert_eq!(upstream.count(), 0);
    let large = format!("{{\"name\": \"{}\"}}", "x".repeat(300_000));
    gateway.send(&post(&large)).expect(200);
    assert_eq!(upstream.only().body, large.as_bytes());
}

#[test]
fn the_command_line_enforces_too() {
    let upstream = Upstream::start([answer(200).json(r#"{"id": "x"}"#)]);
    let product = product(&upstream);
    let finished = product.run(&["call", "plain", "things.list", "--validate", "enforce"]);
    assert_eq!(finished.status, Some(8), "{}", finished.stderr);
    assert!(finished.stdout.is_empty(), "{}", finished.stdout);
    let expected = "finding: /id: expected a whole number, found a text of 1 character";
    assert!(finished.stderr.contains(expected), "{}", finished.stderr);
    for mode in ["off", "report"] {
        product
            .run(&["call", "plain", "things.list", "--validate", mode])
            .expect(0)
            .prints(&[r#"{"id": "x"}"#]);
    }
    product
        .run(&["call", "plain", "things.list", "--validate", "maybe"])
        .expect(2);
}

#[test]
fn the_apps_own_schema_asserts_formats() {
    let body = r#"{"id": 1, "mail": "ada at home"}"#;
    let upstream = Upstream::start([answer(200).json(body)]);
    let key = r#"connectors.plain.operations."things.list".schema"#;
    let product = product(&upstream);
    // What a vendor's document says of formats is a remark.
    let gateway = product.serve();
    gateway.send(&list("enforce")).expect(200);
    drop(gateway);
    let product = product
        .set(key, r#""own/thing.json""#)
        .file("own/thing.json", THING);
    let gateway = product.serve();
    let refused = gateway.send(&list("enforce"));
    let problem = refused.problem(502, "schema_broken");
    assert_eq!(
        findings(&problem),
        [["/mail", "a mail address", "a text of 11 characters"]]
    );
}

#[test]
fn a_wrong_schema_of_ones_own_keeps_the_gateway_from_starting() {
    let upstream = Upstream::start([answer(200).json("{}")]);
    let settings = |operation: &str, file: &str| {
        product(&upstream)
            .file("own/text.json", "{")
            .file("own/wrong.json", r#"{"type": 5}"#)
            .set(
                &format!("connectors.plain.operations.\"{operation}\".schema"),
                format!("{file:?}"),
            )
    };
    for (operation, file, expected) in [
        ("things.list", "own/nowhere.json", "cannot be read"),
        ("things.list", "own/text.json", "is no JSON"),
        (
            "things.list",
            "own/wrong.json",
            "no schema that can be used",
        ),
        ("things.lst", "own/wrong.json", "things.list"),
    ] {
        let product = settings(operation, file);
        for command in [&["serve"][..], &["call", "plain", "things.list"]] {
            let finished = product.run(command).expect(2);
            for text in [
                expected,
                "trunkline.toml:",
                &format!("operations.\"{operation}\".schema"),
            ] {
                assert!(
                    finished.stderr.contains(text),
                    "{text}: {}",
                    finished.stderr
                );
            }
        }
    }
    assert_eq!(upstream.count(), 0);
}

#[test]
fn drift_is_reported_across_runs() {
    let upstream = Upstream::start([
        answer(200).json(&json!({"id": CANARY, "color": {"a": CANARY}}).to_string()),
        answer(200).json(r#"{"id": 1}"#),
        answer(200).json(r#"{"color": "red"}"#),
    ]);
    let product = product(&upstream);
    product
        .run(&["connectors", "drift"])
        .expect(0)
        .complains(&["no reply"]);
    let gateway = product.serve();
    for _ in 0..2 {
        gateway.send(&Request::get("/plain/things")).expect(200);
    }
    gateway.stop();
    product.run(&["call", "plain", "things.list"]).expect(0);
    let rows = product
        .run(&["connectors", "drift", "plain", "--json"])
        .expect(0)
        .json();
    let told: Vec<String> = rows
        .as_array()
        .expect("a list")
        .iter()
        .map(|row| {
            format!(
                "{} {} {} {}: {} -> {}, {}",
                row["operation"],
                row["part"],
                row["path"],
                row["change"],
                row["expected"],
                row["found"],
                row["count"]
            )
            .replace('"', "")
        })
        .collect();
    assert_eq!(
        told,
        [
            "things.list reply /color appeared: no such field -> a text, 2",
            "things.list reply /id vanished: a value -> nothing, 1",
            "things.list reply /id changed: a whole number -> a text, 1",
        ]
    );
    product.run(&["connectors", "drift"]).expect(0).prints(&[
        "CONNECTOR",
        "things.list",
        "/color",
        "appeared",
    ]);
    product.run(&["connectors", "drift", "plian"]).expect(2);
    let file = product.path().join(".trunkline/drift.json");
    let text = fs::read_to_string(&file).expect("the report is there");
    assert!(!text.contains(CANARY), "{text}");
    assert!(
        text.lines()
            .all(|line| serde_json::from_str::<Value>(line).is_ok())
    );
    let mode = fs::metadata(&file)
        .expect("the report is there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn where_the_report_cannot_be_written_calls_go_on() {
    let upstream = Upstream::start([answer(200).json(r#"{"id": "x"}"#)]);
    let gateway = product(&upstream)
        .set("data.dir", r#""/proc/nowhere""#)
        .serve();
    for _ in 0..3 {
        gateway.send(&Request::get("/plain/things")).expect(200);
    }
    let finished = gateway.stop();
    let lines = finished.stderr.lines();
    let told = lines
        .filter(|line| line.contains("drift report cannot be written"))
        .count();
    assert_eq!(told, 1, "{}", finished.stderr);
}
