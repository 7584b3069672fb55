//! The log of calls: what is in it, what never is, and what it survives.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use trunkline_tests::{Gateway, Product, Request, Script, Upstream, answer};

/// As a caller would send it, in places where it does not belong.
const CANARY: &str = "canary-of-a-caller-5d2f7a9c";

fn product(upstream: &Upstream) -> Product {
    Product::calling("openai", upstream)
}

/// What `trunkline calls list` says, the newest call first.
#[track_caller]
fn listed(product: &Product, arguments: &[&str]) -> Vec<Value> {
    let arguments: Vec<&str> = ["calls", "list", "--json"]
        .iter()
        .chain(arguments)
        .copied()
        .collect();
    let list = product.run(&arguments).expect(0).json();
    list.as_array().expect("a list is printed").clone()
}

/// The value of a counter in the metrics.
fn metric(gateway: &Gateway, name: &str) -> Option<u64> {
    let text = gateway.get("/-/metrics").expect(200).text();
    let mut lines = text.lines();
    lines.find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
}

/// Waits until so many calls are in the file.
fn wait_until_written(gateway: &Gateway, calls: u64) {
    // Each look is a request of its own, so this is no tight loop.
    let is_written = |_| metric(gateway, "trunkline_call_log_written_total") == Some(calls);
    assert!(
        (0..100_000).any(is_written),
        "{calls} calls are not written"
    );
}

#[test]
fn a_hundred_calls_are_all_listed_although_the_gateway_ends_at_once() {
    let upstream = Upstream::start([answer(200).json("[1, 2, 3]")]);
    let product = product(&upstream);
    let gateway = product.serve();
    let mut ids = Vec::new();
    for number in 0..100 {
        let target = format!("/openai/v1/models/m{number}?page={CANARY}");
        let reply = gateway.get(&target).expect(200);
        ids.push(
            reply
                .header("trunkline-call-id")
                .expect("it has one")
                .to_owned(),
        );
    }
    gateway.stop().expect(0);
    let calls = listed(&product, &["--limit", "1000"]);
    let texts = |name: &str| -> Vec<&str> {
        calls
            .iter()
            .filter_map(|call| call[name].as_str())
            .collect()
    };
    assert!(texts("started").is_sorted_by(|one, other| other <= one));
    let mut found = texts("call_id");
    found.sort_unstable();
    ids.sort_unstable();
    assert_eq!(found, ids);
    let newest = calls.iter().find(|call| call["path"] == "/v1/models/m99");
    let newest = newest.expect("its path is there");
    for (field, expected) in [
        ("connector", json!("openai")),
        ("operation", json!("models.retrieve")),
        ("connection", json!("default")),
        ("method", json!("GET")),
        ("status", json!(200)),
        ("class", json!("ok")),
        ("code", json!(null)),
        ("attempts", json!(1)),
        ("waited_ms", json!(0.0)),
        ("bytes_in", json!(0)),
        ("bytes_out", json!(9)),
        ("cache", json!(null)),
    ] {
        assert_eq!(newest[field], expected, "{field} in {newest:#}");
    }
    let took = newest["took_ms"].as_f64().expect("it is a number");
    let first_byte = newest["first_byte_ms"].as_f64().expect("it is a number");
    assert!(0.0 < first_byte && first_byte <= took, "{newest:#}");
    let started = newest["started"].as_str().expect("it is a text");
    assert!(started.len() == 24 && started.ends_with('Z'), "{started}");
}

