//! Which request headers a connector may set.

use http::HeaderName;

/// Why a connector may not set a header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reserved {
    /// It is of one connection or of the message itself (RFC 9110 section 7.6.1), which the engine
    /// writes.
    Framing,
    /// It carries a credential, which `[auth]` alone sets.
    Credential,
    /// It is for the gateway and never sent on.
    Gateway,
}

/// Whose a header is that a connector may not set; `None` where it may.
pub fn reserved(header: &HeaderName) -> Option<Reserved> {
    match header.as_str() {
        "connection" | "content-length" | "expect" | "host" | "keep-alive"
        | "proxy-authenticate" | "proxy-connection" | "te" | "trailer" | "transfer-encoding"
        | "upgrade" => Some(Reserved::Framing),
        "authorization" | "cookie" | "cookie2" | "proxy-authorization" => {
            Some(Reserved::Credential)
        }
        name if name.starts_with("trunkline-") => Some(Reserved::Gateway),
        _ => None,
    }
}
