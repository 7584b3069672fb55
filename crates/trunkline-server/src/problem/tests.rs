//! How our own errors look to callers.

use std::time::{Duration, SystemTime};

use expect_test::{Expect, expect};
use serde_json::Value;
use trunkline::{CallId, Error, ErrorKind, Finding, Findings};

use super::message;

#[track_caller]
fn check(error: &Error, expected: Expect) {
    let call_id = CallId::new(SystemTime::UNIX_EPOCH, 7);
    let text = String::from_utf8(message(error, call_id)).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert!(head.contains(&format!("content-length: {}", body.len())));
    let body: Value = serde_json::from_str(body).unwrap();
    expected.assert_eq(&format!("{}\n\n{body:#}", head.replace("\r\n", "\n")));
}

#[test]
fn every_field_is_there() {
    let error = Error::new(
        ErrorKind::Overloaded,
        "as many connections are open as are allowed",
    )
    .with_hint("reuse \"connections\" …")
    .with_retry_after(Duration::from_millis(1_200));
    check(
        &error,
        expect![[r#"
            HTTP/1.1 503 Service Unavailable
            content-type: application/problem+json
            trunkline-hint: reuse "connections" ...
            proxy-status: trunkline; error=connection_limit_reached; details="as many connections are open as are allowed"
            retry-after: 2
            trunkline-call-id: call_00000000000000000000000007
            content-length: 534
            connection: close

            {
              "type": "https://github.com/trunkline/trunkline/blob/main/docs/errors.md#overloaded",
              "title": "too many connections are open",
              "status": 503,
              "detail": "as many connections are open as are allowed",
              "code": "overloaded",
              "hint": "reuse \"connections\" …",
              "call_id": "call_00000000000000000000000007",
              "retry_after_secs": 2,
              "message": "as many connections are open as are allowed; reuse \"connections\" …",
              "error": {
                "type": "trunkline_error",
                "code": "overloaded",
                "message": "as many connections are open as are allowed; reuse \"connections\" …"
              }
            }"#]],
    );
}

#[test]
fn what_the_case_does_not_say_the_kind_says() {
    check(
        &Error::new(ErrorKind::MethodRefused, r#"`TRACE` is a "method""#),
        expect![[r#"
            HTTP/1.1 405 Method Not Allowed
            content-type: application/problem+json
            trunkline-hint: use GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS
            proxy-status: trunkline; error=http_request_denied; details="`TRACE` is a \"method\""
            allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS
            trunkline-call-id: call_00000000000000000000000007
            content-length: 532
            connection: close

            {
              "type": "https://github.com/trunkline/trunkline/blob/main/docs/errors.md#method_refused",
              "title": "the method is refused",
              "status": 405,
              "detail": "`TRACE` is a \"method\"",
              "code": "method_refused",
              "hint": "use GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS",
              "call_id": "call_00000000000000000000000007",
              "message": "`TRACE` is a \"method\"; use GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS",
              "error": {
                "type": "trunkline_error",
                "code": "method_refused",
                "message": "`TRACE` is a \"method\"; use GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS"
              }
            }"#]],
    );
}

#[test]
fn no_text_can_break_out_of_a_header() {
    let error = Error::new(ErrorKind::BadHeader, "a\r\nset-cookie: b\0 \"c\\ ü");
    let text = message(&error, CallId::new(SystemTime::UNIX_EPOCH, 7));
    let text = String::from_utf8(text).unwrap();
    let (head, _) = text.split_once("\r\n\r\n").unwrap();
    assert!(!head.contains("\nset-cookie"), "{head}");
    assert!(
        head.contains(r#"details="a??set-cookie: b? \"c\\ ?""#),
        "{head}"
    );
}

#[test]
fn what_does_not_fit_a_schema_is_told_place_by_place() {
    let finding = |path: &str| Finding {
        path: path.to_owned(),
        expected: "a whole number".to_owned(),
        found: "a text of 7 characters".to_owned(),
    };
    let findings = Findings {
        shown: vec![finding("/id"), finding("/parts/0/id")],
        total: 31,
    };
    let error = Error::new(ErrorKind::SchemaBroken, "it does not fit").with_findings(findings);
    let text = String::from_utf8(message(&error, CallId::new(SystemTime::UNIX_EPOCH, 7))).unwrap();
    let (_, body) = text.split_once("\r\n\r\n").unwrap();
    let body: Value = serde_json::from_str(body).unwrap();
    expect![[r#"
        [
          {
            "path": "/id",
            "expected": "a whole number",
            "found": "a text of 7 characters"
          },
          {
            "path": "/parts/0/id",
            "expected": "a whole number",
            "found": "a text of 7 characters"
          }
        ] 31"#]]
    .assert_eq(&format!(
        "{:#} {}",
        body["findings"], body["findings_total"]
    ));
}
