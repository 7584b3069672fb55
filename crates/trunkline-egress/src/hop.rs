//! Headers of an answer that concern its connection only, and stay with it (RFC 9110 section 7.6.1).

use http::header::CONNECTION;
use http::{HeaderMap, HeaderName, HeaderValue};

/// Whether a header of this name never goes beyond its connection.
///
/// `Trailer` does: without it, trailers would not be passed on.
pub(crate) fn is_hop(name: &HeaderName) -> bool {
    matches!(
        name.as_str(),
        "connection"
            | "keep-alive"
            | "transfer-encoding"
            | "upgrade"
            | "te"
            | "proxy-connection"
            | "proxy-authenticate"
            | "proxy-authorization"
    )
}

/// Whether a header of this name is for everybody who sees the answer, so that a `Connection` must
/// not list it.
///
/// One that does is passed over: without `cache-control` or `vary` a cache would give the answer to
/// whom it must not.
fn is_for_all(name: &HeaderName) -> bool {
    matches!(
        name.as_str(),
        "age"
            | "cache-control"
            | "cdn-cache-control"
            | "content-encoding"
            | "content-length"
            | "content-range"
            | "content-type"
            | "date"
            | "etag"
            | "expires"
            | "last-modified"
            | "location"
            | "pragma"
            | "retry-after"
            | "set-cookie"
            | "trunkline-cache-control"
            | "vary"
            | "www-authenticate"
    )
}

/// What a `Connection` header lists besides how the connection ends, as far as it may.
pub(crate) fn listed(connection: &HeaderValue) -> impl Iterator<Item = HeaderName> {
    let options = connection.as_bytes().split(|byte| *byte == b',');
    let names = options.map(<[u8]>::trim_ascii).filter(|option| {
        !option.eq_ignore_ascii_case(b"keep-alive") && !option.eq_ignore_ascii_case(b"close")
    });
    let names = names.filter_map(|name| HeaderName::from_bytes(name).ok());
    names.filter(|name| !is_for_all(name))
}

/// Removes them from headers that should not have them at all, which HTTP/2's should not
/// (RFC 9113 section 8.2.2).
pub(crate) fn strip(headers: &mut HeaderMap) {
    let hops = headers.keys().filter(|name| is_hop(name)).cloned();
    let mut gone: Vec<HeaderName> = hops.collect();
    if gone.is_empty() {
        return;
    }
    gone.extend(headers.get_all(CONNECTION).iter().flat_map(listed));
    for name in gone {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests;
