//! Compares entity tags: RFC 9110 §8.8.3.2.

use http::header::{self, HeaderMap, HeaderValue};

use crate::number;

/// A tag without its `W/`, and whether it had one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tag<'a> {
    opaque: &'a [u8],
    is_weak: bool,
}

impl<'a> Tag<'a> {
    /// Reads a tag; one without quotes is taken as it stands, since many APIs send such.
    pub(crate) fn read(text: &'a [u8]) -> Option<Self> {
        let text = number::trimmed(text);
        let (opaque, is_weak) = match text.strip_prefix(b"W/") {
            Some(opaque) => (opaque, true),
            None => (text, false),
        };
        (!opaque.is_empty()).then_some(Self { opaque, is_weak })
    }

    /// The one `ETag` of an answer.
    pub(crate) fn of(headers: &'a HeaderMap) -> Option<Self> {
        Self::read(headers.get(header::ETAG)?.as_bytes())
    }

    pub(crate) fn is_strong(self) -> bool {
        !self.is_weak
    }

    pub(crate) fn equals_weakly(self, other: Self) -> bool {
        self.opaque == other.opaque
    }

    pub(crate) fn equals_strongly(self, other: Self) -> bool {
        self == other && self.is_strong()
    }
}

/// Whether a list of tags, `*` among them, has this one by weak comparison.
pub(crate) fn lists(lines: &[&HeaderValue], stored: Option<Tag<'_>>) -> bool {
    let names_it = |part: &[u8]| match (Tag::read(part), stored) {
        _ if part == b"*" => true,
        (Some(tag), Some(stored)) => tag.equals_weakly(stored),
        (Some(_) | None, _) => false,
    };
    lines
        .iter()
        .any(|line| parts(line.as_bytes()).any(names_it))
}

/// Splits at commas outside of quotes; in a tag nothing is escaped.
fn parts(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut quoted = false;
    line.split(move |byte| {
        quoted ^= *byte == b'"';
        *byte == b',' && !quoted
    })
    .map(number::trimmed)
}

#[cfg(test)]
mod tests;
