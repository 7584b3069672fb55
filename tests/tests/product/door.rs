//! What does not get in: requests that could be read in two ways, too much of anything, pages of
//! strangers. Whatever is refused, the upstream must not have heard of it.

mod framing;
mod host;
mod limits;
mod pages;

use trunkline_tests::{Answer, Ending, Gateway, Product, Talk, Upstream, answer};

/// Sends bytes to a gateway and gives what comes back, if anything does.
#[track_caller]
pub(super) fn say(gateway: &Gateway, bytes: impl AsRef<[u8]>) -> Option<(Answer, Talk)> {
    let mut talk = Talk::with(gateway.address());
    talk.say(bytes);
    talk.answer_or_close()
        .map(trunkline_tests::Incoming::finish_on)
}

pub(super) fn guarded() -> (Upstream, Gateway) {
    let upstream = Upstream::start([answer(200).json("{}")]);
    let gateway = Product::calling("openai", &upstream).serve();
    (upstream, gateway)
}

/// Asserts that a request, whose `HOST` is replaced by the right one, is refused with one of the
/// statuses and that the connection is closed behind it.
#[track_caller]
pub(super) fn check_refused(statuses: &[u16], request: &str) {
    let (upstream, gateway) = guarded();
    let request = request.replace("HOST", &gateway.address().to_string());
    let shown: String = request.chars().take(300).collect();
    let Some((reply, mut talk)) = say(&gateway, &request) else {
        panic!("closed without an answer: {shown:?}");
    };
    assert!(
        statuses.contains(&reply.status),
        "{} for {shown:?}\n{}",
        reply.status,
        reply.text()
    );
    assert_eq!(
        reply.header("content-type"),
        Some("application/problem+json"),
        "{shown:?}"
    );
    assert!(reply.header("trunkline-call-id").is_some(), "{shown:?}");
    // Bytes that came after it must never be taken for another request.
    drop(talk.try_say("GET /openai/v1/smuggled HTTP/1.1\r\nhost: x\r\n\r\n"));
    assert!(matches!(talk.until_closed(), Ending::Clean | Ending::Reset));
    assert_eq!(upstream.count(), 0, "{shown:?}");
}
