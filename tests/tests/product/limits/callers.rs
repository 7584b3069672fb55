//! How many calls each caller may make. Each listener counts as one.

use trunkline_tests::{Product, Request, Upstream, answer};

use crate::cache::acme;
use crate::limits::refusing::{assert_quotas, assert_refused};
use crate::limits::{fine, get, single};

const THREE: &str = r#"{ rate = 3, per = "1h" }"#;

fn with_two_listeners(upstream: &Upstream) -> Product {
    single(upstream).set("listeners.plain", r#""127.0.0.1:0""#)
}

#[test]
fn each_listener_has_a_limit_of_its_own() {
    let upstream = fine();
    let gateway = with_two_listeners(&upstream)
        .set("callers.limit", THREE)
        .serve();
    let dedicated = Request::get("/things");
    for _ in 0..3 {
        gateway.send(&get()).expect(200);
    }
    let refused = gateway.send(&get());
    let secs = assert_refused(&refused, 429, "caller_limit_reached");
    assert!((600..=1200).contains(&secs), "{secs}");
    assert_quotas(&refused, &[("3/1h", 3)]);
    for _ in 0..3 {
        dedicated.send(gateway.dedicated()).expect(200);
    }
    let refused = dedicated.send(gateway.dedicated());
    refused.problem(429, "caller_limit_reached");
    assert_eq!(upstream.count(), 6);
    // Whoever runs the gateway still sees how it does.
    gateway.get("/-/health").expect(200);
    gateway.get("/-/metrics").expect(200);
}

#[test]
fn several_windows_hold_together() {
    let upstream = fine();
    let limits = r#"[{ rate = 100, per = "1s", burst = 50 }, { rate = 2, per = "1h" }]"#;
    let gateway = single(&upstream).set("callers.limit", limits).serve();
    gateway.send(&get()).expect(200);
    gateway.send(&get()).expect(200);
    let refused = gateway.send(&get());
    assert_refused(&refused, 429, "caller_limit_reached");
    assert_eq!(upstream.count(), 2);
}

/// The limit is on what is asked of us, so an answer that is kept counts as well; one call counts
/// once, however often it is tried.
#[test]
fn calls_are_counted_and_not_attempts() {
    let kept = answer(200).header("cache-control", "max-age=60").json("{}");
    let upstream = Upstream::start([answer(503), answer(503), kept]);
    let gateway = acme(&upstream)
        .set("connectors.acme.retry.attempts", 3)
        .set("connectors.acme.retry.wait_first", r#""1ms""#)
        .set("callers.limit", THREE)
        .serve();
    let ask = Request::get("/things");
    for _ in 0..3 {
        ask.send(gateway.dedicated()).expect(200);
    }
    ask.send(gateway.dedicated())
        .problem(429, "caller_limit_reached");
    assert_eq!(upstream.count(), 3);
}
