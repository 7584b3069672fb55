//! What a call is told that would wait too long.

use std::time::Duration;

use regex::Regex;
use trunkline_tests::{Answer, Gateway, Request, now};

use crate::limits::{ask_many, fine, get, limited, metric, wait_for_waiting};

/// RFC 9651 lists of strings with integers, as draft-ietf-httpapi-ratelimit-headers-11 has them.
#[track_caller]
pub(crate) fn assert_quotas(answer: &Answer, expected: &[(&str, u64)]) {
    let quota = |names: &str| {
        let item = format!(r#""([^"\\]|\\["\\])*"(;({names})=([0-9]+|"[^"]*"))+"#);
        Regex::new(&format!("^{item}(, {item})*$")).expect("it is a pattern")
    };
    let policy = answer.header("ratelimit-policy").unwrap_or_default();
    let limit = answer.header("ratelimit").unwrap_or_default();
    assert!(quota("q|w|qu").is_match(policy), "`{policy}`");
    assert!(quota("r|t").is_match(limit), "`{limit}`");
    for (name, capacity) in expected {
        assert!(
            policy.contains(&format!("\"{name}\";q={capacity}")),
            "{policy}"
        );
        assert!(limit.contains(&format!("\"{name}\";r=0;t=")), "{limit}");
    }
}

/// Asserts what belongs to a refusal; gives how long to wait, in seconds.
#[track_caller]
pub(crate) fn assert_refused(answer: &Answer, status: u16, code: &str) -> u64 {
    let body = answer.problem(status, code);
    let secs = answer
        .header("retry-after")
        .and_then(|text| text.parse().ok());
    let secs: u64 =
        secs.unwrap_or_else(|| panic!("Retry-After: {:?}", answer.header("retry-after")));
    assert!(1 <= secs, "{secs}");
    assert_eq!(body["retry_after_secs"], secs, "{body:#}");
    assert_eq!(body["error"]["code"], code, "{body:#}");
    assert_eq!(body["status"], status, "{body:#}");
    let hint = body["hint"].as_str().unwrap_or_default();
    assert!(!hint.is_empty(), "{body:#}");
    assert_eq!(answer.header("trunkline-hint"), Some(hint));
    let proxy_status = answer.header("proxy-status").unwrap_or_default();
    assert!(
        proxy_status.starts_with("trunkline; error="),
        "{proxy_status}"
    );
    secs
}

/// Sends a request whose caller waits for so long; nobody does.
#[track_caller]
fn refused(gateway: &Gateway, request: &Request) -> Answer {
    let start = now();
    let answer = gateway.send(request);
    let took = start.elapsed();
    assert!(took < Duration::from_secs(5), "it waited for {took:?}");
    answer
}

#[test]
fn a_wait_beyond_the_callers_time_is_refused_at_once() {
    let upstream = fine();
    let gateway = limited(r#"{ rate = 1, per = "1m" }"#, &upstream).serve();
    gateway.send(&get()).expect(200);
    for timeout in ["200ms", "20s"] {
        let answer = refused(&gateway, &get().header("trunkline-timeout", timeout));
        let secs = assert_refused(&answer, 429, "limit_reached");
        assert!((20..=60).contains(&secs), "{secs}");
        assert_quotas(&answer, &[("1/1m", 1)]);
        let proxy_status = answer.header("proxy-status").unwrap_or_default();
        assert!(
            proxy_status.contains("error=http_request_denied"),
            "{proxy_status}"
        );
        assert!(answer.text().contains("`1/1m`"), "{}", answer.text());
    }
    assert_eq!(upstream.count(), 1);
    let name = "trunkline_upstream_refused_total{connector=\"plain\"}";
    assert_eq!(metric(&gateway, name), Some(2));
}

#[test]
fn a_wait_beyond_the_settings_is_refused_at_once() {
    let upstream = fine();
    let limit = r#"{ rate = 1, per = "1m", wait_max = "2s" }"#;
    let gateway = limited(limit, &upstream).serve();
    gateway.send(&get()).expect(200);
    let answer = refused(&gateway, &get());
    let secs = assert_refused(&answer, 429, "limit_reached");
    assert!((10..=60).contains(&secs), "{secs}");
    // Where nothing is said, nobody waits longer than half a minute.
    let gateway = limited(r#"{ rate = 1, per = "1m" }"#, &upstream).serve();
    gateway.send(&get()).expect(200);
    assert_refused(&refused(&gateway, &get()), 429, "limit_reached");
}

#[test]
fn those_who_wait_already_count() {
    let upstream = fine();
    let gateway = limited(r#"{ rate = 1, per = "10s", wait_max = "25s" }"#, &upstream).serve();
    gateway.send(&get()).expect(200);
    let waiting = ask_many(&gateway, &get(), 2);
    wait_for_waiting(&gateway, 2);
    // The third turn would come after thirty seconds.
    let answer = refused(&gateway, &get());
    assert_refused(&answer, 429, "limit_reached");
    assert_eq!(upstream.count(), 1);
    drop(waiting);
}

#[test]
fn every_window_is_told_of() {
    let upstream = fine();
    let limit = r#"[{ rate = 1, per = "1m" }, { rate = 1, per = "1h" }]"#;
    let gateway = limited(limit, &upstream).serve();
    gateway.send(&get()).expect(200);
    let answer = refused(&gateway, &get());
    let secs = assert_refused(&answer, 429, "limit_reached");
    assert!((3000..=3600).contains(&secs), "{secs}");
    assert_quotas(&answer, &[("1/1m", 1), ("1/1h", 1)]);
}
