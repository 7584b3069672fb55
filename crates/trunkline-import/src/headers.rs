//! Which request headers a connector may set.

use http::HeaderName;

/// Headers of one connection or of the message itself (RFC 9110 section 7.6.1).
const FRAMING: [&str; 11] = [
    "connection",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-authenticate",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Headers that carry a credential, which `[auth]` alone sets.
const CREDENTIALS: [&str; 4] = ["authorization", "cookie", "cookie2", "proxy-authorization"];

/// Whether an input or `[auth]` may set it, as `connectors check` sees it.
pub(crate) fn may_set(header: &HeaderName) -> bool {
    let name = header.as_str();
    !FRAMING.contains(&name) && !CREDENTIALS.contains(&name) && !name.starts_with("trunkline-")
}
