//! What the answers of real APIs tell of their limits, and everything else that they may send.

use std::sync::LazyLock;
use std::time::{Duration, SystemTime};

use expect_test::{Expect, expect};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    Amounts, BODY_BYTES_MAX, ComesBack, Counts, Estimate, Limits, NumberFrom, RefillFrom, Scope,
    ToldRule,
};
use crate::builtin;
use crate::connector::Connector;
use crate::format::{Refill, UsedSection, WaitUnit};
use crate::outcome::Answer;
use crate::seeded::seeded;

/// 2026-01-01T00:00:00Z.
fn now() -> SystemTime {
    jiff::Timestamp::constant(1_767_225_600, 0).into()
}

fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        let name: HeaderName = name.parse().unwrap();
        headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    headers
}

/// What a built-in connector says of limits.
fn limits_of(name: &str) -> &'static Limits {
    static CONNECTORS: LazyLock<Vec<Connector>> = LazyLock::new(|| builtin::load().unwrap());
    let mut connectors = CONNECTORS.iter();
    &connectors
        .find(|connector| connector.name.as_str() == name)
        .unwrap()
        .limits
}

fn show(limits: &Limits, headers: &HeaderMap, body: Option<&Value>) -> String {
    let answer = Answer {
        status: StatusCode::OK,
        headers,
        body,
    };
    let told = limits.told(&answer, now());
    let lines = told.iter().map(|told| {
        let limit = told
            .limit
            .map_or(String::new(), |limit| format!(" of {limit}"));
        let comes_back = match told.comes_back {
            ComesBack::In(wait) => format!(", all in {wait:?}"),
            ComesBack::Steady { amount, per } => format!(", {amount} each {per:?}"),
            ComesBack::Unknown => String::new(),
        };
        let counts = told.counts.as_str();
        format!("{counts}: {}{limit}{comes_back}\n", told.remaining)
    });
    lines.collect()
}

/// What an answer of an API with a built-in connector tells.
#[track_caller]
fn check(connector: &str, pairs: &[(&str, &str)], expected: Expect) {
    expected.assert_eq(&show(limits_of(connector), &headers(pairs), None));
}

/// What an answer of an API that declares nothing tells.
#[track_caller]
fn check_undeclared(pairs: &[(&str, &str)], expected: Expect) {
    expected.assert_eq(&show(&Limits::default(), &headers(pairs), None));
}

