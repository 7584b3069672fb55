//! How much of a limit a call takes: as its operation weighs, and nothing where nothing was sent.

use std::net::{Ipv4Addr, TcpListener};

use trunkline_tests::{Script, Upstream, answer};

use crate::limits::{fine, get, limited, post};

const WEIGHT: &str = r#"connectors.plain.operations."things.create".weight"#;

/// So that the tests need not wait.
const FIVE: &str = r#"{ rate = 5, per = "1h", wait_max = "1ms" }"#;

#[test]
fn a_heavy_operation_takes_more() {
    let upstream = fine();
    let gateway = limited(FIVE, &upstream).set(WEIGHT, 5).serve();
    gateway.send(&post()).expect(200);
    gateway.send(&get()).problem(429, "limit_reached");
    gateway.send(&post()).problem(429, "limit_reached");
    assert_eq!(upstream.count(), 1);
}

#[test]
fn what_is_refused_takes_nothing() {
    let upstream = fine();
    let gateway = limited(FIVE, &upstream).set(WEIGHT, 5).serve();
    gateway.send(&get()).expect(200);
    for _ in 0..10 {
        gateway.send(&post()).problem(429, "limit_reached");
    }
    for _ in 0..4 {
        gateway.send(&get()).expect(200);
    }
    gateway.send(&get()).problem(429, "limit_reached");
    assert_eq!(upstream.count(), 5);
}

#[test]
fn attempts_are_counted_and_not_calls() {
    let upstream = Upstream::start([answer(503), answer(503), answer(200).json("[]")]);
    let gateway = limited(FIVE, &upstream)
        .set("connectors.plain.retry.attempts", 3)
        .serve();
    gateway.send(&get()).expect(200);
    gateway.send(&get()).expect(200);
    gateway.send(&get()).expect(200);
    gateway.send(&get()).problem(429, "limit_reached");
    assert_eq!(upstream.count(), 5);
}

/// An address at which nobody listens.
fn deserted() -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("loopback has a free port");
    let address = listener.local_addr().expect("a listener has an address");
    format!("http://{address}")
}

#[test]
fn what_was_not_sent_is_given_back() {
    let upstream = Upstream::start([Script::cut(), answer(200).json("[]").script()]);
    let product = limited(FIVE, &upstream).set("connectors.plain.breaker", r#""off""#);
    let elsewhere = product
        .clone()
        .set("connectors.plain.base_url", format!("{:?}", deserted()));
    let gateway = elsewhere.serve();
    for _ in 0..20 {
        gateway.send(&get()).problem(502, "connect_failed");
    }
    product.write_settings();
    gateway.program().signal("HUP");
    gateway
        .program()
        .wait_for_error(|printed| printed.contains("read anew").then_some(()));
    // What was sent is not given back, whatever came of it.
    gateway.send(&get()).expect(502);
    for _ in 0..4 {
        gateway.send(&get()).expect(200);
    }
    gateway.send(&get()).problem(429, "limit_reached");
    assert_eq!(upstream.count(), 5);
}
