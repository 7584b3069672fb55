//! What goes through, and how.

use crate::stage::{End, Set, Stage};

#[test]
fn a_call_passes_byte_for_byte() {
    let stage = Stage::new();
    let mut caller = stage.ask(
        "POST /up//v1/a%2Fb%40c;d?q=%20+[]&q=%C3%A9 HTTP/1.1\r\nHost: {host}\r\n\
         X-Own: a, b\r\nX-Own: c\r\nContent-Length: 12\r\n\r\na[b]=c&\r\n\x07\t!",
    );
    let (mut upstream, head) = stage.asked();
    assert!(
        head.starts_with("post //v1/a%2fb%40c;d?q=%20+[]&q=%c3%a9 http/1.1\r\n"),
        "{head}"
    );
    assert!(head.contains("x-own: a, b\r\nx-own: c\r\n"), "{head}");
    assert!(
        head.contains(&format!(
            "host: {}\r\n",
            stage.upstream.local_addr().unwrap()
        )),
        "{head}"
    );
    assert_eq!(upstream.exactly(12), "a[b]=c&\r\n\x07\t!");
    upstream
        .send("HTTP/1.1 201 Fine\r\nContent-Length: 5\r\nX-Theirs: 1\r\nX-Theirs: 2\r\n\r\nab\0cd");
    let (head, body) = caller.message();
    assert!(head.starts_with("http/1.1 201 "), "{head}");
    assert!(head.contains("x-theirs: 1\r\nx-theirs: 2\r\n"), "{head}");
    assert!(head.contains("trunkline-call-id: call_"), "{head}");
    assert!(head.contains("trunkline-attempts: 1\r\n"), "{head}");
    assert!(!head.contains("trunkline-hint"), "{head}");
    assert_eq!(body, "ab\0cd");
}

#[test]
fn a_connector_alone_is_a_path() {
    let stage = Stage::new();
    for (target, expected) in [
        ("/up", "get / "),
        ("/up/", "get / "),
        ("/up?a=b", "get /?a=b "),
    ] {
        let _caller = stage.ask(&format!("GET {target} HTTP/1.1\r\nHost: {{host}}\r\n\r\n"));
        let (_, head) = stage.asked();
        assert!(head.starts_with(expected), "{head}");
    }
}

#[test]
fn a_connection_serves_many_calls_one_after_another() {
    let stage = Stage::new();
    let request = format!("GET /up/a HTTP/1.1\r\nHost: {}\r\n\r\n", stage.host());
    let mut caller = stage.caller();
    caller.send(&request);
    let (mut upstream, _) = stage.asked();
    for _ in 0..3 {
        upstream.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        assert_eq!(caller.message().1, "ok");
        caller.send(&request);
        // The connection to the upstream is used again.
        upstream.head();
    }
    stage.assert_unasked();
}

#[test]
fn pipelined_calls_are_answered_in_order() {
    let stage = Stage::new();
    let request = format!("GET /up/a HTTP/1.1\r\nHost: {}\r\n\r\n", stage.host());
    let mut caller = stage.caller();
    caller.send(&request.repeat(2));
    let (mut upstream, _) = stage.asked();
    upstream.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst");
    upstream.head();
    upstream.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecond");
    assert_eq!(caller.message().1, "first");
    assert_eq!(caller.message().1, "second");
}

#[test]
fn events_pass_one_by_one() {
    let stage = Stage::new();
    let mut caller = stage.ask("GET /up/events HTTP/1.1\r\nHost: {host}\r\n\r\n");
    let (mut upstream, _) = stage.asked();
    upstream.send(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n\
         Transfer-Encoding: chunked\r\n\r\n",
    );
    // The head comes before any event does.
    let head = caller.head();
    assert!(head.contains("x-accel-buffering: no\r\n"), "{head}");
    for event in ["data: 1\n\n", "data: 2\n\n", "data: 3\n\n"] {
        let chunk = format!("{:x}\r\n{event}\r\n", event.len());
        upstream.send(&chunk);
        assert_eq!(caller.until("\n\n\r\n"), chunk);
    }
    upstream.send("0\r\n\r\n");
    assert_eq!(caller.until("0\r\n\r\n"), "0\r\n\r\n");
}

#[test]
fn uploads_pass_piece_by_piece() {
    let stage = Stage::new();
    let mut caller = stage.ask(
        "PUT /up/file HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n",
    );
    let (mut upstream, head) = stage.asked();
    assert!(head.contains("transfer-encoding: chunked\r\n"), "{head}");
    assert_eq!(upstream.until("first\r\n"), "5\r\nfirst\r\n");
    caller.send("6\r\nsecond\r\n0\r\n\r\n");
    assert_eq!(upstream.until("0\r\n\r\n"), "6\r\nsecond\r\n0\r\n\r\n");
    upstream.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    assert!(caller.head().contains("content-length: 0\r\n"));
}

