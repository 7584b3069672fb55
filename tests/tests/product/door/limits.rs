//! Too much of anything, and too slow.

use trunkline_tests::{Ending, Product, Request, Talk, Upstream, answer};

use crate::door::{check_refused, guarded, say};

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
        &[431],
        &format!("GET /openai/{large} HTTP/1.1\r\nhost: HOST\r\n\r\n"),
    );
}

#[test]
fn a_header_too_many_is_refused_with_the_limit_and_counted() {
    let (upstream, gateway) = guarded();
    let many = (0..100).fold(Request::get("/openai/v1/x"), |request, place| {
        request.header(&format!("x-{place}"), "1")
    });
    let body = gateway.send(&many).problem(431, "headers_too_large");
    let detail = "the request has 101 headers, 100 are allowed";
    assert_eq!(body["detail"], detail);
    let metrics = gateway.get("/-/metrics").expect(200).text();
    let counted = r#"trunkline_refused_total{code="headers_too_large"} 1"#;
    assert!(metrics.contains(counted), "{metrics}");
    assert_eq!(upstream.count(), 0);
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
fn headers_that_do_not_come_to_an_end_are_not_waited_for() {
    let upstream = Upstream::start([answer(200)]);
    let gateway = Product::calling("openai", &upstream)
        .set("server.header_timeout", r#""200ms""#)
        .set("server.idle_timeout", r#""200ms""#)
        .serve();
    for beginning in [
        "",
        "G",
        "\r\n",
        "GET /openai/v1/x HTTP/1.1\r\nhost: a\r\nx-slow: ",
    ] {
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
