//! Calls that fail, at their beginning or in the middle, for all who share them.

use trunkline_tests::{Act, Ending, Gate, Gateway, Request, Script, Upstream, answer};

use crate::cache::acme;
use crate::cache::together::{HEAD, ask_many, assert_kept, finish, kept, said, with_beginning};

#[test]
fn an_answer_that_breaks_off_breaks_off_for_all_and_is_not_kept() {
    for act in [Act::Close, Act::Reset] {
        let gate = Gate::new();
        let broken = Script::reading().say(format!("{HEAD}content-length: 10\r\n\r\n01234"));
        let upstream = Upstream::start([broken.wait(&gate).then(act), kept("whole").script()]);
        let gateway = acme(&upstream).serve();
        let callers = with_beginning(&gateway, &upstream, 5, "01234");
        gate.open();
        for caller in callers {
            let got = caller.finish();
            assert_ne!(got.ending, Ending::Clean);
            assert_eq!(got.text(), "01234");
        }
        assert_next_is_whole(&gateway, &upstream);
    }
}

#[test]
fn an_answer_of_unknown_length_that_breaks_off_is_not_kept() {
    for act in [Act::Close, Act::Reset] {
        let gate = Gate::new();
        let broken = Script::reading().say(format!("{HEAD}transfer-encoding: chunked\r\n\r\n"));
        let broken = broken.chunk("01234").wait(&gate).then(act);
        let upstream = Upstream::start([broken, kept("whole").script()]);
        let gateway = acme(&upstream).serve();
        let mut first = with_beginning(&gateway, &upstream, 1, "01234");
        gate.open();
        let got = first.remove(0).finish();
        assert_ne!(got.ending, Ending::Clean);
        assert_eq!(got.text(), "01234");
        assert_next_is_whole(&gateway, &upstream);
    }
}

/// What broke off left nothing behind: the second request of the upstream is the next caller's.
#[track_caller]
fn assert_next_is_whole(gateway: &Gateway, upstream: &Upstream) {
    let next = Request::get("/things")
        .send_after(gateway.dedicated())
        .expect(200);
    assert_eq!((next.text().as_str(), upstream.count()), ("whole", 2));
    assert!(
        said(&next.head).contains("fwd=uri-miss"),
        "{}",
        said(&next.head)
    );
    assert_kept(gateway, upstream, "whole");
}

#[test]
fn a_newer_answer_that_breaks_off_is_not_kept() {
    let gate = Gate::new();
    let old = answer(200)
        .header("cache-control", "max-age=0")
        .header("etag", "\"a\"");
    let broken = Script::reading()
        .say(format!("{HEAD}content-length: 10\r\n\r\n01234"))
        .wait(&gate)
        .then(Act::Close);
    let upstream = Upstream::start([old.script(), broken, kept("whole").script()]);
    let gateway = acme(&upstream).serve();
    let ask = || Request::get("/things").send_after(gateway.dedicated());
    ask().expect(200);
    let mut incoming = Request::get("/things").start_after(gateway.dedicated());
    incoming.expect_so_far("01234");
    gate.open();
    assert_ne!(incoming.finish().ending, Ending::Clean);
    assert_eq!(ask().text(), "whole");
    assert_kept(&gateway, &upstream, "whole");
}

#[test]
fn a_call_that_fails_leaves_nobody_waiting() {
    for failure in [Act::Close, Act::Reset] {
        let gate = Gate::new();
        let failed = Script::reading().wait(&gate).then(failure);
        let upstream = Upstream::start([failed, kept("whole").script()]);
        let gateway = acme(&upstream).serve();
        let callers = ask_many(&gateway, 10);
        upstream.wait_for(1);
        gate.open();
        for talk in callers {
            let got = finish(talk);
            assert!(
                matches!(got.status, 200 | 502),
                "{} {}",
                got.status,
                got.text()
            );
        }
        assert_eq!(
            Request::get("/things")
                .send_after(gateway.dedicated())
                .text(),
            "whole"
        );
    }
}