#[test]
fn a_bucket_that_is_nearly_full_is_full_soon() {
    check(
        "openai",
        &[
            ("x-ratelimit-limit-requests", "10000"),
            ("x-ratelimit-limit-tokens", "200000"),
            ("x-ratelimit-remaining-requests", "9999"),
            ("x-ratelimit-remaining-tokens", "199978"),
            ("x-ratelimit-reset-requests", "8.64s"),
            ("x-ratelimit-reset-tokens", "6ms"),
        ],
        expect![[r#"
            requests: 9999 of 10000, all in 8.64s
            tokens: 199978 of 200000, all in 6ms
        "#]],
    );
}

#[test]
fn a_bucket_that_is_nearly_empty_fills_at_a_rate() {
    check(
        "groq",
        &[
            ("x-ratelimit-limit-requests", "14400"),
            ("x-ratelimit-limit-tokens", "6000"),
            ("x-ratelimit-remaining-requests", "14398"),
            ("x-ratelimit-remaining-tokens", "1981"),
            ("x-ratelimit-reset-requests", "12s"),
            ("x-ratelimit-reset-tokens", "40.19s"),
        ],
        expect![[r#"
            requests: 14398 of 14400, all in 12s
            tokens: 1981 of 6000, 4019 each 40.19s
        "#]],
    );
    check(
        "openai",
        &[
            ("x-ratelimit-limit-tokens", "150000"),
            ("x-ratelimit-remaining-tokens", "0"),
            ("x-ratelimit-reset-tokens", "1m0s"),
        ],
        expect![[r#"
            tokens: 0 of 150000, 150000 each 60s
        "#]],
    );
}

#[test]
fn times_of_anthropic_are_points_in_time() {
    check(
        "anthropic",
        &[
            ("anthropic-ratelimit-requests-limit", "50"),
            ("anthropic-ratelimit-requests-remaining", "48"),
            ("anthropic-ratelimit-requests-reset", "2026-01-01T00:00:02Z"),
            ("anthropic-ratelimit-tokens-limit", "38000"),
            ("anthropic-ratelimit-tokens-remaining", "0"),
            ("anthropic-ratelimit-tokens-reset", "2026-01-01T00:01:00Z"),
            ("anthropic-ratelimit-input-tokens-limit", "30000"),
            ("anthropic-ratelimit-input-tokens-remaining", "10000"),
            (
                "anthropic-ratelimit-input-tokens-reset",
                "2026-01-01T00:00:40Z",
            ),
            ("anthropic-ratelimit-output-tokens-limit", "8000"),
            ("anthropic-ratelimit-output-tokens-remaining", "8000"),
            (
                "anthropic-ratelimit-output-tokens-reset",
                "2025-12-31T23:59:59Z",
            ),
        ],
        expect![[r#"
            requests: 48 of 50, all in 2s
            tokens: 0 of 38000, 38000 each 60s
            tokens_in: 10000 of 30000, 20000 each 40s
            tokens_out: 8000 of 8000, all in 0ns
        "#]],
    );
}

#[test]
fn windows_end_all_at_once() {
    check(
        "github",
        &[
            ("x-ratelimit-limit", "5000"),
            ("x-ratelimit-remaining", "12"),
            ("x-ratelimit-reset", "1767229200"),
            ("x-ratelimit-used", "4988"),
        ],
        expect![[r#"
            requests: 12 of 5000, all in 3600s
        "#]],
    );
    check(
        "discord",
        &[
            ("x-ratelimit-limit", "5"),
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", "1767225601.250"),
            ("x-ratelimit-reset-after", "1.250"),
        ],
        expect![[r#"
            requests: 0 of 5, all in 1.25s
        "#]],
    );
    check(
        "sendgrid",
        &[
            ("x-ratelimit-limit", "600"),
            ("x-ratelimit-remaining", "599"),
            ("x-ratelimit-reset", "1767225660"),
        ],
        expect![[r#"
            requests: 599 of 600, all in 60s
        "#]],
    );
    check(
        "resend",
        &[
            ("ratelimit-limit", "5"),
            ("ratelimit-policy", "5;w=1"),
            ("ratelimit-remaining", "4"),
            ("ratelimit-reset", "1"),
        ],
        expect![[r#"
            requests: 4 of 5, all in 1s
        "#]],
    );
    check(
        "replicate",
        &[("ratelimit-remaining", "599"), ("ratelimit-reset", "1")],
        expect![[r#"
            requests: 599, all in 1s
        "#]],
    );
    check(
        "together",
        &[
            ("x-ratelimit-limit", "10"),
            ("x-ratelimit-limit-tokens", "3000"),
            ("x-ratelimit-remaining", "19"),
            ("x-ratelimit-remaining-tokens", "3000"),
            ("x-ratelimit-reset", "2"),
        ],
        expect![[r#"
            requests: 19 of 10, all in 2s
        "#]],
    );
}

#[test]
fn points_of_shopify_stand_in_the_body() {
    let limits = limits_of("shopify");
    let status =
        json!({ "maximumAvailable": 2000.0, "currentlyAvailable": 1990.5, "restoreRate": 100.0 });
    let body =
        json!({ "extensions": { "cost": { "actualQueryCost": 9, "throttleStatus": status } } });
    expect![[r#"
        other: 1990 of 2000, 100 each 1s
    "#]]
    .assert_eq(&show(limits, &HeaderMap::new(), Some(&body)));
    assert!(limits.needs_body(StatusCode::OK));
    assert_eq!(limits.used(&body).unwrap().other, 9);
    assert_eq!(limits.estimate(None, 0).other, 10);
    let refused = json!({ "extensions": { "cost": { "actualQueryCost": null } } });
    assert_eq!(show(limits, &HeaderMap::new(), Some(&refused)), "");
    assert_eq!(limits.used(&refused), None);
}

#[test]
fn what_cannot_be_read_is_as_if_it_were_not_there() {
    for remaining in ["", "-1", "many", "10, 10", "0x10", "1e999", "NaN", "5/10"] {
        let pairs = [
            ("x-ratelimit-limit", "5000"),
            ("x-ratelimit-remaining", remaining),
            ("x-ratelimit-reset", "1767229200"),
        ];
        check("github", &pairs, expect![""]);
    }
    check(
        "github",
        &[
            ("x-ratelimit-limit", "?"),
            ("x-ratelimit-remaining", " 7.9 "),
            ("x-ratelimit-reset", "soon"),
        ],
        expect![[r#"
            requests: 7
        "#]],
    );
    check("github", &[("x-ratelimit-limit", "5000")], expect![""]);
}

#[test]
fn a_header_that_says_two_things_says_nothing() {
    let twice = |second| {
        [
            ("ratelimit-remaining", "4"),
            ("ratelimit-remaining", second),
        ]
    };
    check("replicate", &twice("5"), expect![""]);
    check(
        "replicate",
        &twice("4"),
        expect![[r#"
            requests: 4
        "#]],
    );
}

#[test]
fn a_reset_beyond_belief_is_cut() {
    check(
        "replicate",
        &[("ratelimit-remaining", "4"), ("ratelimit-reset", "1e18")],
        expect![[r#"
            requests: 4, all in 31622400s
        "#]],
    );
}

/// One that reads requests from `a` and `a-reset`, and again from `b` and `b-reset`.
fn two_windows() -> Limits {
    let rule = |name: &'static str, reset: &'static str| ToldRule {
        counts: Counts::Requests,
        remaining: NumberFrom::Header(HeaderName::from_static(name)),
        limit: None,
        refill: RefillFrom::Reset(
            HeaderName::from_static(reset),
            WaitUnit::DeltaSeconds,
            Refill::AtOnce,
        ),
    };
    Limits {
        told: vec![rule("a", "a-reset"), rule("b", "b-reset")],
        ..Limits::default()
    }
}

#[test]
fn of_two_windows_the_one_that_leaves_least_counts() {
    #[track_caller]
    fn check(pairs: &[(&str, &str)], expected: Expect) {
        expected.assert_eq(&show(&two_windows(), &headers(pairs), None));
    }
    let second = [("a", "4"), ("a-reset", "1")];
    let day = |left| [("b", left), ("b-reset", "86400")];
    check(
        &[second, day("900")].concat(),
        expect![[r#"
            requests: 4, all in 1s
        "#]],
    );
    check(
        &[second, day("0")].concat(),
        expect![[r#"
            requests: 0, all in 86400s
        "#]],
    );
    check(
        &[second, day("4")].concat(),
        expect![[r#"
            requests: 4, all in 86400s
        "#]],
    );
}

#[test]
fn the_standard_fields_are_read_for_everybody() {
    check_undeclared(
        &[
            ("ratelimit", r#""default";r=50;t=30"#),
            ("ratelimit-policy", r#""default";q=100;w=60"#),
        ],
        expect![[r#"
            requests: 50 of 100, all in 30s
        "#]],
    );
    check_undeclared(
        &[("ratelimit", "limit=100, remaining=50, reset=5")],
        expect![[r#"
            requests: 50 of 100, all in 5s
        "#]],
    );
    check_undeclared(
        &[("ratelimit", r#""default";r=50;pk=:cGs=:"#)],
        expect![[r#"
            requests: 50
        "#]],
    );
}

#[test]
fn of_the_standard_policies_each_counts_its_own() {
    check_undeclared(
        &[
            ("ratelimit", r#""minute";r=9;t=30, "day";r=3;t=3600"#),
            ("ratelimit", r#""bytes";r=1024;t=10, "atonce";r=1;t=1"#),
            (
                "ratelimit-policy",
                r#""minute";q=10;w=60, "day";q=99;w=86400"#,
            ),
            (
                "ratelimit-policy",
                r#""bytes";q=4096;qu="content-bytes", "atonce";q=2;qu="concurrent-requests""#,
            ),
        ],
        expect![[r#"
            requests: 3 of 99, all in 3600s
            other: 1024 of 4096, all in 10s
        "#]],
    );
}

#[test]
fn a_malformed_standard_field_is_ignored_whole() {
    for field in [
        r#""a";r=1;t=1, "b;r=1"#,
        r#""a";r=1;;t=1"#,
        r#""a";r=1 "b""#,
        "",
        ",",
        r#""a";t=30"#,
        "\u{e4}",
    ] {
        check_undeclared(&[("ratelimit", field)], expect![""]);
    }
    // A malformed policy says nothing, and what is left is known all the same.
    check_undeclared(
        &[("ratelimit", r#""a";r=1;t=1"#), ("ratelimit-policy", "\"")],
        expect![[r#"
            requests: 1, all in 1s
        "#]],
    );
}

#[test]
fn older_fields_are_not_guessed() {
    check_undeclared(
        &[
            ("x-ratelimit-limit", "100"),
            ("x-ratelimit-remaining", "5"),
            ("x-ratelimit-reset", "30"),
            ("ratelimit-limit", "100"),
            ("ratelimit-remaining", "5"),
            ("ratelimit-reset", "30"),
        ],
        expect![""],
    );
}

#[test]
fn what_is_declared_goes_before_the_standard() {
    check(
        "resend",
        &[
            ("ratelimit", r#""default";r=50;t=30"#),
            ("ratelimit-remaining", "4"),
        ],
        expect![[r#"
            requests: 4
        "#]],
    );
}

#[track_caller]
fn check_scope(connector: &str, body: &str, expected: Option<&str>) {
    let found = limits_of(connector).scope_of_request(Some(body.as_bytes()));
    assert_eq!(found.as_deref(), expected, "{body}");
}

#[test]
fn a_model_is_found_without_reading_the_rest() {
    check_scope(
        "openai",
        r#"{"model":"gpt-5.4-mini"}"#,
        Some("gpt-5.4-mini"),
    );
    check_scope(
        "openai",
        r#" { "messages": [{"model": "no"}], "x": {"model": 1}, "model" : "a\u002fb" } "#,
        Some("a/b"),
    );
    // As nearly every reader of JSON has it, the last one counts.
    check_scope("openai", r#"{"model":"a","model":"b"}"#, Some("b"));
    check_scope("openai", r#"{"model":"a","model":{}}"#, None);
    for body in [
        "",
        "{}",
        "null",
        r#""model""#,
        r#"["model"]"#,
        r#"{"model":1}"#,
        r#"{"model":null}"#,
        r#"{"model":true}"#,
        r#"{"model":""}"#,
        r#"{"model":["a"]}"#,
        r#"{"model":"a""#,
        r#"{"model":"a"} x"#,
        "--boundary\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\na",
    ] {
        check_scope("openai", body, None);
    }
    assert_eq!(limits_of("openai").scope_of_request(None), None);
    assert_eq!(
        limits_of("github").scope_of_request(Some(b"{\"model\":\"a\"}")),
        None
    );
}

#[test]
fn names_and_bodies_have_limits() {
    let named = |length| format!(r#"{{"model":"{}"}}"#, "m".repeat(length));
    check_scope("openai", &named(64), Some(&"m".repeat(64)));
    check_scope("openai", &named(65), None);
    let of_size = |size: usize| {
        let frame = r#"{"model":"m","x":""}"#;
        frame.replace(
            "\"\"}",
            &format!("\"{}\"}}", "x".repeat(size - frame.len())),
        )
    };
    check_scope("openai", &of_size(BODY_BYTES_MAX), Some("m"));
    check_scope("openai", &of_size(BODY_BYTES_MAX + 1), None);
    // What is not looked for may be as deep as it likes.
    let deep = format!(
        r#"{{"x":{}{},"model":"m"}}"#,
        "[".repeat(5000),
        "]".repeat(5000)
    );
    check_scope("openai", &deep, Some("m"));
}

#[test]
fn a_pointer_goes_through_lists_and_escapes() {
    let limits = Limits {
        scope: Scope::Request("/a~1b/1/c~0d".to_owned()),
        ..Limits::default()
    };
    let body = br#"{"a/b":[{"c~d":"no"},{"c~d":"yes"},{"c~d":"no"}]}"#;
    assert_eq!(limits.scope_of_request(Some(body)).as_deref(), Some("yes"));
}

#[test]
fn a_bucket_is_named_by_the_answer_and_the_path() {
    let discord = limits_of("discord");
    let named = |value: &str| {
        let headers = headers(&[("x-ratelimit-bucket", value)]);
        discord.scope_of_answer(&headers).map(str::to_owned)
    };
    assert_eq!(named("abcd1234").as_deref(), Some("abcd1234"));
    assert_eq!(named(""), None);
    assert_eq!(named(&"b".repeat(65)), None);
    assert_eq!(discord.scope_of_answer(&HeaderMap::new()), None);
    let of_path = |path| discord.scope_of_path(path);
    assert_eq!(
        of_path("/api/v10/channels/12/messages/3"),
        Some("/api/v10/channels/12")
    );
    assert_eq!(
        of_path("/api/v10/channels/12"),
        Some("/api/v10/channels/12")
    );
    assert_eq!(of_path("/api/webhooks/34/token"), Some("/api/webhooks/34"));
    assert_eq!(of_path("/api/v10/channels"), None);
    assert_eq!(of_path("/api/v10/users/@me"), None);
    assert_eq!(
        of_path(&format!("/api/v10/channels/{}", "1".repeat(64))),
        None
    );
    let openai = limits_of("openai");
    assert_eq!(openai.scope_of_path("/v1/models"), None);
    assert_eq!(
        openai.scope_of_answer(&headers(&[("x-ratelimit-bucket", "a")])),
        None
    );
}

fn check_everything(connector: &str, status: u16, pairs: &[(&str, &str)], body: &Value) -> bool {
    let answer = Answer {
        status: StatusCode::from_u16(status).unwrap(),
        headers: &headers(pairs),
        body: Some(body),
    };
    limits_of(connector).is_for_everything(&answer)
}

#[test]
fn some_refusals_hold_for_everything() {
    let bucket = ("x-ratelimit-bucket", "abcd1234");
    let user = [bucket, ("x-ratelimit-scope", "user")];
    assert!(!check_everything("discord", 429, &user, &Value::Null));
    let global = [("x-ratelimit-global", "true"), bucket];
    assert!(check_everything("discord", 429, &global, &Value::Null));
    assert!(check_everything(
        "discord",
        429,
        &[("retry-after", "600")],
        &Value::Null
    ));
    let primary = json!({ "message": "API rate limit exceeded for user ID 1." });
    let spent = [("x-ratelimit-remaining", "0")];
    assert!(!check_everything("github", 403, &spent, &primary));
    assert!(check_everything(
        "github",
        403,
        &[("retry-after", "60")],
        &primary
    ));
    let secondary = json!({ "message": "You have exceeded a secondary rate limit." });
    assert!(check_everything("github", 429, &spent, &secondary));
    assert!(!check_everything(
        "openai",
        429,
        &[("retry-after", "1")],
        &Value::Null
    ));
}

#[track_caller]
fn check_estimate(connector: &str, body: &str, expected: Expect) {
    let bytes = u64::try_from(body.len()).unwrap();
    let estimate = limits_of(connector).estimate(Some(body.as_bytes()), bytes);
    expected.assert_eq(&format!("{estimate:?}"));
}

#[test]
fn tokens_are_estimated_from_the_body() {
    check_estimate(
        "openai",
        r#"{"model":"m","max_tokens":9,"max_completion_tokens":100}"#,
        expect!["Amounts { requests: 1, tokens: 114, tokens_in: 14, tokens_out: 100, other: 0 }"],
    );
    check_estimate(
        "openai",
        r#"{"model":"m","max_completion_tokens":"x","max_tokens":9.0}"#,
        expect!["Amounts { requests: 1, tokens: 24, tokens_in: 15, tokens_out: 9, other: 0 }"],
    );
    check_estimate(
        "openai",
        r#"{"max_tokens":99999999999}"#,
        expect![
            "Amounts { requests: 1, tokens: 4294967295, tokens_in: 7, tokens_out: 4294967295, other: 0 }"
        ],
    );
    check_estimate(
        "anthropic",
        r#"{"model":"m","max_tokens":64000}"#,
        expect!["Amounts { requests: 1, tokens: 8, tokens_in: 8, tokens_out: 1, other: 0 }"],
    );
}

#[test]
fn what_is_no_json_object_has_no_tokens() {
    // One of each that is told, so that nothing goes where nothing is left.
    check_estimate(
        "openai",
        "--boundary\r\n\r\na file of many bytes",
        expect!["Amounts { requests: 1, tokens: 1, tokens_in: 0, tokens_out: 0, other: 0 }"],
    );
    let openai = limits_of("openai");
    assert_eq!(openai.estimate(None, 0).tokens, 1);
    // A body that is not at hand still has a length.
    assert_eq!(openai.estimate(None, 400_001).tokens, 100_001);
    let nothing = Limits::default().estimate(Some(b"{\"max_tokens\":5}"), 16);
    let one = Amounts {
        requests: 1,
        ..Amounts::default()
    };
    assert_eq!(nothing, one);
}

#[test]
fn replies_tell_what_was_used() {
    #[track_caller]
    fn check(connector: &str, body: &Value, expected: Expect) {
        expected.assert_eq(&format!("{:?}", limits_of(connector).used(body)));
    }
    check(
        "openai",
        &json!({ "usage": { "prompt_tokens": 13, "completion_tokens": 9, "total_tokens": 22 } }),
        expect!["Some(Amounts { requests: 0, tokens: 22, tokens_in: 0, tokens_out: 0, other: 0 })"],
    );
    check(
        "openai",
        &json!({ "type": "response.completed", "response": { "usage": { "total_tokens": 22 } } }),
        expect!["Some(Amounts { requests: 0, tokens: 22, tokens_in: 0, tokens_out: 0, other: 0 })"],
    );
    check(
        "anthropic",
        &json!({ "usage": { "input_tokens": 13, "output_tokens": 9 } }),
        expect![
            "Some(Amounts { requests: 0, tokens: 22, tokens_in: 13, tokens_out: 9, other: 0 })"
        ],
    );
    check(
        "anthropic",
        &json!({ "type": "message_delta", "usage": { "output_tokens": 15 } }),
        expect!["Some(Amounts { requests: 0, tokens: 0, tokens_in: 0, tokens_out: 15, other: 0 })"],
    );
    check("openai", &json!({ "usage": null }), expect!["None"]);
    check(
        "openai",
        &json!({ "usage": { "total_tokens": -1 } }),
        expect!["None"],
    );
    check(
        "github",
        &json!({ "usage": { "total_tokens": 1 } }),
        expect!["None"],
    );
    assert!(limits_of("openai").tells_used());
    assert!(!limits_of("github").tells_used());
}

#[test]
fn what_is_declared_is_known() {
    assert!(!Limits::default().is_declared());
    assert!(!limits_of("stripe").is_declared());
    for name in ["openai", "slack", "resend", "shopify"] {
        assert!(limits_of(name).is_declared(), "{name}");
    }
    let with = |estimate: Estimate, used: UsedSection| Limits {
        estimate,
        used,
        ..Limits::default()
    };
    let estimate = Estimate {
        other: 1,
        ..Estimate::default()
    };
    assert!(with(estimate, UsedSection::default()).is_declared());
    let used = UsedSection {
        other: vec!["/cost".to_owned()],
        ..UsedSection::default()
    };
    assert!(with(Estimate::default(), used).is_declared());
}

#[test]
fn bodies_are_only_asked_for_where_they_are_read() {
    assert!(!Limits::default().needs_body(StatusCode::TOO_MANY_REQUESTS));
    assert!(!limits_of("openai").needs_body(StatusCode::OK));
    let github = limits_of("github");
    assert!(github.needs_body(StatusCode::FORBIDDEN));
    assert!(!github.needs_body(StatusCode::OK));
}

/// One that reads everything there is.
fn greedy() -> Limits {
    let number = || NumberFrom::Header(HeaderName::from_static("x-number"));
    let mut told = vec![ToldRule {
        counts: Counts::Other,
        remaining: NumberFrom::Body("/a".to_owned()),
        limit: Some(NumberFrom::Body("/a".to_owned())),
        refill: RefillFrom::PerSecond(number()),
    }];
    for unit in [
        WaitUnit::DeltaSeconds,
        WaitUnit::DeltaMs,
        WaitUnit::Duration,
        WaitUnit::HttpDate,
        WaitUnit::Rfc3339,
        WaitUnit::UnixS,
        WaitUnit::UnixMs,
    ] {
        told.push(ToldRule {
            counts: Counts::Requests,
            remaining: number(),
            limit: Some(NumberFrom::Header(HeaderName::from_static("x-limit"))),
            refill: RefillFrom::Reset(HeaderName::from_static("x-reset"), unit, Refill::Steady),
        });
    }
    Limits {
        told,
        ..Limits::default()
    }
}

/// Bytes that a header may hold, more often those that mean something.
fn value() -> impl Strategy<Value = Vec<u8>> {
    let likely = r#"[0-9a-zA-Z"';:=,. +\-]{0,40}"#.prop_map(String::into_bytes);
    let fields = r#"("?[a-z]{0,3}"?(;(r|t|q|qu)=["0-9:a-z]{0,20}){0,3},? ?){0,3}"#;
    let any = proptest::collection::vec(any::<u8>(), 0..40);
    prop_oneof![likely, fields.prop_map(String::into_bytes), any]
}

proptest! {
    #![proptest_config(seeded(2000))]

    #[test]
    fn no_header_makes_it_panic(values in proptest::collection::vec(value(), 6), number in any::<f64>()) {
        let names = ["x-number", "x-limit", "x-reset", "ratelimit", "ratelimit-policy", "ratelimit"];
        let mut headers = HeaderMap::new();
        for (name, value) in names.into_iter().zip(&values) {
            if let Ok(value) = HeaderValue::from_bytes(value) {
                headers.append(name, value);
            }
        }
        let body = json!({ "a": number });
        let answer = Answer { status: StatusCode::OK, headers: &headers, body: Some(&body) };
        for limits in [greedy(), Limits::default()] {
            let told = limits.told(&answer, now());
            for (place, one) in told.iter().enumerate() {
                prop_assert!(told.iter().skip(place + 1).all(|other| other.counts != one.counts));
                match one.comes_back {
                    ComesBack::In(wait) => prop_assert!(wait <= crate::wait::WAIT_MAX),
                    ComesBack::Steady { amount, per } => {
                        prop_assert!(amount > 0 && per > Duration::ZERO);
                    }
                    ComesBack::Unknown => {}
                }
            }
        }
    }

    #[test]
    fn a_field_is_found_as_by_reading_it_all(
        text in r#"\{("(model|x)":("[a-z\\u0-9]{0,6}"|[0-9.e-]{1,4}|\{"model":"y"\}|\[1\]|null),?){0,4}\}"#,
    ) {
        let limits = Limits { scope: Scope::Request("/model".to_owned()), ..Limits::default() };
        let read = serde_json::from_str::<Value>(&text).ok();
        let expected = read.as_ref().and_then(|body| body.pointer("/model")?.as_str());
        let expected = expected.filter(|text| !text.is_empty());
        let found = limits.scope_of_request(Some(text.as_bytes()));
        prop_assert_eq!(found.as_deref(), expected);
    }
}
