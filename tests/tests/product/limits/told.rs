//! What built-in connectors' upstreams tell of their own limits is kept to, in the headers and
//! bodies that the real ones send.

use std::fs;
use std::time::Duration;

use trunkline_tests::{
    Answer, Gateway, Product, Request, Response, Upstream, answer, rfc3339_in, unix_in,
};

use crate::limits::refusing::assert_refused;
use crate::limits::{get, post, single};

/// So long no caller waits.
const HOUR: Duration = Duration::from_hours(1);

fn calling(connector: &str, upstream: &Upstream) -> Gateway {
    Product::calling(connector, upstream)
        .variable("GITHUB_TOKEN", "ghp_RealGithubTokenK7dJ2mQ9x")
        .variable(
            "DISCORD_TOKEN",
            "MTk4NjIyNDgzNDcx.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs",
        )
        .variable("SHOPIFY_ADMIN_ACCESS_TOKEN", "shpat_RealShopifyTokenK7dJ2")
        .variable(
            "GROQ_API_KEY",
            "gsk_RealGroqKeyK7dJ2mQ9xT2mV8bN4hJ6sLpZ0dFgYeAiUw3",
        )
        .set(&format!("connectors.{connector}.retry.attempts"), 1)
        .serve()
}

fn told(status: u16, headers: &[(&str, &str)]) -> Response {
    let empty = answer(status).json("{}");
    headers
        .iter()
        .fold(empty, |answer, (name, value)| answer.header(name, value))
}

fn fine() -> Response {
    answer(200).json("{}")
}

#[track_caller]
fn send(gateway: &Gateway, request: &Request) -> Answer {
    gateway.send(&request.clone().header("trunkline-timeout", "5s"))
}

/// Asserts that a request is held back because of what the upstream told.
#[track_caller]
fn assert_held(gateway: &Gateway, upstream: &Upstream, request: &Request) -> u64 {
    let before = upstream.count();
    let held = send(gateway, request);
    let secs = assert_refused(&held, 429, "limit_reached");
    assert!(held.text().contains("its own limit"), "{}", held.text());
    assert_eq!(upstream.count(), before);
    secs
}

#[track_caller]
fn assert_free(gateway: &Gateway, upstream: &Upstream, request: &Request) {
    let before = upstream.count();
    send(gateway, request).expect(200);
    assert_eq!(upstream.count(), before + 1);
}

