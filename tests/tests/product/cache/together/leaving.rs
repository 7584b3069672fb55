//! Callers who go away take nobody else's answer along.

use std::collections::BTreeSet;

use trunkline_tests::{Ending, Gate, Request, Script, Talk, Upstream};

use crate::cache::acme;
use crate::cache::together::{HEAD, ask, ask_many, assert_kept, finish, kept, with_beginning};

#[test]
fn whose_call_it_is_may_leave() {
    let gates: Vec<Gate> = (0..8).map(|_| Gate::new()).collect();
    let head = format!("{HEAD}content-length: 9\r\n\r\n0");
    let mut script = Script::reading().say(head);
    for (place, gate) in gates.iter().enumerate() {
        script = script.wait(gate).say((place + 1).to_string());
    }
    let upstream = Upstream::start([script, kept("another").script()]);
    let gateway = acme(&upstream).serve();
    let mut callers = with_beginning(&gateway, &upstream, 4, "0");
    callers.remove(0).hang_up();
    let mut expected = "0".to_owned();
    for (place, gate) in gates.iter().enumerate() {
        gate.open();
        expected += &(place + 1).to_string();
        for caller in &mut callers {
            caller.expect_so_far(&expected);
        }
        // Whoever follows may leave as well.
        if place == 3 {
            callers.remove(1).hang_up();
        }
    }
    for caller in callers {
        assert_eq!(caller.finish().ending, Ending::Clean);
    }
    assert_kept(&gateway, &upstream, "012345678");
}

#[test]
fn whose_call_it_is_may_leave_before_there_is_an_answer() {
    for leave in [drop::<Talk>, Talk::reset] {
        let gate = Gate::new();
        let held = |body: &str| Script::reading().wait(&gate).say(kept(body).bytes());
        let upstream = Upstream::start([held("a"), held("b")]);
        let gateway = acme(&upstream).serve();
        let leader = ask(&gateway, &Request::get("/things"));
        upstream.wait_for(1);
        let followers = ask_many(&gateway, 5);
        leave(leader);
        gate.open();
        let bodies: BTreeSet<String> = followers
            .into_iter()
            .map(|talk| finish(talk).expect(200).text())
            .collect();
        assert_eq!(bodies.len(), 1, "{bodies:?}");
        // Who came after the first had left makes a call of their own, but only one.
        assert!(upstream.count() <= 2, "{}", upstream.count());
    }
}

#[test]
fn a_call_that_nobody_waits_for_any_more_ends() {
    let upstream = Upstream::start([Script::silent(), kept("whole").script()]);
    let gateway = acme(&upstream).serve();
    let callers = ask_many(&gateway, 3);
    upstream.wait_for(1);
    drop(callers);
    upstream.wait_for_goodbye(0);
    let next = Request::get("/things")
        .send_after(gateway.dedicated())
        .expect(200);
    assert_eq!(next.text(), "whole");
}
