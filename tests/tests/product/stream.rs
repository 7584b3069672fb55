//! Bodies that flow: piece by piece, no faster than the receiver takes them, and never with a
//! clean end where there was none.

use std::net::SocketAddr;

use trunkline_tests::{Act, Ending, Gate, Product, Request, Script, Talk, Upstream, answer};

const FRAMES: [&str; 3] = [
    "event: a\ndata: {\"n\":1}\n\n",
    "data: {\"n\":2}\r\n\r\n",
    "data: \u{20ac}\n\ndata: [DONE]\n\n",
];

fn ask() -> Request {
    Request::post(
        "/openai/v1/chat/completions",
        r#"{"model":"m","messages":[],"stream":true}"#,
    )
}

#[test]
fn events_arrive_one_by_one() {
    let gates = [Gate::new(), Gate::new(), Gate::new()];
    let mut script = Script::reading().say_chunked_head("text/event-stream");
    for (gate, frame) in gates.iter().zip(FRAMES) {
        script = script.wait(gate).chunk(frame);
    }
    let upstream = Upstream::start([script.chunk("")]);
    let gateway = Product::calling("openai", &upstream).serve();
    let mut incoming = ask().start(gateway.address());
    assert_eq!(incoming.status, 200);
    assert_eq!(incoming.header("content-type"), Some("text/event-stream"));
    let mut expected = String::new();
    for (gate, frame) in gates.iter().zip(FRAMES) {
        // Whatever was held back would never come: the next piece waits for this gate.
        gate.open();
        expected += frame;
        incoming.expect_so_far(&expected);
    }
    assert_eq!(incoming.finish().ending, Ending::Clean);
}

#[test]
fn half_an_event_is_not_held_back() {
    let gate = Gate::new();
    let script = Script::reading().say_chunked_head("text/event-stream");
    let script = script
        .chunk("data: {\"half\":")
        .wait(&gate)
        .chunk("1}\n\n")
        .chunk("");
    let upstream = Upstream::start([script]);
    let gateway = Product::calling("openai", &upstream).serve();
    let mut incoming = ask().start(gateway.address());
    incoming.expect_so_far("data: {\"half\":");
    gate.open();
    assert_eq!(incoming.finish().text(), "data: {\"half\":1}\n\n");
}

