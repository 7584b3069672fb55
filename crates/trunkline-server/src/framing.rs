//! Reads along on a connection and notes requests that two readers could read in two ways. Pure.
//!
//! hyper parses what a caller sends, and lets a few shapes pass that request smuggling is made of,
//! or that no honest caller sends: a `Content-Length` beside a `Transfer-Encoding`, a repeated
//! length, bare line feeds, chunk extensions, a fragment in the target. Once parsed they can no
//! longer be seen, so this machine looks at the very bytes on their way to hyper. It changes
//! nothing and holds nothing back. It knows heads from bodies by the same rules as hyper, and it
//! stops at its first finding, because the connection ends there.
//!
//! How the bytes are cut into reads makes no difference: every state is kept from one to the next.

#[cfg(test)]
mod tests;

use std::fmt;

/// A shape that is refused although hyper may let it pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// `Content-Length` beside `Transfer-Encoding`, in either order.
    LengthBesideEncoding,
    /// More than one `Content-Length` line, equal or not.
    RepeatedLength,
    /// A `Content-Length` that is no plain number.
    LengthNoNumber,
    /// A line that ends in LF alone.
    BareLineFeed,
    /// A CR without its LF.
    BareCarriageReturn,
    /// A header line continued on the next (RFC 9112 section 5.2).
    FoldedLine,
    /// White space in a header's name or before its colon.
    SpaceBeforeColon,
    /// A header line without a colon.
    NoColon,
    /// A NUL or another control character in the head.
    ControlCharacter,
    /// A `#` in the request line.
    Fragment,
    /// Something after a chunk's size (RFC 9112 section 7.1.1).
    ChunkExtension,
    /// A chunk that has no size or does not end where its size says.
    BrokenChunk,
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LengthBesideEncoding => "it has a `Content-Length` beside a `Transfer-Encoding`",
            Self::RepeatedLength => "it has more than one `Content-Length`",
            Self::LengthNoNumber => "its `Content-Length` is no number",
            Self::BareLineFeed => "one of its lines ends in LF without CR",
            Self::BareCarriageReturn => "it has a CR without LF",
            Self::FoldedLine => "one of its headers is continued on the next line",
            Self::SpaceBeforeColon => "it has white space before a header's colon",
            Self::NoColon => "one of its header lines has no colon",
            Self::ControlCharacter => "its head has a control character",
            Self::Fragment => "its target has a fragment (`#`)",
            Self::ChunkExtension => "its body has chunk extensions",
            Self::BrokenChunk => "its chunks are malformed",
        })
    }
}

/// A refused shape and the request that has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Finding {
    /// The connection's request, counted from 0.
    pub(crate) request: u32,
    /// What is wrong with it.
    pub(crate) shape: Shape,
}

/// Where in a request the connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Between two heads.
    Between,
    /// In a head that has begun and is not whole.
    Head,
    /// In a body that is not whole.
    Body,
}

/// Reads along on one connection.
#[derive(Debug)]
pub(crate) struct Framing {
    at: At,
    heads: u32,
    length: Length,
    is_chunked: bool,
    name: CutName,
    finding: Option<Finding>,
}

/// What the next byte belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Between,
    BetweenLf,
    RequestLine,
    LineStart,
    Name,
    Value,
    LengthValue,
    LineLf,
    HeadLf,
    Content(u64),
    ChunkSize {
        size: u64,
        digits: u8,
    },
    ChunkSizeLf {
        size: u64,
    },
    ChunkData(u64),
    ChunkDataCr,
    ChunkDataLf,
    TrailerStart,
    Trailer,
    TrailerLf,
    BodyLf,
    /// Beyond a finding nothing is looked at.
    Lost(Place),
}

/// What a header means for the framing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Length,
    Encoding,
    Other,
}

/// The body's length as far as it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Length {
    Absent,
    /// The line is there, its number not yet.
    Named,
    Digits(u64),
    /// White space stood after the number.
    Ended(u64),
}

const CONTENT_LENGTH: &[u8] = b"content-length";
const TRANSFER_ENCODING: &[u8] = b"transfer-encoding";

impl Framing {
    /// A connection on which nothing was sent yet.
    pub(crate) fn new() -> Self {
        Self {
            at: At::Between,
            heads: 0,
            length: Length::Absent,
            is_chunked: false,
            name: CutName::default(),
            finding: None,
        }
    }

    /// Looks at what was read.
    pub(crate) fn observe(&mut self, mut bytes: &[u8]) {
        while let Some(&first) = bytes.first() {
            let used = match self.at {
                At::Lost(_) => return,
                At::Content(left) => self.content(left, bytes.len()),
                At::ChunkData(left) => self.chunk_data(left, bytes.len()),
                At::RequestLine => self.request_line(bytes),
                At::Name => self.name(bytes),
                At::Value => self.line(bytes, At::LineLf),
                At::LengthValue => self.length_value(bytes),
                At::Trailer => self.line(bytes, At::TrailerLf),
                at => self.one(at, first),
            };
            bytes = bytes.get(used..).unwrap_or_default();
        }
    }

