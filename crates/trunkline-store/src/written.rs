//! A body as it grows, in pieces that many read, each from its own place.

use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};

use crate::reader::Begun;
use crate::room::Room;

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
    /// So many bytes are gone, and so many came.
    start: usize,
    end: usize,
    /// For the head and the pieces.
    room: Option<Room>,
    /// Of the head.
    weight: u64,
}

#[derive(Debug)]
struct Part {
    bytes: Bytes,
    /// Where it ends in the body.
    end: usize,
}

impl Written {
    /// With the room that its head has, which weighs so much.
    pub(crate) fn new(head: Arc<Begun>, (room, weight): (Room, u64)) -> Self {
        Self {
            head,
            pieces: Vec::new(),
            start: 0,
            end: 0,
            room: Some(room),
            weight,
        }
    }

    /// So many bytes came.
    pub(crate) fn end(&self) -> usize {
        self.end
    }

    /// Whether there is room for another piece of this length, which is then taken.
    pub(crate) fn has_room_for(&mut self, length: usize) -> bool {
        let bytes = self.weight.saturating_add((self.end + length) as u64);
        self.room.as_mut().is_some_and(|room| room.grow_to(bytes))
    }

    pub(crate) fn push(&mut self, piece: Bytes) {
        let end = self.end + piece.len();
        self.end = end;
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
    pub(crate) fn clear(&mut self) -> impl Sized + use<> {
        (std::mem::take(&mut self.pieces), self.room.take())
    }

    /// Takes out what everybody has read who has read so far, of what is not kept.
    pub(crate) fn let_go(&mut self, read: usize) -> impl Sized + use<> {
        let read = self.pieces.partition_point(|piece| piece.end <= read);
        let gone: Vec<_> = self.pieces.drain(..read).collect();
        if let Some(last) = gone.last() {
            self.start = last.end;
        }
        if let Some(room) = &mut self.room {
            room.shrink_to((self.end - self.start) as u64);
        }
        gone
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
