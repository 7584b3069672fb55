//! Answers larger than may be kept, more of them than there is room for, and slow readers.

use std::collections::BTreeMap;
use std::thread;

use trunkline_tests::{Act, Ending, Gate, Gateway, Incoming, Product, Request, Script, Upstream};

use crate::cache::acme;
use crate::cache::together::{HEAD, ask_many, assert_kept, finish, kept, said, with_beginning};

fn large(upstream: &Upstream, answer_max: &str) -> Gateway {
    acme(upstream)
        .set("cache.answer_max", format!("{answer_max:?}"))
        .set("cache.memory_max", r#""64MiB""#)
        .serve()
}

#[test]
fn whoever_reads_slowly_holds_nobody_up() {
    const MIB: usize = 1 << 20;
    for slow in ["first", "second"] {
        let gate = Gate::new();
        let head = format!("{HEAD}content-length: {}\r\n\r\n0", 24 * MIB + 1);
        let script = Script::reading().say(head).wait(&gate).then(Act::Pour {
            piece: vec![b'x'; MIB],
            times: 24,
        });
        let upstream = Upstream::start([script]);
        let gateway = large(&upstream, "32MiB");
        let mut callers = with_beginning(&gateway, &upstream, 2, "0");
        let waiting = callers.remove(usize::from(slow == "second"));
        gate.open();
        // More than all sockets between can hold, so it comes only if nobody waits for the other.
        let reading = callers.remove(0).finish();
        assert_eq!(
            (reading.body.len(), reading.ending),
            (24 * MIB + 1, Ending::Clean),
            "{slow}"
        );
        let late = waiting.finish();
        assert!(
            late.ending != Ending::Clean || late.body == reading.body,
            "{slow}"
        );
        assert_eq!(upstream.count(), 1);
    }
}

#[test]
fn a_large_answer_passes_whole_and_is_not_kept() {
    let (length, chunk) = (70 << 10, "x".repeat(7 << 10));
    let with_length = kept(&"x".repeat(length)).script();
    let head = format!("{HEAD}transfer-encoding: chunked\r\n\r\n");
    let chunks = (0..10).fold(Script::reading().say(head), |script, _| {
        script.chunk(&chunk)
    });
    for script in [with_length, chunks.chunk("")] {
        let upstream = Upstream::start([script]);
        let gateway = large(&upstream, "64KiB");
        for asked in 1..=3 {
            let got = Request::get("/things")
                .send_after(gateway.dedicated())
                .expect(200);
            assert_eq!((got.body.len(), got.ending), (length, Ending::Clean));
            assert!(!said(&got.head).contains("hit"), "{}", said(&got.head));
            assert_eq!(upstream.count(), asked);
        }
    }
    let small = kept(&"x".repeat(60 << 10));
    let upstream = Upstream::start([small]);
    let gateway = large(&upstream, "64KiB");
    Request::get("/things")
        .send_after(gateway.dedicated())
        .expect(200);
    assert_kept(&gateway, &upstream, &"x".repeat(60 << 10));
}

#[test]
fn an_answer_that_turns_out_large_passes_whole_to_all_who_asked() {
    let gate = Gate::new();
    let head = format!("{HEAD}transfer-encoding: chunked\r\n\r\n");
    let script = Script::reading().say(head).chunk("0").wait(&gate);
    let chunk = "x".repeat(10 << 10);
    let script = (0..20).fold(script, |script, _| script.chunk(&chunk));
    let upstream = Upstream::start([script.chunk("")]);
    let gateway = large(&upstream, "64KiB");
    let mut first = with_beginning(&gateway, &upstream, 1, "0");
    let others = ask_many(&gateway, 3);
    gate.open();
    for got in others
        .into_iter()
        .map(finish)
        .chain(first.drain(..).map(Incoming::finish))
    {
        assert_eq!(
            (got.status, got.body.len(), got.ending),
            (200, (200 << 10) + 1, Ending::Clean)
        );
    }
    let before = upstream.count();
    Request::get("/things")
        .send_after(gateway.dedicated())
        .expect(200);
    assert_eq!(upstream.count(), before + 1);
}

/// All have begun when it turns out so, and each reads on.
#[test]
fn an_answer_that_turns_out_large_is_read_on_by_all_who_read_it() {
    let gate = Gate::new();
    let head = format!("{HEAD}transfer-encoding: chunked\r\n\r\n");
    let chunk = "x".repeat(64 << 10);
    let script = Script::reading().say(head).chunk("0").wait(&gate);
    let script = (0..64).fold(script, |script, _| script.chunk(&chunk));
    let upstream = Upstream::start([script.chunk("")]);
    let gateway = large(&upstream, "64KiB");
    let callers = with_beginning(&gateway, &upstream, 4, "0");
    gate.open();
    // At once, since the slowest of them sets the pace.
    let reading: Vec<_> = callers
        .into_iter()
        .map(|caller| thread::spawn(|| caller.finish()))
        .collect();
    for caller in reading {
        let got = caller.join().expect("it is read");
        assert_eq!((got.body.len(), got.ending), ((4 << 20) + 1, Ending::Clean));
    }
    assert_eq!(upstream.count(), 1);
}

#[test]
fn answers_under_way_count_as_memory_too() {
    let gate = Gate::new();
    let body = "x".repeat(60 << 10);
    let scripts: BTreeMap<String, Vec<Script>> = ["one", "other"]
        .into_iter()
        .map(|place| {
            let head = format!("{HEAD}content-length: {}\r\n\r\n0", (60 << 10) + 1);
            let first = Script::reading().say(head).wait(&gate).say(&body);
            (place.to_owned(), vec![first, kept("another").script()])
        })
        .collect();
    let upstream = Upstream::start_by_path(|_| scripts);
    let gateway = acme(&upstream)
        .set("cache.answer_max", r#""64KiB""#)
        .set("cache.memory_max", r#""256KiB""#)
        .serve();
    let start = |path: &str| {
        let mut incoming = Request::get(path).start_after(gateway.dedicated());
        incoming.expect_so_far("0");
        incoming
    };
    // There is room for one of the largest, so the second passes.
    let (one, other) = (start("/one"), start("/other"));
    assert!(said(&one.head).contains("stored"), "{}", said(&one.head));
    assert!(
        !said(&other.head).contains("stored"),
        "{}",
        said(&other.head)
    );
    gate.open();
    for incoming in [one, other] {
        let got = incoming.finish();
        assert_eq!(
            (got.body.len(), got.ending),
            ((60 << 10) + 1, Ending::Clean)
        );
    }
    let again = |path: &str| Request::get(path).send_after(gateway.dedicated());
    assert!(said(&again("/one").head).contains("hit"));
    assert_eq!(again("/other").text(), "another");
}

#[test]
fn no_more_is_kept_than_the_settings_allow() {
    let scripts: BTreeMap<String, Vec<Script>> = (0..20)
        .map(|place| {
            (
                format!("t{place}"),
                vec![kept(&"x".repeat(60 << 10)).script(); 2],
            )
        })
        .collect();
    let upstream = Upstream::start_by_path(|_| scripts);
    let product: Product = acme(&upstream)
        .set("cache.answer_max", r#""64KiB""#)
        .set("cache.memory_max", r#""256KiB""#);
    let gateway = product.serve();
    for _ in 0..2 {
        for place in 0..20 {
            let got = Request::get(format!("/t{place}"))
                .send_after(gateway.dedicated())
                .expect(200);
            assert_eq!(got.body.len(), 60 << 10);
        }
    }
    // At most four of them fit.
    assert!(36 <= upstream.count(), "{}", upstream.count());
}
