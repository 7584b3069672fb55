//! Callers who get an answer of their own, without waiting for the others.

use std::collections::BTreeSet;

use trunkline_tests::{Act, Gate, Request, Response, Script, Upstream, answer};

use crate::cache::acme;
use crate::cache::together::{ask, ask_many, assert_kept, finish, kept};

/// What keeps an answer from being kept, this time and most likely the next.
const BARRED: [(&str, &str); 5] = [
    ("cache-control", "no-store"),
    ("cache-control", "private, max-age=60"),
    ("cache-control", "max-age=0"),
    ("vary", "*"),
    ("x-nothing", "at all"),
];

#[test]
fn callers_of_what_is_not_kept_each_get_their_own() {
    for (name, value) in BARRED {
        let gate = Gate::new();
        let barred = |place: usize| answer(200).header(name, value).body(place.to_string());
        let mut scripts = vec![Script::reading().wait(&gate).say(barred(0).bytes())];
        scripts.extend((1..10).map(|place| barred(place).script()));
        let upstream = Upstream::start(scripts);
        let gateway = acme(&upstream).serve();
        let callers = ask_many(&gateway, 10);
        upstream.wait_for(1);
        gate.open();
        let bodies: BTreeSet<String> = callers
            .into_iter()
            .map(|talk| finish(talk).expect(200).text())
            .collect();
        assert_eq!(
            (bodies.len(), upstream.count()),
            (10, 10),
            "{name}: {value}"
        );
    }
}

#[test]
fn who_has_wishes_that_others_have_not_asks_alone() {
    let wishes = [
        // The settings here say 1.
        ("trunkline-retry", "2"),
        ("cache-control", "stale-if-error=60"),
    ];
    for (name, value) in wishes {
        let gate = Gate::new();
        let held = || Script::reading().wait(&gate).say(kept("it").bytes());
        let upstream = Upstream::start([held(), held()]);
        let gateway = acme(&upstream).serve();
        let wishes = ask(&gateway, &Request::get("/things").header(name, value));
        upstream.wait_for(1);
        let other = ask(&gateway, &Request::get("/things"));
        upstream.wait_for(2);
        gate.open();
        for talk in [wishes, other] {
            assert_eq!(finish(talk).expect(200).text(), "it", "{name}");
        }
    }
}

#[test]
fn callers_of_what_was_not_kept_before_do_not_wait_for_each_other() {
    for (name, value) in BARRED {
        let gate = Gate::new();
        let barred = |place: usize| answer(200).header(name, value).body(place.to_string());
        let held = |place: usize| Script::reading().wait(&gate).say(barred(place).bytes());
        let mut scripts = vec![barred(0).script()];
        scripts.extend((1..=10).map(held));
        let upstream = Upstream::start(scripts);
        let gateway = acme(&upstream).serve();
        Request::get("/things")
            .send_after(gateway.dedicated())
            .expect(200);
        let callers = ask_many(&gateway, 10);
        // Nobody has an answer before all have asked.
        upstream.wait_for(11);
        gate.open();
        let bodies: BTreeSet<String> = callers
            .into_iter()
            .map(|talk| finish(talk).expect(200).text())
            .collect();
        assert_eq!(bodies.len(), 10, "{name}: {value}");
    }
}

#[test]
fn what_may_be_kept_after_all_is_kept() {
    for (name, value) in BARRED {
        let barred = answer(200).header(name, value).body("not yet");
        let upstream = Upstream::start([barred, kept("now it is")]);
        let gateway = acme(&upstream).serve();
        let ask = || {
            Request::get("/things")
                .send_after(gateway.dedicated())
                .expect(200)
        };
        ask();
        assert_eq!(ask().text(), "now it is");
        assert_kept(&gateway, &upstream, "now it is");
    }
}

#[test]
fn callers_who_want_no_cache_wait_for_nobody() {
    let gate = Gate::new();
    let held = |place: usize| {
        Script::reading()
            .wait(&gate)
            .say(kept(&place.to_string()).bytes())
    };
    let upstream = Upstream::start((0..6).map(held));
    let gateway = acme(&upstream).serve();
    let alone = Request::get("/things").header("trunkline-cache", "off");
    let mut callers = ask_many(&gateway, 1);
    upstream.wait_for(1);
    callers.extend((0..5).map(|_| ask(&gateway, &alone)));
    // Nobody has an answer before all have asked.
    upstream.wait_for(6);
    gate.open();
    let bodies: BTreeSet<String> = callers
        .into_iter()
        .map(|talk| finish(talk).expect(200).text())
        .collect();
    assert_eq!(bodies.len(), 6);
}

#[test]
fn what_is_not_kept_streams_and_ends_with_its_caller() {
    let gate = Gate::new();
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n";
    let script = Script::reading().say(head).chunk("data: 1\n\n").wait(&gate);
    let upstream = Upstream::start([script.chunk("data: 2\n\n").then(Act::AwaitGoodbye)]);
    let gateway = acme(&upstream).serve();
    let mut incoming = ask(&gateway, &Request::get("/things")).answer_to("GET");
    incoming.expect_so_far("data: 1\n\n");
    gate.open();
    incoming.expect_so_far("data: 1\n\ndata: 2\n\n");
    incoming.hang_up();
    upstream.wait_for_goodbye(0);
}

#[test]
fn what_somebody_with_wishes_gets_is_kept_whatever_its_length() {
    let head = "HTTP/1.1 200 OK\r\ncache-control: max-age=60\r\ntransfer-encoding: chunked\r\n\r\n";
    let script = Script::reading().say(head).chunk("it").chunk("");
    let upstream = Upstream::start([script]);
    let gateway = acme(&upstream).serve();
    let wishing = Request::get("/things").header("trunkline-retry", "2");
    for _ in 0..2 {
        let got = wishing.clone().send_after(gateway.dedicated()).expect(200);
        assert_eq!(got.text(), "it");
    }
    assert_kept(&gateway, &upstream, "it");
    assert_eq!(upstream.count(), 1);
}

#[test]
fn who_wants_a_part_is_waited_for_by_nobody() {
    let gate = Gate::new();
    let part = answer(206)
        .header("content-range", "bytes 0-1/4")
        .body("wh");
    let held = |response: Response| Script::reading().wait(&gate).say(response.bytes());
    let upstream = Upstream::start([held(part), held(kept("whole"))]);
    let gateway = acme(&upstream).serve();
    let part = ask(
        &gateway,
        &Request::get("/things").header("range", "bytes=0-1"),
    );
    upstream.wait_for(1);
    let others = ask_many(&gateway, 5);
    upstream.wait_for(2);
    gate.open();
    assert_eq!(finish(part).expect(206).text(), "wh");
    for talk in others {
        assert_eq!(finish(talk).expect(200).text(), "whole");
    }
    assert_eq!(upstream.count(), 2);
}

#[test]
fn a_change_outdates_what_is_asked_for_alone() {
    let gate = Gate::new();
    let old = Script::reading().wait(&gate).say(kept("old").bytes());
    let upstream = Upstream::start([old, answer(204).script(), kept("new").script()]);
    let gateway = acme(&upstream).serve();
    let wishing = Request::get("/things").header("trunkline-retry", "2");
    let first = ask(&gateway, &wishing);
    upstream.wait_for(1);
    let change = Request::post("/things", "{}");
    change.send_after(gateway.dedicated()).expect(204);
    gate.open();
    assert_eq!(finish(first).expect(200).text(), "old");
    let next = Request::get("/things").send_after(gateway.dedicated());
    assert_eq!(next.expect(200).text(), "new");
}
