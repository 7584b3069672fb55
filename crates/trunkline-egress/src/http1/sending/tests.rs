//! What is written of a request, and what becomes of one that cannot go on.

use std::task::Waker;

use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue};
use http_body_util::StreamBody;

use super::*;
use crate::body::{Body, BodyError};
use crate::clock::Clock;

fn request(headers: &[(&'static str, &'static str)], body: Body) -> (Head, Outgoing) {
    let (clock, _) = Clock::manual();
    let mut head = Head::get(PathAndQuery::from_static("/"));
    for (name, value) in headers {
        head.headers.append(*name, HeaderValue::from_static(value));
    }
    (head, Outgoing::new(body, &clock))
}

fn frames<const N: usize>(frames: [Frame<Bytes>; N]) -> Body {
    let frames = frames.map(Ok::<_, BodyError>);
    Body::stream(StreamBody::new(futures_util::stream::iter(frames)))
}

fn data(text: &'static str) -> Frame<Bytes> {
    Frame::data(Bytes::from_static(text.as_bytes()))
}

/// Sends without a pause: what was written, and how it ended.
fn send((head, body): (Head, Outgoing)) -> (String, Poll<Result<(), Fault>>) {
    let mut sending = Sending::idle();
    sending.begin(&head, body).expect("a request");
    let mut out = Vec::new();
    let mut cx = Context::from_waker(Waker::noop());
    let polled = sending.poll(&mut cx, &mut out);
    (String::from_utf8(out).expect("text"), polled)
}

#[track_caller]
fn check(request: (Head, Outgoing), expected: &str) {
    let (written, polled) = send(request);
    assert!(matches!(polled, Poll::Ready(Ok(()))), "{polled:?}");
    assert_eq!(written, format!("GET / HTTP/1.1\r\n{expected}"));
}

#[test]
fn bodies_go_out_as_framed() {
    check(request(&[], Body::Empty), "\r\n");
    let full = Body::from(b"abc".to_vec());
    check(request(&[], full), "content-length: 3\r\n\r\nabc");
    let two = || frames([data("ab"), data(""), data("c")]);
    let chunked = "transfer-encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n";
    check(request(&[], two()), chunked);
    let length = &[("content-length", "3")];
    check(request(length, two()), "content-length: 3\r\n\r\nabc");
}

#[test]
fn trailers_never_go_out() {
    let mut fields = HeaderMap::new();
    for name in ["x-sum", "authorization"] {
        fields.insert(name, HeaderValue::from_static("7"));
    }
    check(
        request(
            &[("trailer", "x-sum")],
            frames([data("a"), Frame::trailers(fields)]),
        ),
        "trailer: x-sum\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
    );
}

#[test]
fn a_body_of_another_length_is_a_fault_and_never_sent_whole() {
    let three = &[("content-length", "3")];
    for (body, expected) in [
        (
            frames([data("ab")]),
            "the body is shorter than it was said to be",
        ),
        (
            frames([data("ab"), data("cd")]),
            "the body is longer than it was said to be",
        ),
    ] {
        let (written, polled) = send(request(three, body));
        let Poll::Ready(Err(Fault::Body(err))) = polled else {
            panic!("{polled:?}");
        };
        assert_eq!(err.to_string(), expected);
        assert!(!written.ends_with("abc"), "{written}");
    }
}

#[test]
fn a_request_can_be_taken_back_until_something_of_it_is_gone() {
    let waiting = || Body::stream(StreamBody::new(futures_util::stream::pending()));
    let mut cx = Context::from_waker(Waker::noop());
    for (body, expected) in [
        (Body::Empty, true),
        (Body::from(b"abc".to_vec()), true),
        (waiting(), true),
        (frames([data("ab")]), false),
    ] {
        let mut sending = Sending::idle();
        let name = format!("{body:?}");
        let (head, body) = request(&[], body);
        sending.begin(&head, body).expect("a request");
        let (mut closed, other) = tokio::io::duplex(1);
        drop(other);
        let polled = sending.poll(&mut cx, &mut closed);
        assert!(matches!(polled, Poll::Ready(Err(Fault::Io(_)))), "{name}");
        assert_eq!(sending.take_back().is_some(), expected, "{name}");
        assert!(sending.take_back().is_none());
    }
    let mut sending = Sending::idle();
    let (head, body) = request(&[], waiting());
    sending.begin(&head, body).expect("a request");
    assert!(sending.poll(&mut cx, &mut Vec::new()).is_pending());
    assert!(sending.has_written());
    assert!(sending.take_back().is_none());
}

#[test]
fn a_body_that_never_pauses_leaves_a_turn_to_others() {
    let endless = futures_util::stream::repeat_with(|| Ok::<_, BodyError>(data("abc")));
    let mut sending = Sending::idle();
    let body = Body::stream(StreamBody::new(endless));
    let (head, body) = request(&[], body);
    sending.begin(&head, body).expect("a request");
    let mut cx = Context::from_waker(Waker::noop());
    assert!(sending.poll(&mut cx, &mut Vec::new()).is_pending());
    assert!(!sending.is_over());
    sending.stop();
    assert!(sending.is_over() && !sending.is_sent());
}
