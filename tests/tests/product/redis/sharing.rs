//! Processes that share a limit keep to it together.

use trunkline_tests::{Redis, Upstream, answer, now};

use crate::limits::refusing::{assert_quotas, assert_refused};
use crate::limits::{Rate, metric, post};
use crate::redis::{Crowd, get, is_there, sharing, two, wait_for};

/// What each of two holds at most: a quarter of a quarter of twenty, or a quarter of a second's worth.
const LEASE: f64 = 2.0;

fn fine() -> Upstream {
    Upstream::start([answer(200).json("[]")])
}

#[test]
fn two_processes_never_exceed_the_limit_together() {
    if !is_there() {
        return;
    }
    let (redis, upstream) = (Redis::start(), fine());
    let limit = r#"{ rate = 50, per = "1s", burst = 20 }"#;
    let gateways = two(|| sharing(&redis, &upstream).set("connectors.plain.limit", limit));
    let start = now();
    let crowd = Crowd::ask(&gateways, 8, &get());
    // A hundred and twenty take two seconds, and twice as fast were twice the limit.
    upstream.wait_for(120);
    let took = start.elapsed().as_secs_f64();
    for asked in crowd.finish() {
        asked.answer.expect(200);
    }
    let rate = Rate {
        burst: 20.0 + 2.0 * LEASE,
        per_second: 50.0,
    };
    rate.bounds(start, &upstream);
    assert!(took < 8.0, "{took}");
    for gateway in &gateways {
        wait_for(gateway, "trunkline_redis_up", 1);
        wait_for(gateway, "trunkline_redis_times_away_total", 0);
    }
}

#[test]
fn what_one_has_taken_another_does_not_have() {
    if !is_there() {
        return;
    }
    let (redis, upstream) = (Redis::start(), fine());
    let limit = r#"{ rate = 12, per = "1h", wait_max = "1s" }"#;
    let gateways = two(|| sharing(&redis, &upstream).set("connectors.plain.limit", limit));
    let mut served = 0;
    for _ in 0..12 {
        for gateway in &gateways {
            let answer = gateway.send(&get());
            match answer.status {
                200 => served += 1,
                _ => drop(answer.problem(429, "limit_reached")),
            }
        }
    }
    assert_eq!((served, upstream.count()), (12, 12));
    // A refusal says when there is more, also where another has taken it all.
    let refused = gateways[1].send(&get());
    let secs = assert_refused(&refused, 429, "limit_reached");
    assert!((100..=3600).contains(&secs), "{secs}");
}

/// What a refusal tells is told of the limit that all keep to, and not of one's own part.
#[test]
fn a_refusal_tells_of_the_whole_limit() {
    if !is_there() {
        return;
    }
    let (redis, upstream) = (Redis::start(), fine());
    let limit = r#"{ rate = 12, per = "1h", wait_max = "1s" }"#;
    let [one, other] = two(|| sharing(&redis, &upstream).set("connectors.plain.limit", limit));
    for _ in 0..12 {
        one.send(&get()).expect(200);
    }
    for gateway in [&one, &other] {
        let refused = gateway.send(&get());
        assert_refused(&refused, 429, "limit_reached");
        assert_quotas(&refused, &[("12/1h", 12)]);
    }
}

/// Not every call pays for a round trip.
#[test]
fn tokens_are_taken_many_at_a_time() {
    if !is_there() {
        return;
    }
    let (redis, upstream) = (Redis::start(), fine());
    let limit = r#"{ rate = 10000, per = "1s" }"#;
    let gateway = sharing(&redis, &upstream)
        .set("connectors.plain.limit", limit)
        .serve();
    wait_for(&gateway, "trunkline_redis_up", 1);
    for _ in 0..500 {
        gateway.send(&get()).expect(200);
    }
    let operations = metric(&gateway, "trunkline_redis_operations_total");
    let operations = operations.unwrap_or_default();
    assert!((1..250).contains(&operations), "{operations} for 500 calls");
}

#[test]
fn several_windows_and_an_operations_own_hold_together() {
    if !is_there() {
        return;
    }
    let (redis, upstream) = (Redis::start(), fine());
    let limits = r#"[{ rate = 100, per = "1s" }, { rate = 6, per = "1h", wait_max = "1s" }]"#;
    let own = r#"connectors.plain.operations."things.create".limit"#;
    let gateways = two(|| {
        sharing(&redis, &upstream)
            .set("connectors.plain.limit", limits)
            .set(own, r#"{ rate = 2, per = "1h", wait_max = "1s" }"#)
    });
    let post = post();
    let mut served = [0, 0];
    for _ in 0..5 {
        for gateway in &gateways {
            served[0] += usize::from(gateway.send(&post).status == 200);
        }
    }
    for _ in 0..6 {
        for gateway in &gateways {
            served[1] += usize::from(gateway.send(&get()).status == 200);
        }
    }
    assert_eq!(served, [2, 4]);
}

/// Whoever does not want to wait for a turn has time for Redis all the same.
#[test]
fn asking_redis_is_no_waiting() {
    if !is_there() {
        return;
    }
    let (redis, upstream) = (Redis::start(), fine());
    // Of so few nobody takes more than one at a time, so each call asks.
    let limit = r#"{ rate = 100000, per = "1s", burst = 4, wait_max = "0s" }"#;
    let gateway = sharing(&redis, &upstream)
        .set("connectors.plain.limit", limit)
        .serve();
    wait_for(&gateway, "trunkline_redis_up", 1);
    for _ in 0..300 {
        gateway.send(&get()).expect(200);
    }
}
