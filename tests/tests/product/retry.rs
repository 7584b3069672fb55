//! What is tried again, how often, and what never is. The upstream's journal counts.

mod methods;
mod keys;
mod amounts;
mod overrides;
mod http2;
mod laws;

use trunkline_tests::{Answer, Product, Request, Script, Upstream, answer};

/// A POST that makes something and has no key that makes it safe to repeat.
pub(super) fn unsafe_post() -> Request {
    Request::post(
        "/openai/v1/chat/completions",
        r#"{"model":"m","messages":[]}"#,
    )
}

pub(super) fn get() -> Request {
    Request::get("/openai/v1/models")
}

pub(super) fn fine() -> Script {
    answer(200).json(r#"{"fine":true}"#).script()
}

/// Sends one request to openai, whose answers are these; gives the reply and the attempts made.
#[track_caller]
pub(super) fn attempts<S: Into<Script>>(
    request: &Request,
    scripts: impl IntoIterator<Item = S>,
) -> (Answer, usize) {
    let upstream = Upstream::start(scripts);
    let gateway = Product::calling("openai", &upstream).serve();
    let reply = gateway.send(request);
    let said = reply
        .header("trunkline-attempts")
        .and_then(|text| text.parse().ok());
    assert_eq!(said, Some(upstream.count()), "{reply:?}");
    (reply, upstream.count())
}

#[track_caller]
pub(super) fn check<S: Into<Script>>(
    request: &Request,
    scripts: impl IntoIterator<Item = S>,
    status: u16,
    expected: usize,
) {
    let (reply, made) = attempts(request, scripts);
    assert_eq!(
        (reply.status, made),
        (status, expected),
        "{request:?}\n{}",
        reply.text()
    );
}
