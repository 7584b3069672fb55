//! How many attempts and streams may be under way at once.

use trunkline_tests::{Gate, Gateway, Incoming, Script, Talk, Upstream, answer, until};

use crate::limits::refusing::assert_refused;
use crate::limits::{
    ask, ask_many, finish, get, metric, single, wait_for_metric, wait_for_waiting,
};

const IN_FLIGHT: &str = "trunkline_upstream_in_flight";

/// An upstream whose first answers come each through a gate of its own, and the rest at once.
fn gated(gates: &[Gate]) -> Upstream {
    let good = answer(200).json("[]");
    let held = gates
        .iter()
        .map(|gate| Script::reading().wait(gate).say(good.bytes()));
    Upstream::start(held.chain([good.clone().script()]))
}

fn gates(count: usize) -> Vec<Gate> {
    (0..count).map(|_| Gate::new()).collect()
}

#[test]
fn no_more_are_under_way_than_may_be() {
    let gates = gates(6);
    let upstream = gated(&gates);
    let gateway = single(&upstream)
        .set("connectors.plain.concurrency", 2)
        .serve();
    let talks = ask_many(&gateway, &get(), 6);
    for (ended, gate) in gates.iter().enumerate() {
        let under_way = 2.min(6 - ended);
        wait_for_metric(&gateway, IN_FLIGHT, under_way as u64);
        wait_for_waiting(&gateway, (6 - ended - under_way) as u64);
        // A call counts as under way before its request has come.
        upstream.wait_for(ended + under_way);
        assert_eq!(upstream.count(), ended + under_way);
        gate.open();
    }
    for talk in talks {
        finish(talk).expect(200);
    }
    wait_for_metric(&gateway, IN_FLIGHT, 0);
}

/// A stream of which the first event has been said.
fn begun() -> Script {
    Script::reading()
        .say_chunked_head("text/event-stream")
        .chunk("data: 1\n\n")
}

/// Somebody who reads that stream in the only seat, and somebody who waits for it.
#[track_caller]
fn one_behind(stream: Script) -> (Upstream, Gateway, Incoming, Talk) {
    let upstream = Upstream::start([stream, answer(200).json("[]").script()]);
    let gateway = single(&upstream)
        .set("connectors.plain.concurrency", 1)
        .serve();
    let mut streaming = get().start(gateway.address());
    streaming.expect_so_far("data: 1\n\n");
    let next = ask(gateway.address(), &get());
    wait_for_waiting(&gateway, 1);
    (upstream, gateway, streaming, next)
}

#[test]
fn a_stream_is_under_way_until_its_last_byte() {
    let gate = Gate::new();
    let stream = begun().wait(&gate).chunk("data: 2\n\n").chunk("");
    let (upstream, gateway, streaming, next) = one_behind(stream);
    let refused = gateway.send(&get().header("trunkline-timeout", "100ms"));
    let secs = assert_refused(&refused, 429, "limit_reached");
    assert!(secs <= 5, "{secs}");
    assert!(refused.text().contains("under way"), "{}", refused.text());
    assert_eq!(upstream.count(), 1);
    gate.open();
    assert_eq!(streaming.finish().text(), "data: 1\n\ndata: 2\n\n");
    finish(next).expect(200);
}

#[test]
fn a_stream_that_its_caller_leaves_frees_the_seat() {
    let stream = begun().then(trunkline_tests::Act::AwaitGoodbye);
    let (_upstream, _gateway, streaming, next) = one_behind(stream);
    streaming.hang_up();
    finish(next).expect(200);
}

/// Sends so many, waits until each is under way or waits, and gives how many are under way.
#[track_caller]
fn under_way(gateway: &Gateway, upstream: &Upstream, callers: usize) -> (Vec<Talk>, u64) {
    let before = upstream.count();
    let talks = ask_many(gateway, &get(), callers);
    let value = |name: &str| {
        let name = format!("{name}{{connector=\"plain\"}}");
        metric(gateway, &name).unwrap_or_default()
    };
    let under_way = until("all under way or waiting", || {
        let (under_way, waiting) = (value(IN_FLIGHT), value("trunkline_upstream_waiting"));
        (under_way + waiting == callers as u64).then_some(under_way)
    });
    upstream.wait_for(before + usize::try_from(under_way).unwrap_or_default());
    (talks, under_way)
}

/// Two rounds of forty; gives how many of each were under way at once.
#[track_caller]
fn rounds(first: impl Fn(&Gate) -> Script) -> (u64, u64) {
    let gates = gates(2);
    let held = |gate: &Gate| {
        Script::reading()
            .wait(gate)
            .say(answer(200).json("[]").bytes())
    };
    let scripts = (0..40).map(|_| first(&gates[0]));
    let upstream = Upstream::start(scripts.chain([held(&gates[1])]));
    let gateway = single(&upstream)
        .set("connectors.plain.breaker", r#""off""#)
        .serve();
    let (talks, all) = under_way(&gateway, &upstream, 40);
    gates[0].open();
    for talk in talks {
        drop(finish(talk));
    }
    wait_for_metric(&gateway, IN_FLIGHT, 0);
    let (talks, then) = under_way(&gateway, &upstream, 40);
    gates[1].open();
    for talk in talks {
        finish(talk).expect(200);
    }
    (all, then)
}

#[test]
fn complaints_lower_how_many_may_be_under_way() {
    for status in [429, 503] {
        let complaint = |gate: &Gate| Script::reading().wait(gate).say(answer(status).bytes());
        let (all, then) = rounds(complaint);
        assert_eq!(all, 40);
        // Nine tenths, once for a crowd; and never so few that nothing goes.
        assert!((20..40).contains(&then), "{status}: {then}");
    }
}

#[test]
fn slowness_does_not() {
    let slow = |gate: &Gate| {
        Script::reading()
            .wait(gate)
            .say(answer(200).json("[]").bytes())
    };
    assert_eq!(rounds(slow), (40, 40));
    let error = |gate: &Gate| Script::reading().wait(gate).say(answer(500).bytes());
    assert_eq!(rounds(error), (40, 40));
}
