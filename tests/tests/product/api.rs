//! The API for whoever runs the gateway: who is let in, what it says, what it takes.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use serde_json::{Value, json};
use trunkline_tests::{Answer, Gateway, Product, Program, Request, Response, Upstream, answer};

fn product(upstream: &Upstream) -> Product {
    Product::calling("openai", upstream)
}

fn token(product: &Product) -> String {
    let text = fs::read_to_string(product.path().join(".trunkline/admin.token"));
    text.expect("there is a token").trim().to_owned()
}

/// The request, with the token.
fn with_token(product: &Product, request: Request) -> Request {
    request.header("authorization", &format!("Bearer {}", token(product)))
}

#[track_caller]
fn get(product: &Product, gateway: &Gateway, route: &str) -> Answer {
    gateway.send(&with_token(
        product,
        Request::get(format!("/-/api/{route}")),
    ))
}

#[track_caller]
fn purge(product: &Product, gateway: &Gateway, body: &str) -> Answer {
    let request = Request::post("/-/api/v1/cache/purge", body);
    gateway.send(&with_token(product, request))
}

#[test]
fn the_token_is_made_once_and_closed_to_others() {
    let product = Product::new();
    let file = product.path().join(".trunkline/admin.token");
    let mode = || {
        let metadata = fs::metadata(&file).expect("there is a token");
        metadata.permissions().mode() & 0o777
    };
    product.serve().stop().expect(0);
    let first = token(&product);
    assert_eq!((first.len(), mode()), (43, 0o600));
    let quiet = product.serve().stop().expect(0);
    assert_eq!(token(&product), first);
    assert!(!quiet.stderr.contains("admin.token"), "{}", quiet.stderr);
    fs::set_permissions(&file, Permissions::from_mode(0o644)).expect("it is ours");
    let told = product.serve().stop().expect(0);
    assert_eq!((token(&product), mode()), (first.clone(), 0o600));
    told.complains(&["WARN", "admin.token` could be read by others"]);
    fs::write(&file, "nonsense").expect("it is ours");
    let told = product.serve().stop().expect(0);
    assert!(!told.stderr.contains(&first), "{}", told.stderr);
    told.complains(&["WARN", "nobody can use `/-/api/v1/`"]);
}

#[test]
fn whoever_does_not_know_the_token_gets_nothing() {
    let product = Product::new();
    let gateway = product.serve();
    let token = token(&product);
    let routes = [
        "v1/upstreams",
        "v1/calls",
        "v1/calls/call_0",
        "v1/cache/purge",
    ];
    for route in routes {
        let method = if route.ends_with("purge") {
            "POST"
        } else {
            "GET"
        };
        let request = || Request::new(method, format!("/-/api/{route}"));
        let wrong = [
            request(),
            request().header("authorization", "Bearer"),
            request().header("authorization", "Bearer "),
            request().header("authorization", "Bearer wrong"),
            request().header("authorization", &token),
            request().header("authorization", &format!("Basic {token}")),
            request().header("authorization", &format!("Bearer {token}x")),
            request().header("authorization", &format!("Bearer {}", &token[..42])),
            request().header("x-api-key", &token),
            request()
                .header("authorization", &format!("Bearer {token}"))
                .header("authorization", &format!("Bearer {token}")),
        ];
        for request in wrong {
            let refused = gateway.send(&request);
            let body = refused.problem(401, "admin_token_required");
            assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
            assert_eq!(refused.header("cache-control"), Some("no-store"));
            assert!(!body.to_string().contains(&token), "{body}");
        }
    }
    // The scheme's case does not matter (RFC 9110 section 11.1).
    let request =
        Request::get("/-/api/v1/upstreams").header("authorization", &format!("bearer {token}"));
    gateway.send(&request).expect(200);
    let query = format!("/-/api/v1/upstreams?token={token}");
    gateway.get(&query).problem(401, "admin_token_required");
}

#[test]
fn the_token_opens_no_door_to_foreign_pages_and_names() {
    let product = Product::new();
    let gateway = product.serve();
    for (name, value, status, code) in [
        ("host", "evil.example", 421, "host_refused"),
        ("origin", "https://evil.example", 403, "origin_refused"),
        ("sec-fetch-site", "cross-site", 403, "origin_refused"),
    ] {
        let request = Request::get("/-/api/v1/upstreams").header(name, value);
        let refused = gateway.send(&with_token(&product, request));
        refused.problem(status, code);
    }
}