fn chat(connector: &str, model: &str) -> Request {
    let (path, body) = match connector {
        "anthropic" => ("v1/messages", r#""max_tokens":1,"messages":[]"#),
        "groq" => ("openai/v1/chat/completions", r#""messages":[]"#),
        _ => ("v1/chat/completions", r#""messages":[]"#),
    };
    let body = format!(r#"{{"model":"{model}",{body}}}"#);
    Request::post(format!("/{connector}/{path}"), body)
}

#[test]
fn nothing_left_of_a_model_holds_that_model() {
    let date = rfc3339_in(HOUR);
    let spent: [(&str, [(&str, &str); 3]); 3] = [
        (
            "openai",
            [
                ("x-ratelimit-limit-requests", "1"),
                ("x-ratelimit-remaining-requests", "0"),
                ("x-ratelimit-reset-requests", "1h0m0s"),
            ],
        ),
        (
            "anthropic",
            [
                ("anthropic-ratelimit-requests-limit", "1"),
                ("anthropic-ratelimit-requests-remaining", "0"),
                ("anthropic-ratelimit-requests-reset", &date),
            ],
        ),
        (
            "groq",
            [
                ("x-ratelimit-limit-requests", "1"),
                ("x-ratelimit-remaining-requests", "0"),
                ("x-ratelimit-reset-requests", "59m59.5s"),
            ],
        ),
    ];
    for (connector, headers) in spent {
        let upstream = Upstream::start([told(200, &headers), fine()]);
        let gateway = calling(connector, &upstream);
        let (one, other) = (chat(connector, "one"), chat(connector, "other"));
        send(&gateway, &one).expect(200);
        let secs = assert_held(&gateway, &upstream, &one);
        assert!((3000..=3610).contains(&secs), "{connector}: {secs}");
        assert_free(&gateway, &upstream, &other);
        assert_held(&gateway, &upstream, &one);
    }
}

#[test]
fn tokens_and_requests_are_counted_apart() {
    let headers = [
        ("x-ratelimit-limit-requests", "5000"),
        ("x-ratelimit-remaining-requests", "4999"),
        ("x-ratelimit-reset-requests", "12ms"),
        ("x-ratelimit-limit-tokens", "200000"),
        ("x-ratelimit-remaining-tokens", "0"),
        ("x-ratelimit-reset-tokens", "1h0m0s"),
    ];
    let upstream = Upstream::start([told(200, &headers), fine()]);
    let gateway = calling("openai", &upstream);
    let wanting = |tokens: u32| {
        let body = format!(r#"{{"model":"m","max_completion_tokens":{tokens},"messages":[]}}"#);
        Request::post("/openai/v1/chat/completions", body)
    };
    send(&gateway, &wanting(10)).expect(200);
    // About fifty tokens come back in a second, so thirty thousand take minutes and thirty a second.
    let secs = assert_held(&gateway, &upstream, &wanting(30_000));
    assert!(300 < secs, "{secs}");
    assert_free(&gateway, &upstream, &wanting(30));
}

#[test]
fn a_short_wait_is_waited_for() {
    let headers = [
        ("x-ratelimit-limit-requests", "1"),
        ("x-ratelimit-remaining-requests", "0"),
        ("x-ratelimit-reset-requests", "1.2s"),
    ];
    let upstream = Upstream::start([told(200, &headers), fine()]);
    let gateway = calling("openai", &upstream);
    send(&gateway, &chat("openai", "m")).expect(200);
    assert_free(&gateway, &upstream, &chat("openai", "m"));
    let heard = upstream.heard();
    let between = heard[1].at.duration_since(heard[0].at).as_secs_f64();
    assert!((1.0..8.0).contains(&between), "{between}");
}

#[test]
fn a_refusal_holds_its_model_whatever_was_told_before() {
    let plenty = [
        ("x-ratelimit-limit-requests", "5000"),
        ("x-ratelimit-remaining-requests", "4999"),
        ("x-ratelimit-reset-requests", "12ms"),
    ];
    let refusal = told(429, &plenty).header("retry-after", "3600");
    let upstream = Upstream::start([told(200, &plenty), refusal, fine()]);
    let gateway = calling("openai", &upstream);
    let one = chat("openai", "one");
    send(&gateway, &one).expect(200);
    send(&gateway, &one).expect(429);
    let secs = assert_held(&gateway, &upstream, &one);
    assert!((3000..=3610).contains(&secs), "{secs}");
    assert_free(&gateway, &upstream, &chat("openai", "other"));
    assert_held(&gateway, &upstream, &one);
}

/// Nobody has said whose limit it is, so it is taken to be everybody's.
#[test]
fn a_refusal_that_names_a_time_holds_all_where_no_limits_are_declared() {
    let refusal = answer(429).header("retry-after", "86400").json("{}");
    let upstream = Upstream::start([fine(), refusal, fine()]);
    let gateway = single(&upstream).serve();
    assert_free(&gateway, &upstream, &get());
    send(&gateway, &get()).expect(429);
    let secs = assert_held(&gateway, &upstream, &get());
    assert!((55..=61).contains(&secs), "no longer than a minute: {secs}");
    assert_held(&gateway, &upstream, &post());
}

#[test]
fn a_short_refusal_is_waited_for_where_no_limits_are_declared() {
    let refusal = answer(429).header("retry-after", "1").json("{}");
    let upstream = Upstream::start([refusal, fine()]);
    let gateway = single(&upstream).serve();
    send(&gateway, &get()).expect(429);
    assert_free(&gateway, &upstream, &get());
    let heard = upstream.heard();
    let between = heard[1].at.duration_since(heard[0].at).as_secs_f64();
    assert!((0.9..8.0).contains(&between), "{between}");
}

#[test]
fn a_refusal_that_names_no_time_holds_nobody_where_no_limits_are_declared() {
    let refusal = told(
        429,
        &[
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", "3600"),
        ],
    );
    let upstream = Upstream::start([refusal, fine()]);
    let gateway = single(&upstream).serve();
    send(&gateway, &get()).expect(429);
    assert_free(&gateway, &upstream, &get());
}

fn github(resource: &str, remaining: &str) -> Vec<(String, String)> {
    [
        ("x-ratelimit-limit", "5000".to_owned()),
        ("x-ratelimit-remaining", remaining.to_owned()),
        ("x-ratelimit-reset", unix_in(HOUR).to_string()),
        ("x-ratelimit-resource", resource.to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}

fn told_by_github(status: u16, resource: &str, remaining: &str) -> Response {
    let headers = github(resource, remaining);
    let headers: Vec<(&str, &str)> = headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    told(status, &headers)
}

#[test]
fn each_resource_of_github_has_a_limit_of_its_own() {
    let upstream = Upstream::start([
        told_by_github(200, "core", "4000"),
        told_by_github(200, "search", "9"),
        told_by_github(200, "core", "0"),
        told_by_github(200, "search", "9"),
    ]);
    let gateway = calling("github", &upstream);
    let issues = Request::get("/github/repos/o/r/issues");
    let search = Request::get("/github/search/issues?q=a");
    send(&gateway, &issues).expect(200);
    send(&gateway, &search).expect(200);
    send(&gateway, &issues).expect(200);
    assert_held(&gateway, &upstream, &issues);
    assert_free(&gateway, &upstream, &search);
    assert_held(&gateway, &upstream, &issues);
}

#[test]
fn the_first_answer_of_a_route_holds_it_too() {
    let upstream = Upstream::start([told_by_github(200, "core", "0"), fine()]);
    let gateway = calling("github", &upstream);
    let issues = Request::get("/github/repos/o/r/issues");
    send(&gateway, &issues).expect(200);
    assert_held(&gateway, &upstream, &issues);
}

#[test]
fn githubs_secondary_limit_holds_everything() {
    let message = r#"{"message":"You have exceeded a secondary rate limit. Wait a few minutes."}"#;
    let secondary = answer(403).header("retry-after", "3600").json(message);
    let upstream = Upstream::start([
        told_by_github(200, "core", "4000"),
        told_by_github(200, "search", "9"),
        secondary,
        fine(),
    ]);
    let gateway = calling("github", &upstream);
    let issues = Request::get("/github/repos/o/r/issues");
    let search = Request::get("/github/search/issues?q=a");
    send(&gateway, &issues).expect(200);
    send(&gateway, &search).expect(200);
    send(&gateway, &issues).expect(403);
    for request in [&issues, &search, &Request::get("/github/user")] {
        assert_held(&gateway, &upstream, request);
    }
}

/// Of a bucket of Discord's.
fn bucket(status: u16, name: &str, remaining: &str) -> Response {
    let headers = [
        ("x-ratelimit-bucket", name),
        ("x-ratelimit-limit", "5"),
        ("x-ratelimit-remaining", remaining),
        ("x-ratelimit-reset-after", "3600.0"),
    ];
    told(status, &headers)
}

fn messages(channel: u32) -> Request {
    Request::get(format!("/discord/api/v10/channels/{channel}/messages"))
}

#[test]
fn a_bucket_of_discords_is_of_one_channel() {
    let upstream = Upstream::start([
        bucket(200, "abcd1234", "4"),
        bucket(200, "abcd1234", "0"),
        fine(),
    ]);
    let gateway = calling("discord", &upstream);
    send(&gateway, &messages(1)).expect(200);
    send(&gateway, &messages(1)).expect(200);
    assert_held(&gateway, &upstream, &messages(1));
    assert_free(&gateway, &upstream, &messages(2));
    assert_held(&gateway, &upstream, &messages(1));
}

#[test]
fn discords_global_limit_holds_everything() {
    let global = answer(429)
        .header("retry-after", "3600")
        .header("x-ratelimit-global", "true")
        .header("x-ratelimit-scope", "global")
        .json(r#"{"message":"You are being rate limited.","retry_after":3600.0,"global":true}"#);
    let upstream = Upstream::start([bucket(200, "abcd1234", "4"), global, fine()]);
    let gateway = calling("discord", &upstream);
    send(&gateway, &messages(1)).expect(200);
    send(&gateway, &messages(1)).expect(429);
    assert_held(&gateway, &upstream, &messages(1));
    assert_held(&gateway, &upstream, &messages(2));
    let me = Request::get("/discord/api/v10/users/@me");
    assert_held(&gateway, &upstream, &me);
}

/// What Shopify says of its points, with 200.
fn points(available: u32) -> Response {
    let status = format!(
        r#""throttleStatus":{{"maximumAvailable":1000.0,"currentlyAvailable":{available},"restoreRate":1.0}}"#
    );
    let cost = format!(r#""cost":{{"requestedQueryCost":20,"actualQueryCost":12,{status}}}"#);
    answer(200).json(&format!(r#"{{"data":{{}},"extensions":{{{cost}}}}}"#))
}

#[test]
fn shopifys_points_are_in_the_body() {
    let query = r#"{"query":"{ shop { name } }"}"#;
    let query = Request::post("/shopify/admin/api/2026-10/graphql.json", query);
    let upstream = Upstream::start([points(900), points(0), fine()]);
    let gateway = calling("shopify", &upstream);
    send(&gateway, &query).expect(200);
    assert_free(&gateway, &upstream, &query);
    let secs = assert_held(&gateway, &upstream, &query);
    assert!((8..=15).contains(&secs), "{secs}");
}

#[test]
fn what_was_told_is_shown() {
    let headers = [
        ("x-ratelimit-limit-requests", "10"),
        ("x-ratelimit-remaining-requests", "7"),
        ("x-ratelimit-reset-requests", "1h0m0s"),
    ];
    let upstream = Upstream::start([told(200, &headers), fine()]);
    let product = Product::calling("openai", &upstream);
    let gateway = product.serve();
    send(&gateway, &chat("openai", "one")).expect(200);
    let token = fs::read_to_string(product.path().join(".trunkline/admin.token"));
    let token = format!("Bearer {}", token.expect("there is a token").trim());
    let request = Request::get("/-/api/v1/upstreams").header("authorization", &token);
    let shown = gateway.send(&request).expect(200).json().to_string();
    for part in ["\"scope\":\"one\"", "\"remaining\":7", "\"limit\":10"] {
        assert!(shown.contains(part), "{shown}");
    }
}
