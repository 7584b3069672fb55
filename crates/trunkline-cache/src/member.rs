//! Takes a line of directives apart: RFC 9111 §5.2.

use std::borrow::Cow;

use crate::number;

/// One member of a directive list.
pub(crate) struct Member<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) value: Option<Cow<'a, [u8]>>,
    pub(crate) raw: &'a [u8],
    /// Whether it keeps to the grammar.
    pub(crate) is_sound: bool,
}

/// Splits a line at its commas, but not at those within quotes.
pub(crate) fn all(line: &[u8]) -> impl Iterator<Item = Member<'_>> {
    let mut quoted = false;
    let mut escaped = false;
    line.split(move |byte| {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b',' if !quoted => return true,
            _ => {}
        }
        false
    })
    .map(number::trimmed)
    .filter(|raw| !raw.is_empty())
    .map(member)
}

fn member(raw: &[u8]) -> Member<'_> {
    let mut halves = raw.splitn(2, |byte| *byte == b'=');
    let name = halves.next().unwrap_or_default();
    let (value, value_is_sound) = match halves.next() {
        None => (None, true),
        Some([b'"', rest @ ..]) => match unquoted(rest) {
            Some(text) => (Some(text), true),
            None => (None, false),
        },
        Some(text) => (Some(Cow::Borrowed(text)), number::is_token(text)),
    };
    Member {
        name,
        value,
        raw,
        is_sound: value_is_sound && number::is_token(name),
    }
}

/// Reads a quoted string past its opening quote; `None` if it does not end where the text does.
fn unquoted(text: &[u8]) -> Option<Cow<'_, [u8]>> {
    let inner = text.strip_suffix(b"\"")?;
    if !inner.iter().any(|byte| matches!(byte, b'"' | b'\\')) {
        return Some(Cow::Borrowed(inner));
    }
    let mut plain = Vec::with_capacity(inner.len());
    let mut bytes = inner.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => return None,
            b'\\' => plain.push(*bytes.next()?),
            _ => plain.push(*byte),
        }
    }
    Some(Cow::Owned(plain))
}

/// Whether a directive's name stands anywhere in a text.
pub(crate) fn mentions(raw: &[u8], name: &str) -> bool {
    raw.windows(name.len())
        .any(|part| part.eq_ignore_ascii_case(name.as_bytes()))
}
