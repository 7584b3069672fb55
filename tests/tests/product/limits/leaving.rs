//! Callers that leave while they wait for their turn with a request that nobody has read to its
//! end.

use trunkline_tests::{Act, Gate, Gateway, Product, Request, Script, Talk, Upstream, answer};

use crate::limits::{ask, finish, get, single, wait_for_waiting};

/// More than a system takes from a sender before somebody reads.
const LARGE: usize = 250_000;

/// An upstream that answers when the gate is open, one seat, and one thread, so that what is done
/// for one caller was done for those before it.
fn one_seat(gate: &Gate) -> (Upstream, Product) {
    let script = Script::new()
        .then(Act::Read)
        .wait(gate)
        .say(answer(200).json("[]").bytes());
    let upstream = Upstream::start([script]);
    let product = single(&upstream)
        .set("connectors.plain.concurrency", 1)
        .set("server.threads", 1);
    (upstream, product)
}

fn say(gateway: &Gateway, framing: &str, body: &[u8]) -> Talk {
    let mut talk = Talk::with(gateway.address());
    let host = talk.host();
    talk.say(format!(
        "POST /plain/things?who=gone HTTP/1.1\r\nhost: {host}\r\n{framing}\r\n\r\n"
    ));
    talk.say(body);
    talk
}

/// One caller of each kind of request that is not read to its end while it waits.
fn each_kind(gateway: &Gateway) -> [Talk; 5] {
    let whole = format!("content-length: {LARGE}");
    let mut pipelined = ask(gateway.address(), &get());
    let again = get().bytes(&pipelined.host());
    pipelined.say(again);
    [
        say(gateway, &whole, &vec![b'a'; LARGE]),
        say(gateway, "content-length: 1000000", &vec![b'a'; 50_000]),
        say(gateway, "content-length: 1000000", b""),
        say(
            gateway,
            "transfer-encoding: chunked",
            b"1\r\na\r\n0\r\n\r\n",
        ),
        pipelined,
    ]
}

#[test]
fn whoever_leaves_without_being_read_frees_the_place() {
    let gate = Gate::new();
    let (upstream, product) = one_seat(&gate);
    let gateway = product.serve();
    let first = ask(gateway.address(), &get());
    upstream.wait_for(1);
    for leave in [drop::<Talk>, Talk::reset] {
        let gone: Vec<Talk> = (0..8).flat_map(|_| each_kind(&gateway)).collect();
        wait_for_waiting(&gateway, 40);
        gone.into_iter().for_each(leave);
        wait_for_waiting(&gateway, 0);
    }
    let stays = ask(gateway.address(), &get());
    wait_for_waiting(&gateway, 1);
    gate.open();
    finish(first).expect(200);
    finish(stays).expect(200);
    assert_eq!(upstream.count(), 2, "a turn went to somebody who had left");
}

#[test]
fn whoever_stays_is_heard_byte_for_byte() {
    let gate = Gate::new();
    let (upstream, product) = one_seat(&gate);
    let gateway = product.serve();
    let first = ask(gateway.address(), &get());
    upstream.wait_for(1);
    let body: Vec<u8> = (0..=250).cycle().take(LARGE).collect();
    let request = Request::new("POST", "/plain/things").body(body.clone());
    let stays = ask(gateway.address(), &request);
    wait_for_waiting(&gateway, 1);
    // Once this one is found to have left, the one before it was looked for as well.
    let gone = say(&gateway, &format!("content-length: {LARGE}"), b"a");
    wait_for_waiting(&gateway, 2);
    drop(gone);
    wait_for_waiting(&gateway, 1);
    gate.open();
    finish(first).expect(200);
    finish(stays).expect(200);
    let heard = upstream.heard();
    assert_eq!(heard.len(), 2);
    assert!(heard[1].body == body, "what was held came out changed");
}
