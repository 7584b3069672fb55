//! How long the engine waits before another attempt, in every form in which APIs say it.
//!
//! The clock stands at 2026-05-28T20:26:40Z, which is 1780000000 in Unix seconds.

use std::time::Duration;

use crate::stand::{Ran, Stand, WAIT_LONGEST, get};
use crate::upstream::{Act, Upstream, answer, json};

/// Next to no backoff of our own, and no wait that is too long.
const OPEN: &str = "retry = { wait_first = \"1ms\", wait_max = \"20h\" }";

const SECOND: Duration = Duration::from_secs(1);

/// An answer that asks for a wait.
struct Asking<'a> {
    connector: &'a str,
    /// Further lines of the connector `acme`.
    declared: &'a str,
    status: u16,
    headers: &'a [(&'a str, &'a str)],
    body: &'a str,
}

const ASKING: Asking<'_> = Asking {
    connector: "acme",
    declared: "",
    status: 429,
    headers: &[],
    body: "{}",
};

async fn run(asking: &Asking<'_>, longest: Duration, settings: &str) -> Ran {
    let mut headers = vec![("content-type", "application/json")];
    headers.extend(asking.headers);
    let first = Act::Answer(answer(asking.status, &headers, asking.body));
    let upstream = Upstream::start([first, json(200, "{}")]);
    let address = upstream.address;
    let stand = Stand::with_acme(asking.connector, address, settings, asking.declared);
    let call = get(asking.connector, "/v1/models");
    stand.run_with_waits_below(longest, call).await
}

/// The one wait is what was asked for, and a little longer, so that a herd does not wake together.
async fn check(asking: Asking<'_>, expected: Duration) {
    let ran = run(&asking, WAIT_LONGEST, OPEN).await;
    let shown = format!("{:?} {}", asking.headers, asking.body);
    assert_eq!(ran.summary(), "200 in 2", "{shown}");
    let spread = expected.mul_f64(0.1).min(SECOND) + Duration::from_millis(1);
    let within = expected..=expected + spread;
    assert!(
        ran.waits.len() == 1 && within.contains(&ran.waits[0]),
        "{shown} should wait for {expected:?}, and waited for {:?}",
        ran.waits
    );
}

async fn check_header(name: &str, value: &str, expected: Duration) {
    let headers = [(name, value)];
    let asking = Asking {
        headers: &headers,
        ..ASKING
    };
    check(asking, expected).await;
}

async fn check_headers(connector: &str, headers: &[(&str, &str)], expected: Duration) {
    let asking = Asking {
        connector,
        headers,
        ..ASKING
    };
    check(asking, expected).await;
}

async fn check_body(declared: &str, body: &str, expected: Duration) {
    let asking = Asking {
        declared,
        body,
        ..ASKING
    };
    check(asking, expected).await;
}

#[tokio::test]
async fn general_fields_are_understood_everywhere() {
    check_header("retry-after", "12", 12 * SECOND).await;
    check_header("retry-after", "12.5", Duration::from_millis(12_500)).await;
    check_header("retry-after", "Thu, 28 May 2026 20:26:47 GMT", 7 * SECOND).await;
    check_header(
        "retry-after",
        "Thursday, 28-May-26 20:26:47 GMT",
        7 * SECOND,
    )
    .await;
    check_header("retry-after", "Thu May 28 20:26:47 2026", 7 * SECOND).await;
    check_header("retry-after-ms", "1500", Duration::from_millis(1_500)).await;
    check_header("x-amz-retry-after", "2500", Duration::from_millis(2_500)).await;
    check_header("grpc-retry-pushback-ms", "700", Duration::from_millis(700)).await;
    for connector in ["anthropic", "openai", "slack", "stripe", "twilio"] {
        check_headers(connector, &[("retry-after", "9")], 9 * SECOND).await;
    }
}

#[tokio::test]
async fn an_api_that_nobody_described_is_guessed_at() {
    check_header("x-ratelimit-retry-after", "4", 4 * SECOND).await;
    check_header("x-ratelimit-retry-after", "2026-05-28 20:26:45", 5 * SECOND).await;
    let javascript = "Thu May 28 2026 22:26:46 GMT+0200 (Central European Summer Time)";
    check_header("x-ratelimit-retry-after", javascript, 6 * SECOND).await;
    check_header(
        "x-ratelimit-reset-after",
        "1.25",
        Duration::from_millis(1_250),
    )
    .await;
    check_header("x-ratelimit-reset", "1780000008", 8 * SECOND).await;
    check_header("x-ratelimit-reset", "1780000009000", 9 * SECOND).await;
    check_header("x-ratelimit-reset", "11", 11 * SECOND).await;
    check_header("ratelimit-reset", "1780000013", 13 * SECOND).await;
    let resettime = "Thu, 28 May 2026 20:26:54 GMT";
    check_header("ratelimit-resettime", resettime, 14 * SECOND).await;
    check_header("ratelimit", "\"default\";r=0;t=30", 30 * SECOND).await;
    check_header("ratelimit", "limit=100, remaining=0, reset=31", 31 * SECOND).await;
}

