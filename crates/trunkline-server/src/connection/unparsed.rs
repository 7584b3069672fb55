//! What the caller of a request that is none is told. Pure.

#[cfg(test)]
mod tests;

use trunkline::{Error, ErrorKind};

use crate::http1::{HeadLimits, Stop, TARGET_BYTES_MAX};

/// How a connection that is meant for TLS begins: a record with a handshake (RFC 8446 section 5.1).
const TLS: &[u8] = &[0x16, 0x03];

/// How a connection that is meant for HTTP/2 begins (RFC 9113 section 3.4).
const HTTP2: &[u8] = b"PRI * HTTP/2";

/// What is said of a request that begins with `bytes`.
pub(crate) fn error(stop: Stop, bytes: &[u8], limits: HeadLimits) -> Error {
    if bytes.starts_with(TLS) {
        return malformed("the request is no HTTP but the beginning of a TLS connection")
            .with_hint("this is plain http: use http://…");
    }
    if bytes.starts_with(HTTP2) {
        return malformed("the request is HTTP/2, which is not spoken here")
            .with_hint("use HTTP/1.1");
    }
    match stop {
        Stop::TooLarge => too_large(bytes, limits),
        Stop::Malformed(what) => malformed(format!("the request is malformed: {}", what.0)),
    }
}

fn malformed(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::RequestMalformed, message)
}

fn too_large(bytes: &[u8], limits: HeadLimits) -> Error {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let first = lines.next().unwrap_or_default();
    let headers = lines
        .take_while(|line| !line.trim_ascii().is_empty())
        .count();
    let (message, hint) = if limits.headers < headers {
        (
            format!("the request has more than {} headers", limits.headers),
            "send fewer headers, or raise `server.headers_max`",
        )
    } else if first.contains(&b'/') && (TARGET_BYTES_MAX < first.len() || headers == 0) {
        let most = TARGET_BYTES_MAX.min(2 * limits.header_bytes);
        (
            format!("the request's target is longer than {most} bytes"),
            "send what is long in the body",
        )
    } else {
        (
            format!(
                "the request's headers are larger than {} bytes",
                limits.header_bytes
            ),
            "send shorter headers, or raise `server.header_bytes_max`",
        )
    };
    Error::new(ErrorKind::HeadersTooLarge, message).with_hint(hint)
}
