//! What browsers have to be told so that an allowed page may call and read (Fetch standard, CORS).

use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, header};

/// How long a browser may remember a permission.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");

const YES: HeaderValue = HeaderValue::from_static("true");

/// Asked before a page of the public internet may call this machine (Private Network Access).
const REQUEST_PRIVATE: HeaderName =
    HeaderName::from_static("access-control-request-private-network");
const ALLOW_PRIVATE: HeaderName = HeaderName::from_static("access-control-allow-private-network");

/// Lets the page of this origin read an answer. What the upstream says of this is about its own
/// pages, so it goes.
pub(crate) fn allow(headers: &mut HeaderMap, origin: &HeaderValue) {
    headers.remove(header::ACCESS_CONTROL_ALLOW_CREDENTIALS);
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    headers.insert(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        HeaderValue::from_static("*"),
    );
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
}

/// Lets a page make the call that its browser asks about.
pub(crate) fn preflight(request: &Parts) -> HeaderMap {
    let asked = &request.headers;
    let mut headers = HeaderMap::new();
    let mut repeat = |question: HeaderName, answer: HeaderName| {
        if let Some(value) = asked.get(question) {
            headers.insert(answer, value.clone());
        }
    };
    repeat(
        header::ACCESS_CONTROL_REQUEST_METHOD,
        header::ACCESS_CONTROL_ALLOW_METHODS,
    );
    repeat(
        header::ACCESS_CONTROL_REQUEST_HEADERS,
        header::ACCESS_CONTROL_ALLOW_HEADERS,
    );
    if asked.contains_key(REQUEST_PRIVATE) {
        headers.insert(ALLOW_PRIVATE, YES);
    }
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    headers
}