    /// Where in a request the connection is.
    pub(crate) fn place(&self) -> Place {
        match self.at {
            At::Between | At::BetweenLf => Place::Between,
            At::RequestLine
            | At::LineStart
            | At::Name
            | At::Value
            | At::LengthValue
            | At::LineLf
            | At::HeadLf => Place::Head,
            At::Content(_)
            | At::ChunkSize { .. }
            | At::ChunkSizeLf { .. }
            | At::ChunkData(_)
            | At::ChunkDataCr
            | At::ChunkDataLf
            | At::TrailerStart
            | At::Trailer
            | At::TrailerLf
            | At::BodyLf => Place::Body,
            At::Lost(place) => place,
        }
    }

    /// How many heads have come whole.
    pub(crate) fn heads(&self) -> u32 {
        self.heads
    }

    /// The first refused shape, if there was one.
    pub(crate) fn finding(&self) -> Option<Finding> {
        self.finding
    }

    fn found(&mut self, shape: Shape) {
        let place = self.place();
        // A body's head is whole, so it has been counted already.
        let request = match place {
            Place::Body => self.heads.saturating_sub(1),
            Place::Between | Place::Head => self.heads,
        };
        self.finding = Some(Finding { request, shape });
        self.at = At::Lost(if place == Place::Between {
            Place::Head
        } else {
            place
        });
    }

    /// The states that a single byte decides.
    fn one(&mut self, at: At, byte: u8) -> usize {
        match (at, byte) {
            // RFC 9112 section 2.2: an empty line before a request is passed over.
            (At::Between, b'\r') => self.at = At::BetweenLf,
            (At::BetweenLf | At::BodyLf, b'\n') => self.at = At::Between,
            (At::Between | At::LineStart | At::TrailerStart, b'\n') => {
                self.found(Shape::BareLineFeed);
            }
            (At::Between, _) => {
                self.at = At::RequestLine;
                return 0;
            }
            (At::LineStart, b'\r') => self.at = At::HeadLf,
            (At::TrailerStart, b'\r') => self.at = At::BodyLf,
            (At::LineStart | At::TrailerStart, b' ' | b'\t') => self.found(Shape::FoldedLine),
            (At::LineStart, _) => {
                self.at = At::Name;
                return 0;
            }
            (At::TrailerStart, _) => {
                self.at = At::Trailer;
                return 0;
            }
            (At::LineLf, b'\n') => self.at = At::LineStart,
            (At::TrailerLf | At::ChunkSizeLf { size: 0 }, b'\n') => self.at = At::TrailerStart,
            (At::HeadLf, b'\n') => self.end_of_head(),
            (At::ChunkSize { size, digits }, _) => self.chunk_size(size, digits, byte),
            (At::ChunkSizeLf { size }, b'\n') => self.at = At::ChunkData(size),
            (At::ChunkDataCr, b'\r') => self.at = At::ChunkDataLf,
            (At::ChunkDataLf, b'\n') => self.at = At::ChunkSize { size: 0, digits: 0 },
            (At::ChunkDataCr | At::ChunkDataLf | At::ChunkSizeLf { .. }, _) => {
                self.found(Shape::BrokenChunk);
            }
            _ => self.found(Shape::BareCarriageReturn),
        }
        1
    }

    fn request_line(&mut self, bytes: &[u8]) -> usize {
        let Some((place, byte)) = find(bytes, |word| controls(word) | equal(word, b'#')) else {
            return bytes.len();
        };
        match byte {
            b'#' => self.found(Shape::Fragment),
            _ => self.end_of_line(byte, At::LineLf),
        }
        place + 1
    }

    fn name(&mut self, bytes: &[u8]) -> usize {
        let ends = |word| controls(word) | equal(word, b':') | equal(word, b' ');
        let Some((place, byte)) = find(bytes, ends) else {
            self.name.push(bytes);
            return bytes.len();
        };
        let part = bytes.get(..place).unwrap_or_default();
        let field = self.name.whole(part);
        match byte {
            b':' => self.field(field),
            b' ' | b'\t' => self.found(Shape::SpaceBeforeColon),
            b'\r' => self.found(Shape::NoColon),
            b'\n' => self.found(Shape::BareLineFeed),
            _ => self.found(Shape::ControlCharacter),
        }
        place + 1
    }

    fn field(&mut self, field: Field) {
        let has_length = self.length != Length::Absent;
        self.at = At::Value;
        match field {
            Field::Other => {}
            Field::Length if self.is_chunked => self.found(Shape::LengthBesideEncoding),
            Field::Length if has_length => self.found(Shape::RepeatedLength),
            Field::Length => {
                self.length = Length::Named;
                self.at = At::LengthValue;
            }
            Field::Encoding if has_length => self.found(Shape::LengthBesideEncoding),
            Field::Encoding => self.is_chunked = true,
        }
    }

