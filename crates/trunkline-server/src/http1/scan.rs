//! Finds the end of a request's head and what frames its body, whatever pieces it arrives in. Pure.
//!
//! Here a gateway is attacked: who makes it and an upstream disagree about where a request ends has
//! a request of its own in somebody else's connection. So where RFC 9112 lets a server repair a
//! head, it is refused: bare line feeds, folded lines, repeated lengths, a length beside a transfer
//! coding. Its lines are used where they were found here, so nobody reads them a second time in
//! another way.

#[cfg(test)]
mod tests;

use std::mem;
use std::ops::Range;

use trunkline_http1::body::Decoder;
use trunkline_http1::chunks::Extensions;
use trunkline_http1::fields::Malformed;
use trunkline_http1::value;

/// Looks for the end of a head. It looks at every byte once.
#[derive(Debug)]
pub(super) struct Scan {
    at: At,
    /// How many bytes were looked at.
    seen: usize,
    /// Where what is being looked at begins: the first line, a name or a value.
    from: usize,
    lines: Lines,
    length: Option<u64>,
    is_chunked: bool,
}

/// What the next byte belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Between,
    BetweenLf,
    RequestLine,
    LineStart,
    Name,
    Value(Field),
    LineLf,
    HeadLf,
}

/// What a header means for the framing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Length,
    Other,
}

/// Where the lines of a head lie in it.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// The request line.
    pub(super) request: Range<usize>,
    /// Names and values, with white space around these.
    pub(super) headers: Vec<Header>,
}

/// Where a header lies in its head.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) name: Range<usize>,
    pub(super) value: Range<usize>,
}

/// A head that is whole.
#[derive(Debug)]
pub(super) struct Found {
    /// How many bytes it has, with empty lines before it.
    pub(super) bytes: usize,
    /// How its body is framed.
    pub(super) body: Decoder,
}

impl Scan {
    /// Before the first byte of a head.
    pub(super) fn new() -> Self {
        Self {
            at: At::Between,
            seen: 0,
            from: 0,
            lines: Lines::default(),
            length: None,
            is_chunked: false,
        }
    }

    /// What was looked at is gone, and nothing had begun.
    pub(super) fn forget_seen(&mut self) {
        self.seen = 0;
    }

    /// The lines of the head that was found last.
    pub(super) fn lines(&self) -> &Lines {
        &self.lines
    }

    /// How many headers were found so far.
    pub(super) fn headers(&self) -> usize {
        self.lines.headers.len()
    }

    /// Whether a head has begun.
    pub(super) fn has_begun(&self) -> bool {
        !matches!(self.at, At::Between | At::BetweenLf)
    }

    /// Looks at `bytes`, which begin as they did before, and says where the head ends if it does.
    /// Then it is ready for the next.
    ///
    /// # Errors
    /// The first shape in them that is refused.
    pub(super) fn find_end(&mut self, bytes: &[u8]) -> Result<Option<Found>, Malformed> {
        while let Some(rest) = bytes.get(self.seen..)
            && let Some(&first) = rest.first()
        {
            match self.at {
                At::RequestLine => self.request_line(rest)?,
                At::Name => self.name(bytes, rest)?,
                At::Value(field) => self.value(field, bytes, rest)?,
                At::HeadLf if first == b'\n' => {
                    let found = Found {
                        bytes: self.seen + 1,
                        body: self.take_body(),
                    };
                    self.at = At::Between;
                    self.seen = 0;
                    return Ok(Some(found));
                }
                at => self.one(at, first)?,
            }
        }
        Ok(None)
    }

    fn take_body(&mut self) -> Decoder {
        let length = self.length.take().unwrap_or_default();
        if mem::take(&mut self.is_chunked) {
            Decoder::chunked(Extensions::Refused)
        } else {
            Decoder::length(length)
        }
    }

    /// The states that a single byte decides.
    fn one(&mut self, at: At, byte: u8) -> Result<(), Malformed> {
        let (next, used) = match (at, byte) {
            // RFC 9112 section 2.2: an empty line before a request is passed over.
            (At::Between, b'\r') => (At::BetweenLf, 1),
            (At::BetweenLf, b'\n') => (At::Between, 1),
            (At::Between | At::LineStart, b'\n') => return Err(BARE_LINE_FEED),
            (At::Between, _) => {
                self.from = self.seen;
                self.lines.headers.clear();
                (At::RequestLine, 0)
            }
            (At::LineStart, b'\r') => (At::HeadLf, 1),
            (At::LineStart, b' ' | b'\t') => {
                return Err(Malformed(
                    "one of its headers is continued on the next line",
                ));
            }
            (At::LineStart, _) => {
                self.from = self.seen;
                (At::Name, 0)
            }
            (At::LineLf, b'\n') => (At::LineStart, 1),
            _ => return Err(Malformed("it has a CR without LF")),
        };
        self.at = next;
        self.seen += used;
        Ok(())
    }

