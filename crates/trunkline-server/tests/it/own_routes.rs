//! Our own routes.

use crate::stage::{Set, Stage};

#[track_caller]
fn ask(stage: &Stage, line: &str) -> (String, String) {
    stage
        .ask(&format!("{line} HTTP/1.1\r\nHost: {{host}}\r\n\r\n"))
        .message()
}

#[test]
fn we_say_that_we_are_there() {
    let stage = Stage::new();
    for route in ["/-/health", "/-/ready", "/-/health?a=b"] {
        let (head, body) = ask(&stage, &format!("GET {route}"));
        assert!(head.starts_with("http/1.1 200 "), "{head}");
        assert!(head.contains("trunkline-call-id: call_"), "{head}");
        assert_eq!(body, "ok\n");
    }
    let head = stage
        .ask("HEAD /-/health HTTP/1.1\r\nHost: {host}\r\n\r\n")
        .head();
    assert!(head.starts_with("http/1.1 200 "), "{head}");
}

#[test]
fn what_is_not_there_is_not_found() {
    let stage = Stage::new();
    for route in [
        "/-/",
        "/-",
        "/-/nothing",
        "/-/health/",
        "/-/api",
        "/-/api/v1",
    ] {
        let (head, body) = ask(&stage, &format!("GET {route}"));
        assert!(head.starts_with("http/1.1 404 "), "{route}: {head}");
        assert!(body.contains("\"code\":\"not_found\""), "{body}");
    }
    let (head, body) = ask(&stage, "DELETE /-/health");
    assert!(head.starts_with("http/1.1 405 "), "{head}");
    assert!(head.contains("allow: get"), "{head}");
    assert!(body.contains("\"code\":\"method_refused\""), "{body}");
}

#[test]
fn calls_connections_and_refusals_are_counted() {
    let stage = Set::with("").dedicated().start();
    let mut caller = stage.ask("GET /up/things HTTP/1.1\r\nHost: {host}\r\n\r\n");
    let (mut upstream, _) = stage.asked();
    upstream
        .send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
    caller.message();
    stage
        .ask("GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n")
        .message();
    caller.send(&format!(
        "GET /-/metrics HTTP/1.1\r\nHost: {}\r\n\r\n",
        stage.host()
    ));
    let (head, body) = caller.message();
    assert!(
        head.contains("content-type: text/plain; version=0.0.4"),
        "{head}"
    );
    assert!(
        body.contains("connector=\"up\",operation=\"things.list\""),
        "{body}"
    );
    assert!(
        body.contains("trunkline_connections_open{listener=\"up\"} 0\n"),
        "{body}"
    );
    assert!(
        body.contains("trunkline_refused_total{code=\"host_refused\"} 1\n"),
        "{body}"
    );
}

#[test]
fn guarded_fetches_are_refused_in_words() {
    let stage = Stage::new();
    let upstream = stage.upstream.local_addr().unwrap();
    for (query, status, code) in [
        (format!("?url=http://{upstream}/"), 502, "address_refused"),
        (
            "?url=http%3A%2F%2Flocalhost%2F".to_owned(),
            502,
            "address_refused",
        ),
        (
            "?url=http://169.254.169.254/latest/meta-data/".to_owned(),
            502,
            "address_refused",
        ),
        ("?url=ftp://example.com/".to_owned(), 400, "bad_url"),
        ("?url=nothing".to_owned(), 400, "bad_url"),
        ("?url=".to_owned(), 400, "bad_url"),
        (String::new(), 400, "bad_input"),
        ("?uri=http://example.com/".to_owned(), 400, "bad_input"),
        (
            "?url=http://example.com/&url=http://localhost/".to_owned(),
            400,
            "bad_input",
        ),
    ] {
        let (head, body) = ask(&stage, &format!("GET /-/fetch{query}"));
        assert!(
            head.starts_with(&format!("http/1.1 {status} ")),
            "{query}: {head}{body}"
        );
        assert!(
            body.contains(&format!("\"code\":\"{code}\"")),
            "{query}: {body}"
        );
    }
    stage.assert_unasked();
}
