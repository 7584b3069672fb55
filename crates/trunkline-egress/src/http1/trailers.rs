//! What may follow the last chunk of a request's body.

use http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE,
    COOKIE, HOST, MAX_FORWARDS, SET_COOKIE, TE, TRAILER, TRANSFER_ENCODING,
};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::head;

/// What decides about routing, framing, access or meaning comes too late at the end, and must
/// not be believed there (RFC 9110 section 6.5.1).
const NEVER: [HeaderName; 13] = [
    AUTHORIZATION,
    CACHE_CONTROL,
    CONTENT_ENCODING,
    CONTENT_LENGTH,
    CONTENT_RANGE,
    CONTENT_TYPE,
    COOKIE,
    HOST,
    MAX_FORWARDS,
    SET_COOKIE,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
];

/// What a request's `Trailer` header announces.
#[derive(Debug, Default)]
pub(super) struct Announced(Vec<HeaderValue>);

impl Announced {
    pub(super) fn by(headers: &HeaderMap) -> Announced {
        Announced(headers.get_all(TRAILER).iter().cloned().collect())
    }

    /// Appends those of `fields` that were announced.
    pub(super) fn write(&self, out: &mut Vec<u8>, fields: &HeaderMap) {
        for (name, value) in fields {
            let mut announced = self.0.iter();
            let is_announced = announced.any(|names| head::has_token(names, name.as_str()));
            if is_announced && !NEVER.contains(name) {
                out.extend_from_slice(name.as_str().as_bytes());
                out.extend_from_slice(b": ");
                out.extend_from_slice(value.as_bytes());
                out.extend_from_slice(b"\r\n");
            }
        }
    }
}
