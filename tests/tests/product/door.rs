//! What does not get in: requests that could be read in two ways, too much of anything, pages of
//! strangers. Whatever is refused, the upstream must not have heard of it.

use trunkline_tests::{Answer, Ending, Gateway, Product, Request, Talk, Upstream, answer};

/// Sends bytes to a gateway and gives what comes back, if anything does.
#[track_caller]
fn say(gateway: &Gateway, bytes: impl AsRef<[u8]>) -> Option<(Answer, Talk)> {
    let mut talk = Talk::with(gateway.address());
    talk.say(bytes);
    talk.answer_or_close()
        .map(trunkline_tests::Incoming::finish_on)
}

fn guarded() -> (Upstream, Gateway) {
    let upstream = Upstream::start([answer(200).json("{}")]);
    let gateway = Product::calling("openai", &upstream).serve();
    (upstream, gateway)
}

/// Asserts that a request, whose `HOST` is replaced by the right one, is refused with one of the
/// statuses and that the connection is closed behind it.
#[track_caller]
fn check_refused(statuses: &[u16], request: &str) {
    let (upstream, gateway) = guarded();
    let request = request.replace("HOST", &gateway.address().to_string());
    let shown: String = request.chars().take(300).collect();
    let Some((reply, mut talk)) = say(&gateway, &request) else {
        panic!("closed without an answer: {shown:?}");
    };
    assert!(
        statuses.contains(&reply.status),
        "{} for {shown:?}\n{}",
        reply.status,
        reply.text()
    );
    // What is no HTTP at all gets a bare status, since nobody knows what it was.
    if !reply.body.is_empty() {
        assert_eq!(
            reply.header("content-type"),
            Some("application/problem+json"),
            "{shown:?}"
        );
    }
    // Bytes that came after it must never be taken for another request.
    drop(talk.try_say("GET /openai/v1/smuggled HTTP/1.1\r\nhost: x\r\n\r\n"));
    assert!(matches!(talk.until_closed(), Ending::Clean | Ending::Reset));
    assert_eq!(upstream.count(), 0, "{shown:?}");
}

#[test]
fn a_body_with_two_lengths_is_refused() {
    let cases = [
        "content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "transfer-encoding: chunked\r\ncontent-length: 5\r\n\r\n0\r\n\r\n",
        "content-length: 0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        "content-length: 5\r\ncontent-length: 6\r\n\r\nhello!",
        "content-length: 5\r\ncontent-length: 5\r\n\r\nhello",
        "content-length: 5, 5\r\n\r\nhello",
        "content-length: +5\r\n\r\nhello",
        "content-length: -5\r\n\r\nhello",
        "content-length: 0x5\r\n\r\nhello",
        "content-length: 5 5\r\n\r\nhello",
        "content-length:\r\n\r\nhello",
        "content-length: 99999999999999999999999\r\n\r\nhello",
    ];
    for case in cases {
        check_refused(
            &[400, 413],
            &format!("POST /openai/v1/x HTTP/1.1\r\nhost: HOST\r\n{case}"),
        );
    }
}

#[test]
fn a_transfer_encoding_other_than_chunked_is_refused() {
    let values = [
        "gzip, chunked",
        "chunked, gzip",
        "chunked, chunked",
        "identity",
        "gzip",
        "xchunked",
        "chunkedx",
        "\"chunked\"",
        "chunked;a=b",
        "chunked,",
        ",chunked",
        "",
        "\u{b}chunked",
    ];
    for value in values {
        let request = format!(
            "POST /openai/v1/x HTTP/1.1\r\nhost: HOST\r\ntransfer-encoding: {value}\r\n\r\n0\r\n\r\n"
        );
        check_refused(&[400, 501], &request);
    }
    let twice = "transfer-encoding: chunked\r\ntransfer-encoding: chunked";
    let request = format!("POST /openai/v1/x HTTP/1.1\r\nhost: HOST\r\n{twice}\r\n\r\n0\r\n\r\n");
    check_refused(&[400, 501], &request);
    let old =
        "POST /openai/v1/x HTTP/1.0\r\nhost: HOST\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n";
    check_refused(&[400, 501], old);
}

