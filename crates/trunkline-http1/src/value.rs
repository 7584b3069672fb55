//! Understands the values of headers that frame a message or end a connection.

#[cfg(test)]
mod tests;

use http::HeaderValue;

/// Whether a comma-separated header has `token` among its members, in whatever case.
pub fn has_token(value: &HeaderValue, token: &str) -> bool {
    let is_it = |member: &[u8]| member.trim_ascii().eq_ignore_ascii_case(token.as_bytes());
    let list = value.as_bytes();
    // Nearly always it has one member, which need not be looked for.
    if list.contains(&b',') {
        list.split(|byte| *byte == b',').any(is_it)
    } else {
        is_it(list)
    }
}

/// A length as RFC 9110 section 8.6 has it: digits, and nothing but digits. `None` if it is none,
/// or too large for 64 bits.
pub fn parse_length(text: &[u8]) -> Option<u64> {
    if text.is_empty() {
        return None;
    }
    text.iter().try_fold(0_u64, |sum, byte| {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit <= 9)?;
        sum.checked_mul(10)?.checked_add(u64::from(digit))
    })
}
