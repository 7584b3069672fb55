//! Bytes on their way to the other side: small ones gathered, large ones as they are.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use tokio::io::AsyncWrite;

/// Data up to this size is copied behind what goes before it: that costs less than telling the
/// kernel of another place.
const COPY_BYTES_MAX: usize = 4 * 1024;

/// So much is gathered before it is written.
const GATHERED_BYTES_MAX: usize = 16 * 1024;

/// What is kept of the room for the next request.
const KEPT_BYTES_MAX: usize = 4 * 1024;

/// What is to be written next, in this order: gathered bytes, data, and what follows the data.
#[derive(Debug, Default)]
pub struct Staged {
    gathered: Vec<u8>,
    /// How much of `gathered` is written.
    written: usize,
    data: Bytes,
    end: &'static [u8],
}

impl Staged {
    /// Where heads and the sizes of chunks are written. Only while there [is room](Staged::has_room).
    pub fn gathered(&mut self) -> &mut Vec<u8> {
        &mut self.gathered
    }

    /// Adds `data`, and `end` behind it. Only while there [is room](Staged::has_room).
    pub fn push(&mut self, data: Bytes, end: &'static [u8]) {
        if data.len() <= COPY_BYTES_MAX {
            self.gathered.extend_from_slice(&data);
            self.gathered.extend_from_slice(end);
        } else {
            self.data = data;
            self.end = end;
        }
    }

    /// Whether more can be added.
    pub fn has_room(&self) -> bool {
        self.data.is_empty() && self.end.is_empty() && self.gathered.len() < GATHERED_BYTES_MAX
    }

    /// Whether everything was written.
    pub fn is_empty(&self) -> bool {
        self.gathered.len() == self.written && self.data.is_empty() && self.end.is_empty()
    }

    /// Forgets what is staged, and gives room back that was needed only once.
    pub fn clear(&mut self) {
        self.gathered.clear();
        self.gathered.shrink_to(KEPT_BYTES_MAX);
        self.written = 0;
        self.data = Bytes::new();
        self.end = &[];
    }

    /// Writes as much as the stream takes at once. Only while there is something.
    pub fn poll_write<W: AsyncWrite + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut W,
    ) -> Poll<io::Result<()>> {
        let gathered = self.gathered.get(self.written..).unwrap_or_default();
        let stream = Pin::new(stream);
        let count = if self.data.is_empty() && self.end.is_empty() {
            ready!(stream.poll_write(cx, gathered))?
        } else {
            let slices = [gathered, &self.data, self.end].map(IoSlice::new);
            ready!(stream.poll_write_vectored(cx, &slices))?
        };
        if count == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        self.advance(count);
        Poll::Ready(Ok(()))
    }

    fn advance(&mut self, count: usize) {
        let of_gathered = count.min(self.gathered.len() - self.written);
        self.written += of_gathered;
        if self.written == self.gathered.len() {
            self.gathered.clear();
            self.written = 0;
        }
        let of_data = self.data.len().min(count - of_gathered);
        self.data.advance(of_data);
        let of_end = count - of_gathered - of_data;
        self.end = self.end.get(of_end..).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests;
