//! Redis that is away: neither an outage nor an open gate, and over by itself.

use std::time::Duration;

use trunkline_tests::{Gateway, Redis, Upstream, answer, now, until};

use crate::limits::metric;
use crate::redis::{Crowd, came, get, is_there, sharing, two, wait_for};

const UP: &str = "trunkline_redis_up";

fn fine() -> Upstream {
    Upstream::start([answer(200).json("[]")])
}

/// Asserts that it was said so often that Redis went away and came back. Each reason is said, such as
/// that the connection broke and that there is no other, but none again and again.
#[track_caller]
fn assert_said(gateway: &Gateway, times: usize) {
    let printed = gateway.program().stderr();
    let count = |level: &str, text: &str| {
        let lines = printed.lines();
        let lines = lines.filter(|line| line.contains(level) && line.contains(text));
        lines.count()
    };
    let away = count("WARN", "Redis is away: ");
    assert!((times..=3 * times).contains(&away), "{printed}");
    assert_eq!(count("INFO", "Redis is back"), times, "{printed}");
}

#[test]
fn killed_and_started_again() {
    if !is_there() {
        return;
    }
    let (mut redis, upstream) = (Redis::start(), fine());
    let limit = r#"{ rate = 50, per = "1s", burst = 20 }"#;
    let gateways = two(|| sharing(&redis, &upstream).set("connectors.plain.limit", limit));
    let crowd = Crowd::ask(&gateways, 6, &get());
    upstream.wait_for(50);
    let killed = now();
    redis.kill();
    for gateway in &gateways {
        wait_for(gateway, UP, 0);
    }
    let before = upstream.count();
    // Each keeps to its half of what comes back in a second.
    upstream.wait_for(before + 75);
    let restarted = now();
    let came = came(&upstream, killed, restarted);
    // A bucket, and what both held of leases.
    let time = restarted.duration_since(killed).as_secs_f64();
    let most = 20.0 + 4.0 + 50.0 * time;
    assert!(
        f64::from(u32::try_from(came).unwrap_or(u32::MAX)) <= most,
        "{came} in {time}"
    );
    assert!(time < 8.0, "{time}");
    redis.run();
    for gateway in &gateways {
        wait_for(gateway, UP, 1);
    }
    let before = upstream.count();
    upstream.wait_for(before + 30);
    for asked in crowd.finish() {
        asked.answer.expect(200);
    }
    for gateway in &gateways {
        assert_said(gateway, 1);
        assert_eq!(metric(gateway, "trunkline_redis_times_away_total"), Some(1));
    }
}

/// What stands still answers nothing and refuses nothing.
#[test]
fn stopped_and_continued() {
    if !is_there() {
        return;
    }
    let (redis, upstream) = (Redis::start(), fine());
    let limit = r#"{ rate = 2000, per = "1s" }"#;
    let gateways = [sharing(&redis, &upstream)
        .set("connectors.plain.limit", limit)
        .set("connectors.plain.cache", r#""headers""#)
        .serve()];
    let gateway = &gateways[0];
    wait_for(gateway, UP, 1);
    let crowd = Crowd::ask(&gateways, 4, &get());
    upstream.wait_for(20);
    redis.signal("STOP");
    wait_for(gateway, UP, 0);
    let before = upstream.count();
    upstream.wait_for(before + 100);
    redis.signal("CONT");
    wait_for(gateway, UP, 1);
    let asked = crowd.finish();
    let longest = asked
        .iter()
        .map(|asked| asked.took)
        .max()
        .unwrap_or_default();
    assert!(longest < Duration::from_secs(2), "{longest:?}");
    for asked in asked {
        asked.answer.expect(200);
    }
    assert_said(gateway, 1);
    let timeouts = metric(gateway, "trunkline_redis_timeouts_total");
    assert!(
        timeouts.is_some_and(|timeouts| 1 <= timeouts),
        "{timeouts:?}"
    );
}

#[test]
fn away_at_the_start() {
    if !is_there() {
        return;
    }
    let (mut redis, upstream) = (Redis::away(), fine());
    let gateway = sharing(&redis, &upstream)
        .set(
            "connectors.plain.limit",
            r#"{ rate = 8, per = "1h", wait_max = "1s" }"#,
        )
        .serve();
    gateway
        .program()
        .wait_for_error(|printed| printed.contains("Redis is away").then_some(()));
    assert_eq!(metric(&gateway, UP), Some(0));
    // Where nobody knows how many share, they are thought to be two.
    for _ in 0..4 {
        gateway.send(&get()).expect(200);
    }
    gateway.send(&get()).problem(429, "limit_reached");
    redis.run();
    wait_for(&gateway, UP, 1);
    assert_said(&gateway, 1);
    until("a token of the shared limit", || {
        (gateway.send(&get()).status == 200).then_some(())
    });
}

#[test]
fn how_many_share_can_be_said_for_while_it_is_away() {
    let (redis, upstream) = (Redis::away(), fine());
    let gateway = sharing(&redis, &upstream)
        .set(
            "connectors.plain.limit",
            r#"{ rate = 8, per = "1h", wait_max = "1s" }"#,
        )
        .set("redis.processes", 4)
        .serve();
    for _ in 0..2 {
        gateway.send(&get()).expect(200);
    }
    gateway.send(&get()).problem(429, "limit_reached");
    assert_eq!(upstream.count(), 2);
}

#[test]
fn many_times_in_a_row() {
    if !is_there() {
        return;
    }
    let (mut redis, upstream) = (Redis::start(), fine());
    let gateways = [sharing(&redis, &upstream)
        .set("connectors.plain.limit", r#"{ rate = 1000, per = "1s" }"#)
        .serve()];
    let crowd = Crowd::ask(&gateways, 2, &get());
    for times in 1..=5 {
        wait_for(&gateways[0], UP, 1);
        redis.kill();
        wait_for(&gateways[0], UP, 0);
        redis.run();
        wait_for(&gateways[0], UP, 1);
        assert_said(&gateways[0], times);
    }
    for asked in crowd.finish() {
        asked.answer.expect(200);
    }
}