    /// The rest of a line that is not looked into.
    fn line(&mut self, bytes: &[u8], after_cr: At) -> usize {
        match find(bytes, controls) {
            Some((place, byte)) => {
                self.end_of_line(byte, after_cr);
                place + 1
            }
            None => bytes.len(),
        }
    }

    fn length_value(&mut self, bytes: &[u8]) -> usize {
        let end = bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
        let number = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or_default();
        match (self.read_length(number), end.and_then(|end| bytes.get(end))) {
            (Some(length), None) => self.length = length,
            (None | Some(Length::Named | Length::Absent), _) => {
                self.found(Shape::LengthNoNumber);
            }
            (Some(length), Some(&byte)) => {
                self.length = length;
                self.end_of_line(byte, At::LineLf);
            }
        }
        end.map_or(bytes.len(), |end| end + 1)
    }

    fn read_length(&self, bytes: &[u8]) -> Option<Length> {
        let mut length = self.length;
        for &byte in bytes {
            length = match (length, byte) {
                (Length::Named, b' ' | b'\t') => Length::Named,
                (Length::Named, b'0'..=b'9') => Length::Digits(u64::from(byte - b'0')),
                (Length::Digits(number), b'0'..=b'9') => Length::Digits(
                    number
                        .checked_mul(10)?
                        .checked_add(u64::from(byte - b'0'))?,
                ),
                (Length::Digits(number) | Length::Ended(number), b' ' | b'\t') => {
                    Length::Ended(number)
                }
                _ => return None,
            };
        }
        Some(length)
    }

    /// A control character within a line of the head or the trailers.
    fn end_of_line(&mut self, byte: u8, after_cr: At) {
        match byte {
            b'\r' => self.at = after_cr,
            b'\n' => self.found(Shape::BareLineFeed),
            b'\t' => {}
            _ => self.found(Shape::ControlCharacter),
        }
    }

    fn end_of_head(&mut self) {
        self.heads = self.heads.saturating_add(1);
        self.at = match self.length {
            _ if self.is_chunked => At::ChunkSize { size: 0, digits: 0 },
            Length::Digits(length) | Length::Ended(length) if length > 0 => At::Content(length),
            _ => At::Between,
        };
        self.length = Length::Absent;
        self.is_chunked = false;
    }

    fn content(&mut self, left: u64, there: usize) -> usize {
        let used = usize::try_from(left).map_or(there, |left| left.min(there));
        let left = left.saturating_sub(used as u64);
        self.at = if left == 0 {
            At::Between
        } else {
            At::Content(left)
        };
        used
    }

    fn chunk_size(&mut self, size: u64, digits: u8, byte: u8) {
        let digit = char::from(byte).to_digit(16).map(u64::from);
        match (digit, byte) {
            (Some(digit), _) if digits < 15 => {
                self.at = At::ChunkSize {
                    size: size * 16 + digit,
                    digits: digits + 1,
                };
            }
            (None, b'\r') if digits > 0 => self.at = At::ChunkSizeLf { size },
            (None, b';' | b' ' | b'\t') if digits > 0 => self.found(Shape::ChunkExtension),
            (None, b'\n') if digits > 0 => self.found(Shape::BareLineFeed),
            _ => self.found(Shape::BrokenChunk),
        }
    }

    fn chunk_data(&mut self, left: u64, there: usize) -> usize {
        let used = usize::try_from(left).map_or(there, |left| left.min(there));
        let left = left.saturating_sub(used as u64);
        self.at = if left == 0 {
            At::ChunkDataCr
        } else {
            At::ChunkData(left)
        };
        used
    }
}

/// The beginning of a header name that a read cut in two, as far as it can matter.
#[derive(Debug, Default)]
struct CutName {
    bytes: [u8; TRANSFER_ENCODING.len() + 1],
    length: usize,
}

impl CutName {
    fn push(&mut self, part: &[u8]) {
        let room = self.bytes.get_mut(self.length..).unwrap_or_default();
        let kept = room.len().min(part.len());
        for (place, &byte) in room.iter_mut().zip(part) {
            *place = byte;
        }
        self.length += kept;
    }

    /// What the name means whose last part this is. Forgets the rest.
    fn whole(&mut self, last: &[u8]) -> Field {
        if self.length == 0 {
            return Field::of(last);
        }
        self.push(last);
        let field = Field::of(self.bytes.get(..self.length).unwrap_or_default());
        self.length = 0;
        field
    }
}

impl Field {
    fn of(name: &[u8]) -> Self {
        if name.eq_ignore_ascii_case(CONTENT_LENGTH) {
            Self::Length
        } else if name.eq_ignore_ascii_case(TRANSFER_ENCODING) {
            Self::Encoding
        } else {
            Self::Other
        }
    }
}

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
