//! Foreign names and foreign pages.

use crate::stage::{Set, Stage};

#[test]
fn foreign_names_are_misdirected() {
    let stage = Stage::new();
    let port = stage.address.port();
    for (host, status) in [
        (format!("localhost:{port}"), 404),
        (format!("[::1]:{port}"), 404),
        (format!("evil.example:{port}"), 421),
        ("127.0.0.1".to_owned(), 421),
        ("a@b".to_owned(), 400),
    ] {
        let mut caller = stage.caller();
        caller.send(&format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"));
        let (head, _) = caller.message();
        assert!(
            head.starts_with(&format!("http/1.1 {status} ")),
            "{host}: {head}"
        );
    }
}

#[test]
fn foreign_pages_are_refused_before_anything_else() {
    let stage = Stage::new();
    for header in [
        "Origin: https://evil.example",
        "Origin: null",
        "Sec-Fetch-Site: cross-site",
    ] {
        for path in ["/up/a", "/-/fetch?url=http://example.com/", "/-/metrics"] {
            let mut caller = stage.ask(&format!(
                "GET {path} HTTP/1.1\r\nHost: {{host}}\r\n{header}\r\n\r\n"
            ));
            let (head, body) = caller.message();
            assert!(head.starts_with("http/1.1 403 "), "{header}: {head}");
            assert!(!head.contains("access-control"), "{head}");
            assert!(body.contains("\"code\":\"origin_refused\""), "{body}");
            assert!(body.contains("CORS"), "{body}");
        }
    }
    stage.assert_unasked();
}

#[test]
fn allowed_pages_may_ask_and_read() {
    let stage = Set::with("origins = [\"http://localhost:3000\"]").start();
    let mut caller = stage.ask(
        "OPTIONS /up/a HTTP/1.1\r\nHost: {host}\r\nOrigin: http://localhost:3000\r\n\
         Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: content-type\r\n\r\n",
    );
    let head = caller.head();
    assert!(head.starts_with("http/1.1 204 "), "{head}");
    for header in [
        "access-control-allow-origin: http://localhost:3000\r\n",
        "access-control-allow-methods: post\r\n",
        "access-control-allow-headers: content-type\r\n",
        "vary: origin\r\n",
        "trunkline-call-id: call_",
    ] {
        assert!(head.contains(header), "{header}: {head}");
    }
    stage.assert_unasked();
    caller.send(&format!(
        "GET /up/a HTTP/1.1\r\nHost: {}\r\nOrigin: http://localhost:3000\r\n\
         Sec-Fetch-Site: same-site\r\n\r\n",
        stage.host(),
    ));
    let (mut upstream, _) = stage.asked();
    upstream.send(
        "HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: https://vendor.example\r\n\
         Access-Control-Allow-Credentials: true\r\nVary: Accept\r\nContent-Length: 2\r\n\r\nok",
    );
    let (head, _) = caller.message();
    assert_eq!(
        head.matches("access-control-allow-origin").count(),
        1,
        "{head}"
    );
    assert!(
        head.contains("access-control-allow-origin: http://localhost:3000\r\n"),
        "{head}"
    );
    assert!(!head.contains("access-control-allow-credentials"), "{head}");
    assert!(head.contains("vary: accept\r\nvary: origin\r\n"), "{head}");
    // Errors can be read as well, or nobody could tell what went wrong.
    caller.send(&format!(
        "GET /nowhere HTTP/1.1\r\nHost: {}\r\nOrigin: http://localhost:3000\r\n\r\n",
        stage.host(),
    ));
    let (head, _) = caller.message();
    assert!(head.starts_with("http/1.1 404 "), "{head}");
    assert!(
        head.contains("access-control-allow-origin: http://localhost:3000\r\n"),
        "{head}"
    );
}

#[test]
fn other_askers_pass_untouched() {
    let stage = Set::with("origins = [\"http://localhost:3000\"]").start();
    let mut caller = stage.ask("OPTIONS /up/a HTTP/1.1\r\nHost: {host}\r\n\r\n");
    let (mut upstream, head) = stage.asked();
    assert!(head.starts_with("options /a "), "{head}");
    upstream.send("HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nContent-Length: 0\r\n\r\n");
    let head = caller.head();
    assert!(
        head.contains("access-control-allow-origin: *\r\n"),
        "{head}"
    );
    assert!(!head.contains("vary"), "{head}");
}
