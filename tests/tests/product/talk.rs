//! What a caller may do twice on one connection: pipelining, `Expect`, and bodies in both framings.

use trunkline_tests::{Product, Request, Script, Talk, Upstream, answer};

#[test]
fn requests_that_come_before_their_answers_are_answered_in_order() {
    let scripts = (1..=5).map(|place| answer(200).json(&format!(r#"{{"n":{place}}}"#)));
    let upstream = Upstream::start(scripts);
    let gateway = Product::calling("openai", &upstream).serve();
    let mut talk = Talk::with(gateway.address());
    let host = talk.host();
    for place in 1..=5 {
        talk.say(Request::post(format!("/openai/v1/{place}"), "{}").bytes(&host));
    }
    for place in 1..=5 {
        let (reply, rest) = talk.answer_to("POST").finish_on();
        assert_eq!(reply.text(), format!(r#"{{"n":{place}}}"#));
        talk = rest;
    }
}

#[test]
fn a_caller_that_asks_before_it_sends_is_told_to_go_on() {
    let upstream = Upstream::start([answer(200).json("{}")]);
    let gateway = Product::calling("openai", &upstream).serve();
    let mut talk = Talk::with(gateway.address());
    let host = talk.host();
    talk.say(format!(
        "POST /openai/v1/files HTTP/1.1\r\nhost: {host}\r\ncontent-length: 5\r\nexpect: 100-continue\r\n\r\n"
    ));
    let interim = talk.answer_to("POST");
    assert_eq!(interim.status, 100);
    let (_, mut talk) = interim.finish_on();
    talk.say("hello");
    assert_eq!(talk.answer_to("POST").finish().status, 200);
    assert_eq!(upstream.only().body, b"hello");
    assert_eq!(
        upstream.only().head.header("expect"),
        None,
        "the body is on its way already"
    );
}

#[test]
fn a_caller_of_the_old_protocol_is_answered_and_left() {
    let script = Script::reading()
        .say_chunked_head("text/plain")
        .chunk("all ")
        .chunk("of it")
        .chunk("");
    let upstream = Upstream::start([script]);
    let gateway = Product::calling("openai", &upstream).serve();
    let mut talk = Talk::with(gateway.address());
    let host = talk.host();
    talk.say(format!("GET /openai/v1/x HTTP/1.0\r\nhost: {host}\r\n\r\n"));
    let reply = talk.answer_to("GET").finish();
    assert_eq!((reply.status, reply.text().as_str()), (200, "all of it"));
    assert_eq!(reply.header("transfer-encoding"), None);
}

#[test]
fn a_caller_that_closes_its_side_after_asking_leaves_nothing_behind() {
    let upstream = Upstream::start([answer(200).json("{}")]);
    let gateway = Product::calling("openai", &upstream).serve();
    let mut talk = Talk::with(gateway.address());
    talk.say(Request::get("/openai/v1/x").bytes(&talk.host()));
    talk.close_half();
    // Whether such a caller still waits cannot be known; it is answered or left, at once.
    if let Some(incoming) = talk.answer_or_close() {
        assert_eq!(incoming.finish().status, 200);
    }
}
