//! Takes apart `Transfer-Encoding: chunked` (RFC 9112 section 7.1), from whatever pieces arrive.
//!
//! Lines end with CR LF and with nothing else: a lone LF that one side takes for an end and the
//! other does not is how two requests are made of one.

use std::mem;

use bytes::{Buf as _, Bytes, BytesMut};
use http::HeaderMap;

use crate::body::{self, Decoded};
use crate::fields::{self, FIELDS_MAX, Fate, Malformed, Places};

/// Chunk extensions, which nobody reads, in all of a body together.
const EXTENSION_BYTES_MAX: usize = 16 * 1024;

/// The trailers of a body together.
const TRAILER_BYTES_MAX: usize = 16 * 1024;

/// Spaces after a chunk's size, which some servers pad it with.
const PADDING_BYTES_MAX: usize = 16;

/// What becomes of what stands behind a chunk's size: spaces, or extensions that nobody reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extensions {
    /// It is passed over, as RFC 9112 section 7.1.1 has it.
    PassedOver,
    /// It is refused: two readers of a request may disagree on where it ends.
    Refused,
}

/// The state of a chunked body.
#[derive(Clone, Debug)]
pub struct Chunks {
    extensions: Extensions,
    state: State,
    extension_bytes: usize,
    /// What has come of the trailers.
    trailers: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
enum State {
    /// In the digits of a chunk's size.
    Size { size: u64, digits: u8 },
    /// In the spaces after them.
    Padding { size: u64, count: usize },
    /// In what may follow them.
    Extension { size: u64 },
    /// Between the CR and the LF of the size's line.
    SizeEnd { size: u64 },
    /// In the data, of which so much is left.
    Data { left: u64 },
    /// Before the CR after the data.
    DataEnd,
    /// Between the CR and the LF after the data.
    DataEndLf,
    /// In the trailers.
    Trailers,
}

impl Default for State {
    fn default() -> State {
        State::Size { size: 0, digits: 0 }
    }
}

impl Chunks {
    /// Before the first chunk.
    pub(crate) fn new(extensions: Extensions) -> Chunks {
        Chunks {
            extensions,
            state: State::default(),
            extension_bytes: 0,
            trailers: Vec::new(),
        }
    }

    /// Takes the next piece of data, or all of the framing that there is.
    pub(crate) fn decode(&mut self, buffer: &mut BytesMut) -> Result<Decoded, Malformed> {
        loop {
            match self.state {
                _ if buffer.is_empty() => return Ok(Decoded::More),
                State::Data { left } => {
                    let (count, left) = body::within(left, buffer.len());
                    self.state = if left == 0 {
                        State::DataEnd
                    } else {
                        State::Data { left }
                    };
                    return Ok(Decoded::Data(buffer.split_to(count).freeze()));
                }
                State::Trailers => return self.take_trailers(buffer),
                State::Size { .. }
                | State::Padding { .. }
                | State::Extension { .. }
                | State::SizeEnd { .. }
                | State::DataEnd
                | State::DataEndLf => {
                    let byte = buffer.get_u8();
                    self.state = self.step(byte)?;
                }
            }
        }
    }

    /// The state after a byte of framing.
    fn step(&mut self, byte: u8) -> Result<State, Malformed> {
        match (self.state, byte) {
            (State::Size { size, digits }, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => {
                add_digit(size, digits, byte)
            }
            (State::Size { digits: 0, .. }, _) => Err(Malformed("a chunk has no size")),
            (State::Size { .. }, b' ' | b'\t' | b';') if self.extensions == Extensions::Refused => {
                Err(Malformed("its body has chunk extensions"))
            }
            (State::Size { size, .. }, b' ' | b'\t') => Ok(State::Padding { size, count: 1 }),
            (State::Padding { size, count }, b' ' | b'\t') if count < PADDING_BYTES_MAX => {
                Ok(State::Padding {
                    size,
                    count: count + 1,
                })
            }
            (State::Size { size, .. } | State::Padding { size, .. }, b';') => {
                Ok(State::Extension { size })
            }
            (
                State::Size { size, .. } | State::Padding { size, .. } | State::Extension { size },
                b'\r',
            ) => Ok(State::SizeEnd { size }),
            (State::Extension { size }, byte) if byte != b'\n' => {
                self.extension_bytes += 1;
                if EXTENSION_BYTES_MAX < self.extension_bytes {
                    return Err(Malformed("its chunk extensions are larger than 16 KiB"));
                }
                Ok(State::Extension { size })
            }
            (State::SizeEnd { size: 0 }, b'\n') => Ok(State::Trailers),
            (State::SizeEnd { size }, b'\n') => Ok(State::Data { left: size }),
            (State::DataEnd, b'\r') => Ok(State::DataEndLf),
            (State::DataEndLf, b'\n') => Ok(State::default()),
            (State::DataEnd | State::DataEndLf, _) => {
                Err(Malformed("a chunk is not as long as it says"))
            }
            (_, _) => Err(Malformed("the size of a chunk cannot be read")),
        }
    }

    /// Gathers lines up to the empty one, which is the body's end.
    fn take_trailers(&mut self, buffer: &mut BytesMut) -> Result<Decoded, Malformed> {
        while !buffer.is_empty() {
            let byte = buffer.get_u8();
            let before = self.trailers.last().copied();
            if (before == Some(b'\r')) != (byte == b'\n') {
                return Err(Malformed("a trailer's line does not end as it must"));
            }
            self.trailers.push(byte);
            if self.trailers == b"\r\n" {
                return Ok(Decoded::End);
            }
            if self.trailers.ends_with(b"\r\n\r\n") {
                return parse_trailers(mem::take(&mut self.trailers)).map(Decoded::Trailers);
            }
            if TRAILER_BYTES_MAX <= self.trailers.len() {
                return Err(Malformed("its trailers are larger than 16 KiB"));
            }
        }
        Ok(Decoded::More)
    }
}

fn add_digit(size: u64, digits: u8, byte: u8) -> Result<State, Malformed> {
    // Leading zeros count: there is no reason for many.
    if digits == 16 {
        return Err(Malformed("the size of a chunk has more than 16 digits"));
    }
    let digit = char::from(byte).to_digit(16).unwrap_or_default();
    Ok(State::Size {
        size: size << 4 | u64::from(digit),
        digits: digits + 1,
    })
}

fn parse_trailers(bytes: Vec<u8>) -> Result<HeaderMap, Malformed> {
    let mut lines = [httparse::EMPTY_HEADER; FIELDS_MAX];
    let places = match httparse::parse_headers(&bytes, &mut lines).map_err(fields::malformed)? {
        httparse::Status::Complete((_, headers)) => Places::of(&bytes, headers),
        httparse::Status::Partial => return Err(Malformed("its trailers cannot be read")),
    };
    places.cut(&Bytes::from(bytes), |_, _| Ok(Fate::Kept))
}

#[cfg(test)]
mod tests;
