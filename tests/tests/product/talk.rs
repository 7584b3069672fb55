//! What a caller may do twice on one connection: pipelining, `Expect`, and bodies in both framings.

use trunkline_tests::{Product, Request, Talk, Upstream, answer};

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
