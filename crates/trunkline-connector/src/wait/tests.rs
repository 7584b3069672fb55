//! Every form in which real APIs say how long to wait, and everything else that they may send.

use std::time::{Duration, SystemTime};

use expect_test::{Expect, expect};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{WAIT_MAX, WaitFrom, WaitHint, answered_at, asked, parse};
use crate::format::{CostSource, WaitUnit};
use crate::outcome::Answer;
use crate::seeded::seeded;
use crate::status::{StatusSet, Statuses};

const UNITS: [WaitUnit; 9] = [
    WaitUnit::DeltaSeconds,
    WaitUnit::DeltaMs,
    WaitUnit::Duration,
    WaitUnit::HttpDate,
    WaitUnit::Rfc3339,
    WaitUnit::UnixS,
    WaitUnit::UnixMs,
    WaitUnit::RatelimitSf,
    WaitUnit::Auto,
];

/// 2026-01-01T00:00:00Z, a Thursday.
fn now() -> SystemTime {
    jiff::Timestamp::constant(1_767_225_600, 0).into()
}

#[track_caller]
fn check(unit: WaitUnit, text: &str, expected: Expect) {
    expected.assert_eq(&format!("{:?}", parse(unit, text, now())));
}

#[test]
fn seconds_may_have_fractions() {
    check(WaitUnit::DeltaSeconds, "12", expect!["Some(12s)"]);
    check(WaitUnit::DeltaSeconds, "12.5", expect!["Some(12.5s)"]);
    check(WaitUnit::DeltaSeconds, " 0 ", expect!["Some(0ns)"]);
    check(WaitUnit::DeltaSeconds, "0.529", expect!["Some(529ms)"]);
    check(WaitUnit::DeltaSeconds, "1e3", expect!["Some(1000s)"]);
    check(WaitUnit::DeltaSeconds, "277403", expect!["Some(277403s)"]);
}

#[test]
fn what_is_no_wait_is_none() {
    for text in [
        "", " ", "-1", "-0.5", "NaN", "nan", "inf", "infinity", "1e999", "abc", "12s", "0x10",
        "1,5", "1 2", "--1", ".",
    ] {
        assert_eq!(parse(WaitUnit::DeltaSeconds, text, now()), None, "{text:?}");
        assert_eq!(parse(WaitUnit::DeltaMs, text, now()), None, "{text:?}");
        assert_eq!(parse(WaitUnit::UnixS, text, now()), None, "{text:?}");
        assert_eq!(parse(WaitUnit::UnixMs, text, now()), None, "{text:?}");
    }
}

#[test]
fn waits_beyond_a_year_are_cut_to_one() {
    // Such as Unix seconds, taken for seconds from now: too long to be slept, whatever they mean.
    check(
        WaitUnit::DeltaSeconds,
        "1767225620",
        expect!["Some(31622400s)"],
    );
    check(
        WaitUnit::DeltaSeconds,
        "31622400",
        expect!["Some(31622400s)"],
    );
    check(
        WaitUnit::DeltaSeconds,
        "31622401",
        expect!["Some(31622400s)"],
    );
    // Unix milliseconds, taken for seconds.
    check(WaitUnit::UnixS, "1767225620000", expect!["Some(31622400s)"]);
    check(
        WaitUnit::HttpDate,
        "Fri, 31 Dec 9999 23:59:59 GMT",
        expect!["Some(31622400s)"],
    );
}

#[test]
fn milliseconds_and_unix_times() {
    check(WaitUnit::DeltaMs, "1500", expect!["Some(1.5s)"]);
    check(WaitUnit::UnixS, "1767225620", expect!["Some(20s)"]);
    check(WaitUnit::UnixS, "1767225620.123", expect!["Some(20.123s)"]);
    check(WaitUnit::UnixMs, "1767225620123", expect!["Some(20.123s)"]);
    check(WaitUnit::UnixS, "1767225599", expect!["Some(0ns)"]);
    check(WaitUnit::UnixMs, "0", expect!["Some(0ns)"]);
}

