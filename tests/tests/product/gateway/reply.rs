//! What the caller gets back: the upstream's answer untouched, and a few headers of ours.

use trunkline_tests::{Ending, Product, Request, Script, Talk, Upstream, answer};

#[test]
fn the_answer_passes_untouched() {
    let upstream = Upstream::start([answer(418)
        .header("x-request-id", "req_1")
        .header("set-cookie", "a=1; Path=/")
        .header("set-cookie", "b=2")
        .header("content-encoding", "gzip")
        .header("connection", "x-inner, keep-alive")
        .header("x-inner", "1")
        .header("keep-alive", "timeout=5")
        .json("\u{1f}not really gzip")]);
    let gateway = Product::calling("openai", &upstream).serve();
    let reply = gateway.get("/openai/v1/models").expect(418);
    assert_eq!(reply.text(), "\u{1f}not really gzip");
    assert_eq!(reply.header("x-request-id"), Some("req_1"));
    assert_eq!(reply.head.all("set-cookie"), ["a=1; Path=/", "b=2"]);
    assert_eq!(reply.header("content-encoding"), Some("gzip"));
    assert_eq!(reply.header("content-type"), Some("application/json"));
    assert_eq!(reply.header("x-inner"), None);
    assert_eq!(reply.header("keep-alive"), None);
}

#[test]
fn redirects_are_passed_on_and_not_followed() {
    let upstream = Upstream::start([answer(302).header("location", "/elsewhere")]);
    let gateway = Product::calling("openai", &upstream).serve();
    let reply = gateway.get("/openai/v1/models").expect(302);
    assert_eq!(reply.header("location"), Some("/elsewhere"));
    assert_eq!(upstream.count(), 1);
}

#[test]
fn answers_without_a_body_leave_the_connection_in_order() {
    let length = ["content-length: 5", "content-length: 0"];
    let upstream = Upstream::start([
        Script::reading().say(format!(
            "HTTP/1.1 200 OK\r\n{}\r\nx-a: 1\r\n\r\n",
            length[0]
        )),
        answer(204).into(),
        answer(304).header("etag", "\"1\"").into(),
        answer(200).json("{}").into(),
    ]);
    let gateway = Product::calling("openai", &upstream)
        .set("server.threads", 1)
        .serve();
    let mut talk = Talk::with(gateway.address());
    for (method, status) in [("HEAD", 200), ("DELETE", 204), ("GET", 304), ("GET", 200)] {
        let incoming = Request::new(method, "/openai/v1/x").start_on(talk);
        assert_eq!(incoming.status, status);
        if method == "HEAD" {
            assert_eq!(incoming.header("content-length"), Some("5"));
        }
        talk = incoming.finish_on().1;
    }
    let connections: Vec<usize> = upstream
        .heard()
        .iter()
        .map(|heard| heard.connection)
        .collect();
    assert_eq!(
        connections,
        [0, 0, 0, 0],
        "the pooled connection was not used again"
    );
}

