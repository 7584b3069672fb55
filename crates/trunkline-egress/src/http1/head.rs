//! Writes the head of a request, and settles how its body will be delimited.

use http::HeaderValue;
use http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use http_body::Body;
use trunkline_http1::framing::Framing;
use trunkline_http1::{line, value};

use super::fault::Unwritable;
use crate::Head;

/// What the head that was written commits us to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) framing: Framing,
    /// Whether the request lets the connection live on.
    pub(super) keeps_alive: bool,
}

/// Appends the head of a request to `out`.
///
/// Headers go out as they are, except for the two that frame the body (RFC 9112 section 6): a
/// `Content-Length` is kept where the body can be that long, `Transfer-Encoding` is always ours,
/// and there is never more than one of the two.
pub(super) fn write<B: Body>(
    out: &mut Vec<u8>,
    head: &Head,
    body: &B,
) -> Result<Written, Unwritable> {
    out.reserve(256);
    out.extend_from_slice(head.method.as_str().as_bytes());
    out.push(b' ');
    out.extend_from_slice(head.target.as_str().as_bytes());
    out.extend_from_slice(b" HTTP/1.1\r\n");
    let mut keeps_alive = true;
    let mut declared = None;
    for (name, value) in &head.headers {
        if name == TRANSFER_ENCODING {
            continue;
        }
        if name == CONTENT_LENGTH {
            declared = Some(declare(declared, value)?);
            continue;
        }
        if name == CONNECTION {
            keeps_alive &= !value::has_token(value, "close");
        }
        line::push_header(out, name, value);
    }
    let framing = match length(declared, body)? {
        Length::Nothing => Framing::Length(0),
        Length::Known(length) => {
            line::push_content_length(out, length);
            Framing::Length(length)
        }
        Length::Unknown => {
            out.extend_from_slice(b"transfer-encoding: chunked\r\n");
            Framing::Chunked
        }
    };
    out.extend_from_slice(b"\r\n");
    Ok(Written {
        framing,
        keeps_alive,
    })
}

enum Length {
    /// There is no body, and nobody said how long it is.
    Nothing,
    Known(u64),
    Unknown,
}

/// What a `Content-Length` says, where an earlier one may have said something else.
fn declare(earlier: Option<u64>, value: &HeaderValue) -> Result<u64, Unwritable> {
    let length = value::parse_length(value.as_bytes())
        .ok_or(Unwritable("its `content-length` is not a length"))?;
    match earlier {
        Some(earlier) if earlier != length => Err(Unwritable("it has two lengths")),
        Some(_) | None => Ok(length),
    }
}

fn length<B: Body>(declared: Option<u64>, body: &B) -> Result<Length, Unwritable> {
    let exact = if body.is_end_stream() {
        Some(0)
    } else {
        body.size_hint().exact()
    };
    match (declared, exact) {
        (Some(declared), Some(exact)) if declared != exact => Err(Unwritable(
            "its body is not as long as its `content-length` says",
        )),
        (None, Some(0)) => Ok(Length::Nothing),
        (Some(length), _) | (None, Some(length)) => Ok(Length::Known(length)),
        (None, None) => Ok(Length::Unknown),
    }
}

#[cfg(test)]
mod tests;
