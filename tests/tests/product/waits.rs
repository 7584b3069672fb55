//! Every way in which a real API says how long to wait (`facts`: the reset-header zoo). An hour is
//! not slept, so the 429 comes back at once; no wait at all is, so the second answer comes.

use trunkline_tests::{Product, Request, Response, Upstream, answer};

use crate::connectors;

/// The upstream's clock. Absolute times are measured against it, not against ours.
const DATE: &str = "Thu, 01 Jan 2026 00:00:00 GMT";

fn throttled(headers: &[(&str, &str)]) -> Response {
    let empty = answer(429).header("date", DATE);
    headers
        .iter()
        .fold(empty, |answer, (name, value)| answer.header(name, value))
}

/// What became of a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slept {
    /// It was short, so there was a second attempt.
    Yes,
    /// It was too long to be slept.
    No,
}

/// Calls once and tells what became of the wait.
#[track_caller]
fn slept(product: &Product, target: &str, upstream: &Upstream) -> Slept {
    let reply = product.serve().send(&Request::post(target, "{}"));
    match (reply.status, upstream.count()) {
        (429, 1) => Slept::No,
        (200, 2) => Slept::Yes,
        other => panic!("{other:?}: {}", reply.text()),
    }
}

#[track_caller]
fn check_builtin(connector: &str, answers: [Response; 2], expected: Slept) {
    let shown = format!("{:?}", answers[0]);
    let upstream = Upstream::start(answers);
    let product = Product::calling(connector, &upstream);
    let target = format!("/{connector}/v1/anything");
    assert_eq!(
        slept(&product, &target, &upstream),
        expected,
        "{connector}: {shown}"
    );
}

#[track_caller]
fn check_undescribed(headers: &[(&str, &str)], hints: &str, expected: Slept) {
    check_own(throttled(headers), hints, expected);
}

#[track_caller]
fn check_own(answer_429: Response, hints: &str, expected: Slept) {
    let shown = format!("{answer_429:?}");
    let upstream = Upstream::start([answer_429, answer(200).json("{}")]);
    let product = connectors::plain_calling(&upstream, hints);
    assert_eq!(
        slept(&product, "/plain/anything", &upstream),
        expected,
        "{shown}"
    );
}

#[test]
fn what_every_api_may_say() {
    let hours = [
        ("retry-after", "3600"),
        ("retry-after", "3600.5"),
        ("retry-after", "Thu, 01 Jan 2026 01:00:00 GMT"),
        ("retry-after", "Thursday, 01-Jan-26 01:00:00 GMT"),
        ("retry-after", "Thu Jan  1 01:00:00 2026"),
        ("retry-after-ms", "3600000"),
        ("x-amz-retry-after", "3600000"),
        ("grpc-retry-pushback-ms", "3600000"),
    ];
    for (name, value) in hours {
        check_undescribed(&[(name, value)], "", Slept::No);
    }
    let now = [
        ("retry-after", "0"),
        ("retry-after", "0.001"),
        ("retry-after", DATE),
        ("retry-after", "Wed, 31 Dec 2025 00:00:00 GMT"),
        ("retry-after-ms", "1"),
        ("x-amz-retry-after", "1"),
    ];
    for (name, value) in now {
        check_undescribed(&[(name, value)], "", Slept::Yes);
    }
}

