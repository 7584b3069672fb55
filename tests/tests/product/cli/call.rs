//! `trunkline call` against a scripted upstream: exit statuses, outputs, options.

use std::io::Read as _;
use std::process::{Command, Stdio};

use trunkline_tests::{Act, Finished, Gate, Product, Program, Response, Script, Upstream, answer};

const MODELS: &str = r#"{"object":"list","data":[{"id":"m","object":"model"}]}"#;

/// Calls an operation whose upstream answers so.
#[track_caller]
fn call(response: impl Into<Script>, more: &[&str]) -> (Upstream, Finished) {
    let upstream = Upstream::start([response.into()]);
    let product = Product::calling("openai", &upstream);
    let arguments = [&["call", "openai", "models.list"], more].concat();
    let finished = product.run(&arguments);
    (upstream, finished)
}

fn failure(status: u16) -> Response {
    answer(status).json(r#"{"error":{"message":"the vendor's words","type":"t","code":null}}"#)
}

#[test]
fn success_is_0_and_only_the_body_is_a_result() {
    let (upstream, finished) = call(answer(200).json(MODELS), &[]);
    let finished = finished.expect(0);
    assert_eq!(finished.stdout.trim_end(), MODELS);
    assert!(finished.stderr.is_empty(), "{}", finished.stderr);
    let heard = upstream.only();
    assert_eq!(heard.head.word(1), "/v1/models");
    let key = format!("Bearer {}", Product::key("OPENAI_API_KEY"));
    assert_eq!(heard.head.header("authorization"), Some(key.as_str()));
}

#[test]
fn the_callers_mistakes_are_3() {
    for status in [400, 404, 413, 422] {
        let (_, finished) = call(failure(status), &[]);
        let finished = finished
            .expect(3)
            .complains(&["the vendor's words", "hint"]);
        assert!(
            finished.stdout.contains("the vendor's words"),
            "the body is a result all the same"
        );
    }
}

#[test]
fn not_authorized_is_4() {
    for status in [401, 403] {
        call(failure(status), &[]).1.expect(4).complains(&["hint"]);
    }
}

#[test]
fn rate_limited_is_5() {
    let (upstream, finished) = call(failure(429).header("retry-after", "3600"), &[]);
    finished.expect(5).complains(&["hint"]);
    assert_eq!(upstream.count(), 1);
}

#[test]
fn an_upstream_that_fails_is_6() {
    for script in [
        failure(500).script(),
        failure(503).script(),
        Script::cut(),
        Script::reading().say("?\r\n\r\n"),
    ] {
        call(script, &["Trunkline-Retry:2"])
            .1
            .expect(6)
            .complains(&["error:", "attempts: 2"]);
    }
}

#[test]
fn a_timeout_is_6() {
    let (upstream, finished) = call(Script::silent(), &["--timeout", "150ms"]);
    finished.expect(6).complains(&["time", "--timeout"]);
    assert_eq!(upstream.count(), 1);
}

#[test]
fn refused_by_a_guard_is_7() {
    let product = Product::new()
        .with_keys()
        .set("egress.allow", r#"["0.0.0.0/0"]"#)
        .set("connectors.openai.base_url", r#""http://169.254.169.254""#);
    product
        .run(&["call", "openai", "models.list"])
        .expect(7)
        .complains(&["169.254.169.254"]);
}

#[test]
fn a_reply_that_breaks_its_schema_is_8_only_where_that_is_enforced() {
    let upstream = Upstream::start([answer(200).json(r#"{"ok":true}"#)]);
    let product = Product::calling("slack", &upstream);
    let run = |more: &[&str]| {
        let call = ["call", "slack", "chat.postMessage", "channel=C1", "text=hi"];
        product.run(&[&call, more].concat())
    };
    run(&[]).expect(0).complains(&["warning", "/ts"]);
    let silent = run(&["Trunkline-Validate:off"]).expect(0);
    assert!(silent.stderr.is_empty(), "{}", silent.stderr);
    run(&["Trunkline-Validate:enforce"])
        .expect(8)
        .complains(&["/ts"]);
}

#[test]
fn an_error_that_calls_itself_ok_is_none() {
    for (error, status) in [
        ("channel_not_found", 3),
        ("invalid_auth", 4),
        ("ratelimited", 5),
        ("fatal_error", 6),
    ] {
        let body = format!(r#"{{"ok":false,"error":"{error}"}}"#);
        let upstream = Upstream::start([answer(200).header("retry-after", "3600").json(&body)]);
        let product = Product::calling("slack", &upstream);
        let finished = product.run(&["call", "slack", "chat.postMessage", "channel=C1", "text=hi"]);
        finished.expect(status).complains(&[error]);
    }
}

#[test]
fn a_missing_secret_is_2_and_says_where_to_get_one() {
    let finished = Product::bare().run(&["call", "openai", "models.list"]);
    finished
        .expect(2)
        .complains(&["OPENAI_API_KEY", "https://", ".env"]);
    let published = Product::bare().variable("VITE_OPENAI_API_KEY", "sk-published");
    let finished = published.run(&["call", "openai", "models.list"]).expect(2);
    assert!(
        !finished.stderr.contains("sk-published"),
        "{}",
        finished.stderr
    );
    finished.complains(&["VITE_OPENAI_API_KEY"]);
}

#[test]
fn a_missing_or_wrong_input_is_2_and_nothing_is_sent() {
    let upstream = Upstream::start([answer(200)]);
    let product = Product::calling("openai", &upstream);
    let missing = product.run(&["call", "openai", "chat.completions.create"]);
    missing.expect(2).complains(&["`model`", "`messages`"]);
    let wrong = product.run(&[
        "call",
        "openai",
        "chat.completions.create",
        "model=m",
        "messages=hello",
    ]);
    wrong.expect(2).complains(&["`messages`"]);
    assert_eq!(upstream.count(), 0);
}

#[test]
fn status_and_headers_are_shown_on_request() {
    let (_, finished) = call(
        answer(200).header("x-request-id", "req_7").json(MODELS),
        &["--include"],
    );
    let finished = finished.expect(0);
    let (head, body) = finished
        .stdout
        .split_once("\n\n")
        .expect("an empty line between head and body");
    assert!(head.starts_with("HTTP/1.1 200 OK\n"), "{head}");
    for line in [
        "x-request-id: req_7",
        "trunkline-attempts: 1",
        "trunkline-call-id: call_",
    ] {
        assert!(head.contains(line), "no `{line}` in {head}");
    }
    assert_eq!(body.trim_end(), MODELS);
}

#[test]
fn a_dry_run_shows_the_request_without_its_secret_and_sends_nothing() {
    let upstream = Upstream::start([answer(200)]);
    let product = Product::calling("openai", &upstream);
    let items = [
        "model=m",
        "messages[0][role]=user",
        "messages[0][content]=hi",
        "X-Mine:1",
    ];
    let call = [
        &["call", "openai", "chat.completions.create", "--dry-run"],
        &items[..],
    ]
    .concat();
    let finished = product.run(&call).expect(0);
    let expected = [
        "POST",
        "/v1/chat/completions",
        "authorization: Bearer ",
        "x-mine: 1",
        r#""role""#,
    ];
    assert!(
        !finished.stdout.contains("RealOpenaiKey"),
        "{}",
        finished.stdout
    );
    finished.prints(&expected);
    assert_eq!(upstream.count(), 0);
}

#[test]
fn every_connector_has_its_credential_masked_in_a_dry_run() {
    let product = Product::bare().with_keys();
    let calls: [&[&str]; 4] = [
        &["call", "anthropic", "models.list", "--dry-run"],
        &["call", "stripe", "customers.list", "--dry-run"],
        &["call", "slack", "auth.test", "--dry-run"],
        &[
            "call",
            "twilio",
            "GET",
            "/2010-04-01/Accounts.json",
            "--dry-run",
        ],
    ];
    for arguments in calls {
        let finished = product.run(arguments).expect(0);
        for canary in ["Real", Product::key("TWILIO_AUTH_TOKEN")] {
            assert!(!finished.stdout.contains(canary), "{}", finished.stdout);
        }
        finished.prints(&["https://"]);
    }
}

#[test]
fn a_call_by_method_and_path_uses_the_same_credential() {
    let upstream = Upstream::start([answer(200).json("{}")]);
    let product = Product::calling("stripe", &upstream);
    product
        .run(&[
            "call",
            "stripe",
            "POST",
            "/v1/customers",
            "email=ada@example.com",
            "metadata[a]=b c",
        ])
        .expect(0);
    let heard = upstream.only();
    assert_eq!(heard.head.first, "POST /v1/customers HTTP/1.1");
    assert_eq!(
        heard.head.header("content-type"),
        Some("application/x-www-form-urlencoded")
    );
    let body = String::from_utf8_lossy(&heard.body).into_owned();
    assert!(
        body.contains("email=ada%40example.com") && body.contains("metadata[a]=b%20c"),
        "{body}"
    );
}

#[test]
fn bytes_pass_as_they_are() {
    let bytes: Vec<u8> = (0..=255).collect();
    let upstream = Upstream::start([answer(200)
        .header("content-type", "image/png")
        .body(bytes.clone())]);
    let product = Product::calling("openai", &upstream);
    let mut command = product.command(&[
        "call",
        "openai",
        "GET",
        "/v1/files/1/content",
        "--output",
        "raw",
    ]);
    let output = command.output().expect("it can be started");
    assert_eq!(output.stdout, bytes);
}

#[test]
fn events_come_as_lines() {
    let script = Script::reading()
        .say_chunked_head("text/event-stream")
        .chunk("event: a\ndata: {\"n\":1}\n\ndata: {\"n\":")
        .chunk("2}\n\ndata: [DONE]\n\n")
        .chunk("");
    let (_, finished) = call(script, &["--output", "ndjson"]);
    assert_eq!(finished.expect(0).stdout, "{\"n\":1}\n{\"n\":2}\n");
}

#[test]
fn records_come_as_lines() {
    let upstream = Upstream::start([answer(200)
        .json(r#"{"object":"list","has_more":false,"data":[{"id":"a"},{"id":"b"}],"url":"/v1/customers"}"#)]);
    let product = Product::calling("stripe", &upstream);
    let finished = product
        .run(&["call", "stripe", "customers.list", "--output", "ndjson"])
        .expect(0);
    assert_eq!(finished.stdout, "{\"id\":\"a\"}\n{\"id\":\"b\"}\n");
}

#[test]
fn a_body_that_is_cut_is_6_although_its_beginning_is_printed() {
    let script = Script::reading()
        .say("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 100\r\n\r\nbeginning")
        .then(Act::Close);
    let (_, finished) = call(script, &["--output", "raw"]);
    assert_eq!(finished.expect(6).stdout, "beginning");
}

#[test]
fn an_unknown_connection_is_2() {
    let (upstream, finished) = call(answer(200), &["--connection", "acme"]);
    finished.expect(2).complains(&["`acme`"]);
    assert_eq!(upstream.count(), 0);
}

#[test]
fn a_list_that_is_interrupted_says_where_to_go_on() {
    let page = r#"{"object": "list", "data": [{"id": "a"}], "has_more": true}"#;
    for (signal, status, message) in [
        ("INT", 130, "error: interrupted"),
        ("TERM", 143, "error: told to end by SIGTERM"),
    ] {
        let asked = Gate::new();
        let second = Script::reading().open(&asked).then(Act::AwaitGoodbye);
        let upstream = Upstream::start([answer(200).json(page).script(), second]);
        let product = Product::calling("stripe", &upstream);
        let command = product.command(&["call", "stripe", "customers.list", "--all"]);
        let program = Program::start(command);
        asked.pass();
        program.signal(signal);
        let finished = program.finish().expect(status).complains(&[
            message,
            "came before: 1 page, 1 record",
            "go on: add `--from-cursor a`",
        ]);
        assert_eq!(finished.stdout, "{\"id\": \"a\"}\n");
    }
}

#[test]
fn a_list_that_nobody_takes_can_be_interrupted() {
    let long = "x".repeat(1 << 20);
    let page = format!(
        r#"{{"object": "list", "data": [{{"id": "a", "name": "{long}"}}], "has_more": true}}"#
    );
    let upstream = Upstream::start([answer(200).json(&page)]);
    let product = Product::calling("stripe", &upstream);
    let mut command = product.command(&[
        "call",
        "stripe",
        "customers.list",
        "--all",
        "--from-cursor",
        "b",
    ]);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    let mut stdout = child.stdout.take().expect("a pipe");
    // It is writing; the rest has no place in the pipe.
    stdout.read_exact(&mut [0]).expect("a byte");
    let kill = Command::new("kill")
        .args(["-s", "TERM", &child.id().to_string()])
        .status();
    assert!(kill.expect("there is `kill`").success());
    let finished = child.wait_with_output().expect("it ends");
    drop(stdout);
    assert_eq!(finished.status.code(), Some(143));
    let said = String::from_utf8_lossy(&finished.stderr);
    assert!(
        said.contains("go on: add `--from-cursor b`; the records of the last page come again"),
        "{said}"
    );
}

#[test]
fn a_wait_that_is_interrupted_says_how_to_look_again() {
    let asked = Gate::new();
    let begun = answer(201).json(r#"{"id": "p1", "status": "starting"}"#);
    let look = Script::reading().open(&asked).then(Act::AwaitGoodbye);
    let upstream = Upstream::start([begun.script(), look]);
    let product = Product::calling("replicate", &upstream).variable(
        "REPLICATE_API_TOKEN",
        "r8_RealReplicateTokenK7dJ2mQ9xT4vB8nH6sLpZ",
    );
    let call = [
        "call",
        "replicate",
        "predictions.create",
        "version=v",
        "input.text=Hi",
        "--wait",
    ];
    let program = Program::start(product.command(&call));
    asked.pass();
    program.signal("INT");
    program.finish().expect(130).complains(&[
        "error: interrupted",
        "a job that was begun goes on",
        "look again: trunkline call replicate predictions.get prediction_id=p1",
    ]);
}