#[test]
fn expectations_are_met_when_the_body_is_wanted() {
    let stage = Stage::new();
    let mut caller = stage.ask(
        "POST /up/a HTTP/1.1\r\nHost: {host}\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n",
    );
    assert_eq!(caller.head(), "http/1.1 100 continue\r\n\r\n");
    caller.send("ok");
    let (mut upstream, head) = stage.asked();
    assert!(!head.contains("expect"), "{head}");
    assert_eq!(upstream.exactly(2), "ok");
}

#[test]
fn answers_without_bodies_have_none() {
    let stage = Stage::new();
    let mut caller = stage.caller();
    let mut upstream = None;
    for (method, answer, kept) in [
        (
            "HEAD",
            "200 OK\r\nContent-Length: 1234",
            "content-length: 1234\r\n",
        ),
        ("GET", "204 No Content\r\nX: 204", "x: 204\r\n"),
        (
            "GET",
            "304 Not Modified\r\nETag: \"a\"\r\nContent-Length: 99",
            "etag: \"a\"\r\n",
        ),
        (
            "HEAD",
            "404 Not Found\r\nContent-Length: 7",
            "content-length: 7\r\n",
        ),
        (
            "GET",
            "200 OK\r\nContent-Length: 0",
            "content-length: 0\r\n",
        ),
    ] {
        caller.send(&format!(
            "{method} /up/a HTTP/1.1\r\nHost: {}\r\n\r\n",
            stage.host()
        ));
        let upstream = upstream.get_or_insert_with(|| stage.accept());
        upstream.head();
        upstream.send(&format!("HTTP/1.1 {answer}\r\n\r\n"));
        let head = caller.head();
        assert!(head.contains(kept), "{method} {answer}: {head}");
        assert!(!head.contains("transfer-encoding"), "{head}");
    }
    // Nothing was left over that could be taken for the next answer.
    caller.assert_quiet();
}

#[test]
fn what_concerns_one_connection_stays_on_it() {
    let stage = Stage::new();
    let mut caller = stage.ask("GET /up/a HTTP/1.1\r\nHost: {host}\r\n\r\n");
    let (mut upstream, _) = stage.asked();
    upstream.send(
        "HTTP/1.1 200 OK\r\nConnection: keep-alive, X-Hop\r\nKeep-Alive: timeout=5\r\nX-Hop: 1\r\n\
         Proxy-Authenticate: Basic\r\nUpgrade: h2c\r\nX-Stays: 1\r\nContent-Length: 2\r\n\r\nok",
    );
    let (head, _) = caller.message();
    for gone in [
        "connection:",
        "keep-alive",
        "x-hop",
        "proxy-authenticate",
        "upgrade",
    ] {
        assert!(!head.contains(gone), "{gone}: {head}");
    }
    assert!(head.contains("x-stays: 1\r\n"), "{head}");
}

#[test]
fn trailers_do_not_break_off_an_answer_for_callers_without_them() {
    let stage = Stage::new();
    let mut caller = stage.ask("GET /up/a HTTP/1.0\r\nHost: {host}\r\n\r\n");
    let (mut upstream, _) = stage.asked();
    upstream.send(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: x-sum\r\n\r\n\
         2\r\nok\r\n0\r\nx-sum: 7\r\n\r\n",
    );
    let (text, end) = caller.rest();
    assert!(text.ends_with("\r\n\r\nok"), "{text}");
    assert_eq!(end, End::Closed);
}

#[test]
fn trailers_pass_to_callers_that_take_them() {
    let stage = Stage::new();
    let mut caller = stage.ask("GET /up/a HTTP/1.1\r\nHost: {host}\r\nTE: trailers\r\n\r\n");
    let (mut upstream, _) = stage.asked();
    upstream.send(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: x-sum\r\n\r\n\
         2\r\nok\r\n0\r\nx-sum: 7\r\n\r\n",
    );
    caller.head();
    assert_eq!(caller.until("\r\n\r\n"), "2\r\nok\r\n0\r\nx-sum: 7\r\n\r\n");
}

#[test]
fn old_callers_get_what_they_understand() {
    let stage = Stage::new();
    let mut caller = stage.ask("GET /up/a HTTP/1.0\r\nHost: {host}\r\n\r\n");
    let (mut upstream, _) = stage.asked();
    upstream.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n");
    let head = caller.head();
    assert!(!head.contains("transfer-encoding"), "{head}");
    assert_eq!(caller.rest(), ("ok".to_owned(), End::Closed));
}

#[test]
fn an_upstreams_error_passes_with_a_hint() {
    let stage = Stage::new();
    let mut caller = stage.ask("GET /up/a HTTP/1.1\r\nHost: {host}\r\n\r\n");
    let (mut upstream, _) = stage.asked();
    upstream.send("HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\noops");
    let (head, body) = caller.message();
    assert!(head.starts_with("http/1.1 404 "), "{head}");
    assert!(
        head.contains("trunkline-hint: there is nothing at this path"),
        "{head}"
    );
    assert!(!head.contains("x-should-retry"), "{head}");
    assert_eq!(body, "oops");
}

