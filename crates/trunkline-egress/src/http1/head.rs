//! Writes the head of a request, and settles how its body will be delimited.

use http::HeaderValue;
use http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use http_body::Body;

use super::fault::Unwritable;
use crate::Head;

/// How the end of a request's body is marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// So many bytes are still to come; none for a request without a body.
    Length(u64),
    /// Each piece says its length, and an empty one is the end.
    Chunked,
}

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
            keeps_alive &= !has_token(value, "close");
        }
        out.extend_from_slice(name.as_str().as_bytes());
        out.extend_from_slice(b": ");
        out.extend_from_slice(value.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    let framing = match length(declared, body)? {
        Length::Nothing => Framing::Length(0),
        Length::Known(length) => {
            out.extend_from_slice(b"content-length: ");
            push_number(out, length, 10);
            out.extend_from_slice(b"\r\n");
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

/// Appends what begins a chunk of `length` bytes (RFC 9112 section 7.1).
pub(super) fn write_chunk_size(out: &mut Vec<u8>, length: usize) {
    push_number(out, length as u64, 16);
    out.extend_from_slice(b"\r\n");
}

/// Whether a comma-separated header has `token` among its members, in whatever case.
pub(super) fn has_token(value: &HeaderValue, token: &str) -> bool {
    let mut members = value.as_bytes().split(|byte| *byte == b',');
    members.any(|member| member.trim_ascii().eq_ignore_ascii_case(token.as_bytes()))
}

/// A length as RFC 9110 section 8.6 has it: digits, and nothing but digits.
pub(super) fn parse_length(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0_u64, |sum, byte| {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit <= 9)?;
        sum.checked_mul(10)?.checked_add(u64::from(digit))
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
    let length =
        parse_length(value.as_bytes()).ok_or(Unwritable("its `content-length` is not a length"))?;
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

/// Appends `number` in `radix`, which is 10 or 16; the formatter takes ten times as long.
fn push_number(out: &mut Vec<u8>, number: u64, radix: u64) {
    let start = out.len();
    let mut rest = number;
    loop {
        let digit = u8::try_from(rest % radix).unwrap_or_default();
        out.push(if digit < 10 {
            b'0' + digit
        } else {
            b'a' + digit - 10
        });
        rest /= radix;
        if rest == 0 {
            break;
        }
    }
    if let Some(digits) = out.get_mut(start..) {
        digits.reverse();
    }
}

#[cfg(test)]
mod tests;