#[test]
fn what_is_guessed_of_apis_that_nobody_has_described() {
    let hours = [
        ("x-ratelimit-retry-after", "3600"),
        ("x-ratelimit-reset", "1767229200"),
        ("x-ratelimit-reset", "1767229200000"),
        ("x-ratelimit-reset", "3600"),
        ("x-ratelimit-reset", "2026-01-01T01:00:00Z"),
        ("x-ratelimit-reset", "2026-01-01 01:00:00"),
        ("x-ratelimit-reset", "1h0m0s"),
        ("x-ratelimit-reset-after", "3600.25"),
        ("ratelimit-reset", "3600"),
        ("ratelimit-reset", "1767229200"),
        ("ratelimit", r#""default";r=0;t=3600"#),
    ];
    for (name, value) in hours {
        check_undescribed(&[(name, value)], "", Slept::No);
    }
    let now = [
        ("x-ratelimit-reset", "1767225600"),
        ("x-ratelimit-reset", "0"),
        ("x-ratelimit-reset-after", "0.001"),
        ("ratelimit-reset", "0"),
    ];
    for (name, value) in now {
        check_undescribed(&[(name, value)], "", Slept::Yes);
    }
}

#[test]
fn what_makes_no_sense_is_passed_over() {
    for value in [
        "",
        "soon",
        "-1",
        "NaN",
        "1e400",
        "99999999999999999999999",
        "12 13",
        "\u{e9}",
    ] {
        check_undescribed(&[("retry-after", value)], "", Slept::Yes);
        check_undescribed(&[("x-ratelimit-reset", value)], "", Slept::Yes);
    }
    check_undescribed(&[("ratelimit", r#""default";r=0;t="x""#)], "", Slept::Yes);
}

#[test]
fn the_longest_of_several_waits_counts() {
    check_undescribed(
        &[("retry-after", "0"), ("retry-after-ms", "3600000")],
        "",
        Slept::No,
    );
    check_undescribed(
        &[("retry-after", "3600"), ("x-ratelimit-reset-after", "1")],
        "",
        Slept::No,
    );
}

/// A hint with a sample that says an hour.
fn hint(from: &str, unit: &str, sample: &str, more: &str) -> String {
    format!(
        "[[waits]]\nfrom = {from}\nunit = \"{unit}\"\nsample = '{sample}'\nexpect = \"1h\"\n{more}\n"
    )
}

#[test]
fn what_a_connectors_file_describes() {
    let cases = [
        ("x-wait", "delta_seconds", "3600", "0"),
        ("x-wait", "delta_seconds", "3600.0", "0.001"),
        ("x-wait", "delta_ms", "3600000", "1"),
        ("x-wait", "duration", "1h0m0s", "12ms"),
        ("x-wait", "duration", "60m", "0s"),
        ("x-wait", "http_date", "Thu, 01 Jan 2026 01:00:00 GMT", DATE),
        (
            "x-wait",
            "rfc3339",
            "2026-01-01T01:00:00Z",
            "2026-01-01T00:00:00Z",
        ),
        (
            "x-wait",
            "rfc3339",
            "2026-01-01 01:00:00",
            "2026-01-01 00:00:00",
        ),
        ("x-wait", "unix_s", "1767229200", "1767225600"),
        ("x-wait", "unix_ms", "1767229200000", "1767225600000"),
        (
            "ratelimit",
            "ratelimit_sf",
            r#""a";r=0;t=3600"#,
            r#""a";r=0;t=0"#,
        ),
    ];
    for (name, unit, hour, none) in cases {
        let hints = hint(&format!("{{ header = \"{name}\" }}"), unit, hour, "");
        check_undescribed(&[(name, hour)], &hints, Slept::No);
        check_undescribed(&[(name, none)], &hints, Slept::Yes);
    }
}

#[test]
fn a_wait_in_the_body() {
    let cases = [
        (
            "/retry_after_ms",
            "delta_ms",
            "3600000",
            r#"{"retry_after_ms":3600000}"#,
        ),
        (
            "/retry_after",
            "delta_seconds",
            "3600",
            r#"{"retry_after":3600.0}"#,
        ),
        (
            "/error/details/0/retryDelay",
            "duration",
            "3600s",
            r#"{"error":{"details":[{"retryDelay":"3600s"}]}}"#,
        ),
    ];
    for (pointer, unit, sample, body) in cases {
        let hints = hint(&format!("{{ body = \"{pointer}\" }}"), unit, sample, "");
        check_own(throttled(&[]).json(body), &hints, Slept::No);
        check_own(throttled(&[]).json("{}"), &hints, Slept::Yes);
        check_own(throttled(&[]).json("not json"), &hints, Slept::Yes);
    }
}

#[test]
fn a_wait_cut_out_of_a_text() {
    let from = r#"{ header = "x-info" }"#;
    let capture = "capture = 'reset=(\\d+)'";
    let hints = hint(
        from,
        "delta_seconds",
        "limit=10, remaining=0, reset=3600",
        capture,
    );
    check_undescribed(
        &[("x-info", "limit=5, remaining=0, reset=3600")],
        &hints,
        Slept::No,
    );
    check_undescribed(
        &[("x-info", "limit=5, remaining=0, reset=0")],
        &hints,
        Slept::Yes,
    );
    check_undescribed(&[("x-info", "limit=5")], &hints, Slept::Yes);
}

#[test]
fn a_wait_counts_only_when_nothing_remains() {
    let hints = hint(
        r#"{ header = "x-reset" }"#,
        "delta_seconds",
        "3600",
        "remaining = \"x-remaining\"",
    );
    check_undescribed(
        &[("x-reset", "3600"), ("x-remaining", "0")],
        &hints,
        Slept::No,
    );
    check_undescribed(
        &[("x-reset", "3600"), ("x-remaining", "7")],
        &hints,
        Slept::Yes,
    );
}

#[test]
fn a_description_ends_the_guessing() {
    let hints = hint(r#"{ header = "x-wait" }"#, "delta_seconds", "3600", "");
    check_undescribed(&[("x-ratelimit-reset", "3600")], &hints, Slept::Yes);
    check_undescribed(&[("retry-after", "3600")], &hints, Slept::No);
}

#[test]
fn the_durations_of_openai() {
    let reset = |value: &str| {
        throttled(&[
            ("x-ratelimit-remaining-requests", "0"),
            ("x-ratelimit-reset-requests", value),
            ("x-ratelimit-remaining-tokens", "1000"),
            ("x-ratelimit-reset-tokens", "6m0s"),
        ])
    };
    check_builtin("openai", [reset("1h0m0s"), answer(200)], Slept::No);
    check_builtin("openai", [reset("12ms"), answer(200)], Slept::Yes);
}

#[test]
fn the_times_of_anthropic() {
    for dimension in ["requests", "tokens", "input-tokens", "output-tokens"] {
        let header = |what: &str| format!("anthropic-ratelimit-{dimension}-{what}");
        let reset =
            |time: &str| throttled(&[(&header("remaining"), "0"), (&header("reset"), time)]);
        check_builtin(
            "anthropic",
            [reset("2026-01-01T01:00:00Z"), answer(200)],
            Slept::No,
        );
        check_builtin(
            "anthropic",
            [reset("2026-01-01T00:00:00Z"), answer(200)],
            Slept::Yes,
        );
    }
}