#[test]
fn sdks_are_told_not_to_repeat_what_we_repeated() {
    let stage = Stage::new();
    let mut caller = stage.ask("GET /up/a HTTP/1.1\r\nHost: {host}\r\nTrunkline-Retry: 2\r\n\r\n");
    let (mut upstream, _) = stage.asked();
    upstream.send("HTTP/1.1 503 Down\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    // Either the wait before the second attempt is slept, or there was none.
    let again = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            for _ in 0..60 {
                runtime.block_on(
                    stage
                        .time
                        .sleeping_within(std::time::Duration::from_secs(1)),
                );
                stage.time.advance(std::time::Duration::from_secs(1));
            }
        });
        let head = upstream.head();
        waiting.join().unwrap();
        head
    });
    assert!(again.starts_with("get /a "), "{again}");
    upstream.send("HTTP/1.1 503 Down\r\nContent-Length: 0\r\n\r\n");
    let (head, _) = caller.message();
    assert!(head.contains("trunkline-attempts: 2\r\n"), "{head}");
    assert!(
        head.contains("x-should-retry: false\r\nstripe-should-retry: false\r\n"),
        "{head}"
    );
}

#[test]
fn our_own_errors_are_problems() {
    let stage = Stage::new();
    for (request, status, code, hint) in [
        ("GET /upp/a", 404, "unknown_connector", "did you mean `up`?"),
        ("GET /UP/a", 404, "unknown_connector", ""),
        ("GET /", 404, "not_found", "/CONNECTOR/PATH"),
        (
            "GET /up/a\r\nTrunkline-Retry: never",
            400,
            "bad_header",
            "`off` or a number",
        ),
        (
            "GET /up/a\r\nTrunkline-Nothing: 1",
            400,
            "bad_header",
            "known are",
        ),
        (
            "GET /up/a\r\nTrunkline-Cache: headers",
            400,
            "bad_header",
            "`off` or a time",
        ),
        (
            "GET /up/a\r\nTrunkline-Sandbox: 429",
            400,
            "bad_header",
            "--sandbox",
        ),
    ] {
        let (line, headers) = request.split_once("\r\n").unwrap_or((request, "X: y"));
        let mut caller = stage.ask(&format!(
            "{line} HTTP/1.1\r\nHost: {{host}}\r\n{headers}\r\n\r\n"
        ));
        let (head, body) = caller.message();
        assert!(
            head.starts_with(&format!("http/1.1 {status} ")),
            "{request}: {head}"
        );
        assert!(
            head.contains("content-type: application/problem+json\r\n"),
            "{head}"
        );
        assert!(head.contains("trunkline-call-id: call_"), "{head}");
        assert!(head.contains("proxy-status: trunkline"), "{head}");
        let problem: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert_eq!(problem["code"], code, "{request}");
        assert_eq!(problem["status"], status);
        assert!(problem["hint"].as_str().unwrap().contains(hint), "{body}");
        assert_eq!(problem["error"]["message"], problem["message"]);
    }
    stage.assert_unasked();
}

#[test]
fn a_call_that_fails_says_so_in_every_header() {
    let stage = Stage::new();
    let mut caller = stage.ask("GET /up/a HTTP/1.1\r\nHost: {host}\r\n\r\n");
    let (upstream, _) = stage.asked();
    drop(upstream);
    let (head, body) = caller.message();
    assert!(head.starts_with("http/1.1 502 "), "{head}");
    assert!(
        head.contains("proxy-status: trunkline; error=connection_terminated"),
        "{head}"
    );
    assert!(head.contains("trunkline-attempts: 1\r\n"), "{head}");
    let problem: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(problem["code"], "upstream_closed");
    assert!(
        head.contains(problem["call_id"].as_str().unwrap()),
        "{head}"
    );
}

#[test]
fn a_listener_of_its_own_serves_one_connector_at_the_root() {
    let stage = Set::with("").dedicated().start();
    let running = stage.running.as_ref().unwrap();
    let place = &running.addresses()[1];
    assert_eq!(
        place.connector.map(|name| name.to_string()),
        Some("up".to_owned())
    );
    for path in ["/v1/customers?a=b", "/-/health", "/up/a", "/"] {
        let address = crate::stage::tcp(&place.listen);
        let mut caller = crate::stage::Wire::to(address);
        caller.send(&format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n"));
        let (mut upstream, head) = stage.asked();
        assert!(head.starts_with(&format!("get {path} ")), "{head}");
        upstream.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        assert!(caller.head().starts_with("http/1.1 200 "));
    }
    // Each place has a name of its own.
    let mut caller = crate::stage::Wire::to(crate::stage::tcp(&place.listen));
    caller.send(&format!("GET / HTTP/1.1\r\nHost: {}\r\n\r\n", stage.host()));
    assert!(caller.head().starts_with("http/1.1 421 "));
}
