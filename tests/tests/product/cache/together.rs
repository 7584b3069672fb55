//! Many callers who want the same: one upstream call, whose answer all read while it comes, and
//! which none of them can spoil for the others.

mod sharing;
mod leaving;
mod breaking;
mod alone;
mod room;

use trunkline_tests::{
    Answer, Ending, Gateway, Head, Incoming, Request, Response, Talk, Upstream, answer,
};

/// The beginning of an answer that may be kept, without what frames its body.
pub(super) const HEAD: &str = "HTTP/1.1 200 OK\r\ncache-control: max-age=60\r\n";

pub(super) fn kept(body: &str) -> Response {
    answer(200).header("cache-control", "max-age=60").body(body)
}

pub(super) fn said(head: &Head) -> String {
    head.all("cache-status").join(", ")
}

/// Sends a request and reads nothing yet.
pub(super) fn ask(gateway: &Gateway, request: &Request) -> Talk {
    let mut talk = Talk::with(gateway.dedicated());
    let bytes = request.bytes(&talk.host());
    talk.say(bytes);
    talk
}

pub(super) fn ask_many(gateway: &Gateway, callers: usize) -> Vec<Talk> {
    let request = Request::get("/things");
    (0..callers).map(|_| ask(gateway, &request)).collect()
}

pub(super) fn finish(talk: Talk) -> Answer {
    talk.answer_to("GET").finish()
}

/// Callers who all have the beginning of the answer, the first of them being the one whose
/// request went to the upstream.
#[track_caller]
pub(super) fn with_beginning(
    gateway: &Gateway,
    upstream: &Upstream,
    callers: usize,
    beginning: &str,
) -> Vec<Incoming> {
    let mut incoming = Vec::new();
    for _ in 0..callers {
        let mut next = ask(gateway, &Request::get("/things")).answer_to("GET");
        assert_eq!(next.status, 200);
        next.expect_so_far(beginning);
        incoming.push(next);
    }
    assert_eq!(upstream.count(), 1, "they did not share");
    for follower in &incoming[1..] {
        assert!(
            said(&follower.head).contains("collapsed"),
            "{}",
            said(&follower.head)
        );
    }
    incoming
}

#[track_caller]
pub(super) fn assert_kept(gateway: &Gateway, upstream: &Upstream, body: &str) {
    let before = upstream.count();
    let again = Request::get("/things")
        .send_after(gateway.dedicated())
        .expect(200);
    assert_eq!((again.text().as_str(), again.ending), (body, Ending::Clean));
    assert!(said(&again.head).contains("hit"), "{}", said(&again.head));
    assert_eq!(upstream.count(), before);
}