#[test]
fn a_stream_takes_longer_than_the_time_for_its_first_byte() {
    let (gate, late) = (Gate::new(), Gate::new());
    let script = Script::reading()
        .say_chunked_head("text/event-stream")
        .chunk(FRAMES[0]);
    let upstream = Upstream::start([
        script.wait(&gate).chunk(FRAMES[1]).chunk(""),
        Script::silent(),
    ]);
    let gateway = Product::calling("openai", &upstream)
        .set("connectors.openai.timeouts.first_byte", r#""300ms""#)
        .serve();
    let mut incoming = ask().start(gateway.address());
    incoming.expect_so_far(FRAMES[0]);
    // A call that runs into that very limit shows that its time has passed.
    gateway.send(&ask()).problem(504, "first_byte_timeout");
    gate.open();
    assert_eq!(incoming.finish().ending, Ending::Clean);
    late.open();
}

#[test]
fn a_stream_that_stops_is_cut_and_not_ended() {
    let script = Script::reading()
        .say_chunked_head("text/event-stream")
        .chunk(FRAMES[0]);
    let upstream = Upstream::start([script.then(Act::AwaitGoodbye)]);
    let gateway = Product::calling("openai", &upstream)
        .set("connectors.openai.timeouts.idle", r#""150ms""#)
        .serve();
    let reply = ask().send(gateway.address()).expect(200);
    assert_eq!(reply.text(), FRAMES[0]);
    assert_ne!(reply.ending, Ending::Clean);
    upstream.wait_for_goodbye(0);
}

#[test]
fn an_upstream_that_breaks_off_never_looks_like_a_clean_end() {
    let fixed =
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{\"a\":";
    let chunked = || {
        Script::reading()
            .say_chunked_head("text/event-stream")
            .chunk(FRAMES[0])
    };
    let cases = [
        (
            "length, closed",
            Script::reading().say(fixed).then(Act::Close),
        ),
        (
            "length, reset",
            Script::reading().say(fixed).then(Act::Reset),
        ),
        ("chunked, closed", chunked().then(Act::Close)),
        ("chunked, reset", chunked().then(Act::Reset)),
        (
            "chunked, half a chunk",
            chunked().say("ff\r\nhalf").then(Act::Close),
        ),
        (
            "chunked, a bad size",
            chunked().say("xyz\r\nabc\r\n0\r\n\r\n"),
        ),
        (
            "chunked, no last chunk",
            chunked().say("0\r\n").then(Act::Close),
        ),
    ];
    for (name, script) in cases {
        let upstream = Upstream::start([script]);
        let gateway = Product::calling("openai", &upstream).serve();
        let reply = gateway.send(&ask());
        assert_ne!(reply.ending, Ending::Clean, "{name}: {}", reply.text());
        assert_eq!(upstream.count(), 1, "{name}");
    }
}

#[test]
fn an_answer_that_ends_with_its_connection_is_whole() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\n";
    let upstream = Upstream::start([Script::reading()
        .say(head)
        .say("all of it")
        .then(Act::Close)]);
    let gateway = Product::calling("openai", &upstream).serve();
    let reply = gateway.get("/openai/v1/files/1/content").expect(200);
    assert_eq!(
        (reply.text().as_str(), reply.ending),
        ("all of it", Ending::Clean)
    );
}

#[test]
fn a_caller_that_does_not_read_holds_the_upstream_back() {
    let piece = vec![b'x'; 64 << 10];
    let script = Script::reading().say_chunked_head("application/octet-stream");
    let pour = Act::Pour {
        piece: [b"10000\r\n", piece.as_slice(), b"\r\n"].concat(),
        times: 1024,
    };
    let upstream = Upstream::start([script.then(pour).chunk("")]);
    let gateway = Product::calling("openai", &upstream).serve();
    let incoming = Request::get("/openai/v1/files/1/content").start(gateway.address());
    assert_eq!(incoming.status, 200);
    let poured = upstream.wait_for_stall();
    // What lies in the sockets' own buffers is the kernel's, up to some megabytes each way.
    assert!(
        poured < 40 << 20,
        "{poured} bytes were taken from the upstream"
    );
    assert!(
        gateway.memory_most() < 40 << 20,
        "{} bytes of memory",
        gateway.memory_most()
    );
    let reply = incoming.finish();
    assert_eq!((reply.body.len(), reply.ending), (64 << 20, Ending::Clean));
}

#[test]
fn an_upstream_that_does_not_read_holds_the_caller_back() {
    let (gate, read) = (Gate::new(), Gate::new());
    let script = Script::new()
        .then(Act::ReadSome(1 << 20))
        .open(&read)
        .wait(&gate)
        .then(Act::Read);
    let upstream = Upstream::start([script.say(answer(200).json("{}").bytes())]);
    let gateway = Product::calling("openai", &upstream).serve();
    let length = 48 << 20;
    let mut talk = begin_upload(gateway.address(), &format!("content-length: {length}"));
    talk.say(vec![b'x'; 2 << 20]);
    // The upstream has the beginning before we have sent the rest.
    read.pass();
    gate.open();
    talk.say(vec![b'x'; length - (2 << 20)]);
    assert_eq!(talk.answer_to("PUT").finish().status, 200);
    assert_eq!(upstream.only().body.len(), length);
    assert!(
        gateway.memory_most() < 40 << 20,
        "{} bytes of memory",
        gateway.memory_most()
    );
}

#[test]
fn an_upload_of_unknown_length_arrives_piece_by_piece() {
    let gates = [Gate::new(), Gate::new()];
    let script = Script::new().then(Act::ReadSome(9)).open(&gates[0]);
    let script = script
        .then(Act::ReadSome(6))
        .open(&gates[1])
        .then(Act::Read);
    let upstream = Upstream::start([script.say(answer(200).bytes())]);
    let gateway = Product::calling("openai", &upstream).serve();
    let mut talk = begin_upload(gateway.address(), "transfer-encoding: chunked");
    talk.say("9\r\nbeginning\r\n");
    gates[0].pass();
    talk.say("6\r\nmiddle\r\n");
    gates[1].pass();
    talk.say("3\r\nend\r\n0\r\n\r\n");
    assert_eq!(talk.answer_to("PUT").finish().status, 200);
    assert_eq!(upstream.only().body, b"beginningmiddleend");
}

#[test]
fn an_answer_may_come_before_the_upload_has_ended() {
    for framing in ["transfer-encoding: chunked", "content-length: 100000000"] {
        let early = Script::new()
            .then(Act::ReadSome(1))
            .say(answer(413).json(r#"{"e":1}"#).bytes());
        let upstream = Upstream::start([early.then(Act::AwaitGoodbye)]);
        let gateway = Product::calling("openai", &upstream).serve();
        let mut talk = begin_upload(gateway.address(), framing);
        talk.say("9\r\nbeginning\r\n");
        let reply = talk.answer_to("PUT").finish();
        assert_eq!(
            (reply.status, reply.text().as_str()),
            (413, r#"{"e":1}"#),
            "{framing}"
        );
    }
}

/// Sends the head of an upload.
#[track_caller]
fn begin_upload(to: SocketAddr, framing: &str) -> Talk {
    let mut talk = Talk::with(to);
    let host = talk.host();
    talk.say(format!(
        "PUT /openai/v1/x HTTP/1.1\r\nhost: {host}\r\n{framing}\r\n\r\n"
    ));
    talk
}

#[test]
fn many_streams_at_once_do_not_disturb_each_other() {
    let gate = Gate::new();
    let script = Script::reading()
        .say_chunked_head("text/event-stream")
        .chunk(FRAMES[0]);
    let upstream = Upstream::start([script.wait(&gate).chunk(FRAMES[1]).chunk("")]);
    let gateway = Product::calling("openai", &upstream).serve();
    let mut streams: Vec<_> = (0..100).map(|_| ask().start(gateway.address())).collect();
    for stream in &mut streams {
        stream.expect_so_far(FRAMES[0]);
    }
    gate.open();
    for stream in streams {
        let reply = stream.finish();
        assert_eq!(
            (reply.text(), reply.ending),
            (FRAMES[..2].concat(), Ending::Clean)
        );
    }
}

#[test]
fn a_limit_of_the_callers_holds_for_a_stream_too() {
    let script = Script::reading()
        .say_chunked_head("text/event-stream")
        .chunk(FRAMES[0]);
    let upstream = Upstream::start([script.then(Act::AwaitGoodbye)]);
    let gateway = Product::calling("openai", &upstream).serve();
    let reply = ask()
        .header("trunkline-timeout", "300ms")
        .send(gateway.address())
        .expect(200);
    assert_eq!(reply.text(), FRAMES[0]);
    assert_ne!(reply.ending, Ending::Clean);
    upstream.wait_for_goodbye(0);
}
