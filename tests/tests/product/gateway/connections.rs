//! By which way callers come in, and how connections are used again.

use trunkline_tests::{Act, Product, Request, Script, Talk, Upstream, answer};

use crate::connectors;
use crate::gateway::bearer;

#[test]
fn a_dedicated_listener_serves_its_connector_alone() {
    let upstream = Upstream::start([answer(200).json("{}")]);
    let product = Product::calling("stripe", &upstream).set("listeners.stripe", r#""127.0.0.1:0""#);
    let gateway = product.serve();
    for target in [
        "/v1/customers?limit=3",
        "/-/health",
        "/openai/v1/models",
        "/stripe/v1/customers",
    ] {
        Request::get(target).send(gateway.dedicated()).expect(200);
    }
    let heard = upstream.heard();
    let targets: Vec<&str> = heard.iter().map(|heard| heard.head.word(1)).collect();
    let expected = [
        "/v1/customers?limit=3",
        "/-/health",
        "/openai/v1/models",
        "/stripe/v1/customers",
    ];
    assert_eq!(targets, expected);
    for heard in &heard {
        assert_eq!(
            heard.head.header("authorization"),
            Some(bearer("STRIPE_SECRET_KEY").as_str())
        );
    }
    gateway.get("/-/health").expect(200);
}

#[test]
fn a_connector_of_ones_own_is_served() {
    let upstream = Upstream::start([answer(200).json("[]")]);
    let gateway = connectors::plain_calling(&upstream, "").serve();
    gateway.get("/plain/things").expect(200);
    assert_eq!(
        upstream.only().head.header("authorization"),
        Some("Bearer plain-real-token-0002")
    );
}

#[test]
fn connections_are_kept_for_the_next_call_on_both_sides() {
    let upstream = Upstream::start([answer(200).json("{}")]);
    let gateway = Product::calling("openai", &upstream)
        .set("server.threads", 1)
        .serve();
    let talk = Talk::with(gateway.address());
    let (first, talk) = Request::get("/openai/v1/a").start_on(talk).finish_on();
    let (second, _) = Request::get("/openai/v1/b").start_on(talk).finish_on();
    assert_eq!((first.status, second.status), (200, 200));
    assert_eq!(upstream.heard()[1].connection, 0);
}

#[test]
fn an_upstream_that_closes_after_its_answer_is_not_asked_on_the_same_connection() {
    for last in [Act::Close, Act::CloseHalf, Act::Reset] {
        let upstream = Upstream::start([answer(200).json("{}").script().then(last)]);
        let gateway = Product::calling("openai", &upstream)
            .set("server.threads", 1)
            .serve();
        for closed in 1..=5 {
            gateway
                .send(&Request::post("/openai/v1/chat/completions", "{}"))
                .expect(200);
            upstream.wait_until_closed(closed);
        }
        assert_eq!(upstream.count(), 5);
    }
}

#[test]
fn calls_at_the_same_time_get_their_own_answers() {
    let upstream = Upstream::start([Script::reading().then(Act::Echo)]);
    let gateway = Product::calling("openai", &upstream).serve();
    let address = gateway.address();
    let caller = |name: usize| {
        move || {
            let mut talk = Talk::with(address);
            for place in 0..50 {
                let body = format!("{name} {place} {}", "x".repeat(name * place));
                let (reply, rest) = Request::post("/openai/v1/x", body.as_str())
                    .start_on(talk)
                    .finish_on();
                assert_eq!((reply.status, reply.text()), (200, body));
                talk = rest;
            }
        }
    };
    let callers: Vec<_> = (0..16)
        .map(|name| std::thread::spawn(caller(name)))
        .collect();
    for caller in callers {
        caller.join().expect("every caller got its own answers");
    }
    assert_eq!(upstream.count(), 16 * 50);
}

#[test]
fn what_an_upstream_says_unasked_is_nobodys_answer() {
    let evil = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil";
    let cases = [
        ("GET", "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ngood"),
        ("HEAD", "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n"),
        ("HEAD", "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ngood"),
        ("DELETE", "HTTP/1.1 204 No Content\r\n\r\n"),
        (
            "GET",
            "HTTP/1.1 304 Not Modified\r\ncontent-length: 4\r\n\r\n",
        ),
    ];
    for (method, first) in cases {
        let upstream = Upstream::start([
            Script::reading().say(format!("{first}{evil}")),
            answer(200).body("second").script(),
        ]);
        let gateway = Product::calling("openai", &upstream)
            .set("server.threads", 1)
            .serve();
        gateway.send(&Request::new(method, "/openai/v1/x"));
        let second = gateway.send(&Request::post("/openai/v1/y", "{}"));
        assert_eq!(
            (second.status, second.text().as_str()),
            (200, "second"),
            "{method} {first:?}"
        );
    }
}
