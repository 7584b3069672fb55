//! Limits that change while calls go on.

use trunkline_tests::{Gate, Gateway, Product, Script, Upstream, answer, until};

use crate::limits::{ask, fine, finish, get, limited, single, wait_for_waiting};

/// Has the settings read anew.
#[track_caller]
fn reload(gateway: &Gateway, product: &Product) {
    let times = |printed: &str| printed.matches("read anew").count();
    let before = times(&gateway.program().stderr());
    product.write_settings();
    gateway.program().signal("HUP");
    gateway
        .program()
        .wait_for_error(|printed| (before < times(printed)).then_some(()));
}

#[test]
fn a_new_rate_holds_at_once() {
    let upstream = fine();
    let slow = limited(r#"{ rate = 1, per = "1h", wait_max = "1ms" }"#, &upstream);
    let fast = r#"{ rate = 1000, per = "1s", burst = 1, wait_max = "1ms" }"#;
    let fast = slow.clone().set("connectors.plain.limit", fast);
    let gateway = slow.serve();
    gateway.send(&get()).expect(200);
    gateway.send(&get()).problem(429, "limit_reached");
    reload(&gateway, &fast);
    until("a token of the new rate", || {
        (gateway.send(&get()).status == 200).then_some(())
    });
    reload(&gateway, &slow);
    until("the old rate again", || {
        (gateway.send(&get()).status == 429).then_some(())
    });
    let count = upstream.count();
    for _ in 0..20 {
        gateway.send(&get()).problem(429, "limit_reached");
    }
    assert_eq!(upstream.count(), count);
}

#[test]
fn what_was_taken_stays_taken() {
    let upstream = fine();
    let product = limited(r#"{ rate = 5, per = "1h", wait_max = "1ms" }"#, &upstream);
    let gateway = product.serve();
    for _ in 0..5 {
        gateway.send(&get()).expect(200);
    }
    let another_rate = r#"{ rate = 10, per = "2h", burst = 5, wait_max = "1ms" }"#;
    for changed in [
        product.clone().set("connectors.plain.timeout", r#""20s""#),
        product.clone().set("connectors.plain.limit", another_rate),
        product,
    ] {
        reload(&gateway, &changed);
        gateway.send(&get()).problem(429, "limit_reached");
    }
    assert_eq!(upstream.count(), 5);
}

#[test]
fn a_limit_can_come_and_go() {
    let upstream = fine();
    let free = single(&upstream);
    let limit = r#"{ rate = 1, per = "1h", wait_max = "1ms" }"#;
    let limited = free.clone().set("connectors.plain.limit", limit);
    let gateway = free.serve();
    for _ in 0..3 {
        gateway.send(&get()).expect(200);
    }
    for (product, expected) in [(&limited, 429), (&free, 200)] {
        reload(&gateway, product);
        until("the other settings", || {
            (gateway.send(&get()).status == expected).then_some(())
        });
    }
}

/// A reload must not leave those behind who wait by the old settings.
#[test]
fn those_who_wait_are_answered_after_a_reload() {
    let upstream = fine();
    let slow = limited(r#"{ rate = 1, per = "2s" }"#, &upstream);
    let gateway = slow.serve();
    gateway.send(&get()).expect(200);
    let waiting = ask(gateway.address(), &get());
    wait_for_waiting(&gateway, 1);
    reload(
        &gateway,
        &slow.clone().set("connectors.plain.timeout", r#""25s""#),
    );
    assert_eq!(finish(waiting).status, 200);
    assert_eq!(upstream.count(), 2);
}

/// A limit is raised where calls wait, and they are why.
#[test]
fn a_higher_rate_lets_those_go_who_wait() {
    let upstream = fine();
    let slow = limited(r#"{ rate = 1, per = "25s" }"#, &upstream);
    let fast = r#"{ rate = 1000, per = "1s" }"#;
    let fast = slow.clone().set("connectors.plain.limit", fast);
    let gateway = slow.serve();
    gateway.send(&get()).expect(200);
    let waiting = ask(gateway.address(), &get());
    wait_for_waiting(&gateway, 1);
    reload(&gateway, &fast);
    let soon = get().header("trunkline-timeout", "5s");
    gateway.send(&soon).expect(200);
    wait_for_waiting(&gateway, 0);
    finish(waiting).expect(200);
}

#[test]
fn more_seats_let_those_go_who_wait() {
    let gate = Gate::new();
    let good = answer(200).json("[]");
    let held = Script::reading().wait(&gate).say(good.bytes());
    let upstream = Upstream::start([held, good.script()]);
    let one = single(&upstream).set("connectors.plain.concurrency", 1);
    let three = one.clone().set("connectors.plain.concurrency", 3);
    let gateway = one.serve();
    let held = ask(gateway.address(), &get());
    upstream.wait_for(1);
    let waiting = ask(gateway.address(), &get());
    wait_for_waiting(&gateway, 1);
    reload(&gateway, &three);
    let soon = get().header("trunkline-timeout", "5s");
    gateway.send(&soon).expect(200);
    finish(waiting).expect(200);
    gate.open();
    finish(held).expect(200);
}

#[test]
fn the_callers_limit_changes_as_well() {
    let upstream = fine();
    let product = single(&upstream).set("callers.limit", r#"{ rate = 1, per = "1h" }"#);
    let more = r#"{ rate = 1000, per = "1s" }"#;
    let more = product.clone().set("callers.limit", more);
    let gateway = product.serve();
    gateway.send(&get()).expect(200);
    gateway.send(&get()).problem(429, "caller_limit_reached");
    reload(&gateway, &more);
    until("a call by the new limit", || {
        (gateway.send(&get()).status == 200).then_some(())
    });
    reload(&gateway, &product);
    until("a refusal by the old limit", || {
        (gateway.send(&get()).status == 429).then_some(())
    });
}
