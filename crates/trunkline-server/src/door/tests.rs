//! Who is let in, and what others are told.

use expect_test::{Expect, expect};
use http::request::Parts;
use http::{Request, Version};
use trunkline::{Config, Environment, Layers, Listen};

use super::{Rules, decide};

const SETTINGS: &str = r#"
[server]
public_url = "https://api.example.com"
hosts = ["gateway.internal", "other.internal:8080"]
origins = ["http://localhost:3000", "https://app.example.com"]
headers_max = 20
header_bytes_max = "1KiB"
body_max = "1KiB"
"#;

fn config() -> Config {
    let source = trunkline::connector::document::Source {
        name: "trunkline.toml".to_owned(),
        text: SETTINGS.to_owned(),
    };
    let environment = Environment::default();
    let layers = Layers {
        file: Some(source),
        environment: &environment,
        arguments: Vec::new(),
    };
    Config::load(layers).unwrap().0
}

fn rules(listen: &str) -> Rules {
    Rules::new(&config(), &listen.parse::<Listen>().unwrap())
}

/// A head from lines as they stand on the wire: `GET /path`, then `Name: value`.
fn head(text: &str) -> Parts {
    let mut lines = text.lines();
    let (method, target) = lines.next().unwrap().split_once(' ').unwrap();
    let mut request = Request::builder()
        .method(method)
        .uri(target)
        .version(Version::HTTP_11);
    for line in lines {
        let (name, value) = line.split_once(':').unwrap();
        request = request.header(name, value.trim());
    }
    request.body(()).unwrap().into_parts().0
}

fn decided(listen: &str, text: &str) -> String {
    let head = head(text);
    match decide(&rules(listen), &head) {
        Ok(admitted) => format!("{admitted:?}"),
        Err(refusal) => {
            let error = refusal.to_error(&head);
            format!("{}: {error}", error.kind().code())
        }
    }
}

#[track_caller]
fn check(text: &str, expected: Expect) {
    expected.assert_eq(&decided("127.0.0.1:4000", text));
}

const IN: &str = "Admitted { cors: None, options: Absent, change: None }";

#[test]
fn our_own_names_are_let_in() {
    for host in [
        "127.0.0.1:4000",
        "localhost:4000",
        "LocalHost:4000",
        "[::1]:4000",
        "api.example.com",
        "api.example.com:8443",
        "gateway.internal",
        "GATEWAY.internal:99",
        "other.internal:8080",
    ] {
        assert_eq!(
            decided("127.0.0.1:4000", &format!("GET /a\nHost: {host}")),
            IN,
            "{host}"
        );
    }
    assert_eq!(decided("127.0.0.1:80", "GET /a\nHost: localhost"), IN);
    assert_eq!(
        decided("127.0.0.2:4000", "GET /a\nHost: 127.0.0.2:4000"),
        IN
    );
    assert_eq!(decided("unix:/run/t.sock", "GET /a\nHost: whatever"), IN);
}

#[test]
fn foreign_names_are_not() {
    for host in [
        "evil.example",
        "evil.example:4000",
        "localhost",
        "localhost:4001",
        "127.0.0.1",
        "a.localhost:4000",
        "localhost.:4000",
        "127.0.0.1.evil.example:4000",
        "other.internal:8081",
        "0x7f.1:4000",
        "api.example.com.evil.example",
    ] {
        let expected = format!("host_refused: `{host}` is no name of this gateway");
        assert_eq!(
            decided("127.0.0.1:4000", &format!("GET /a\nHost: {host}")),
            expected
        );
    }
}

#[test]
fn there_is_exactly_one_valid_host() {
    check(
        "GET /a",
        expect!["request_malformed: the request has no `Host`"],
    );
    check(
        "GET /a\nHost: localhost:4000\nHost: localhost:4000",
        expect!["request_malformed: the request has more than one `Host`"],
    );
    for host in [
        "a b",
        "user@localhost:4000",
        "localhost:4000/a",
        "localhost:4000,evil.example",
        "",
    ] {
        let text = format!("GET /a\nHost: {host}");
        check(
            &text,
            expect!["request_malformed: the request's `Host` is no host name"],
        );
    }
}