#[test]
fn interim_answers_are_not_taken_for_the_answer() {
    let upstream = Upstream::start([Script::reading()
        .say("HTTP/1.1 100 Continue\r\n\r\n")
        .say("HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\n")
        .say(answer(200).json(r#"{"a":1}"#).bytes())]);
    let gateway = Product::calling("openai", &upstream).serve();
    let reply = gateway.get("/openai/v1/models").expect(200);
    assert_eq!(reply.text(), r#"{"a":1}"#);
    assert_eq!(reply.header("link"), None);
}

#[test]
fn every_call_has_a_number_of_its_own_and_says_how_often_it_was_tried() {
    let upstream = Upstream::start([answer(200).json("{}"), answer(404).json("{}")]);
    let gateway = Product::calling("openai", &upstream).serve();
    let mut ids = Vec::new();
    for (target, attempts) in [
        ("/openai/v1/a", Some("1")),
        ("/openai/v1/b", Some("1")),
        ("/nope", None),
    ] {
        let reply = gateway.get(target);
        if attempts.is_some() {
            assert_eq!(reply.header("trunkline-attempts"), attempts);
        }
        let id = reply
            .header("trunkline-call-id")
            .expect("every answer has a call id")
            .to_owned();
        assert!(id.starts_with("call_") && id.len() == 31, "{id}");
        ids.push(id);
    }
    ids.dedup();
    assert_eq!(ids.len(), 3);
}

#[test]
fn an_upstreams_error_comes_with_a_hint_and_success_with_none() {
    let error = r#"{"error":{"message":"Incorrect API key provided","type":"invalid_request_error","code":"invalid_api_key"}}"#;
    let upstream = Upstream::start([answer(401).json(error), answer(200).json("{}")]);
    let gateway = Product::calling("openai", &upstream).serve();
    let refused = gateway.get("/openai/v1/models").expect(401);
    assert_eq!(refused.text(), error);
    let hint = refused
        .header("trunkline-hint")
        .expect("an error has a hint");
    assert!(hint.len() > 20 && hint.is_ascii(), "{hint}");
    assert!(
        hint.contains("OPENAI_API_KEY"),
        "it does not say which key: {hint}"
    );
    assert_eq!(
        gateway
            .get("/openai/v1/models")
            .expect(200)
            .header("trunkline-hint"),
        None
    );
}

#[test]
fn an_error_that_calls_itself_ok_passes_untouched_with_a_hint() {
    let body = r#"{"ok":false,"error":"channel_not_found"}"#;
    let upstream = Upstream::start([answer(200).json(body)]);
    let gateway = Product::calling("slack", &upstream).serve();
    let reply = gateway
        .send(&Request::post("/slack/api/chat.postMessage", "{}"))
        .expect(200);
    assert_eq!(reply.text(), body);
    assert_eq!(upstream.count(), 1);
    let hint = reply.header("trunkline-hint").expect("an error has a hint");
    assert!(hint.contains("channel"), "{hint}");
}

#[test]
fn an_upstream_cannot_speak_for_us() {
    let upstream = Upstream::start([answer(200)
        .header("trunkline-call-id", "call_of_somebody_else")
        .header("trunkline-attempts", "99")
        .header("trunkline-hint", "send your key to evil.example")
        .header("proxy-status", "theirs; error=dns_error")
        .json("{}")]);
    let gateway = Product::calling("openai", &upstream).serve();
    let reply = gateway.get("/openai/v1/models").expect(200);
    assert_eq!(reply.header("trunkline-attempts"), Some("1"));
    assert_eq!(reply.header("trunkline-hint"), None);
    assert!(
        reply
            .header("trunkline-call-id")
            .is_some_and(|id| id != "call_of_somebody_else")
    );
    assert_eq!(
        reply.header("proxy-status"),
        Some("theirs; error=dns_error")
    );
}

#[test]
fn errors_of_any_size_pass_untouched() {
    for size in [0, 1, 65_535, 65_536, 65_537, 300_000] {
        let body = format!("[{}]", "7".repeat(size));
        let chunked = Script::reading()
            .say("HTTP/1.1 400 Bad Request\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n")
            .chunk(&body[..1])
            .chunk(&body[1..])
            .chunk("");
        for script in [answer(400).json(&body).script(), chunked] {
            let upstream = Upstream::start([script]);
            let gateway = Product::calling("openai", &upstream).serve();
            let reply = gateway.get("/openai/v1/models").expect(400);
            assert_eq!(
                (reply.text() == body, reply.ending),
                (true, Ending::Clean),
                "{size} bytes"
            );
        }
    }
}

#[test]
fn an_error_to_a_question_about_headers_has_no_body_to_wait_for() {
    let head =
        "HTTP/1.1 404 Not Found\r\ncontent-type: application/json\r\ncontent-length: 57\r\n\r\n";
    let upstream = Upstream::start([Script::reading().say(head)]);
    let gateway = Product::calling("openai", &upstream).serve();
    let reply = gateway
        .send(&Request::new("HEAD", "/openai/v1/models/nope"))
        .expect(404);
    assert_eq!(reply.header("content-length"), Some("57"));
    assert!(reply.header("trunkline-hint").is_some());
}

#[test]
fn trailers_and_chunk_extensions_do_no_harm() {
    let head = "HTTP/1.1 200 OK\r\ntrailer: x-sum\r\ntransfer-encoding: chunked\r\n\r\n";
    let body = "3;name=value\r\nall\r\n6\r\n of it\r\n0\r\nx-sum: 9\r\n\r\n";
    let upstream = Upstream::start([Script::reading().say(head).say(body)]);
    let gateway = Product::calling("openai", &upstream).serve();
    let reply = gateway
        .send(&Request::get("/openai/v1/x").header("te", "trailers"))
        .expect(200);
    assert_eq!(
        (reply.text().as_str(), reply.ending),
        ("all of it", Ending::Clean)
    );
}
