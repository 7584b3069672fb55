//! Calls that wait for their turn: by turns of their callers, and only as long as somebody waits
//! for them.

use trunkline_tests::{Gate, Product, Request, Script, Talk, Upstream, answer};

use crate::limits::{ask, ask_many, fine, finish, get, limited, post, single, wait_for_waiting};

/// An upstream that answers when the gate is open, and one seat.
fn one_seat(gate: &Gate) -> (Upstream, Product) {
    let script = Script::reading()
        .wait(gate)
        .say(answer(200).json("[]").bytes());
    let upstream = Upstream::start([script]);
    let product = single(&upstream).set("connectors.plain.concurrency", 1);
    (upstream, product)
}

fn named(name: &str) -> Request {
    Request::get(format!("/plain/things?who={name}"))
}

/// Who was heard, in order.
fn heard(upstream: &Upstream) -> Vec<String> {
    let heard = upstream.heard();
    let name = |target: &str| target.split('=').next_back().unwrap_or_default().to_owned();
    heard.iter().map(|heard| name(heard.head.word(1))).collect()
}

#[test]
fn a_crowd_on_one_listener_does_not_starve_another() {
    let gate = Gate::new();
    let (upstream, product) = one_seat(&gate);
    let gateway = product.set("listeners.plain", r#""127.0.0.1:0""#).serve();
    let crowd = ask_many(&gateway, &named("crowd"), 40);
    upstream.wait_for(1);
    wait_for_waiting(&gateway, 39);
    let few = Request::get("/things?who=few");
    let few: Vec<Talk> = (0..5).map(|_| ask(gateway.dedicated(), &few)).collect();
    wait_for_waiting(&gateway, 44);
    gate.open();
    for talk in crowd.into_iter().chain(few) {
        finish(talk).expect(200);
    }
    let heard = heard(&upstream);
    let last = heard
        .iter()
        .rposition(|name| name == "few")
        .unwrap_or_default();
    // One is under way, one has its turn, and then they take turns.
    assert!(last <= 2 + 2 * 5, "{last}: {heard:?}");
    assert_eq!(heard.len(), 45);
}

#[test]
fn nobody_overtakes_others_of_the_same_caller() {
    let gate = Gate::new();
    let (upstream, product) = one_seat(&gate);
    let gateway = product.serve();
    let names: Vec<String> = (0..8).map(|place| place.to_string()).collect();
    let mut talks = Vec::new();
    for (place, name) in names.iter().enumerate() {
        talks.push(ask(gateway.address(), &named(name)));
        upstream.wait_for(1);
        wait_for_waiting(&gateway, place as u64);
    }
    gate.open();
    for talk in talks {
        finish(talk).expect(200);
    }
    assert_eq!(heard(&upstream), names);
}

#[test]
fn whoever_leaves_the_queue_frees_the_place() {
    for leave in [drop::<Talk>, Talk::reset] {
        let gate = Gate::new();
        let (upstream, product) = one_seat(&gate);
        let gateway = product.serve();
        let first = ask(gateway.address(), &named("first"));
        upstream.wait_for(1);
        let gone: Vec<Talk> = (0..3)
            .map(|_| ask(gateway.address(), &named("gone")))
            .collect();
        wait_for_waiting(&gateway, 3);
        let stays = ask(gateway.address(), &named("stays"));
        wait_for_waiting(&gateway, 4);
        let late = ask_many(&gateway, &named("gone"), 2);
        wait_for_waiting(&gateway, 6);
        gone.into_iter().chain(late).for_each(leave);
        wait_for_waiting(&gateway, 1);
        gate.open();
        finish(first).expect(200);
        finish(stays).expect(200);
        assert_eq!(heard(&upstream), ["first", "stays"]);
    }
}

/// A place in a window that nobody uses any more is for the next.
#[test]
fn whoever_leaves_a_window_gives_the_turn_back() {
    let upstream = fine();
    let gateway = limited(r#"{ rate = 1, per = "3s" }"#, &upstream).serve();
    gateway.send(&named("first")).expect(200);
    // Four turns, so that those who came later would have to wait for a quarter of a minute.
    let gone = ask_many(&gateway, &named("gone"), 4);
    wait_for_waiting(&gateway, 4);
    drop(gone);
    wait_for_waiting(&gateway, 0);
    let in_time = named("stays").header("trunkline-timeout", "6s");
    gateway.send(&in_time).expect(200);
    assert_eq!(heard(&upstream), ["first", "stays"]);
}

#[test]
fn an_operations_own_limit_holds_nobody_else_up() {
    let upstream = fine();
    let own = r#"connectors.plain.operations."things.create".limit"#;
    let gateway = limited(r#"{ rate = 100, per = "1s" }"#, &upstream)
        .set(own, r#"{ rate = 1, per = "25s" }"#)
        .serve();
    gateway.send(&post()).expect(200);
    let waiting = ask(gateway.address(), &post());
    wait_for_waiting(&gateway, 1);
    for _ in 0..50 {
        gateway.send(&get()).expect(200);
    }
    wait_for_waiting(&gateway, 1);
    assert_eq!(upstream.count(), 51);
    drop(waiting);
}

#[test]
fn an_operations_own_limit_comes_besides_the_connectors() {
    let upstream = fine();
    let own = r#"connectors.plain.operations."things.create".limit"#;
    let gateway = limited(r#"{ rate = 3, per = "1h", wait_max = "1ms" }"#, &upstream)
        .set(own, r#"{ rate = 2, per = "1h", wait_max = "1ms" }"#)
        .serve();
    gateway.send(&post()).expect(200);
    gateway.send(&post()).expect(200);
    let refused = gateway.send(&post());
    refused.problem(429, "limit_reached");
    let text = refused.text();
    assert!(text.contains("of its operation `things.create`"), "{text}");
    gateway.send(&get()).expect(200);
    gateway.send(&get()).problem(429, "limit_reached");
    assert_eq!(upstream.count(), 3);
}

#[test]
fn an_answer_is_not_lost_to_a_retry_that_finds_no_room() {
    for status in [429, 503] {
        let upstream = Upstream::start([answer(status).json(r#"{"own":true}"#)]);
        let gateway = limited(r#"{ rate = 1, per = "60s" }"#, &upstream)
            .set("connectors.plain.retry.attempts", 3)
            .serve();
        let got = gateway.send(&get()).expect(status);
        assert_eq!(got.text(), r#"{"own":true}"#);
        assert_eq!(got.header("trunkline-attempts"), Some("1"));
        assert_eq!(upstream.count(), 1);
        gateway.send(&get()).problem(429, "limit_reached");
    }
}
