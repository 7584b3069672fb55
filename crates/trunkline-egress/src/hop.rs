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

/// What a `Connection` header lists besides how the connection ends.
pub(crate) fn listed(connection: &HeaderValue) -> impl Iterator<Item = HeaderName> {
    let options = connection.as_bytes().split(|byte| *byte == b',');
    let names = options.map(<[u8]>::trim_ascii).filter(|option| {
        !option.eq_ignore_ascii_case(b"keep-alive") && !option.eq_ignore_ascii_case(b"close")
    });
    names.filter_map(|name| HeaderName::from_bytes(name).ok())
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
