//! Finds the end of a body, and takes the framing off it. Pure: bytes in, frames out.

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http_body::SizeHint;

use crate::chunks::{Chunks, Extensions};
use crate::fields::Malformed;

/// Where in its body a message is.
#[derive(Clone, Debug)]
pub enum Decoder {
    /// So many bytes are still to come.
    Length(u64),
    /// Each piece says how long it is.
    Chunked(Box<Chunks>),
    /// Whatever comes until the other side closes the connection.
    UntilClose,
    /// Nothing more.
    Ended,
}

/// What could be made of the bytes so far.
#[derive(Debug, PartialEq, Eq)]
pub enum Decoded {
    /// The next piece of the body.
    Data(Bytes),
    /// What came behind it, which was the end.
    Trailers(HeaderMap),
    /// More bytes are needed.
    More,
    /// Nothing more is to come.
    End,
}

impl Decoder {
    /// For a body of so many bytes.
    pub fn length(length: u64) -> Decoder {
        if length == 0 {
            Decoder::Ended
        } else {
            Decoder::Length(length)
        }
    }

    /// For a body in chunks.
    pub fn chunked(extensions: Extensions) -> Decoder {
        Decoder::Chunked(Box::new(Chunks::new(extensions)))
    }

    /// Takes the next frame off the front of `buffer`. What lies behind the body's end stays.
    ///
    /// # Errors
    /// Chunks that are not as they must be.
    pub fn decode(&mut self, buffer: &mut BytesMut) -> Result<Decoded, Malformed> {
        match self {
            Decoder::Ended => Ok(Decoded::End),
            _ if buffer.is_empty() => Ok(Decoded::More),
            Decoder::UntilClose => Ok(Decoded::Data(buffer.split().freeze())),
            Decoder::Length(left) => {
                let (count, rest) = within(*left, buffer.len());
                *self = Decoder::length(rest);
                Ok(Decoded::Data(buffer.split_to(count).freeze()))
            }
            Decoder::Chunked(chunks) => {
                let decoded = chunks.decode(buffer)?;
                if matches!(decoded, Decoded::Trailers(_) | Decoded::End) {
                    *self = Decoder::Ended;
                }
                Ok(decoded)
            }
        }
    }

    /// The other side has closed the connection, and the buffer is empty: whether this is an end.
    pub fn close(&mut self) -> bool {
        if matches!(self, Decoder::UntilClose) {
            *self = Decoder::Ended;
        }
        self.has_ended()
    }

    /// Whether nothing more is to come.
    pub fn has_ended(&self) -> bool {
        matches!(self, Decoder::Ended)
    }

    /// How much is still to come.
    pub fn size_hint(&self) -> SizeHint {
        match self {
            Decoder::Length(left) => SizeHint::with_exact(*left),
            Decoder::Ended => SizeHint::with_exact(0),
            Decoder::Chunked(_) | Decoder::UntilClose => SizeHint::default(),
        }
    }
}

/// How many of `left` bytes are among the `there`, and how many are then left.
pub(crate) fn within(left: u64, there: usize) -> (usize, u64) {
    let count = usize::try_from(left).map_or(there, |left| left.min(there));
    (count, left.saturating_sub(count as u64))
}

#[cfg(test)]
pub(crate) mod tests;
