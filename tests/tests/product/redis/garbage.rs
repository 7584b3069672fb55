//! Redis in which somebody has overwritten what stands there.

use std::time::Duration;

use trunkline_tests::{Gateway, Product, Redis, Response, Upstream, answer, now};

use crate::limits::Rate;
use crate::redis::keeping::wait_for_values;
use crate::redis::{get, is_there, sharing, two, wait_for};

/// Texts that may stand in the place of a value, which `was` before.
const TEXTS: [&str; 7] = [
    "redis.call('SET', key, 'garbage')",
    "redis.call('SET', key, '')",
    "redis.call('SET', key, string.rep('\\255', 70000))",
    "redis.call('SET', key, was:sub(1, 20))",
    "redis.call('SET', key, was:sub(1, 1) .. string.rep('\\255', #was))",
    "redis.call('SET', key, was .. was)",
    "redis.call('SET', key, '-99999999999999999999 1e400 nan')",
];

/// What is no text.
const KINDS: [&str; 2] = [
    "redis.call('LPUSH', key, 'garbage')",
    "redis.call('ZADD', key, 'inf', 'garbage')",
];

/// Overwrites what has such a name.
fn overwrite(redis: &Redis, names: &str, with: &str) {
    let script = format!(
        "for _, key in ipairs(redis.call('KEYS', '{names}')) do \
         local is_text = redis.call('TYPE', key).ok == 'string' \
         local was = is_text and redis.call('GET', key) or '' \
         redis.call('DEL', key) {with} end return 'done'"
    );
    assert_eq!(redis.eval(&script), ["done"]);
}

fn caching(redis: &Redis, upstream: &Upstream) -> Product {
    sharing(redis, upstream).set("connectors.plain.cache", r#""headers""#)
}

fn kept() -> Response {
    answer(200)
        .header("cache-control", "max-age=600")
        .json("[1]")
}

#[track_caller]
fn assert_right(gateway: &Gateway, target: &str, with: &str) {
    let got = gateway.get(target).expect(200);
    assert_eq!(got.text(), "[1]", "{with}");
    assert_eq!(got.header("content-type"), Some("application/json"));
}

#[test]
fn an_answer_that_cannot_be_read_is_asked_for_again() {
    if !is_there() {
        return;
    }
    let (redis, upstream) = (Redis::start(), Upstream::start([kept()]));
    let [one, other] = two(|| caching(&redis, &upstream));
    for (place, with) in TEXTS.into_iter().chain(KINDS).enumerate() {
        let target = format!("/plain/things?place={place}");
        one.get(&target).expect(200);
        wait_for_values(&redis, place + 1);
        overwrite(&redis, "*:value:*", with);
        for gateway in [&other, &one, &other] {
            assert_right(gateway, &target, with);
        }
        assert_eq!(upstream.count(), 2 * (place + 1), "{with}");
    }
    for gateway in [&one, &other] {
        wait_for(gateway, "trunkline_redis_up", 1);
    }
}

/// Overwrites a bucket; calls go on, no faster than before.
#[track_caller]
fn check_bucket(garbage: &[&str]) {
    let (redis, upstream) = (Redis::start(), Upstream::start([answer(200).json("[]")]));
    let limit = r#"{ rate = 40, per = "1s", burst = 4, wait_max = "3s" }"#;
    let gateway = sharing(&redis, &upstream)
        .set("connectors.plain.limit", limit)
        .serve();
    wait_for(&gateway, "trunkline_redis_up", 1);
    let start = now();
    for with in garbage {
        gateway.send(&get()).expect(200);
        overwrite(&redis, "*:limit:*", with);
        let before = now();
        for _ in 0..6 {
            let answer = gateway.send(&get());
            assert_eq!(answer.status, 200, "{with}: {}", answer.text());
        }
        assert!(before.elapsed() < Duration::from_secs(2), "{with}");
    }
    let rate = Rate {
        burst: 4.0 + 1.0,
        per_second: 40.0,
    };
    rate.bounds(start, &upstream);
    wait_for(&gateway, "trunkline_redis_up", 1);
}

#[test]
fn a_bucket_that_cannot_be_read_is_neither_empty_for_ever_nor_no_limit() {
    if !is_there() {
        return;
    }
    let further = [
        "redis.call('SET', key, '-99999999999999999999 -99999999999999999999 -1 -1')",
        "redis.call('SET', key, '99999999999999999999 99999999999999999999 1 1 1')",
    ];
    check_bucket(&[&TEXTS[..], &further].concat());
}

#[test]
fn a_bucket_that_is_no_bucket_is_no_outage() {
    if is_there() {
        check_bucket(&KINDS);
    }
}

/// What processes tell each other of themselves is overwritten as well, so they stand alone, say so,
/// and find each other again when the garbage is gone.
#[test]
fn everything_at_once() {
    if !is_there() {
        return;
    }
    for with in [TEXTS[0], KINDS[0]] {
        let (redis, upstream) = (Redis::start(), Upstream::start([kept()]));
        let [one, other] = two(|| {
            caching(&redis, &upstream)
                .set("connectors.plain.limit", r#"{ rate = 100, per = "1s" }"#)
        });
        one.send(&get()).expect(200);
        wait_for_values(&redis, 1);
        overwrite(&redis, "*", with);
        for number in 0..20 {
            for gateway in [&other, &one, &other] {
                assert_right(gateway, "/plain/things", with);
                assert_right(gateway, &format!("/plain/things?page={number}"), with);
            }
        }
        redis.eval("redis.call('FLUSHALL')");
        for gateway in [&one, &other] {
            wait_for(gateway, "trunkline_redis_up", 1);
            wait_for(gateway, "trunkline_redis_processes", 2);
            assert_right(gateway, "/plain/things?page=last", with);
        }
    }
}
