//! An answer that one process has is there for all.

use std::fs;
use std::time::Duration;

use trunkline_tests::{
    Answer, Gate, Gateway, Product, Redis, Request, Response, Script, Upstream, answer, now, until,
};

use crate::limits::{ask_many, finish};
use crate::redis::{get, is_there, sharing, two};

fn kept(body: &str) -> Response {
    answer(200)
        .header("cache-control", "max-age=600")
        .json(body)
}

fn caching(redis: &Redis, upstream: &Upstream) -> Product {
    sharing(redis, upstream).set("connectors.plain.cache", r#""headers""#)
}

fn said(answer: &Answer) -> String {
    answer.header("cache-status").unwrap_or_default().to_owned()
}

/// Waits until so many answers are in Redis.
#[track_caller]
pub(super) fn wait_for_values(redis: &Redis, expected: usize) {
    let count = "return #redis.call('KEYS', '*:value:*')";
    until("answers in Redis", || {
        (redis.eval(count) == [expected.to_string()]).then_some(())
    });
}

#[track_caller]
fn assert_hit(gateway: &Gateway, request: &Request, body: &str) {
    let hit = gateway.send(request).expect(200);
    assert_eq!(hit.text(), body);
    assert!(said(&hit).contains("; hit"), "{}", said(&hit));
}

/// Asserts what is served, whatever is said of where it comes from.
#[track_caller]
fn assert_served(gateway: &Gateway, body: &str) {
    assert_eq!(gateway.send(&get()).expect(200).text(), body);
}

/// Waits until that is answered, which is soon.
#[track_caller]
pub(super) fn soon(gateway: &Gateway, body: &str) {
    let deadline = now() + Duration::from_secs(4);
    until(body, || {
        let got = gateway.send(&get()).text();
        assert!(got == body || now() < deadline, "still {got}, not {body}");
        (got == body).then_some(())
    });
}

#[test]
fn what_one_has_is_a_hit_for_another() {
    if !is_there() {
        return;
    }
    let (redis, upstream) = (Redis::start(), Upstream::start([kept("[1]"), kept("[2]")]));
    let [one, other] = two(|| caching(&redis, &upstream));
    let first = one.send(&get()).expect(200);
    assert!(said(&first).contains("stored"), "{}", said(&first));
    wait_for_values(&redis, 1);
    for gateway in [&other, &one, &other] {
        assert_hit(gateway, &get(), "[1]");
    }
    // It outlives who has put it there.
    drop((one, other));
    assert_hit(&caching(&redis, &upstream).serve(), &get(), "[1]");
    assert_eq!(upstream.count(), 1);
}

#[test]
fn a_head_and_what_is_stored_are_the_same_for_all() {
    if !is_there() {
        return;
    }
    let tagged = kept("[1]")
        .header("etag", "\"a\"")
        .header("x-of-theirs", "1");
    let (redis, upstream) = (Redis::start(), Upstream::start([tagged]));
    let [one, other] = two(|| caching(&redis, &upstream));
    let first = one.send(&get()).expect(200);
    wait_for_values(&redis, 1);
    let second = other.send(&get()).expect(200);
    for name in [
        "etag",
        "x-of-theirs",
        "content-type",
        "cache-control",
        "content-length",
    ] {
        assert_eq!(first.header(name), second.header(name), "{name}");
    }
    let known = other.send(&get().header("if-none-match", "\"a\""));
    assert_eq!(known.status, 304);
    assert_eq!(upstream.count(), 1);
}

#[test]
fn a_change_at_one_outdates_it_for_all() {
    if !is_there() {
        return;
    }
    let changed = answer(201).json(r#"{"id":1}"#);
    let (redis, upstream) = (
        Redis::start(),
        Upstream::start([kept("[1]"), changed, kept("[2]")]),
    );
    let [one, other] = two(|| caching(&redis, &upstream));
    one.send(&get()).expect(200);
    wait_for_values(&redis, 1);
    assert_served(&other, "[1]");
    one.send(&crate::limits::post()).expect(201);
    soon(&one, "[2]");
    soon(&other, "[2]");
    // The other may ask by itself before it sees what the first has now.
    assert!(upstream.count() <= 4, "{}", upstream.count());
}

/// A purge of everything, by whoever may read the data folder.
fn purge_of(product: &Product) -> Request {
    let token = fs::read_to_string(product.path().join(".trunkline/admin.token"));
    let token = format!("Bearer {}", token.expect("there is a token").trim());
    let purge = Request::post("/-/api/v1/cache/purge", r#"{"all":true}"#);
    purge.header("authorization", &token)
}

#[test]
fn a_purge_at_one_is_a_purge_for_all() {
    if !is_there() {
        return;
    }
    let (redis, upstream) = (Redis::start(), Upstream::start([kept("[1]"), kept("[2]")]));
    let product = caching(&redis, &upstream);
    let one = product.serve();
    let other = caching(&redis, &upstream).serve();
    one.send(&get()).expect(200);
    wait_for_values(&redis, 1);
    assert_served(&other, "[1]");
    one.send(&purge_of(&product)).expect(200);
    wait_for_values(&redis, 0);
    soon(&one, "[2]");
    soon(&other, "[2]");
    assert_eq!(upstream.count(), 2);
}

/// What was purged here while Redis could not be told does not come back from there.
#[test]
fn a_purge_while_redis_hangs_is_one() {
    if !is_there() {
        return;
    }
    let (redis, upstream) = (Redis::start(), Upstream::start([kept("[1]"), kept("[2]")]));
    let product = caching(&redis, &upstream);
    let gateway = product.serve();
    gateway.send(&get()).expect(200);
    wait_for_values(&redis, 1);
    redis.signal("STOP");
    let purged = gateway.send(&purge_of(&product));
    redis.signal("CONT");
    purged.problem(503, "shared_store_away");
    assert_eq!(gateway.send(&get()).expect(200).text(), "[2]");
}

/// Each process asks at most once for all who ask it.
#[test]
fn a_hundred_askers_of_two_processes_make_two_calls_at_most() {
    if !is_there() {
        return;
    }
    let gate = Gate::new();
    let held = Script::reading().wait(&gate).say(kept("[1]").bytes());
    let (redis, upstream) = (Redis::start(), Upstream::start([held]));
    let gateways = two(|| caching(&redis, &upstream));
    let talks: Vec<_> = gateways
        .iter()
        .flat_map(|gateway| ask_many(gateway, &get(), 50))
        .collect();
    upstream.wait_for(2);
    gate.open();
    for talk in talks {
        assert_eq!(finish(talk).expect(200).text(), "[1]");
    }
    assert_eq!(upstream.count(), 2);
}

/// Without Redis each has what it has itself.
#[test]
fn what_is_in_memory_is_served_while_redis_is_away() {
    if !is_there() {
        return;
    }
    let (mut redis, upstream) = (Redis::start(), Upstream::start([kept("[1]"), kept("[2]")]));
    let [one, other] = two(|| caching(&redis, &upstream));
    one.send(&get()).expect(200);
    wait_for_values(&redis, 1);
    redis.kill();
    assert_hit(&one, &get(), "[1]");
    assert_eq!(other.send(&get()).expect(200).text(), "[2]");
    assert_hit(&other, &get(), "[2]");
    assert_eq!(upstream.count(), 2);
}

#[test]
fn credentials_keep_answers_apart_in_redis_too() {
    if !is_there() {
        return;
    }
    let (redis, upstream) = (Redis::start(), Upstream::start([kept("[1]"), kept("[2]")]));
    let one = caching(&redis, &upstream).serve();
    let another_account = caching(&redis, &upstream)
        .variable("PLAIN_TOKEN", "plain-real-token-of-another-0003")
        .serve();
    one.send(&get()).expect(200);
    wait_for_values(&redis, 1);
    assert_eq!(another_account.send(&get()).expect(200).text(), "[2]");
    assert_hit(&one, &get(), "[1]");
    // Neither is it there in words.
    let all = "local all = '' for _, key in ipairs(redis.call('KEYS', '*:value:*')) do \
               all = all .. key .. redis.call('GET', key) end return all";
    let all = redis.eval(all).join("\n");
    assert!(!all.contains("plain-real-token"), "{all}");
}