#[test]
fn lines_that_servers_read_differently_are_refused() {
    let cases = [
        "GET /openai/v1/x HTTP/1.1\nhost: HOST\n\n",
        "GET /openai/v1/x HTTP/1.1\r\nhost: HOST\nx: 1\r\n\r\n",
        "GET /openai/v1/x HTTP/1.1\nhost: HOST\r\n\r\n",
        "GET /openai/v1/x HTTP/1.1\r\nhost: HOST\r\nx: 1\r\n folded\r\n\r\n",
        "GET /openai/v1/x HTTP/1.1\r\nhost: HOST\r\nx : 1\r\n\r\n",
        "GET /openai/v1/x HTTP/1.1\r\nhost: HOST\r\n: 1\r\n\r\n",
        "GET /openai/v1/x HTTP/1.1\r\nhost: HOST\r\nx: a\0b\r\n\r\n",
        "GET /openai/v1/x HTTP/1.1\r\nhost: HOST\r\nx: a\rb\r\n\r\n",
        "GET  /openai/v1/x HTTP/1.1\r\nhost: HOST\r\n\r\n",
        "GET /openai/v1/x  HTTP/1.1\r\nhost: HOST\r\n\r\n",
        "GET /openai/v1/x HTTP/1.9\r\nhost: HOST\r\n\r\n",
        "GET /openai/v1/x\r\nhost: HOST\r\n\r\n",
        "GET /openai/v1/a b HTTP/1.1\r\nhost: HOST\r\n\r\n",
        "GET /openai/v1/x#fragment HTTP/1.1\r\nhost: HOST\r\n\r\n",
        "G@T /openai/v1/x HTTP/1.1\r\nhost: HOST\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ];
    for case in cases {
        check_refused(&[400, 405, 505], case);
    }
}

#[test]
fn exactly_one_valid_host_is_needed() {
    let head = |hosts: &str| format!("GET /openai/v1/x HTTP/1.1\r\n{hosts}\r\n");
    let cases = [
        "",
        "host: HOST\r\nhost: HOST\r\n",
        "host: HOST\r\nhost: evil.example\r\n",
        "host:\r\n",
        "host: a b\r\n",
        "host: HOST, evil.example\r\n",
        "host: user@HOST\r\n",
        "host: HOST/path\r\n",
        "host: HOST#x\r\n",
    ];
    for case in cases {
        check_refused(&[400, 421], &head(case));
    }
}

#[test]
fn a_host_that_is_not_ours_is_refused() {
    let (upstream, gateway) = guarded();
    let port = gateway.address().port();
    let foreign = [
        "evil.example".to_owned(),
        format!("evil.example:{port}"),
        format!("localhost.evil.example:{port}"),
        format!("127.0.0.1.nip.io:{port}"),
        format!("127.0.0.1:{}", port ^ 1),
        format!("192.168.0.1:{port}"),
    ];
    for host in foreign {
        let reply = gateway.send(&Request::get("/openai/v1/x").header("host", &host));
        reply.problem(421, "host_refused");
        let reply = gateway.send(&Request::get("/-/health").header("host", &host));
        reply.problem(421, "host_refused");
    }
    assert_eq!(upstream.count(), 0);
    for host in [
        format!("127.0.0.1:{port}"),
        format!("localhost:{port}"),
        format!("LocalHost:{port}"),
    ] {
        gateway
            .send(&Request::get("/openai/v1/x").header("host", &host))
            .expect(200);
    }
}

#[test]
fn further_hosts_are_ours_when_settings_say_so() {
    let upstream = Upstream::start([answer(200).json("{}")]);
    let gateway = Product::calling("openai", &upstream)
        .set(
            "server.hosts",
            r#"["gateway.internal:4000", "trunkline.test"]"#,
        )
        .serve();
    gateway
        .send(&Request::get("/openai/v1/x").header("host", "gateway.internal:4000"))
        .expect(200);
    gateway
        .send(&Request::get("/openai/v1/x").header("host", "trunkline.test"))
        .expect(200);
    gateway
        .send(&Request::get("/openai/v1/x").header("host", "other.test"))
        .problem(421, "host_refused");
}

#[test]
fn a_dedicated_listener_is_as_strict() {
    let upstream = Upstream::start([answer(200).json("{}")]);
    let product = Product::calling("stripe", &upstream).set("listeners.stripe", r#""127.0.0.1:0""#);
    let gateway = product.serve();
    let foreign = Request::get("/v1/customers").header("host", "evil.example");
    foreign
        .send(gateway.dedicated())
        .problem(421, "host_refused");
    let page = Request::get("/v1/customers").header("origin", "https://evil.example");
    page.send(gateway.dedicated())
        .problem(403, "origin_refused");
    assert_eq!(upstream.count(), 0);
}

#[test]
fn an_absolute_target_must_agree_with_its_host() {
    let (upstream, gateway) = guarded();
    let address = gateway.address();
    let same = format!("GET http://{address}/openai/v1/x?a=b HTTP/1.1\r\nhost: {address}\r\n\r\n");
    assert_eq!(say(&gateway, same).expect("it is answered").0.status, 200);
    assert_eq!(upstream.only().head.word(1), "/v1/x?a=b");
    check_refused(
        &[400, 421],
        "GET http://evil.example/openai/v1/x HTTP/1.1\r\nhost: HOST\r\n\r\n",
    );
    check_refused(
        &[400, 421],
        "GET http://HOST/openai/v1/x HTTP/1.1\r\nhost: evil.example\r\n\r\n",
    );
    check_refused(
        &[400, 421],
        "GET http://user@HOST/openai/v1/x HTTP/1.1\r\nhost: HOST\r\n\r\n",
    );
}

#[test]
fn methods_that_are_no_calls_are_refused() {
    check_refused(&[405], "TRACE /openai/v1/x HTTP/1.1\r\nhost: HOST\r\n\r\n");
    check_refused(&[405], "CONNECT HOST HTTP/1.1\r\nhost: HOST\r\n\r\n");
    check_refused(
        &[405],
        "CONNECT evil.example:443 HTTP/1.1\r\nhost: HOST\r\n\r\n",
    );
}

#[test]
fn an_expectation_that_nobody_meets_is_refused() {
    check_refused(
        &[417],
        "GET /openai/v1/x HTTP/1.1\r\nhost: HOST\r\nexpect: miracles\r\n\r\n",
    );
}

#[test]
fn a_flood_of_headers_is_refused() {
    let many = "x-many: 1\r\n".repeat(200);
    check_refused(
        &[431],
        &format!("GET /openai/v1/x HTTP/1.1\r\nhost: HOST\r\n{many}\r\n"),
    );
    let large = "x".repeat(100 << 10);
    check_refused(
        &[431],
        &format!("GET /openai/v1/x HTTP/1.1\r\nhost: HOST\r\nx: {large}\r\n\r\n"),
    );
    check_refused(
        &[400, 414, 431],
        &format!("GET /openai/{large} HTTP/1.1\r\nhost: HOST\r\n\r\n"),
    );
}

#[test]
fn limits_of_headers_can_be_set() {
    let upstream = Upstream::start([answer(200).json("{}")]);
    let gateway = Product::calling("openai", &upstream)
        .set("server.headers_max", 10)
        .set("server.header_bytes_max", r#""8KiB""#)
        .serve();
    let some = (0..8).fold(Request::get("/openai/v1/x"), |request, place| {
        request.header(&format!("x-{place}"), "1")
    });
    gateway.send(&some).expect(200);
    let more = some.header("x-8", "1").header("x-9", "1");
    gateway.send(&more).problem(431, "headers_too_large");
    let large = Request::get("/openai/v1/x").header("x", &"x".repeat(9 << 10));
    gateway.send(&large).problem(431, "headers_too_large");
}

#[test]
fn a_body_that_is_too_large_is_refused() {
    let upstream = Upstream::start([answer(200).json("{}")]);
    let gateway = Product::calling("openai", &upstream)
        .set("server.body_max", r#""1KiB""#)
        .serve();
    gateway
        .send(&Request::post("/openai/v1/x", vec![b'x'; 1024]))
        .expect(200);
    let declared = "POST /openai/v1/x HTTP/1.1\r\nhost: HOST\r\ncontent-length: 1025\r\n\r\n";
    let (reply, _) = say(
        &gateway,
        declared.replace("HOST", &gateway.address().to_string()),
    )
    .expect("it is answered before the body has come");
    reply.problem(413, "body_too_large");
    assert_eq!(upstream.count(), 1);
    let chunk = format!("300\r\n{}\r\n", "x".repeat(0x300)).repeat(2);
    let chunked = format!(
        "POST /openai/v1/x HTTP/1.1\r\nhost: {}\r\ntransfer-encoding: chunked\r\n\r\n{chunk}0\r\n\r\n",
        gateway.address()
    );
    let (reply, _) = say(&gateway, chunked).expect("it is answered");
    reply.problem(413, "body_too_large");
    // The upstream may have seen its beginning, but never a whole body.
    let heard = upstream.heard();
    assert!(
        heard.iter().skip(1).all(|heard| heard.body.len() < 0x600),
        "{heard:?}"
    );
}

#[test]
fn a_chunk_that_makes_no_sense_ends_the_call() {
    for chunk in [
        "xyz\r\nabc\r\n0\r\n\r\n",
        "-1\r\nabc\r\n",
        "3\r\nabcdef\r\n0\r\n\r\n",
        "ffffffffffffffffff\r\na",
    ] {
        let (upstream, gateway) = guarded();
        let address = gateway.address();
        let head = format!(
            "POST /openai/v1/x HTTP/1.1\r\nhost: {address}\r\ntransfer-encoding: chunked\r\n\r\n"
        );
        if let Some((reply, _)) = say(&gateway, head + chunk) {
            assert!(
                matches!(reply.status, 400 | 413),
                "{} for {chunk:?}",
                reply.status
            );
        }
        // The upstream may have seen the head already; it must not have answered for a whole body.
        assert!(
            upstream.heard().iter().all(|heard| heard.body.len() <= 3),
            "{:?}",
            upstream.heard()
        );
    }
}

#[test]
fn headers_that_do_not_come_to_an_end_are_not_waited_for() {
    let upstream = Upstream::start([answer(200)]);
    let gateway = Product::calling("openai", &upstream)
        .set("server.header_timeout", r#""200ms""#)
        .serve();
    for beginning in ["", "G", "GET /openai/v1/x HTTP/1.1\r\nhost: a\r\nx-slow: "] {
        let mut talk = Talk::with(gateway.address());
        talk.say(beginning);
        if let Some(incoming) = talk.answer_or_close() {
            assert_eq!(incoming.status, 408, "{beginning:?}");
            assert_eq!(incoming.finish_on().1.until_closed(), Ending::Clean);
        }
    }
    assert_eq!(upstream.count(), 0);
}

#[test]
fn a_connection_that_rests_too_long_is_closed() {
    let upstream = Upstream::start([answer(200).json("{}")]);
    let gateway = Product::calling("openai", &upstream)
        .set("server.idle_timeout", r#""200ms""#)
        .serve();
    let (reply, mut talk) = Request::get("/openai/v1/x")
        .start_on(Talk::with(gateway.address()))
        .finish_on();
    assert_eq!(reply.status, 200);
    assert_eq!(talk.until_closed(), Ending::Clean);
}

#[test]
fn an_upload_that_stands_still_is_ended() {
    let framings = [
        "content-length: 100",
        "content-length: 100000000",
        "transfer-encoding: chunked",
    ];
    for framing in framings {
        let upstream = Upstream::start([answer(200).json("{}")]);
        let gateway = Product::calling("openai", &upstream)
            .set("server.idle_timeout", r#""200ms""#)
            .serve();
        let mut talk = Talk::with(gateway.address());
        let host = talk.host();
        talk.say(format!(
            "POST /openai/v1/x HTTP/1.1\r\nhost: {host}\r\n{framing}\r\n\r\n5\r\nbegin\r\n"
        ));
        if let Some(incoming) = talk.answer_or_close() {
            assert_eq!(incoming.status, 408, "{framing}");
            assert_eq!(
                incoming.finish_on().1.until_closed(),
                Ending::Clean,
                "{framing}"
            );
        }
        if upstream.count() == 1 {
            assert_ne!(upstream.wait_for_goodbye(0), Ending::Clean, "{framing}");
        }
    }
}

#[test]
fn connections_beyond_the_limit_are_refused() {
    let upstream = Upstream::start([answer(200).json("{}")]);
    let gateway = Product::calling("openai", &upstream)
        .set("server.connections_max", 2)
        .set("server.threads", 1)
        .serve();
    // Each has been answered, so each is surely open and counted.
    let open: Vec<Talk> = (0..2)
        .map(|_| {
            Request::get("/openai/v1/x")
                .start_on(Talk::with(gateway.address()))
                .finish_on()
                .1
        })
        .collect();
    let mut third = Talk::with(gateway.address());
    third.say(Request::get("/openai/v1/x").bytes(&third.host()));
    if let Some(incoming) = third.answer_or_close() {
        incoming.finish().problem(503, "overloaded");
    }
    assert_eq!(upstream.count(), 2);
    drop(open);
}

#[test]
fn a_foreign_page_may_not_call() {
    let (upstream, gateway) = guarded();
    let own_port = gateway.address().port();
    let origins = [
        "https://evil.example",
        "http://localhost:3000",
        "null",
        "http://127.0.0.1",
        "chrome-extension://abcdef",
        "file://",
        "",
    ];
    for origin in origins {
        for request in [
            Request::get("/openai/v1/models"),
            Request::post("/openai/v1/x", "{}"),
        ] {
            let reply = gateway.send(&request.header("origin", origin));
            let body = reply.problem(403, "origin_refused");
            assert!(
                body["hint"]
                    .as_str()
                    .is_some_and(|hint| hint.contains("server.origins")),
                "{body:#}"
            );
            assert_eq!(reply.header("access-control-allow-origin"), None);
        }
    }
    let near = format!("http://127.0.0.1:{}", own_port ^ 1);
    gateway
        .send(&Request::get("/openai/v1/x").header("origin", &near))
        .problem(403, "origin_refused");
    for site in ["cross-site", "same-site"] {
        let reply = gateway.send(&Request::get("/openai/v1/models").header("sec-fetch-site", site));
        reply.problem(403, "origin_refused");
    }
    assert_eq!(upstream.count(), 0);
    for site in ["same-origin", "none"] {
        gateway
            .send(&Request::get("/openai/v1/models").header("sec-fetch-site", site))
            .expect(200);
    }
}

#[test]
fn our_own_routes_are_closed_to_foreign_pages_too() {
    let (_upstream, gateway) = guarded();
    for route in [
        "/-/health",
        "/-/metrics",
        "/-/fetch?url=https://example.com/",
    ] {
        let page = Request::get(route).header("origin", "https://evil.example");
        gateway.send(&page).problem(403, "origin_refused");
        let image = Request::get(route).header("sec-fetch-site", "cross-site");
        gateway.send(&image).problem(403, "origin_refused");
    }
}

#[test]
fn an_allowed_page_may_call() {
    let upstream = Upstream::start([answer(200).json("{}")]);
    let gateway = Product::calling("openai", &upstream)
        .set("server.origins", r#"["http://localhost:3000"]"#)
        .serve();
    let page = |method: &str| {
        Request::new(method, "/openai/v1/models")
            .header("origin", "http://localhost:3000")
            .header("sec-fetch-site", "cross-site")
    };
    let reply = gateway.send(&page("GET")).expect(200);
    assert_eq!(
        reply.header("access-control-allow-origin"),
        Some("http://localhost:3000")
    );
    let other = Request::get("/openai/v1/models").header("origin", "http://localhost:3001");
    gateway.send(&other).problem(403, "origin_refused");
    let preflight = page("OPTIONS").header("access-control-request-method", "POST");
    let reply = gateway.send(&preflight.header("access-control-request-headers", "content-type"));
    assert!(matches!(reply.status, 200 | 204), "{}", reply.status);
    assert_eq!(
        reply.header("access-control-allow-origin"),
        Some("http://localhost:3000")
    );
    assert_eq!(upstream.count(), 1, "a preflight is ours to answer");
}

#[test]
fn beyond_loopback_it_does_not_start() {
    for listen in ["0.0.0.0:0", "[::]:0", "192.0.2.1:4000"] {
        let product = Product::new();
        for finished in [
            product.run(&["serve", "--listen", listen]),
            product
                .clone()
                .variable("TRUNKLINE_SERVER_LISTEN", listen)
                .run(&["serve"]),
            product
                .clone()
                .set("server.listen", format!("{listen:?}"))
                .run(&["serve"]),
            product
                .clone()
                .set("listeners.stripe", format!("{listen:?}"))
                .run(&["serve"]),
        ] {
            assert!(
                !finished.stdout.contains("listening on"),
                "{}",
                finished.stdout
            );
            let address = listen.rsplit_once(':').expect("it has a port").0;
            finished.expect(2).complains(&[address, "key"]);
        }
    }
}
