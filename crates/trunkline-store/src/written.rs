//! A body as it grows, in pieces that many read, each from its own place.

use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};

use crate::reader::Begun;

/// Two neighbors that are no longer than this together become one.
///
/// A piece takes some memory however short it is: an upstream that sends byte by byte would make a
/// body take many times its length. So half of this is about what a piece has on average at least.
const MERGED_MAX: usize = 4096;

/// What is there of an answer.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) head: Arc<Begun>,
    pieces: Vec<Part>,
}

#[derive(Debug)]
struct Part {
    bytes: Bytes,
    /// Where it ends in the body.
    end: usize,
}

impl Written {
    pub(crate) fn new(head: Arc<Begun>) -> Self {
        Self {
            head,
            pieces: Vec::new(),
        }
    }

    pub(crate) fn push(&mut self, piece: Bytes) {
        let before = self.pieces.last().map_or(0, |last| last.end);
        let end = before + piece.len();
        if let Some(last) = self.pieces.last_mut()
            && last.bytes.len() + piece.len() <= MERGED_MAX
        {
            let bytes = joined(&[last.bytes.clone(), piece]);
            *last = Part { bytes, end };
            return;
        }
        self.pieces.push(Part { bytes: piece, end });
    }

    /// The next piece for one who has read so far.
    pub(crate) fn after(&self, read: usize) -> Option<Bytes> {
        let place = self.pieces.partition_point(|piece| piece.end <= read);
        let Part { bytes, end } = self.pieces.get(place)?;
        let start = end - bytes.len();
        Some(bytes.slice(read.saturating_sub(start)..))
    }

    pub(crate) fn pieces(&self) -> Vec<Bytes> {
        let pieces = self.pieces.iter();
        pieces.map(|piece| piece.bytes.clone()).collect()
    }

    /// Takes out the pieces, so that they can be dropped elsewhere.
    pub(crate) fn clear(&mut self) -> impl Drop + use<> {
        std::mem::take(&mut self.pieces)
    }
}

/// A copy that owns no more than it shows: pieces are slices of the buffers they were read into.
pub(crate) fn joined(pieces: &[Bytes]) -> Bytes {
    let mut whole = BytesMut::with_capacity(pieces.iter().map(Bytes::len).sum());
    for piece in pieces {
        whole.put_slice(piece);
    }
    whole.freeze()
}

#[cfg(test)]
mod tests;