#[test]
fn targets_are_paths_of_ours() {
    check(
        "GET http://localhost:4000/a\nHost: localhost:4000",
        expect!["Admitted { cors: None, options: Absent, change: None }"],
    );
    check(
        "GET http://evil.example/a\nHost: localhost:4000",
        expect!["request_malformed: the request's target names another host than `Host`"],
    );
    check(
        "GET ftp://localhost:4000/a\nHost: localhost:4000",
        expect!["request_malformed: the request's target is no path"],
    );
    check(
        "GET localhost:4000\nHost: localhost:4000",
        expect!["request_malformed: the request's target is no path"],
    );
    check(
        "OPTIONS *\nHost: localhost:4000",
        expect!["request_malformed: the request's target is no path"],
    );
    check(
        "CONNECT localhost:4000\nHost: localhost:4000",
        expect!["method_refused: `CONNECT` is a method that is not passed on"],
    );
    check(
        "TRACE /a\nHost: localhost:4000",
        expect!["method_refused: `TRACE` is a method that is not passed on"],
    );
    check(
        "PURGE /a\nHost: localhost:4000",
        expect!["Admitted { cors: None, options: Absent, change: None }"],
    );
}

#[test]
fn foreign_pages_are_refused() {
    let host = "Host: localhost:4000";
    check(
        &format!("GET /a\n{host}\nOrigin: https://evil.example"),
        expect!["origin_refused: a page of `https://evil.example` asked for this"],
    );
    check(
        &format!("GET /a\n{host}\nOrigin: null"),
        expect!["origin_refused: a page without an origin (`null`) asked for this"],
    );
    check(
        &format!("GET /a\n{host}\nSec-Fetch-Site: cross-site"),
        expect!["origin_refused: a page of another site asked for this"],
    );
    check(
        &format!("GET /a\n{host}\nSec-Fetch-Site: same-site"),
        expect!["origin_refused: a page of another site asked for this"],
    );
    check(
        &format!(
            "OPTIONS /a\n{host}\nOrigin: https://evil.example\nAccess-Control-Request-Method: POST"
        ),
        expect!["origin_refused: a page of `https://evil.example` asked for this"],
    );
    for origin in [
        "http://localhost:3000.evil.example",
        "http://localhost:3001",
        "localhost:4000",
        "http://LOCALHOST:3000",
        "",
    ] {
        let text = format!("GET /a\n{host}\nOrigin: {origin}");
        assert!(
            decided("127.0.0.1:4000", &text).starts_with("origin_refused"),
            "{origin}"
        );
    }
}

#[test]
fn own_and_allowed_pages_are_let_in() {
    let host = "Host: localhost:4000";
    check(
        &format!("GET /a\n{host}\nOrigin: http://localhost:4000\nSec-Fetch-Site: same-origin"),
        expect!["Admitted { cors: None, options: Absent, change: None }"],
    );
    check(
        &format!("GET /a\n{host}\nSec-Fetch-Site: none"),
        expect!["Admitted { cors: None, options: Absent, change: None }"],
    );
    check(
        &format!("GET /a\n{host}\nOrigin: https://app.example.com\nSec-Fetch-Site: cross-site"),
        expect!["Admitted { cors: Allowed, options: Absent, change: None }"],
    );
    check(
        &format!(
            "OPTIONS /a\n{host}\nOrigin: http://localhost:3000\nAccess-Control-Request-Method: POST"
        ),
        expect!["Admitted { cors: Preflight, options: Absent, change: None }"],
    );
    check(
        &format!("OPTIONS /a\n{host}\nOrigin: http://localhost:3000"),
        expect!["Admitted { cors: Allowed, options: Absent, change: None }"],
    );
}

#[test]
fn a_unix_socket_has_no_pages_but_its_own() {
    let unix = "unix:/run/t.sock";
    assert_eq!(decided(unix, "GET /a\nHost: a.b\nOrigin: http://a.b"), IN);
    assert!(
        decided(unix, "GET /a\nHost: a.b\nOrigin: http://evil.example")
            .starts_with("origin_refused")
    );
}