    fn request_line(&mut self, rest: &[u8]) -> Result<(), Malformed> {
        let Some((place, byte)) = find(rest, |word| controls(word) | equal(word, b'#')) else {
            self.seen += rest.len();
            return Ok(());
        };
        if byte == b'#' {
            return Err(Malformed("its target has a fragment (`#`)"));
        }
        if byte == b'\r' {
            self.lines.request = self.from..self.seen + place;
        }
        self.within_line(place, byte)
    }

    fn name(&mut self, bytes: &[u8], rest: &[u8]) -> Result<(), Malformed> {
        let ends = |word| controls(word) | equal(word, b':') | equal(word, b' ');
        let Some((place, byte)) = find(rest, ends) else {
            self.seen += rest.len();
            return Ok(());
        };
        let end = self.seen + place;
        match byte {
            b':' => {
                let name = self.from..end;
                let field = self.field(bytes.get(name.clone()).unwrap_or_default())?;
                let value = end + 1..end + 1;
                self.lines.headers.push(Header { name, value });
                self.seen = end + 1;
                self.from = self.seen;
                self.at = At::Value(field);
                Ok(())
            }
            b' ' | b'\t' => Err(Malformed("it has white space before a header's colon")),
            b'\r' => Err(Malformed("one of its header lines has no colon")),
            b'\n' => Err(BARE_LINE_FEED),
            _ => Err(CONTROL_CHARACTER),
        }
    }

    fn field(&mut self, name: &[u8]) -> Result<Field, Malformed> {
        let beside = Malformed("it has a `Content-Length` beside a `Transfer-Encoding`");
        if name.eq_ignore_ascii_case(b"content-length") {
            if self.length.is_some() {
                return Err(Malformed("it has more than one `Content-Length`"));
            }
            if self.is_chunked {
                return Err(beside);
            }
            Ok(Field::Length)
        } else {
            if name.eq_ignore_ascii_case(b"transfer-encoding") {
                if self.length.is_some() {
                    return Err(beside);
                }
                self.is_chunked = true;
            }
            Ok(Field::Other)
        }
    }

    fn value(&mut self, field: Field, bytes: &[u8], rest: &[u8]) -> Result<(), Malformed> {
        let Some((place, byte)) = find(rest, controls) else {
            self.seen += rest.len();
            return Ok(());
        };
        let value = self.from..self.seen + place;
        if field == Field::Length && byte == b'\r' {
            let text = bytes.get(value.clone());
            let length = value::parse_length(text.unwrap_or_default().trim_ascii());
            self.length = Some(length.ok_or(Malformed("its `Content-Length` is no number"))?);
        }
        if let Some(header) = self.lines.headers.last_mut() {
            header.value = value;
        }
        self.within_line(place, byte)
    }

    /// A control character within a line.
    fn within_line(&mut self, place: usize, byte: u8) -> Result<(), Malformed> {
        self.seen += place + 1;
        match byte {
            b'\r' => self.at = At::LineLf,
            b'\n' => return Err(BARE_LINE_FEED),
            b'\t' => {}
            _ => return Err(CONTROL_CHARACTER),
        }
        Ok(())
    }
}

const BARE_LINE_FEED: Malformed = Malformed("one of its lines ends in LF without CR");
const CONTROL_CHARACTER: Malformed = Malformed("its head has a control character");

/// The first byte that `test` marks, and its place.
///
/// Looks at eight bytes at a time: `test` gets them as a little-endian number and sets the highest
/// bit of those it means. Marks above the lowest may be wrong (a borrow), and are not looked at.
fn find(bytes: &[u8], test: impl Fn(u64) -> u64) -> Option<(usize, u8)> {
    let (words, rest) = bytes.as_chunks::<8>();
    let mut place = 0;
    for word in words {
        let marks = test(u64::from_le_bytes(*word));
        if marks != 0 {
            let place = place + (marks.trailing_zeros() / 8) as usize;
            return Some((place, *bytes.get(place)?));
        }
        place += 8;
    }
    let mut last = [b'.'; 8];
    for (place, &byte) in last.iter_mut().zip(rest) {
        *place = byte;
    }
    let marks = test(u64::from_le_bytes(last));
    if marks == 0 {
        return None;
    }
    let place = place + (marks.trailing_zeros() / 8) as usize;
    Some((place, *bytes.get(place)?))
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// Marks bytes below a space.
fn controls(word: u64) -> u64 {
    word.wrapping_sub(ONES * 0x20) & !word & HIGHS
}

/// Marks bytes that are `byte`.
fn equal(word: u64, byte: u8) -> u64 {
    let word = word ^ (ONES * u64::from(byte));
    word.wrapping_sub(ONES) & !word & HIGHS
}
