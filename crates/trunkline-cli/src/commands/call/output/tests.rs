//! What is said of an answer that leads elsewhere.

use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::{leads_elsewhere, location};

#[track_caller]
fn check(written: &str, expected: &str) {
    let value = HeaderValue::from_str(written).expect("a value");
    let headers = HeaderMap::from_iter([(header::LOCATION, value)]);
    assert_eq!(location(&headers).as_deref(), Some(expected), "{written}");
}

#[test]
fn where_an_answer_leads_is_told_without_what_may_be_secret() {
    check(
        "https://a.example/v2/x?sig=secret",
        "https://a.example/v2/x",
    );
    check("https://me:secret@a.example#secret", "https://a.example");
    check("//me:secret@a.example/x", "//a.example/x");
    check("/v2/x?key=secret", "/v2/x");
    check("", "");
    assert_eq!(location(&HeaderMap::new()), None);
}

#[test]
fn what_has_not_changed_leads_nowhere() {
    for status in [300, 301, 302, 303, 305, 307, 308, 399] {
        let status = StatusCode::from_u16(status).expect("a status");
        assert!(leads_elsewhere(status), "{status}");
    }
    for status in [200, 204, 304, 400] {
        let status = StatusCode::from_u16(status).expect("a status");
        assert!(!leads_elsewhere(status), "{status}");
    }
}
