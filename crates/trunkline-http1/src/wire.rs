//! A connection's stream, and what was read from it ahead of its use.

use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt as _, ReadBuf};
use tokio::task;

/// Room for one read at most.
const READ_BYTES_MAX: usize = 64 * 1024;

/// A stream and what was read of it.
#[derive(Debug)]
pub struct Wire<S> {
    /// The stream itself.
    pub stream: S,
    /// Read and not used yet.
    pub buffer: BytesMut,
    room: Room,
}

/// How much room the next read gets. It doubles when a read fills it, and halves when two in a row
/// would have fitted into half of it.
#[derive(Clone, Copy, Debug)]
struct Room {
    bytes: usize,
    bytes_min: usize,
    was_small: bool,
}

impl<S: AsyncRead + Unpin> Wire<S> {
    /// A stream of which nothing was read. A read gets room for `read_bytes_min` at first, and for
    /// 64 KiB at most.
    pub fn new(stream: S, read_bytes_min: usize) -> Wire<S> {
        Wire {
            stream,
            buffer: BytesMut::new(),
            room: Room::new(read_bytes_min),
        }
    }

    /// Reads once, behind what the buffer holds; 0 is the end of the stream.
    pub fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        // Half of it will do: reserving may mean another allocation, while frames that were cut
        // off the buffer are still on their way.
        if self.spare() < self.room.bytes / 2 {
            self.buffer.reserve(self.room.bytes);
        }
        let spare = self.spare();
        let count = ready!(pin!(self.stream.read_buf(&mut self.buffer)).poll(cx))?;
        self.room.adapt(count, spare);
        Poll::Ready(Ok(count))
    }

    fn spare(&self) -> usize {
        self.buffer.capacity() - self.buffer.len()
    }

    /// Whether the stream is open and has nothing to say, which is all that an unused
    /// connection may do. Whoever `cx` wakes is told when that changes.
    ///
    /// Asks without regard to how much the task has done in its turn: "later" would be taken for
    /// "quiet", and what lies there for the answer to the next request.
    pub fn is_quiet(&mut self, cx: &mut Context<'_>) -> bool {
        let mut byte = [0];
        let stream = &mut self.stream;
        let asks = std::future::poll_fn(|cx| {
            Pin::new(&mut *stream).poll_read(cx, &mut ReadBuf::new(&mut byte))
        });
        self.buffer.is_empty() && pin!(task::unconstrained(asks)).poll(cx).is_pending()
    }

    /// Gives room back that was needed only once, while nothing is under way. The room of a first
    /// read stays: to find it anew for each exchange costs more than it takes.
    pub fn rest(&mut self) {
        let grown = self.room.bytes.max(self.buffer.capacity());
        if self.buffer.is_empty() && self.room.bytes_min < grown {
            self.buffer = BytesMut::new();
            self.room = Room::new(self.room.bytes_min);
        }
    }
}

impl Room {
    fn new(bytes_min: usize) -> Room {
        Room {
            bytes: bytes_min,
            bytes_min,
            was_small: false,
        }
    }

    /// A read gave `count` bytes, where `spare` were free.
    fn adapt(&mut self, count: usize, spare: usize) {
        let is_small = count < self.bytes / 2;
        if spare <= count {
            self.bytes = (self.bytes * 2).min(READ_BYTES_MAX);
        } else if is_small && self.was_small {
            self.bytes = (self.bytes / 2).max(self.bytes_min);
        }
        self.was_small = is_small;
    }
}

#[cfg(test)]
mod tests;
