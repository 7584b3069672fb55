//! Our own headers, and the numbers of calls.

use expect_test::{Expect, expect};

use super::*;

#[track_caller]
fn check(headers: &[(&str, &str)], expected: Expect) {
    let headers: HeaderMap = headers
        .iter()
        .map(|(name, value)| {
            (
                name.parse::<HeaderName>().unwrap(),
                value.parse::<HeaderValue>().unwrap(),
            )
        })
        .collect();
    let text = match Options::from_headers(&headers) {
        Ok(options) => format!("{options:?}"),
        Err(error) => format!("{error}\nhint: {}", error.hint().unwrap_or_default()),
    };
    expected.assert_eq(&text);
}

#[test]
fn our_headers_say_how_to_call() {
    check(
        &[
            ("accept", "*/*"),
            ("trunkline-timeout", "10s"),
            ("trunkline-retry", "off"),
            ("trunkline-validate", "enforce"),
            ("trunkline-paginate", "all"),
        ],
        expect![
            "Options { caller: Anyone, connection: None, cache: None, timeout: Some(10s), attempts_max: Some(1), validate: Enforce, judge_by: Beginning, fault: None, paginate: Some(All) }"
        ],
    );
    check(
        &[
            ("trunkline-retry", "3"),
            ("trunkline-sandbox", "429"),
            ("trunkline-connection", "acme"),
            ("trunkline-cache", "off"),
            ("trunkline-paginate", "20"),
        ],
        expect![[
            r#"Options { caller: Anyone, connection: Some("acme"), cache: Some(Off), timeout: None, attempts_max: Some(3), validate: Report, judge_by: Beginning, fault: Some(RateLimited), paginate: Some(UpTo(20)) }"#
        ]],
    );
}

#[test]
fn a_wrong_header_is_named_with_what_is_allowed() {
    check(
        &[("trunkline-timeout", "ten")],
        expect![[r#"
        `trunkline-timeout` is `ten`, which it cannot be
        hint: allowed is a time such as `500ms`, `10s` or `2m`"#]],
    );
    check(
        &[("trunkline-timeout", "0s")],
        expect![[r#"
        `trunkline-timeout` is `0s`, which it cannot be
        hint: allowed is a time such as `500ms`, `10s` or `2m`"#]],
    );
    check(
        &[("trunkline-retry", "0")],
        expect![[r#"
        `trunkline-retry` is `0`, which it cannot be
        hint: allowed is `off` or a number of attempts from 1 to 10"#]],
    );
    check(
        &[("trunkline-retry", "11")],
        expect![[r#"
        `trunkline-retry` is `11`, which it cannot be
        hint: allowed is `off` or a number of attempts from 1 to 10"#]],
    );
    check(
        &[("trunkline-sandbox", "418")],
        expect![[r#"
        `trunkline-sandbox` is `418`, which it cannot be
        hint: allowed is `401`, `429`, `503`, `slow` or `cut`"#]],
    );
    check(
        &[("trunkline-tiemout", "1s")],
        expect![[r#"
            there is no header `trunkline-tiemout`
            hint: known are Trunkline-Connection, -Timeout, -Retry, -Cache, -Paginate, -Validate and -Sandbox"#]],
    );
    check(
        &[("trunkline-paginate", "0")],
        expect![[r#"
        `trunkline-paginate` is `0`, which it cannot be
        hint: allowed is `all` or a number of pages from 1"#]],
    );
}

#[test]
fn call_ids_have_a_fixed_length_and_sort_by_time() {
    let time = SystemTime::UNIX_EPOCH + Duration::from_hours(490_896);
    let id = CallId::new(time, 0x1234);
    assert_eq!(id.to_string(), "call_01kdvdna0000000000000004hm");
    assert_eq!(id.to_string().len(), CALL_ID_BYTES);
    assert!(id < CallId::new(time + Duration::from_millis(1), 0));
    assert_eq!(HeaderValue::from(id), id.to_string());
}