#[tokio::test]
async fn an_allowance_that_is_not_spent_is_no_reason_to_wait() {
    let none = Duration::ZERO;
    let left = [("x-ratelimit-remaining", "5"), ("x-ratelimit-reset", "60")];
    check_headers("acme", &left, none).await;
    check_header("ratelimit", "\"default\";r=7;t=30", none).await;
    let left = [
        ("x-ratelimit-remaining-tokens", "3"),
        ("x-ratelimit-reset-tokens", "6m0s"),
    ];
    check_headers("openai", &left, none).await;
    let left = [
        ("anthropic-ratelimit-requests-remaining", "3"),
        ("anthropic-ratelimit-requests-reset", "2026-05-28T20:27:00Z"),
    ];
    check_headers("anthropic", &left, none).await;
}

#[tokio::test]
async fn built_in_connectors_say_it_in_their_own_fields() {
    let requests = "x-ratelimit-remaining-requests";
    let tokens = "x-ratelimit-remaining-tokens";
    let reset = "x-ratelimit-reset-requests";
    for (text, expected) in [
        ("12ms", Duration::from_millis(12)),
        ("1.5s", Duration::from_millis(1_500)),
        ("7m12s", 432 * SECOND),
        ("1h2m3s", 3_723 * SECOND),
    ] {
        check_headers("openai", &[(requests, "0"), (reset, text)], expected).await;
    }
    let both = [
        (requests, "0"),
        (reset, "3s"),
        (tokens, "0"),
        ("x-ratelimit-reset-tokens", "5s"),
    ];
    check_headers("openai", &both, 5 * SECOND).await;
    for dimension in ["requests", "tokens", "input-tokens", "output-tokens"] {
        let remaining = format!("anthropic-ratelimit-{dimension}-remaining");
        let reset = format!("anthropic-ratelimit-{dimension}-reset");
        let spent = [
            (remaining.as_str(), "0"),
            (reset.as_str(), "2026-05-28T20:27:00Z"),
        ];
        check_headers("anthropic", &spent, 20 * SECOND).await;
    }
}

