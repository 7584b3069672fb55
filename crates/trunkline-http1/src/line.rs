//! Writes what heads and chunks are made of.

#[cfg(test)]
mod tests;

use http::{HeaderName, HeaderValue};

/// Appends a header's line.
pub fn push_header(out: &mut Vec<u8>, name: &HeaderName, value: &HeaderValue) {
    out.extend_from_slice(name.as_str().as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value.as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// Appends the line that says how long a body is (RFC 9110 section 8.6).
pub fn push_content_length(out: &mut Vec<u8>, length: u64) {
    out.extend_from_slice(b"content-length: ");
    push_number(out, length, 10);
    out.extend_from_slice(b"\r\n");
}

/// Appends what begins a chunk of `length` bytes (RFC 9112 section 7.1).
pub fn push_chunk_size(out: &mut Vec<u8>, length: usize) {
    push_number(out, length as u64, 16);
    out.extend_from_slice(b"\r\n");
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