#[test]
fn what_http_cannot_promise_is_refused() {
    let host = "Host: localhost:4000";
    for encoding in [
        "gzip, chunked",
        "identity",
        "xchunked",
        "chunked, chunked",
        "chunked;a=b",
    ] {
        let text = format!("POST /a\n{host}\nTransfer-Encoding: {encoding}");
        check(
            &text,
            expect!["request_malformed: the request's `Transfer-Encoding` is not `chunked`"],
        );
    }
    check(
        &format!("POST /a\n{host}\nTransfer-Encoding: chunked\nTransfer-Encoding: chunked"),
        expect!["request_malformed: the request's `Transfer-Encoding` is not `chunked`"],
    );
    check(
        &format!("POST /a\n{host}\nTransfer-Encoding: Chunked"),
        expect!["Admitted { cors: None, options: Absent, change: None }"],
    );
    check(
        &format!("POST /a\n{host}\nExpect: bogus"),
        expect!["expectation_refused: `Expect: bogus` cannot be met"],
    );
    check(
        &format!("POST /a\n{host}\nExpect: 100-Continue"),
        expect!["Admitted { cors: None, options: Absent, change: None }"],
    );
    // curl asks so with --http2; to go on with HTTP/1.1 is an answer (RFC 9110 section 7.8).
    check(
        &format!("GET /a\n{host}\nUpgrade: h2c"),
        expect!["Admitted { cors: None, options: Absent, change: None }"],
    );
}

#[test]
fn a_websocket_is_asked_for_as_it_must_be() {
    let check = |method: &str, lines: &[&str], expected: Expect| {
        let lines = lines.join("\n");
        check(
            &format!("{method} /a\nHost: localhost:4000\n{lines}"),
            expected,
        );
    };
    let (upgrade, connection) = ("Upgrade: h2c, WebSocket", "Connection: keep-alive, Upgrade");
    let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
    let all = &[upgrade, connection, key, "Content-Length: 0"];
    check(
        "GET",
        all,
        expect!["Admitted { cors: None, options: Absent, change: WebSocket }"],
    );
    check(
        "GET",
        &[
            upgrade,
            "Upgrade: h2c",
            "Connection: close",
            connection,
            key,
        ],
        expect!["Admitted { cors: None, options: Absent, change: WebSocket }"],
    );
    check(
        "POST",
        all,
        expect!["request_malformed: a WebSocket is asked for with GET over HTTP/1.1"],
    );
    check(
        "GET",
        &[upgrade, key],
        expect![[
            r#"request_malformed: a WebSocket is asked for with `Connection: upgrade` beside `Upgrade: websocket`"#
        ]],
    );
    check(
        "GET",
        &[upgrade, connection],
        expect!["request_malformed: a WebSocket is asked for with a `Sec-WebSocket-Key`"],
    );
    for body in ["Content-Length: 5", "Transfer-Encoding: chunked"] {
        check(
            "GET",
            &[upgrade, connection, key, body],
            expect!["request_malformed: a WebSocket is asked for without a body"],
        );
    }
}

#[test]
fn sizes_are_limited() {
    let many = "\nX: a".repeat(20);
    check(
        &format!("GET /a\nHost: localhost:4000{many}"),
        expect!["headers_too_large: the request has 21 headers, 20 are allowed"],
    );
    check(
        &format!("GET /a\nHost: localhost:4000\nX: {}", "a".repeat(1024)),
        expect!["headers_too_large: the request's headers are larger than 1024 bytes"],
    );
    check(
        "POST /a\nHost: localhost:4000\nContent-Length: 1025",
        expect!["body_too_large: the request's body is larger than 1024 bytes"],
    );
    check(
        "POST /a\nHost: localhost:4000\nContent-Length: 1024",
        expect!["Admitted { cors: None, options: Absent, change: None }"],
    );
}

#[test]
fn headers_for_us_are_noticed() {
    check(
        "GET /a\nHost: localhost:4000\nTrunkline-Timeout: 1s",
        expect!["Admitted { cors: None, options: Present, change: None }"],
    );
}

#[test]
fn long_values_are_not_repeated_in_full() {
    let text = format!("GET /a\nHost: {}", "a".repeat(500));
    let expected = format!(
        "host_refused: `{}` is no name of this gateway",
        "a".repeat(100)
    );
    assert_eq!(decided("127.0.0.1:4000", &text), expected);
}

#[test]
fn the_hint_explains_what_browsers_call_a_cors_error() {
    let head = head("GET /a\nHost: localhost:4000\nOrigin: https://evil.example");
    let error = decide(&rules("127.0.0.1:4000"), &head)
        .unwrap_err()
        .to_error(&head);
    expect![[r#"browsers show this as a CORS error; make the call from your back end, where keys belong, or list `https://evil.example` in `server.origins` if that page may spend them"#]]
        .assert_eq(error.hint().unwrap());
}
