//! A caller that goes away takes its call along, at any moment.

use trunkline_tests::{Act, Ending, Gate, Product, Request, Script, Talk, Upstream, answer};

fn ask() -> Request {
    Request::post(
        "/openai/v1/chat/completions",
        r#"{"model":"m","messages":[],"stream":true}"#,
    )
}

/// Sends a request and leaves when the upstream has it; waits until the upstream is left as well.
#[track_caller]
fn leave_before_the_answer(leave: impl Fn(Talk)) {
    let upstream = Upstream::start([Script::silent()]);
    let gateway = Product::calling("openai", &upstream).serve();
    let mut talk = Talk::with(gateway.address());
    talk.say(ask().bytes(&talk.host()));
    upstream.wait_for(1);
    leave(talk);
    upstream.wait_for_goodbye(0);
    assert_eq!(upstream.count(), 1, "a call was repeated for nobody");
    gateway.get("/-/health").expect(200);
}

#[test]
fn before_the_first_byte() {
    leave_before_the_answer(drop);
    leave_before_the_answer(Talk::reset);
}

#[test]
fn in_the_middle_of_a_stream() {
    let script = Script::reading()
        .say_chunked_head("text/event-stream")
        .chunk("data: 1\n\n");
    let upstream = Upstream::start([script.then(Act::AwaitGoodbye)]);
    let gateway = Product::calling("openai", &upstream).serve();
    let mut incoming = ask().start(gateway.address());
    incoming.expect_so_far("data: 1\n\n");
    incoming.hang_up();
    upstream.wait_for_goodbye(0);
}

#[test]
fn in_the_middle_of_a_download() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\nbeginning";
    let upstream = Upstream::start([Script::reading().say(head).then(Act::AwaitGoodbye)]);
    let gateway = Product::calling("openai", &upstream).serve();
    let mut incoming = Request::get("/openai/v1/files/1/content").start(gateway.address());
    incoming.expect_so_far("beginning");
    incoming.hang_up();
    upstream.wait_for_goodbye(0);
}

#[test]
fn in_the_middle_of_an_upload() {
    for framing in ["transfer-encoding: chunked", "content-length: 100000000"] {
        let read = Gate::new();
        let script = Script::new()
            .then(Act::ReadSome(9))
            .open(&read)
            .then(Act::Read);
        let upstream = Upstream::start([script.say(answer(200).bytes())]);
        let gateway = Product::calling("openai", &upstream).serve();
        let mut talk = Talk::with(gateway.address());
        let host = talk.host();
        talk.say(format!(
            "PUT /openai/v1/x HTTP/1.1\r\nhost: {host}\r\n{framing}\r\n\r\n"
        ));
        talk.say("9\r\nbeginning\r\n");
        read.pass();
        drop(talk);
        assert_ne!(
            upstream.wait_for_goodbye(0),
            Ending::Clean,
            "it looked like the end: {framing}"
        );
        assert_eq!(upstream.count(), 1);
    }
}

#[test]
fn while_we_wait_for_the_next_attempt() {
    let upstream = Upstream::start([answer(503).header("retry-after", "20"), answer(200)]);
    let gateway = Product::calling("openai", &upstream)
        .set("server.drain", r#""25s""#)
        .serve();
    let mut talk = Talk::with(gateway.address());
    talk.say(Request::get("/openai/v1/models").bytes(&talk.host()));
    upstream.wait_for(1);
    drop(talk);
    // A call that still waits would hold the drain up, and then ask a second time.
    gateway.stop().expect(0);
    assert_eq!(upstream.count(), 1);
}
