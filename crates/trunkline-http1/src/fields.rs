//! Header lines as the `http` crate has them, cut from the bytes they arrived in.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use httparse::Header;

/// How many lines the head of an answer, or the trailers of a body, may have.
pub const FIELDS_MAX: usize = 100;

/// Whoever passes a message on adds to its headers; without room for that, the whole map is built
/// anew.
const ADDED: usize = 4;

/// What is wrong with what the other side sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed(pub &'static str);

/// Where the name and the value of a line lie in the bytes that were parsed.
#[derive(Debug)]
struct Place {
    name: (usize, usize),
    value: (usize, usize),
}

/// What becomes of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It goes into the map.
    Kept,
    /// It does not.
    Dropped,
}

/// The places of all lines, which outlive the borrow that parsing needs.
#[derive(Debug)]
pub struct Places(Vec<Place>);

impl Places {
    /// Notes where `headers`, which were parsed out of `bytes`, lie in them.
    pub fn of(bytes: &[u8], headers: &[Header<'_>]) -> Places {
        let start = bytes.as_ptr().addr();
        let place = |part: &[u8]| {
            let from = part.as_ptr().addr().saturating_sub(start);
            (from, from + part.len())
        };
        let places = headers.iter().map(|header| Place {
            name: place(header.name.as_bytes()),
            value: place(header.value),
        });
        Places(places.collect())
    }

    /// Cuts the lines out of `bytes`; each is shown to `look`, which says whether it is kept. No
    /// value is copied.
    ///
    /// # Errors
    /// Names and values that are impossible, and what `look` finds.
    pub fn cut(
        &self,
        bytes: &Bytes,
        look: impl FnMut(&HeaderName, &HeaderValue) -> Result<Fate, Malformed>,
    ) -> Result<HeaderMap, Malformed> {
        let lines = self.0.iter().map(|place| {
            let name = bytes.get(place.name.0..place.name.1).unwrap_or_default();
            (name, bytes.slice(place.value.0..place.value.1))
        });
        gather(lines, look)
    }
}

/// Makes a map of names and values; each line is shown to `look`, which says whether it is kept.
///
/// # Errors
/// Names and values that are impossible, and what `look` finds.
pub fn gather<'a>(
    lines: impl ExactSizeIterator<Item = (&'a [u8], Bytes)>,
    mut look: impl FnMut(&HeaderName, &HeaderValue) -> Result<Fate, Malformed>,
) -> Result<HeaderMap, Malformed> {
    let mut map = HeaderMap::with_capacity(lines.len() + ADDED);
    for (name, value) in lines {
        let name = HeaderName::from_bytes(name)
            .map_err(|_| Malformed("it has a header with an impossible name"))?;
        let value = HeaderValue::from_maybe_shared(value)
            .map_err(|_| Malformed("it has a header with an impossible value"))?;
        match look(&name, &value)? {
            Fate::Kept => {
                map.append(name, value);
            }
            Fate::Dropped => {}
        }
    }
    Ok(map)
}

/// What the parser found wrong.
pub fn malformed(err: httparse::Error) -> Malformed {
    Malformed(match err {
        httparse::Error::HeaderName => "it has a header with an impossible name",
        httparse::Error::HeaderValue => "it has a header with an impossible value",
        httparse::Error::NewLine => "it has a line that does not end as it must",
        httparse::Error::Status => "its first line cannot be read",
        httparse::Error::TooManyHeaders => "it has more than 100 headers",
        httparse::Error::Version => "it is not HTTP/1.1",
        httparse::Error::Token => "it has a character where none may be",
    })
}
