//! Rules decide in order, and what they leave open the status decides.

use std::time::{Duration, SystemTime};

use expect_test::{Expect, expect};
use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Answer, BodyCheck, HeaderCheck, OutcomeRule, classify, needs_body};
use crate::format::{Class, ErrorsSection, Test, WaitUnit};
use crate::seeded::seeded;
use crate::status::Statuses;
use crate::wait::{WaitFrom, WaitHint};

fn statuses(names: &[&str]) -> Statuses {
    names.iter().map(|name| name.parse().unwrap()).collect()
}

fn rule(names: &[&str], class: Class) -> OutcomeRule {
    OutcomeRule {
        statuses: statuses(names),
        header: None,
        body: None,
        class,
        message: "it happened".to_owned(),
        hint: None,
        wait: None,
        docs: None,
    }
}

fn with_body(pointer: &str, is: Test, rule: OutcomeRule) -> OutcomeRule {
    OutcomeRule {
        body: Some(BodyCheck {
            pointer: pointer.to_owned(),
            is,
        }),
        ..rule
    }
}

fn with_header(name: &'static str, is: Test, rule: OutcomeRule) -> OutcomeRule {
    OutcomeRule {
        header: Some(HeaderCheck {
            name: HeaderName::from_static(name),
            is,
        }),
        ..rule
    }
}

#[track_caller]
fn check(rules: &[OutcomeRule], status: u16, body: Option<Value>, expected: Expect) {
    let headers = HeaderMap::from_iter([
        (
            HeaderName::from_static("x-limit"),
            HeaderValue::from_static("7"),
        ),
        (
            HeaderName::from_static("x-reason"),
            HeaderValue::from_static("endpoint-rate"),
        ),
    ]);
    let status = StatusCode::from_u16(status).unwrap();
    let verdict = classify(
        rules,
        &Answer {
            status,
            headers: &headers,
            body: body.as_ref(),
        },
    );
    let by = verdict
        .rule
        .map_or("its status".to_owned(), |rule| format!("rule {rule}"));
    expected.assert_eq(&format!("{} by {by}", verdict.class));
}

