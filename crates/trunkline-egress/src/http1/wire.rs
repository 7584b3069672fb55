//! The stream of an HTTP/1.1 connection, and what was read from it ahead of its use.

use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use bytes::BytesMut;
use tokio::io::{AsyncRead as _, AsyncReadExt as _, ReadBuf};
use tokio::task;

use crate::transport::Transport;

/// Room for one read: at first, and at most. It doubles when a read fills it, and halves when
/// two in a row would have fitted into half of it.
const READ_BYTES_MIN: usize = 8 * 1024;
const READ_BYTES_MAX: usize = 64 * 1024;

#[derive(Debug)]
pub(super) struct Wire {
    pub(super) transport: Transport,
    /// Read and not used yet.
    pub(super) buffer: BytesMut,
    room: Room,
}

/// How much room the next read gets.
#[derive(Clone, Copy, Debug)]
struct Room {
    bytes: usize,
    was_small: bool,
}

impl Wire {
    pub(super) fn new(transport: Transport) -> Wire {
        Wire {
            transport,
            buffer: BytesMut::new(),
            room: Room::default(),
        }
    }

    /// Reads once, behind what the buffer holds; 0 is the end of the stream.
    pub(super) fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        // Half of it will do: reserving may mean another allocation, while frames that were cut
        // off the buffer are still on their way.
        if self.spare() < self.room.bytes / 2 {
            self.buffer.reserve(self.room.bytes);
        }
        let spare = self.spare();
        let count = ready!(pin!(self.transport.read_buf(&mut self.buffer)).poll(cx))?;
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
    pub(super) fn is_quiet(&mut self, cx: &mut Context<'_>) -> bool {
        let mut byte = [0];
        let transport = &mut self.transport;
        let asks = std::future::poll_fn(|cx| {
            Pin::new(&mut *transport).poll_read(cx, &mut ReadBuf::new(&mut byte))
        });
        self.buffer.is_empty() && pin!(task::unconstrained(asks)).poll(cx).is_pending()
    }

    /// Gives the buffer back while nothing is under way.
    pub(super) fn rest(&mut self) {
        self.buffer = BytesMut::new();
    }
}

impl Room {
    /// A read gave `count` bytes, where `spare` were free.
    fn adapt(&mut self, count: usize, spare: usize) {
        let is_small = count < self.bytes / 2;
        if spare <= count {
            self.bytes = (self.bytes * 2).min(READ_BYTES_MAX);
        } else if is_small && self.was_small {
            self.bytes = (self.bytes / 2).max(READ_BYTES_MIN);
        }
        self.was_small = is_small;
    }
}

impl Default for Room {
    fn default() -> Room {
        Room {
            bytes: READ_BYTES_MIN,
            was_small: false,
        }
    }
}

#[cfg(test)]
mod tests;