#[test]
fn routes_and_methods_that_are_none_are_named() {
    let product = Product::new();
    let gateway = product.serve();
    for route in ["", "v1", "v1/calls/", "v1/calls/a/b", "v2/calls", "nothing"] {
        get(&product, &gateway, route).problem(404, "not_found");
    }
    for (method, route, allowed) in [
        ("POST", "v1/upstreams", "GET, HEAD"),
        ("DELETE", "v1/calls", "GET, HEAD"),
        ("PUT", "v1/calls/call_0", "GET, HEAD"),
        ("POST", "openapi.json", "GET, HEAD"),
        ("GET", "v1/cache/purge", "POST"),
        ("HEAD", "v1/cache/purge", "POST"),
    ] {
        let request = Request::new(method, format!("/-/api/{route}"));
        let refused = gateway.send(&with_token(&product, request)).expect(405);
        assert_eq!(refused.header("allow"), Some(allowed), "{method} {route}");
    }
    get(&product, &gateway, "v1/upstreams?x=1").problem(400, "bad_input");
    get(&product, &gateway, "v1/calls?limit=0").problem(400, "bad_input");
    get(&product, &gateway, "v1/calls?errors=1").problem(400, "bad_input");
    let head = Request::new("HEAD", "/-/api/v1/upstreams");
    let head = gateway.send(&with_token(&product, head)).expect(200);
    assert!(head.body.is_empty());
}

#[test]
fn the_description_is_for_everybody() {
    let gateway = Product::new().serve();
    let described = gateway.get("/-/api/openapi.json").expect(200);
    assert_eq!(described.header("content-type"), Some("application/json"));
    assert_eq!(described.json()["openapi"], "3.1.0");
}

#[test]
fn calls_are_told_as_the_command_tells_them() {
    let upstream = Upstream::start([answer(200).json("{}"), answer(404).json("{}")]);
    let product = product(&upstream);
    let gateway = product.serve();
    gateway.get("/openai/v1/models").expect(200);
    let failed = gateway.get("/openai/v1/models/x").expect(404);
    let id = failed
        .header("trunkline-call-id")
        .expect("it has one")
        .to_owned();
    // A call that has ended is in the file a moment later.
    let is_there = |_| get(&product, &gateway, "v1/calls").expect(200).json()[1].is_object();
    assert!((0..100_000).any(is_there), "two calls are not written");
    for (query, arguments) in [
        ("", &[][..]),
        ("?limit=1", &["--limit", "1"]),
        ("?errors=true&connector=openai", &["--errors"]),
        ("?status=2xx&since=1h", &["--status", "2xx"]),
        ("?operation=models.list", &["--operation", "models.list"]),
    ] {
        let told = get(&product, &gateway, &format!("v1/calls{query}")).expect(200);
        assert_eq!(told.header("cache-control"), Some("no-store"));
        let arguments: Vec<&str> = ["calls", "list", "--json"]
            .iter()
            .chain(arguments)
            .copied()
            .collect();
        assert_eq!(
            told.json(),
            product.run(&arguments).expect(0).json(),
            "{query}"
        );
    }
    let told = get(&product, &gateway, &format!("v1/calls/{id}"))
        .expect(200)
        .json();
    let shown = product
        .run(&["calls", "show", &id, "--json"])
        .expect(0)
        .json();
    assert_eq!(told, shown);
    assert!(told["explanation"]["what_to_do"].is_string(), "{told:#}");
    get(&product, &gateway, "v1/calls/call_0").problem(400, "bad_input");
    get(&product, &gateway, "v1/calls/call_zzz").problem(400, "bad_input");
    get(&product, &gateway, "v1/calls/call_7").problem(404, "not_found");
}

#[test]
fn upstreams_that_were_called_are_told_of() {
    let upstream = Upstream::start([answer(200).json("{}")]);
    let product = product(&upstream);
    let gateway = product.serve();
    let upstreams = || get(&product, &gateway, "v1/upstreams").expect(200).json();
    assert_eq!(upstreams(), json!({ "upstreams": [] }));
    gateway.get("/openai/v1/models").expect(200);
    assert_eq!(upstreams()["upstreams"][0]["connector"], "openai");
}