#[test]
fn durations_as_go_prints_them() {
    check(WaitUnit::Duration, "6m0s", expect!["Some(360s)"]);
    check(WaitUnit::Duration, "12ms", expect!["Some(12ms)"]);
    check(WaitUnit::Duration, "1.5s", expect!["Some(1.5s)"]);
    check(WaitUnit::Duration, "1h2m3.5s", expect!["Some(3723.5s)"]);
    check(WaitUnit::Duration, "34s", expect!["Some(34s)"]);
    check(WaitUnit::Duration, "1d2h", expect!["Some(93600s)"]);
    check(WaitUnit::Duration, "250µs", expect!["Some(250µs)"]);
    check(WaitUnit::Duration, "250μs", expect!["Some(250µs)"]);
    check(WaitUnit::Duration, "7us", expect!["Some(7µs)"]);
    check(WaitUnit::Duration, "99ns", expect!["Some(99ns)"]);
    check(WaitUnit::Duration, "0", expect!["Some(0ns)"]);
    for text in ["", "s", "5", "-5s", "5x", "1.2.3s", "5s5", "5 s", "1h-1m"] {
        assert_eq!(parse(WaitUnit::Duration, text, now()), None, "{text:?}");
    }
}

#[test]
fn http_dates_in_every_form() {
    check(
        WaitUnit::HttpDate,
        "Thu, 01 Jan 2026 00:00:20 GMT",
        expect!["Some(20s)"],
    );
    check(
        WaitUnit::HttpDate,
        "Thursday, 01-Jan-26 00:00:20 GMT",
        expect!["Some(20s)"],
    );
    check(
        WaitUnit::HttpDate,
        "Thu Jan  1 00:00:20 2026",
        expect!["Some(20s)"],
    );
    check(
        WaitUnit::HttpDate,
        "Thu, 01 Jan 2026 01:00:20 +0100",
        expect!["Some(20s)"],
    );
    check(
        WaitUnit::HttpDate,
        "Wed, 31 Dec 2025 23:59:59 GMT",
        expect!["Some(0ns)"],
    );
    check(WaitUnit::HttpDate, "2026-01-01T00:00:20Z", expect!["None"]);
    check(
        WaitUnit::HttpDate,
        "Thu, 32 Jan 2026 00:00:20 GMT",
        expect!["None"],
    );
    check(WaitUnit::HttpDate, "20", expect!["None"]);
}

#[test]
fn dates_as_javascript_prints_them() {
    let lemlist = "Thu Jan 01 2026 00:00:20 GMT+0000 (Coordinated Universal Time)";
    check(WaitUnit::HttpDate, lemlist, expect!["Some(20s)"]);
    check(
        WaitUnit::HttpDate,
        "Thu Jan 01 2026 01:00:20 GMT+0100 (Central European Standard Time)",
        expect!["Some(20s)"],
    );
    check(
        WaitUnit::HttpDate,
        "Thu Jan 01 2026 00:00:20 GMT+0000",
        expect!["Some(20s)"],
    );
    check(
        WaitUnit::HttpDate,
        "Thu Jan 01 2026 00:00:20",
        expect!["None"],
    );
    check(WaitUnit::Auto, lemlist, expect!["Some(20s)"]);
}

#[test]
fn rfc_3339_and_times_without_an_offset() {
    check(
        WaitUnit::Rfc3339,
        "2026-01-01T00:00:20Z",
        expect!["Some(20s)"],
    );
    check(
        WaitUnit::Rfc3339,
        "2026-01-01T00:00:20.5Z",
        expect!["Some(20.5s)"],
    );
    check(
        WaitUnit::Rfc3339,
        "2026-01-01T02:00:20+02:00",
        expect!["Some(20s)"],
    );
    check(
        WaitUnit::Rfc3339,
        "2026-01-01 00:00:20",
        expect!["Some(20s)"],
    );
    check(
        WaitUnit::Rfc3339,
        "2026-01-01T00:00:20",
        expect!["Some(20s)"],
    );
    check(
        WaitUnit::Rfc3339,
        "2026-01-01 00:00:20.250",
        expect!["Some(20.25s)"],
    );
    check(
        WaitUnit::Rfc3339,
        "2025-12-31T23:59:59Z",
        expect!["Some(0ns)"],
    );
    check(WaitUnit::Rfc3339, "2026-13-01T00:00:20Z", expect!["None"]);
    check(
        WaitUnit::Rfc3339,
        "2026-01-01T00:00:20+99:99",
        expect!["None"],
    );
    check(WaitUnit::Rfc3339, "2026-01-01", expect!["None"]);
}

