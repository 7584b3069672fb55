//! One upstream call for all who want the same at the same time, and for nobody else.

use trunkline_tests::{Ending, Gate, Incoming, Request, Script, Upstream, answer};

use crate::cache::acme;
use crate::cache::together::{
    HEAD, ask, ask_many, assert_kept, finish, kept, said, with_beginning,
};

#[test]
fn a_hundred_callers_make_one_upstream_call() {
    let gate = Gate::new();
    let held = Script::reading().wait(&gate).say(kept("for all").bytes());
    let upstream = Upstream::start([held, kept("for one").script()]);
    let gateway = acme(&upstream).serve();
    let callers = ask_many(&gateway, 100);
    upstream.wait_for(1);
    gate.open();
    let mut first = 0;
    for talk in callers {
        let got = finish(talk).expect(200);
        assert_eq!(got.text(), "for all");
        let said = said(&got.head);
        if said.contains("stored") && !said.contains("collapsed") {
            first += 1;
        } else {
            assert!(said.contains("collapsed") || said.contains("hit"), "{said}");
        }
    }
    assert_eq!((first, upstream.count()), (1, 1));
}

#[test]
fn all_read_the_answer_while_it_comes() {
    let gate = Gate::new();
    let script = Script::reading()
        .say(format!("{HEAD}content-length: 10\r\n\r\n01234"))
        .wait(&gate)
        .say("56789");
    let upstream = Upstream::start([script]);
    let gateway = acme(&upstream).serve();
    let callers = with_beginning(&gateway, &upstream, 20, "01234");
    gate.open();
    for caller in callers {
        let got = caller.finish();
        assert_eq!(
            (got.text().as_str(), got.ending),
            ("0123456789", Ending::Clean)
        );
    }
    assert_eq!(upstream.count(), 1);
    assert_kept(&gateway, &upstream, "0123456789");
}

#[test]
fn an_answer_of_unknown_length_is_for_all_too() {
    let gate = Gate::new();
    let script = Script::reading().say(format!("{HEAD}transfer-encoding: chunked\r\n\r\n"));
    let script = script.chunk("01234").wait(&gate).chunk("56789").chunk("");
    let upstream = Upstream::start([script]);
    let gateway = acme(&upstream).serve();
    let callers = with_beginning(&gateway, &upstream, 10, "01234");
    gate.open();
    for got in callers.into_iter().map(Incoming::finish) {
        assert_eq!(
            (got.status, got.text().as_str(), got.ending),
            (200, "0123456789", Ending::Clean)
        );
    }
    assert_eq!(upstream.count(), 1);
    assert_kept(&gateway, &upstream, "0123456789");
}

#[test]
fn callers_who_want_different_variants_each_get_their_own() {
    let gate = Gate::new();
    let variant = |body: &str| kept(body).header("vary", "accept");
    let held = Script::reading().wait(&gate).say(variant("a").bytes());
    let upstream = Upstream::start([held, variant("b").script()]);
    let gateway = acme(&upstream).serve();
    let by = |accept: &str| ask(&gateway, &Request::get("/things").header("accept", accept));
    let first = by("text/a");
    upstream.wait_for(1);
    let (second, third) = (by("text/b"), by("text/a"));
    gate.open();
    assert_eq!(finish(first).text(), "a");
    assert_eq!(finish(second).text(), "b");
    assert_eq!(finish(third).text(), "a");
    assert_eq!(upstream.count(), 2);
}

#[test]
fn many_who_find_it_stale_ask_once() {
    let gate = Gate::new();
    let old = answer(200)
        .header("cache-control", "max-age=0")
        .header("etag", "\"a\"")
        .body("old");
    let good = answer(304).header("cache-control", "max-age=60");
    let held = Script::reading().wait(&gate).say(good.bytes());
    let upstream = Upstream::start([old.script(), held, answer(500).script()]);
    let gateway = acme(&upstream).serve();
    Request::get("/things")
        .send_after(gateway.dedicated())
        .expect(200);
    let callers = ask_many(&gateway, 20);
    upstream.wait_for(2);
    gate.open();
    for talk in callers {
        assert_eq!(finish(talk).expect(200).text(), "old");
    }
    assert_eq!(upstream.count(), 2);
}

#[test]
fn an_answer_that_was_asked_for_before_a_change_is_not_kept_after_it() {
    let gate = Gate::new();
    let old = Script::reading().wait(&gate).say(kept("old").bytes());
    let upstream = Upstream::start([old, answer(204).script(), kept("new").script()]);
    let gateway = acme(&upstream).serve();
    let before = ask(&gateway, &Request::get("/things"));
    upstream.wait_for(1);
    let change = Request::new("PUT", "/things").send_after(gateway.dedicated());
    assert_eq!(change.status, 204);
    // Who asks after the change does not wait for what was asked before it.
    let after = ask(&gateway, &Request::get("/things"));
    assert_eq!(finish(after).expect(200).text(), "new");
    gate.open();
    assert_eq!(finish(before).expect(200).text(), "old");
    assert_kept(&gateway, &upstream, "new");
    assert_eq!(upstream.count(), 3);
}