#[tokio::test]
async fn connectors_can_declare_every_unit_and_the_body() {
    let hint = |from: &str, unit: &str, sample: &str, expect: &str| {
        format!(
            "[[waits]]\nfrom = {{ {from} }}\nunit = \"{unit}\"\nsample = \"{sample}\"\nexpect = \"{expect}\"\n"
        )
    };
    let matrix = hint("body = \"/retry_after_ms\"", "delta_ms", "20", "20ms");
    check_body(&matrix, r#"{"retry_after_ms": 3000}"#, 3 * SECOND).await;
    let discord = hint("body = \"/retry_after\"", "delta_seconds", "1", "1s");
    let expected = Duration::from_millis(1_336);
    check_body(&discord, r#"{"retry_after": 1.336}"#, expected).await;
    let google = hint(
        "body = \"/error/details/0/retryDelay\"",
        "duration",
        "1s",
        "1s",
    );
    let body = r#"{"error": {"details": [{"retryDelay": "34s"}]}}"#;
    check_body(&google, body, 34 * SECOND).await;
    let captured =
        hint("body = \"/error\"", "delta_seconds", "in 3 s", "3s") + "capture = 'in ([0-9]+) s'\n";
    check_body(&captured, r#"{"error": "try again in 21 s"}"#, 21 * SECOND).await;
    for (unit, sample, expect, value) in [
        ("unix_s", "1767225620", "20s", "1780000006"),
        ("unix_ms", "1767225620000", "20s", "1780000006000"),
        (
            "rfc3339",
            "2026-01-01T00:00:20Z",
            "20s",
            "2026-05-28T22:26:46+02:00",
        ),
        (
            "http_date",
            "Thu, 01 Jan 2026 00:00:20 GMT",
            "20s",
            "Thu, 28 May 2026 20:26:46 GMT",
        ),
        ("duration", "20s", "20s", "6s"),
        ("delta_seconds", "20", "20s", "6"),
        ("delta_ms", "20000", "20s", "6000"),
        ("ratelimit_sf", "a;r=0;t=20", "20s", "a;r=0;t=6"),
        ("auto", "20", "20s", "1780000006"),
    ] {
        let declared = hint("header = \"x-wait\"", unit, sample, expect);
        let asking = Asking {
            declared: &declared,
            headers: &[("x-wait", value)],
            ..ASKING
        };
        check(asking, 6 * SECOND).await;
    }
}

#[tokio::test]
async fn a_403_can_be_a_rate_limit() {
    let declared = r#"
        [[waits]]
        from = { header = "x-ratelimit-reset" }
        unit = "unix_s"
        remaining = "x-ratelimit-remaining"
        sample = "1767225620"
        expect = "20s"

        [[outcomes]]
        statuses = ["403", "429"]
        header = { name = "x-ratelimit-remaining", is = { equals = "0" } }
        class = "rate_limited"
        message = "The hourly allowance is used up"
    "#;
    let asking = Asking {
        declared,
        status: 403,
        headers: &[
            ("x-ratelimit-remaining", "0"),
            ("x-ratelimit-reset", "1780000044"),
        ],
        ..ASKING
    };
    check(asking, 44 * SECOND).await;
}

#[tokio::test]
async fn absolute_times_are_measured_by_the_upstreams_own_clock() {
    // Its clock is an hour ahead of ours.
    let headers = [
        ("date", "Thu, 28 May 2026 21:26:40 GMT"),
        ("retry-after", "Thu, 28 May 2026 21:26:55 GMT"),
    ];
    check_headers("acme", &headers, 15 * SECOND).await;
}

#[tokio::test]
async fn a_moment_that_has_passed_is_no_wait() {
    check_header(
        "retry-after",
        "Thu, 28 May 2026 20:26:30 GMT",
        Duration::ZERO,
    )
    .await;
    check_header("x-ratelimit-reset", "1779999999", Duration::ZERO).await;
}

#[tokio::test]
async fn what_is_no_wait_is_passed_over() {
    for nonsense in ["-5", "soon", "NaN", "inf", "1e99", "", "12 parsecs"] {
        check_header("retry-after", nonsense, Duration::ZERO).await;
    }
}

#[tokio::test]
async fn our_own_backoff_doubles_and_is_jittered() {
    let upstream = Upstream::start([
        json(503, "{}"),
        json(503, "{}"),
        json(503, "{}"),
        json(503, "{}"),
    ]);
    let stand = Stand::new("acme", upstream.address, "");
    let ran = stand.run(get("acme", "/things")).await;
    assert_eq!(ran.waits.len(), 4, "{:?}", ran.waits);
    for (wait, bound) in ran.waits.iter().zip([1, 2, 4, 8]) {
        assert!(*wait <= bound * SECOND, "{:?}", ran.waits);
    }
}

async fn check_settled_at_once(headers: &[(&str, &str)], settings: &str) {
    let asking = Asking { headers, ..ASKING };
    // Shorter than the caller's time, which stands by while the upstream is asked.
    let ran = run(&asking, 19 * SECOND, settings).await;
    assert_eq!(ran.summary(), "429 in 1", "{headers:?}");
    assert!(ran.waits.is_empty());
    let (name, value) = headers[0];
    // The caller can still do what the upstream asks.
    assert_eq!(ran.reply().headers[name], value);
}

#[tokio::test]
async fn a_wait_beyond_the_longest_is_not_slept() {
    check_settled_at_once(&[("retry-after", "31")], "").await;
    check_settled_at_once(&[("retry-after", "277403")], "").await;
    check_settled_at_once(&[("retry-after", "3")], "retry = { wait_max = \"2s\" }").await;
    let settings = "retry = { wait_first = \"1ms\" }";
    check_settled_at_once(&[("x-ratelimit-reset", "1780003600")], settings).await;
    let asking = Asking {
        headers: &[("retry-after", "30")],
        ..ASKING
    };
    // The longest that is slept is slept without anything on top.
    assert_eq!(run(&asking, WAIT_LONGEST, "").await.waits, [30 * SECOND]);
}

#[tokio::test]
async fn a_wait_that_outlasts_the_callers_time_is_not_slept() {
    check_settled_at_once(&[("retry-after", "20")], "timeout = \"20s\"").await;
    check_settled_at_once(&[("retry-after", "25")], "timeout = \"20s\"").await;
}

/// What comes of a second call after a first that was refused so, and of a third a minute later.
async fn after_refusal(headers: &[(&str, &str)], settings: &str) -> [String; 3] {
    let refusal = Act::Answer(answer(429, headers, "{}"));
    let upstream = Upstream::start([refusal, json(200, "{}"), json(200, "{}")]);
    let settings = format!("retry = {{ attempts = 1 }}\n{settings}");
    let stand = Stand::new("acme", upstream.address, &settings);
    let run = async || stand.run(get("acme", "/v1/models")).await.summary();
    let (first, second) = (run().await, run().await);
    stand.time.advance(Duration::from_mins(1));
    [first, second, run().await]
}

#[tokio::test]
async fn a_refusal_that_names_a_time_holds_others_where_no_limits_are_declared() {
    // More is not believed for others: after a minute, one sees whether it is so still.
    for retry_after in ["31", "3600", "259200", "Fri, 29 May 2026 20:26:40 GMT"] {
        let went = after_refusal(&[("retry-after", retry_after)], "").await;
        let expected = ["429 in 1", "limit_reached in 0", "200 in 1"];
        assert_eq!(went, expected, "{retry_after}");
    }
}

#[tokio::test]
async fn a_refusal_that_names_no_time_holds_nobody_else() {
    let all_go = ["429 in 1", "200 in 1", "200 in 1"];
    let guessed = [
        ("x-ratelimit-reset", "3600"),
        ("x-ratelimit-remaining", "0"),
    ];
    for headers in [&[][..], &guessed, &[("retry-after", "soon")]] {
        assert_eq!(after_refusal(headers, "").await, all_go, "{headers:?}");
    }
    let named = [("retry-after", "3600")];
    let off = "upstream_limits = \"off\"";
    assert_eq!(after_refusal(&named, off).await, all_go);
}