#[test]
fn the_ietf_field_and_its_early_form() {
    check(
        WaitUnit::RatelimitSf,
        r#""default";r=0;t=30"#,
        expect!["Some(30s)"],
    );
    check(
        WaitUnit::RatelimitSf,
        r#""default";r=50;t=30"#,
        expect!["None"],
    );
    check(
        WaitUnit::RatelimitSf,
        r#""burst";r=0;t=5, "day";r=0;t=300;pk=:cGs=:, "hour";r=9;t=900"#,
        expect!["Some(300s)"],
    );
    check(
        WaitUnit::RatelimitSf,
        r#""a, \"b";r=0;t=7"#,
        expect!["Some(7s)"],
    );
    check(
        WaitUnit::RatelimitSf,
        "default; r=0; t=30",
        expect!["Some(30s)"],
    );
    check(
        WaitUnit::RatelimitSf,
        "limit=100, remaining=0, reset=50",
        expect!["Some(50s)"],
    );
    check(
        WaitUnit::RatelimitSf,
        "limit=100, remaining=3, reset=50",
        expect!["None"],
    );
    check(WaitUnit::RatelimitSf, r#""default";r=0"#, expect!["None"]);
    check(WaitUnit::RatelimitSf, r#""default";t=30"#, expect!["None"]);
}

#[test]
fn a_malformed_ietf_field_is_ignored_whole() {
    for text in [
        "",
        ",",
        r#""default;r=0;t=30"#,
        r#""a";r=0;t=30,"#,
        r#""a";r=0;t=30;"#,
        r#""a";r=;t=30"#,
        r#""a";r=0;t=30 "b""#,
        r#""a";r=0;t=-5"#,
        r#""a";r=0;t=1.5"#,
    ] {
        assert_eq!(parse(WaitUnit::RatelimitSf, text, now()), None, "{text:?}");
    }
}

#[test]
fn the_guess_goes_by_size_then_date_then_duration() {
    check(WaitUnit::Auto, "600000", expect!["Some(600000s)"]);
    check(WaitUnit::Auto, "1767225620", expect!["Some(20s)"]);
    check(WaitUnit::Auto, "1767225620000", expect!["Some(20s)"]);
    check(WaitUnit::Auto, "12.5", expect!["Some(12.5s)"]);
    check(
        WaitUnit::Auto,
        "Thu, 01 Jan 2026 00:00:20 GMT",
        expect!["Some(20s)"],
    );
    check(WaitUnit::Auto, "2026-01-01T00:00:20Z", expect!["Some(20s)"]);
    check(WaitUnit::Auto, "2026-01-01 00:00:20", expect!["Some(20s)"]);
    check(WaitUnit::Auto, "1s", expect!["Some(1s)"]);
    check(WaitUnit::Auto, "6m0s", expect!["Some(360s)"]);
    check(WaitUnit::Auto, "-3", expect!["None"]);
    check(WaitUnit::Auto, "soon", expect!["None"]);
}

/// A hint by its header, or by a pointer where it begins with `/`.
fn hint(from: &str, unit: WaitUnit) -> WaitHint {
    let from = if from.starts_with('/') {
        WaitFrom::Body(from.to_owned())
    } else {
        WaitFrom::Header(from.parse().unwrap())
    };
    WaitHint {
        from,
        unit,
        capture: None,
        statuses: Statuses::Any,
        remaining: None,
    }
}

fn headers(fields: &[(&'static str, &str)]) -> HeaderMap {
    let field = |(name, value): &(&'static str, &str)| {
        (
            HeaderName::from_static(name),
            HeaderValue::from_str(value).unwrap(),
        )
    };
    fields.iter().map(field).collect()
}

/// What a 429 with these headers and this body asks for.
#[track_caller]
fn check_asked(
    hints: &[WaitHint],
    fields: &[(&'static str, &str)],
    body: Option<Value>,
    expected: Expect,
) {
    let headers = headers(fields);
    let status = StatusCode::TOO_MANY_REQUESTS;
    let answer = Answer {
        status,
        headers: &headers,
        body: body.as_ref(),
    };
    let asked = asked(hints, &answer, now());
    let shown = asked.map(|asked| format!("{:?} by {}", asked.wait, asked.source));
    expected.assert_eq(&shown.unwrap_or_else(|| "nothing".to_owned()));
}

#[test]
fn general_fields_always_count() {
    let hints = [hint("x-wait", WaitUnit::DeltaSeconds)];
    check_asked(
        &hints,
        &[("retry-after", "12")],
        None,
        expect!["12s by `retry-after`"],
    );
    check_asked(
        &hints,
        &[("retry-after", "12.5")],
        None,
        expect!["12.5s by `retry-after`"],
    );
    check_asked(
        &hints,
        &[("retry-after", "Thu, 01 Jan 2026 00:00:20 GMT")],
        None,
        expect!["20s by `retry-after`"],
    );
    check_asked(
        &hints,
        &[("retry-after-ms", "1500")],
        None,
        expect!["1.5s by `retry-after-ms`"],
    );
    check_asked(
        &hints,
        &[("x-amz-retry-after", "1500")],
        None,
        expect!["1.5s by `x-amz-retry-after`"],
    );
    check_asked(
        &hints,
        &[("grpc-retry-pushback-ms", "1500")],
        None,
        expect!["1.5s by `grpc-retry-pushback-ms`"],
    );
    check_asked(
        &hints,
        &[("grpc-retry-pushback-ms", "-1")],
        None,
        expect!["nothing"],
    );
    check_asked(&hints, &[("retry-after", "soon")], None, expect!["nothing"]);
    check_asked(&hints, &[], None, expect!["nothing"]);
}

#[test]
fn the_longest_applicable_wait_wins() {
    let hints = [
        hint("x-wait", WaitUnit::DeltaSeconds),
        hint("/retry_after_ms", WaitUnit::DeltaMs),
    ];
    let body = || Some(json!({ "retry_after_ms": 9000 }));
    check_asked(
        &hints,
        &[("x-wait", "3"), ("retry-after", "5")],
        None,
        expect!["5s by `retry-after`"],
    );
    check_asked(
        &hints,
        &[("x-wait", "7"), ("retry-after", "5")],
        None,
        expect!["7s by `x-wait`"],
    );
    check_asked(
        &hints,
        &[("x-wait", "3"), ("x-wait", "8")],
        None,
        expect!["8s by `x-wait`"],
    );
    check_asked(
        &hints,
        &[("x-wait", "7")],
        body(),
        expect!["9s by `/retry_after_ms` of the body"],
    );
    check_asked(
        &hints,
        &[("x-wait", "7")],
        Some(json!({ "retry_after_ms": null })),
        expect!["7s by `x-wait`"],
    );
}

#[test]
fn waits_in_bodies_may_be_numbers_or_texts() {
    let discord = [hint("/retry_after", WaitUnit::DeltaSeconds)];
    check_asked(
        &discord,
        &[],
        Some(json!({ "retry_after": 0.529 })),
        expect!["529ms by `/retry_after` of the body"],
    );
    let google = [hint("/error/details/0/retryDelay", WaitUnit::Duration)];
    let body = json!({ "error": { "details": [{ "retryDelay": "34s" }] } });
    check_asked(
        &google,
        &[],
        Some(body),
        expect!["34s by `/error/details/0/retryDelay` of the body"],
    );
    check_asked(
        &discord,
        &[],
        Some(json!({ "retry_after": { "a": 1 } })),
        expect!["nothing"],
    );
}

#[test]
fn points_that_lack_take_their_time_to_come_back() {
    let cost = CostSource {
        requested: "/cost/requested".to_owned(),
        available: "/cost/left".to_owned(),
        restore_per_s: "/cost/rate".to_owned(),
    };
    let wait = |requested: Value, left: Value, rate: Value| {
        cost.wait_in(&json!({ "cost": { "requested": requested, "left": left, "rate": rate } }))
    };
    let millis = |millis| Some(Duration::from_millis(millis));
    assert_eq!(wait(json!(752), json!(152), json!(50)), millis(12_000));
    assert_eq!(wait(json!(101.0), json!(0), json!(3)), millis(33_667));
    assert_eq!(wait(json!(10), json!(1_000), json!(50)), millis(0));
    assert_eq!(wait(json!(1e300), json!(0), json!(1e-300)), Some(WAIT_MAX));
    for rate in [json!(0), json!(-1), json!("50"), json!(null)] {
        assert_eq!(wait(json!(10), json!(1), rate), None);
    }
    assert_eq!(cost.wait_in(&json!({})), None);

    let body = json!({ "cost": { "requested": 10, "left": 0, "rate": 1 } });
    let hint = WaitHint {
        from: WaitFrom::Cost(cost),
        ..hint("unused", WaitUnit::DeltaSeconds)
    };
    let headers = HeaderMap::new();
    let answer = |body| Answer {
        status: StatusCode::OK,
        headers: &headers,
        body,
    };
    let asked = asked(std::slice::from_ref(&hint), &answer(Some(&body)), now()).unwrap();
    assert_eq!(asked.wait, Duration::from_secs(10));
    assert_eq!(asked.source.to_string(), "`/cost/left` of the body");
    assert!(hint.is_hit(&answer(Some(&body)), now()));
    assert!(!hint.is_hit(&answer(None), now()));
}

#[test]
fn a_capture_cuts_the_value_out() {
    let capture = Some(regex_lite::Regex::new(r"try again in ([0-9.]+m?s)").unwrap());
    let hints = [WaitHint {
        capture,
        ..hint("/error/message", WaitUnit::Duration)
    }];
    let body = |text: &str| Some(json!({ "error": { "message": text } }));
    check_asked(
        &hints,
        &[],
        body("Please try again in 1.5s."),
        expect!["1.5s by `/error/message` of the body"],
    );
    check_asked(&hints, &[], body("Please wait."), expect!["nothing"]);
}

#[test]
fn a_hint_counts_only_where_its_allowance_is_spent() {
    let remaining = Some(HeaderName::from_static("x-remaining"));
    let hints = [WaitHint {
        remaining,
        ..hint("x-reset", WaitUnit::Duration)
    }];
    check_asked(
        &hints,
        &[("x-reset", "6m0s"), ("x-remaining", "0")],
        None,
        expect!["360s by `x-reset`"],
    );
    check_asked(
        &hints,
        &[("x-reset", "6m0s"), ("x-remaining", "17")],
        None,
        expect!["nothing"],
    );
    check_asked(&hints, &[("x-reset", "6m0s")], None, expect!["nothing"]);
}

#[test]
fn a_hint_counts_only_for_its_statuses() {
    let only = |name: &str| [name.parse::<StatusSet>().unwrap()].into_iter().collect();
    let wait = |name| {
        [WaitHint {
            statuses: only(name),
            ..hint("x-reset", WaitUnit::DeltaSeconds)
        }]
    };
    check_asked(
        &wait("4xx"),
        &[("x-reset", "6")],
        None,
        expect!["6s by `x-reset`"],
    );
    check_asked(&wait("503"), &[("x-reset", "6")], None, expect!["nothing"]);
}

#[test]
fn guesses_count_only_without_hints() {
    for (name, value) in [
        ("x-ratelimit-reset-after", "20"),
        ("x-ratelimit-reset", "1767225620"),
        ("x-ratelimit-reset", "1767225620000"),
        ("x-ratelimit-reset", "20"),
        ("ratelimit-reset", "20"),
        ("ratelimit-resettime", "Thu, 01 Jan 2026 00:00:20 GMT"),
        ("ratelimit", r#""default";r=0;t=20"#),
        ("ratelimit", "limit=9, remaining=0, reset=20"),
        ("x-ratelimit-retry-after", "20"),
        ("x-ratelimit-retry-after", "2026-01-01 00:00:20"),
    ] {
        let headers = headers(&[(name, value)]);
        let answer = Answer {
            status: StatusCode::TOO_MANY_REQUESTS,
            headers: &headers,
            body: None,
        };
        let guessed = asked(&[], &answer, now()).unwrap();
        assert_eq!(guessed.wait, Duration::from_secs(20), "{name}: {value}");
        assert_eq!(
            guessed.source,
            WaitFrom::Header(HeaderName::from_static(name))
        );
        assert_eq!(
            asked(&[hint("x-wait", WaitUnit::Auto)], &answer, now()),
            None,
            "{name}"
        );
    }
}

#[test]
fn a_guess_needs_a_spent_allowance_where_one_is_sent() {
    check_asked(
        &[],
        &[("x-ratelimit-reset", "20"), ("x-ratelimit-remaining", "58")],
        None,
        expect!["nothing"],
    );
    check_asked(
        &[],
        &[("x-ratelimit-reset", "20"), ("x-ratelimit-remaining", "0")],
        None,
        expect!["20s by `x-ratelimit-reset`"],
    );
}

#[test]
fn the_answers_own_date_is_the_clock() {
    let dated = headers(&[("date", "Thu, 01 Jan 2026 00:00:20 GMT")]);
    assert_eq!(
        answered_at(&dated, SystemTime::UNIX_EPOCH),
        now() + Duration::from_secs(20)
    );
    assert_eq!(answered_at(&headers(&[("date", "today")]), now()), now());
    assert_eq!(answered_at(&headers(&[]), now()), now());
}

/// As Go prints a duration.
fn printed(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let fraction = format!("{}.{:03}", seconds % 60, duration.subsec_millis());
    format!("{}h{}m{fraction}s", seconds / 3_600, seconds / 60 % 60)
}

proptest! {
    #![proptest_config(seeded(2_000))]

    #[test]
    fn what_is_printed_is_read_back(millis in 0..31_622_400_000_u64) {
        let wait = Duration::from_millis(millis);
        prop_assert_eq!(parse(WaitUnit::Duration, &printed(wait), now()), Some(wait));
        prop_assert_eq!(parse(WaitUnit::DeltaMs, &millis.to_string(), now()), Some(wait));
        let seconds = Duration::from_secs(wait.as_secs());
        let date = httpdate::fmt_http_date(now() + seconds);
        prop_assert_eq!(parse(WaitUnit::HttpDate, &date, now()), Some(seconds));
        let time = jiff::Timestamp::try_from(now() + wait).unwrap().to_string();
        prop_assert_eq!(parse(WaitUnit::Rfc3339, &time, now()), Some(wait));
        prop_assert_eq!(parse(WaitUnit::Auto, &time, now()), Some(wait));
        let unix = (1_767_225_600_000 + millis).to_string();
        let read = parse(WaitUnit::UnixMs, &unix, now()).unwrap();
        prop_assert!(read.abs_diff(wait) < Duration::from_micros(1));
    }

    #[test]
    fn more_is_never_less(low in 0..100_000_000_u64, more in 0..100_000_000_u64, place in 0..3_usize) {
        let unit = [WaitUnit::DeltaSeconds, WaitUnit::DeltaMs, WaitUnit::UnixS][place];
        let offset = if unit == WaitUnit::UnixS { 1_700_000_000 } else { 0 };
        let read = |number: u64| parse(unit, &(offset + number).to_string(), now());
        // What is beyond belief is beyond it for every greater number too.
        let order = |wait: Option<Duration>| wait.unwrap_or(Duration::MAX);
        prop_assert!(order(read(low)) <= order(read(low + more)));
    }

    #[test]
    fn every_wait_is_believable(text in any::<String>(), unit in 0..UNITS.len()) {
        prop_assert!(parse(UNITS[unit], &text, now()).is_none_or(|wait| wait <= WAIT_MAX));
    }

    #[test]
    fn near_misses_are_believable_too(
        text in "([0-9]{1,20}|[-+.eE:TZ,;= \"]|GMT|Thu|Jan|ms|[smhd]|r=0|t=){0,9}",
        unit in 0..UNITS.len(),
    ) {
        prop_assert!(parse(UNITS[unit], &text, now()).is_none_or(|wait| wait <= WAIT_MAX));
    }
}

/// Good texts with a few bytes changed, from a fixed seed: nothing panics, nothing is unbelievable.
#[test]
fn damaged_texts_are_read_or_refused() {
    let texts = [
        "12.5",
        "1h2m3.5s",
        "Thu, 01 Jan 2026 00:00:20 GMT",
        "Thu Jan 01 2026 00:00:20 GMT+0000 (Coordinated Universal Time)",
        "2026-01-01T00:00:20.5+02:00",
        "1767225620123",
        r#""burst";r=0;t=5, "day";r=0;t=300;pk=:cGs=:"#,
    ];
    let mut chance = fastrand::Rng::with_seed(2026);
    for _ in 0..20_000 {
        let mut bytes = texts[chance.usize(..texts.len())].as_bytes().to_vec();
        for _ in 0..chance.usize(1..4) {
            let place = chance.usize(..bytes.len());
            bytes[place] = chance.u8(..);
        }
        let text = String::from_utf8_lossy(&bytes);
        for unit in UNITS {
            assert!(
                parse(unit, &text, now()).is_none_or(|wait| wait <= WAIT_MAX),
                "{text:?}"
            );
        }
    }
}