#[test]
fn the_general_table() {
    let classes = [
        200, 204, 304, 400, 401, 402, 403, 404, 408, 409, 422, 425, 429, 500, 502, 503, 504, 529,
    ]
    .map(|status| {
        let status = StatusCode::from_u16(status).unwrap();
        let answer = Answer {
            status,
            headers: &HeaderMap::new(),
            body: None,
        };
        format!("{} {}", status.as_u16(), classify(&[], &answer).class)
    });
    expect![[r#"
        200 ok
        204 ok
        304 ok
        400 caller_error
        401 auth_dead
        402 quota_exhausted
        403 caller_error
        404 caller_error
        408 retry
        409 caller_error
        422 caller_error
        425 retry
        429 rate_limited
        500 provider_down
        502 provider_down
        503 provider_down
        504 provider_down
        529 provider_down"#]]
    .assert_eq(&classes.join("\n"));
}

#[test]
fn the_first_rule_that_matches_decides() {
    let quota = Test::Equals(json!("insufficient_quota"));
    let rules = [
        with_body("/error/code", quota, rule(&["429"], Class::QuotaExhausted)),
        rule(&["429"], Class::RateLimited),
        rule(&["4xx"], Class::CallerError),
    ];
    let body = |code: &str| Some(json!({ "error": { "code": code } }));
    check(
        &rules,
        429,
        body("insufficient_quota"),
        expect!["quota_exhausted by rule 0"],
    );
    check(
        &rules,
        429,
        body("other"),
        expect!["rate_limited by rule 1"],
    );
    check(&rules, 429, None, expect!["rate_limited by rule 1"]);
    check(&rules, 404, None, expect!["caller_error by rule 2"]);
    check(&rules, 500, None, expect!["provider_down by its status"]);
}

#[test]
fn a_200_can_be_an_error_and_a_400_a_limit() {
    let rules = [
        with_body(
            "/ok",
            Test::Equals(json!(false)),
            rule(&["200"], Class::CallerError),
        ),
        with_body(
            "/errors",
            Test::Present(true),
            rule(&["400"], Class::RateLimited),
        ),
    ];
    check(
        &rules,
        200,
        Some(json!({ "ok": false })),
        expect!["caller_error by rule 0"],
    );
    check(
        &rules,
        200,
        Some(json!({ "ok": true })),
        expect!["ok by its status"],
    );
    check(
        &rules,
        400,
        Some(json!({ "errors": [1] })),
        expect!["rate_limited by rule 1"],
    );
    check(
        &rules,
        400,
        Some(json!({ "errors": null })),
        expect!["caller_error by its status"],
    );
}

#[test]
fn every_test_looks_at_values_as_they_are() {
    let body = |is| [with_body("/code", is, rule(&[], Class::Retry))];
    let values = || [json!({ "code": 21211 }), json!({ "code": 21211.0 })];
    for value in values() {
        let expected = expect!["retry by rule 0"];
        check(
            &body(Test::Equals(json!(21211))),
            200,
            Some(value),
            expected,
        );
    }
    let code = |value: Value| Some(json!({ "code": value }));
    check(
        &body(Test::Equals(json!("21211"))),
        200,
        code(json!(21211)),
        expect!["ok by its status"],
    );
    check(
        &body(Test::OneOf(vec![json!(1), json!("a")])),
        200,
        code(json!("a")),
        expect!["retry by rule 0"],
    );
    check(
        &body(Test::OneOf(vec![json!(1), json!("a")])),
        200,
        code(json!("b")),
        expect!["ok by its status"],
    );
    check(
        &body(Test::Contains("scope".to_owned())),
        200,
        code(json!("no scopes")),
        expect!["retry by rule 0"],
    );
    check(
        &body(Test::Contains("scope".to_owned())),
        200,
        code(json!(["scope"])),
        expect!["ok by its status"],
    );
    check(
        &body(Test::Present(false)),
        200,
        Some(json!({})),
        expect!["retry by rule 0"],
    );
    check(
        &body(Test::Present(false)),
        200,
        code(json!(null)),
        expect!["retry by rule 0"],
    );
    check(
        &body(Test::Present(false)),
        200,
        code(json!(0)),
        expect!["ok by its status"],
    );
    // What was not read says nothing, not even that something is missing.
    check(
        &body(Test::Present(false)),
        200,
        None,
        expect!["ok by its status"],
    );
}

#[test]
fn headers_are_tested_as_text() {
    let header = |name, is| [with_header(name, is, rule(&[], Class::Retry))];
    let retry = || expect!["retry by rule 0"];
    let status = || expect!["ok by its status"];
    check(
        &header("x-limit", Test::Equals(json!(7))),
        200,
        None,
        retry(),
    );
    check(
        &header("x-limit", Test::Equals(json!("7"))),
        200,
        None,
        retry(),
    );
    check(
        &header("x-limit", Test::Equals(json!(8))),
        200,
        None,
        status(),
    );
    check(
        &header(
            "x-reason",
            Test::OneOf(vec![json!("a"), json!("endpoint-rate")]),
        ),
        200,
        None,
        retry(),
    );
    check(
        &header("x-reason", Test::Contains("rate".to_owned())),
        200,
        None,
        retry(),
    );
    check(&header("x-reason", Test::Present(true)), 200, None, retry());
    check(&header("x-other", Test::Present(true)), 200, None, status());
    check(&header("x-other", Test::Present(false)), 200, None, retry());
    check(
        &header("x-other", Test::Contains(String::new())),
        200,
        None,
        status(),
    );
}

#[test]
fn whole_numbers_beyond_floating_point_stay_apart() {
    let rules = [with_body(
        "/id",
        Test::Equals(json!(9_007_199_254_740_993_u64)),
        rule(&[], Class::Retry),
    )];
    check(
        &rules,
        200,
        Some(json!({ "id": 9_007_199_254_740_992_u64 })),
        expect!["ok by its status"],
    );
    check(
        &rules,
        200,
        Some(json!({ "id": 9_007_199_254_740_993_u64 })),
        expect!["retry by rule 0"],
    );
}

#[test]
fn the_body_is_needed_only_where_something_looks_at_it() {
    let rules = [
        with_body("/code", Test::Present(true), rule(&["400"], Class::Retry)),
        rule(&["401"], Class::AuthDead),
        with_header("x", Test::Present(true), rule(&["403"], Class::RateLimited)),
        with_body(
            "/code",
            Test::Present(true),
            rule(&["401", "403"], Class::Retry),
        ),
    ];
    let needs = |status: u16, waits: &[WaitHint]| {
        needs_body(&rules, waits, StatusCode::from_u16(status).unwrap())
    };
    assert!(needs(400, &[]));
    assert!(!needs(401, &[]), "the rule for all 401s ends the search");
    assert!(needs(403, &[]), "a header may fail to match");
    assert!(!needs(429, &[]));
    let wait = |names: &[&str], from: WaitFrom| WaitHint {
        from,
        unit: WaitUnit::DeltaMs,
        capture: None,
        statuses: statuses(names),
        remaining: None,
    };
    let in_body = || WaitFrom::Body("/retry_after".to_owned());
    assert!(needs(429, &[wait(&[], in_body())]));
    assert!(!needs(200, &[wait(&[], in_body())]));
    assert!(needs(200, &[wait(&["200"], in_body())]));
    assert!(!needs(
        429,
        &[wait(&[], WaitFrom::Header(HeaderName::from_static("x")))]
    ));
}

#[test]
fn a_wider_rule_covers_a_narrower_one() {
    let equals = |code: &str| Test::Equals(json!(code));
    let one_of = |codes: &[&str]| Test::OneOf(codes.iter().map(|code| json!(code)).collect());
    let on = |is| with_body("/code", is, rule(&["4xx"], Class::Retry));
    let wide = rule(&["4xx"], Class::Retry);
    let covers = |ours: &OutcomeRule, theirs: &OutcomeRule| ours.covers(theirs);
    assert!(covers(&wide, &on(equals("a"))));
    assert!(!covers(&on(equals("a")), &wide));
    assert!(covers(&on(one_of(&["a", "b"])), &on(equals("b"))));
    assert!(covers(&on(one_of(&["a", "b"])), &on(one_of(&["b"]))));
    assert!(!covers(&on(one_of(&["a"])), &on(one_of(&["a", "b"]))));
    assert!(covers(&on(Test::Present(true)), &on(equals("a"))));
    assert!(!covers(&on(Test::Present(false)), &on(equals("a"))));
    assert!(covers(
        &on(Test::Contains("a".to_owned())),
        &on(equals("bar"))
    ));
    assert!(covers(
        &on(Test::Contains("a".to_owned())),
        &on(Test::Contains("bar".to_owned()))
    ));
    assert!(!covers(
        &on(equals("bar")),
        &on(Test::Contains("a".to_owned()))
    ));
    assert!(!covers(
        &on(equals("a")),
        &with_body("/type", equals("a"), rule(&["4xx"], Class::Retry))
    ));
    assert!(!covers(
        &with_header("x", Test::Present(true), rule(&["4xx"], Class::Retry)),
        &wide
    ));
}

#[test]
fn errors_name_their_message_and_code() {
    let errors = ErrorsSection {
        message: vec!["/error/message".to_owned(), "/message".to_owned()],
        code: vec!["/error/code".to_owned(), "/code".to_owned()],
    };
    let body = json!({ "error": { "message": "", "code": null }, "message": "no such call", "code": 20404 });
    assert_eq!(errors.message_in(&body), Some("no such call"));
    assert_eq!(errors.code_in(&body).as_deref(), Some("20404"));
    assert_eq!(errors.message_in(&json!([])), None);
    assert_eq!(errors.code_in(&json!({ "code": "" })), None);
}

/// Tests on values of one place.
fn tests() -> impl Strategy<Value = Test> {
    let value = prop_oneof![
        (0..3_i64).prop_map(|number| json!(number)),
        "[ab]{0,2}".prop_map(|text| json!(text)),
        any::<bool>().prop_map(|truth| json!(truth)),
    ];
    prop_oneof![
        value.clone().prop_map(Test::Equals),
        proptest::collection::vec(value, 1..3).prop_map(Test::OneOf),
        "[ab]{1,2}".prop_map(Test::Contains),
        any::<bool>().prop_map(Test::Present),
    ]
}

proptest! {
    #![proptest_config(seeded(4_000))]

    /// A rule that is called unreachable really is.
    #[test]
    fn what_a_covered_rule_matches_its_cover_matches(
        ours in tests(),
        theirs in tests(),
        value in prop_oneof![
            Just(json!({})),
            (0..3_i64).prop_map(|number| json!({ "v": number })),
            "[ab]{0,3}".prop_map(|text| json!({ "v": text })),
            any::<bool>().prop_map(|truth| json!({ "v": truth })),
        ],
    ) {
        let on = |is| with_body("/v", is, rule(&[], Class::Retry));
        let (ours, theirs) = (on(ours), on(theirs));
        let headers = HeaderMap::new();
        let answer = Answer { status: StatusCode::OK, headers: &headers, body: Some(&value) };
        if ours.covers(&theirs) && theirs.matches(&answer) {
            prop_assert!(ours.matches(&answer), "{:?} {:?} {}", ours, theirs, value);
        }
    }
}

#[test]
fn a_rules_wait_stands_where_the_answer_says_none() {
    let waiting = OutcomeRule {
        wait: Some(Duration::from_mins(1)),
        ..rule(&["403"], Class::RateLimited)
    };
    let rules = [rule(&["429"], Class::RateLimited), waiting];
    let wait = |status, retry_after: Option<&str>| {
        let headers = retry_after.map(|text| (RETRY_AFTER, text.parse().unwrap()));
        let headers = HeaderMap::from_iter(headers);
        let answer = Answer {
            status: StatusCode::from_u16(status).unwrap(),
            headers: &headers,
            body: None,
        };
        let verdict = classify(&rules, &answer);
        super::wait((&rules, &[]), &answer, verdict, SystemTime::UNIX_EPOCH)
    };
    assert_eq!(wait(403, None), Some(Duration::from_mins(1)));
    assert_eq!(wait(403, Some("7")), Some(Duration::from_secs(7)));
    assert_eq!(wait(429, None), None);
    assert_eq!(wait(503, None), None);
}