#[test]
fn bodies_are_counted_and_errors_told_by_their_codes() {
    let upstream = Upstream::start([
        answer(200).json("{}").script(),
        answer(404).json(r#"{"error": {"message": "no"}}"#).script(),
        Script::cut(),
    ]);
    let product = product(&upstream).variable("STRIPE_SECRET_KEY", "");
    let gateway = product.serve();
    gateway.send(&Request::post("/openai/v1/embeddings", r#"{"input": "a"}"#));
    let chunked = Request::new("POST", "/openai/v1/nothing")
        .header("transfer-encoding", "chunked")
        .body("5\r\nhello\r\n3\r\nyou\r\n0\r\n\r\n");
    gateway.send(&chunked).expect(404);
    let once = Request::get("/openai/v1/models").header("trunkline-retry", "off");
    gateway.send(&once).expect(502);
    gateway.get("/stripe/v1/customers").expect(502);
    gateway.get("/opnai/v1/models").expect(404);
    gateway.stop().expect(0);
    let calls = listed(&product, &[]);
    let mut told: Vec<String> = calls
        .iter()
        .map(|call| {
            let text = |name: &str| call[name].to_string().replace('"', "");
            let fields = [
                "method",
                "path",
                "connector",
                "status",
                "class",
                "code",
                "attempts",
                "bytes_in",
            ];
            fields.map(text).join(" ")
        })
        .collect();
    // Calls within the same millisecond stand in any order.
    told.sort_unstable();
    let expected = [
        "GET  null 404 unknown_connector unknown_connector 0 0",
        "GET /v1/customers stripe 502 secret_missing secret_missing 0 0",
        "GET /v1/models openai 502 upstream_closed upstream_closed 1 0",
        "POST /v1/embeddings openai 200 ok null 1 14",
        "POST /v1/nothing openai 404 caller_error null 1 8",
    ];
    assert_eq!(told, expected);
}

#[test]
fn a_list_is_narrowed_down() {
    let upstream = Upstream::start([
        answer(200).json("{}"),
        answer(404).json("{}"),
        answer(200).json("{}"),
    ]);
    let product = product(&upstream);
    let gateway = product.serve();
    gateway.get("/openai/v1/models").expect(200);
    gateway.get("/openai/v1/files").expect(404);
    gateway.get("/openai/v1/models").expect(200);
    gateway.stop().expect(0);
    for (arguments, calls) in [
        (&["--connector", "openai"][..], 3),
        (&["--connector", "stripe"], 0),
        (&["--operation", "models.list"], 2),
        (&["--status", "404"], 1),
        (&["--status", "4xx"], 1),
        (&["--status", "5xx"], 0),
        (&["--errors"], 1),
        (&["--since", "1h"], 3),
        (&["--since", "2999-01-01T00:00:00Z"], 0),
        (&["--slower", "1h"], 0),
        (&["--slower", "0ms"], 3),
        (&["--limit", "2"], 2),
    ] {
        assert_eq!(listed(&product, arguments).len(), calls, "{arguments:?}");
    }
    for (arguments, complaint) in [
        (&["--connector", "opnai"][..], "did you mean `openai`?"),
        (
            &["--connector", "stripe", "--operation", "x"],
            "`stripe` has no operation `x`",
        ),
        (&["--status", "abc"], "`abc` is no status"),
        (&["--since", "abc"], "`abc` is no time"),
        (&["--limit", "0"], "`limit` is `0`"),
    ] {
        let arguments: Vec<&str> = ["calls", "list"].iter().chain(arguments).copied().collect();
        product.run(&arguments).expect(2).complains(&[complaint]);
    }
    product
        .run(&["calls", "list", "--status", "4xx"])
        .expect(0)
        .prints(&["STARTED", "files.list", "caller_error", " ms"]);
}

#[test]
fn a_call_is_shown_with_what_its_error_means() {
    let upstream = Upstream::start([answer(429).json(r#"{"error": {"message": "slow down"}}"#)]);
    let product = product(&upstream);
    let gateway = product.serve();
    let once = Request::get("/openai/v1/models").header("trunkline-retry", "off");
    let reply = gateway.send(&once).expect(429);
    let id = reply
        .header("trunkline-call-id")
        .expect("it has one")
        .to_owned();
    gateway.stop().expect(0);
    // The beginning will do, with and without its first letters.
    for id in [&id[..], &id[..20], &id[5..], &id[5..20]] {
        product.run(&["calls", "show", id]).expect(0).prints(&[
            "ended:       rate_limited",
            "what to do:",
            "trunkline call openai GET /v1/models",
        ]);
    }
    let shown = product
        .run(&["calls", "show", &id, "--json"])
        .expect(0)
        .json();
    assert_eq!(shown["call_id"], id);
    assert_eq!(shown["explanation"]["whose_move"], "yours: the request");
    let unknown = "call_00000000000000000000000000";
    product
        .run(&["calls", "show", unknown])
        .expect(2)
        .complains(&[
            "no call `call_00000000000000000000000000` is kept",
            "trunkline calls list",
        ]);
    product
        .run(&["calls", "show", "nonsense!"])
        .expect(2)
        .complains(&["is no number of a call"]);
}

#[test]
fn two_calls_that_begin_alike_are_told_apart() {
    let upstream = Upstream::start([answer(200).json("{}")]);
    let product = product(&upstream);
    let gateway = product.serve();
    gateway.get("/openai/v1/models").expect(200);
    gateway.get("/openai/v1/models").expect(200);
    gateway.stop().expect(0);
    product
        .run(&["calls", "show", "call_0"])
        .expect(2)
        .complains(&["several calls begin with `call_0`"]);
}

#[test]
fn where_nothing_is_logged_it_is_said_where_it_would_be() {
    let product = Product::new();
    let finished = product.run(&["calls", "list", "--json"]).expect(0);
    assert_eq!(finished.json(), json!([]));
    finished.complains(&[".trunkline/calls.db", "trunkline serve"]);
}

/// Everything that the log has on disk.
fn files(product: &Product) -> Vec<u8> {
    let mut all = Vec::new();
    for entry in fs::read_dir(product.path().join(".trunkline")).expect("there is a folder") {
        let path = entry.expect("an entry").path();
        if path.to_string_lossy().contains("calls") {
            all.extend(fs::read(path).expect("it can be read"));
        }
    }
    all
}

#[track_caller]
fn assert_nowhere(canary: &str, bytes: &[u8]) {
    let canary = &canary.as_bytes()[canary.len() - 12..];
    let is_there = bytes.windows(canary.len()).any(|window| window == canary);
    assert!(
        !is_there,
        "{:?} is in the log",
        String::from_utf8_lossy(canary)
    );
}

#[test]
fn no_secret_and_no_query_is_ever_in_the_file() {
    let upstream = Upstream::start([answer(200)
        .header("x-secret", CANARY)
        .json(&format!("{CANARY:?}"))]);
    let base_url = format!("{:?}", upstream.url());
    let product = product(&upstream)
        .set("connectors.twilio.base_url", &base_url)
        .set("connectors.telegram.base_url", &base_url)
        .file("connectors/telegram/connector.toml", TELEGRAM)
        .file(
            "connectors/telegram/operations/bot.toml",
            TELEGRAM_OPERATIONS,
        )
        .file("connectors/telegram/examples/bot.toml", TELEGRAM_EXAMPLE)
        .variable("TELEGRAM_BOT_TOKEN", "123456:canary-of-the-bot-1f2e3d4c");
    let gateway = product.serve();
    let sid = Product::key("TWILIO_ACCOUNT_SID");
    let key = Product::key("OPENAI_API_KEY");
    for target in [
        format!("/openai/v1/models?key={key}&x={CANARY}"),
        format!("/openai/v1/models/{key}"),
        format!("/twilio/2010-04-01/Accounts/{sid}/Messages.json"),
        "/telegram/bot123456:canary-of-the-bot-1f2e3d4c/getMe".to_owned(),
        format!("/telegram/bot{CANARY}/getMe"),
        format!("/telegram/%62ot{CANARY}/getMe"),
        format!("/telegram//bot{CANARY}/getMe"),
        "/telegram/x/123456:canary-of-the-bot-1f2e3d4c/y".to_owned(),
        format!("/telegarm/bot{CANARY}/getMe"),
        format!("/{CANARY}"),
    ] {
        let request = Request::get(target)
            .header("authorization", &format!("Bearer {CANARY}"))
            .header("x-api-key", CANARY);
        gateway.send(&request);
    }
    gateway.send(&Request::post(
        "/openai/v1/embeddings",
        format!("{CANARY:?}"),
    ));
    wait_until_written(&gateway, 11);
    let running = files(&product);
    gateway.stop().expect(0);
    let ended = files(&product);
    for canary in [CANARY, sid, key, "123456:canary-of-the-bot-1f2e3d4c"] {
        assert_nowhere(canary, &running);
        assert_nowhere(canary, &ended);
    }
    let calls = listed(&product, &["--connector", "telegram"]);
    let mut paths: Vec<&str> = calls
        .iter()
        .filter_map(|call| call["path"].as_str())
        .collect();
    paths.sort_unstable();
    assert_eq!(paths, ["/bot…/getMe", "/bot…/getMe", "/x/…/y", "/…", "/…"]);
}

/// An API whose paths carry its credential.
const TELEGRAM: &str = r#"
schema = 1
[connector]
name = "telegram"
title = "Telegram"
base_url = "https://api.telegram.example"
docs = "https://telegram.example/docs"
checked = "2026-11-22"
[caller]
credential_paths = ["/bot{token}"]
[secrets.token]
env = "TELEGRAM_BOT_TOKEN"
example = "made-up"
obtain = "https://telegram.example/keys"
[auth]
kind = "none"
[verify]
operation = "me.get"
"#;

const TELEGRAM_OPERATIONS: &str = r#"
[[operations]]
name = "me.get"
title = "Get me"
method = "GET"
path = "/me"
docs = "https://telegram.example/docs/me"
"#;

const TELEGRAM_EXAMPLE: &str = r#"
operation = "me.get"
title = "me"
request = { method = "GET", path = "/me" }
answer = { status = 200, headers = { content-type = "application/json" }, body = { json = "{}" } }
reply = { class = "ok" }
"#;

#[test]
fn what_was_written_survives_a_kill_and_the_file_goes_on() {
    let upstream = Upstream::start([answer(200).json("{}")]);
    let product = product(&upstream);
    let gateway = product.serve();
    for _ in 0..20 {
        gateway.get("/openai/v1/models").expect(200);
    }
    wait_until_written(&gateway, 20);
    // These may be lost, or not.
    for _ in 0..5 {
        gateway.get("/openai/v1/models").expect(200);
    }
    gateway.program().signal("KILL");
    gateway.stop_has_begun();
    let kept = listed(&product, &[]).len();
    assert!((20..=25).contains(&kept), "{kept}");
    let gateway = product.serve();
    gateway.get("/openai/v1/models").expect(200);
    gateway.stop().expect(0);
    assert_eq!(listed(&product, &[]).len(), kept + 1);
}

#[test]
fn two_gateways_share_a_folder_and_are_read_while_they_write() {
    let upstream = Upstream::start([answer(200).json("{}")]);
    let product = product(&upstream);
    let (one, other) = (product.serve(), product.serve());
    for _ in 0..20 {
        one.get("/openai/v1/models").expect(200);
        other.get("/openai/v1/files").expect(200);
    }
    wait_until_written(&one, 20);
    wait_until_written(&other, 20);
    assert_eq!(listed(&product, &["--operation", "models.list"]).len(), 20);
    assert_eq!(listed(&product, &["--operation", "files.list"]).len(), 20);
    one.stop().expect(0);
    other.get("/openai/v1/models").expect(200);
    other.stop().expect(0);
    assert_eq!(listed(&product, &[]).len(), 41);
}

#[test]
fn a_data_folder_that_cannot_be_written_is_told_once_and_calls_go_on() {
    let upstream = Upstream::start([answer(200).json("{}")]);
    // Whoever runs this may be allowed to write into every folder, but not below a file.
    let product = product(&upstream)
        .file("taken", "")
        .set("data.dir", r#""taken/folder""#);
    let gateway = product.serve();
    for _ in 0..10 {
        gateway.get("/openai/v1/models").expect(200);
    }
    let warned = |printed: &str| {
        printed
            .contains("are not logged")
            .then(|| printed.to_owned())
    };
    let printed = gateway.program().wait_for_error(warned);
    assert!(printed.contains("nobody can use `/-/api/v1/`"), "{printed}");
    let refused = Request::get("/-/api/v1/calls").header("authorization", "Bearer x");
    gateway.send(&refused).problem(401, "admin_token_required");
    let finished = gateway.stop().expect(0);
    assert_eq!(
        finished.stderr.matches("are not logged").count(),
        1,
        "{}",
        finished.stderr
    );
}

#[test]
fn nothing_is_kept_where_nothing_is_to_be_kept() {
    let upstream = Upstream::start([answer(200).json("{}")]);
    let product = product(&upstream).set("calls.keep", r#""0s""#);
    let gateway = product.serve();
    gateway.get("/openai/v1/models").expect(200);
    assert_eq!(metric(&gateway, "trunkline_call_log_written_total"), None);
    gateway.stop().expect(0);
    let log = Path::new(".trunkline/calls.db");
    assert!(!product.path().join(log).exists());
    product
        .run(&["calls", "list"])
        .expect(0)
        .complains(&["`calls.keep` is `0s`"]);
}

#[test]
fn a_call_of_the_command_line_is_not_logged() {
    let upstream = Upstream::start([answer(200).json("{}")]);
    let product = product(&upstream);
    product.run(&["call", "openai", "models.list"]).expect(0);
    assert!(!product.path().join(".trunkline/calls.db").exists());
}

#[test]
fn a_change_of_the_log_is_said_to_need_a_start() {
    let product = Product::new();
    let gateway = product.serve();
    let product = product.set("calls.keep", r#""1d""#);
    product.write_settings();
    gateway.program().signal("HUP");
    gateway
        .program()
        .wait_for_error(|printed| printed.contains("`calls.keep` has changed").then_some(()));
    gateway.stop().expect(0);
}
