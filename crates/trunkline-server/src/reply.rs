//! A call's reply as the caller gets it: the upstream's answer, and what we say of it in headers.

#[cfg(test)]
mod tests;

use http::{HeaderMap, HeaderName, HeaderValue, Response, header};
use trunkline::Reply;
use trunkline::connector::format::Class;

use crate::outgoing::{Answering, Outgoing};
use crate::problem::{self, HINT};
use crate::tag::Tag;

/// Tells proxies such as nginx to pass a stream on as it comes.
pub(crate) const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// What an answer is kept under, by which `trunkline cache purge --key` takes it away.
const CACHE_KEY: HeaderName = HeaderName::from_static("trunkline-cache-key");

/// A reply as the response to a caller.
pub(crate) fn response(reply: Reply, answering: Answering) -> Response<Outgoing> {
    let mut headers = reply.headers;
    drop_ours(&mut headers);
    if let Some(key) = reply.cache_key {
        headers.insert(CACHE_KEY, key.into());
    }
    if is_event_stream(&headers) {
        headers.insert(X_ACCEL_BUFFERING, HeaderValue::from_static("no"));
    }
    if reply.class != Class::Ok {
        let explanation = reply.explanation.as_ref();
        if let Some(hint) =
            explanation.and_then(|explanation| problem::ascii(&explanation.one_line()))
        {
            headers.insert(HINT, hint);
        }
        if reply.attempts > 1 {
            problem::spent(&mut headers);
        }
    }
    let tag = Tag {
        call_id: reply.call_id,
        attempts: reply.attempts,
    };
    let mut response = Response::new(Outgoing::reply(reply.body, tag, answering));
    *response.status_mut() = reply.status;
    *response.headers_mut() = headers;
    response
}

fn is_event_stream(headers: &HeaderMap) -> bool {
    // It stands among the first: to go through them costs less than a look-up.
    let mut kinds = headers
        .iter()
        .filter(|(name, _)| **name == header::CONTENT_TYPE);
    let kind = kinds.next().and_then(|(_, kind)| kind.as_bytes().get(..17));
    kind.is_some_and(|kind| kind.eq_ignore_ascii_case(b"text/event-stream"))
}

/// Whether a `Proxy-Status` (RFC 9209) speaks in our name.
fn names_us(status: &HeaderValue) -> bool {
    let mut members = status.as_bytes().split(|byte| *byte == b',');
    members.any(|member| member.trim_ascii_start().starts_with(b"trunkline"))
}

/// Headers by which we speak are not an upstream's to send.
pub(crate) fn drop_ours(headers: &mut HeaderMap) {
    let is_ours = |(name, value): &(&HeaderName, &HeaderValue)| {
        let name = name.as_str();
        name.starts_with("trunkline-") || (name == "proxy-status" && names_us(value))
    };
    while let Some((name, _)) = headers.iter().find(is_ours) {
        let name = name.clone();
        headers.remove(name);
    }
}
