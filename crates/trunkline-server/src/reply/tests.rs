//! Which of an upstream's headers go on.

use http::{HeaderMap, HeaderName, HeaderValue};

use super::{drop_ours, is_event_stream};

#[test]
fn an_upstream_does_not_speak_for_us() {
    let mut headers = HeaderMap::new();
    for name in ["trunkline-call-id", "trunkline-hint", "x-trunkline-hint"] {
        headers.append(name, HeaderValue::from_static("1"));
        headers.append(name, HeaderValue::from_static("2"));
    }
    drop_ours(&mut headers);
    let names: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
    assert_eq!(names, ["x-trunkline-hint"]);
}

#[test]
fn streams_are_known_by_their_type() {
    let is_stream = |kind: &'static str| {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static(kind));
        is_event_stream(&headers)
    };
    assert!(is_stream("text/event-stream"));
    assert!(is_stream("Text/Event-Stream; charset=utf-8"));
    assert!(!is_stream("text/event"));
    assert!(!is_stream("application/json"));
    assert!(!is_event_stream(&HeaderMap::new()));
}