/// An answer as `openai` promises it.
fn models() -> Response {
    answer(200).json(r#"{"object":"list","data":[]}"#)
}

/// Settings under which answers of `openai` are kept.
fn keeping(upstream: &Upstream) -> Product {
    product(upstream).set("connectors.openai.cache", r#""5m""#)
}

/// Asks for something twice, so that it is kept.
#[track_caller]
fn keep(gateway: &Gateway, upstream: &Upstream) {
    let asked = upstream.count();
    gateway.get("/openai/v1/models").expect(200);
    gateway.get("/openai/v1/models").expect(200);
    assert_eq!(upstream.count(), asked + 1, "the answer is not kept");
}

#[test]
fn kept_answers_are_purged() {
    let upstream = Upstream::start([models()]);
    let product = keeping(&upstream);
    let gateway = product.serve();
    for body in [
        r#"{"all": true}"#,
        r#"{"connector": "openai"}"#,
        r#"{"connector": "openai", "operation": "models.list"}"#,
    ] {
        keep(&gateway, &upstream);
        let purged = purge(&product, &gateway, body).expect(200);
        assert_eq!(purged.json(), json!({ "purged": 1 }), "{body}");
    }
    keep(&gateway, &upstream);
    for body in [
        r#"{"tag": "nothing"}"#,
        r#"{"connector": "stripe"}"#,
        r#"{"connector": "openai", "operation": "files.list"}"#,
    ] {
        let purged = purge(&product, &gateway, body).expect(200);
        assert_eq!(purged.json(), json!({ "purged": 0 }), "{body}");
    }
    for (body, status, code) in [
        ("", 400, "bad_input"),
        ("{}", 400, "bad_input"),
        (r#"{"all": true, "everything": true}"#, 400, "bad_input"),
        (r#"{"key": "xyz"}"#, 400, "bad_input"),
        (r#"{"connector": "opnai"}"#, 404, "unknown_connector"),
        (
            r#"{"connector": "openai", "operation": "x"}"#,
            404,
            "unknown_operation",
        ),
    ] {
        purge(&product, &gateway, body).problem(status, code);
    }
    let large = format!(r#"{{"tag": "{}"}}"#, "x".repeat(20_000));
    purge(&product, &gateway, &large).problem(413, "body_too_large");
    keep_is_still_there(&gateway, &upstream);
}

#[track_caller]
fn keep_is_still_there(gateway: &Gateway, upstream: &Upstream) {
    let asked = upstream.count();
    gateway.get("/openai/v1/models").expect(200);
    assert_eq!(upstream.count(), asked, "the answer is gone");
}

/// The settings of a folder as they are where the gateway has a port of its own.
fn with_port(product: &Product, gateway: &Gateway) -> Product {
    let listen = format!("{:?}", gateway.address().to_string());
    product.clone().set("server.listen", listen)
}

#[test]
fn the_command_purges_what_the_running_gateway_keeps() {
    let upstream = Upstream::start([models()]);
    let product = keeping(&upstream);
    let gateway = product.serve();
    let asking = with_port(&product, &gateway);
    keep(&gateway, &upstream);
    asking
        .run(&["cache", "purge", "--all"])
        .expect(0)
        .prints(&["purged 1 answer\n"]);
    keep(&gateway, &upstream);
    let words = [
        "cache",
        "purge",
        "--connector",
        "openai",
        "--operation",
        "models.list",
        "--json",
    ];
    assert_eq!(asking.run(&words).expect(0).json(), json!({ "purged": 1 }));
    asking
        .run(&["cache", "purge", "--connector", "opnai"])
        .expect(2)
        .complains(&["there is no connector `opnai`", "did you mean `openai`?"]);
    for words in [
        &["cache", "purge"][..],
        &["cache", "purge", "--all", "--tag", "x"],
        &["cache", "purge", "--operation", "models.list"],
    ] {
        asking.run(words).expect(2);
    }
    let file = product.path().join(".trunkline/admin.token");
    fs::write(&file, "x".repeat(43)).expect("it is ours");
    asking
        .run(&["cache", "purge", "--all"])
        .expect(4)
        .complains(&["not the admin token"]);
    gateway.stop().expect(0);
    asking
        .run(&["cache", "purge", "--all"])
        .expect(6)
        .complains(&["start the gateway with `trunkline serve`"]);
}

#[test]
fn where_no_gateway_ever_ran_the_command_says_so() {
    Product::new()
        .set("server.listen", r#""127.0.0.1:4999""#)
        .run(&["cache", "purge", "--all"])
        .expect(6)
        .complains(&["there is no `.trunkline/admin.token`"]);
}

#[test]
fn a_gateway_on_a_socket_is_asked_by_hand_and_it_is_said_how() {
    let product = Product::new();
    let socket = product.path().join("trunkline.sock");
    let product = product.set("server.listen", format!("\"unix:{}\"", socket.display()));
    let program = Program::start(product.command(&["serve"]));
    program.wait_for(|printed| printed.contains("listening on").then_some(()));
    let refused = product.run(&["cache", "purge", "--all"]).expect(2);
    let hint = refused
        .stderr
        .lines()
        .find_map(|line| line.split_once("hint: ask with "));
    let (_, command) = hint.unwrap_or_else(|| panic!("no command in: {}", refused.stderr));
    let mut shell = Command::new("bash");
    shell.args(["-c", command]).current_dir(product.path());
    let asked: Value = Program::start(shell).finish().expect(0).json();
    assert_eq!(asked, json!({ "purged": 0 }));
    program.signal("TERM");
    program.finish().expect(0);
}
