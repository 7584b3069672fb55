//! What is read from a caller before anybody wants it, because its leaving shows only behind that.
//!
//! A system tells at once that the other side has reset a connection. That it has closed, it tells
//! only when it has room for everything that was sent before, and that room is about as large as
//! 100 kB. So who waits for its turn with a larger body and leaves would keep its turn.

#[cfg(test)]
mod tests;

use std::cell::Cell;
use std::collections::VecDeque;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use tokio::io::{AsyncRead, ReadBuf};

/// What all connections of a thread hold at most.
const BYTES_MAX: usize = 32 * 1024 * 1024;

/// One connection has at most this part of what others leave, so that there is always something
/// left. The first may hold 4 MiB, which is what Linux, unless told otherwise, takes from a program
/// at most to send it when the program has ended.
const SHARE: usize = 8;

/// What is read at once.
const PIECE_BYTES: usize = 16 * 1024;

/// What the connections of a thread may still hold, in bytes.
#[derive(Debug)]
pub(crate) struct Allowance(Cell<usize>);

impl Default for Allowance {
    fn default() -> Self {
        Self(Cell::new(BYTES_MAX))
    }
}

impl Allowance {
    fn take(&self, bytes: usize) {
        self.0.set(self.0.get().saturating_sub(bytes));
    }

    fn give_back(&self, bytes: usize) {
        self.0.set(self.0.get().saturating_add(bytes));
    }
}

/// What was read from one caller and nobody has asked for yet.
#[derive(Debug)]
pub(crate) struct Ahead {
    pieces: VecDeque<Bytes>,
    held: usize,
    allowance: Rc<Allowance>,
}

/// What reading on has come upon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// The caller has left.
    End,
    /// Nothing yet, or what may be held is held.
    NoEnd,
}

impl Ahead {
    /// Nothing yet.
    pub(crate) fn new(allowance: Rc<Allowance>) -> Self {
        Self {
            pieces: VecDeque::new(),
            held: 0,
            allowance,
        }
    }

    /// Whether nothing is held.
    pub(crate) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Reads what is there, as far as more may be held.
    pub(crate) fn fill(
        &mut self,
        from: &mut (impl AsyncRead + Unpin),
        cx: &mut Context<'_>,
    ) -> Found {
        let mut space = [0; PIECE_BYTES];
        loop {
            let mut buffer = ReadBuf::new(&mut space);
            let mut buffer = buffer.take(self.room());
            if buffer.capacity() == 0 {
                return Found::NoEnd;
            }
            match Pin::new(&mut *from).poll_read(cx, &mut buffer) {
                Poll::Pending => return Found::NoEnd,
                Poll::Ready(Err(_)) => return Found::End,
                Poll::Ready(Ok(())) if buffer.filled().is_empty() => return Found::End,
                Poll::Ready(Ok(())) => self.hold(buffer.filled()),
            }
        }
    }

    /// How much more may be held.
    fn room(&self) -> usize {
        ((self.allowance.0.get() + self.held) / SHARE).saturating_sub(self.held)
    }

    fn hold(&mut self, bytes: &[u8]) {
        self.pieces.push_back(Bytes::copy_from_slice(bytes));
        self.held += bytes.len();
        self.allowance.take(bytes.len());
    }

    /// Gives what fits into `buffer`.
    pub(crate) fn hand_out(&mut self, buffer: &mut ReadBuf<'_>) {
        while let Some(piece) = self.pieces.front_mut() {
            let count = piece.len().min(buffer.remaining());
            buffer.put_slice(&piece.split_to(count));
            self.held -= count;
            self.allowance.give_back(count);
            if !piece.is_empty() {
                return;
            }
            self.pieces.pop_front();
        }
        // What is wanted by now is not held again.
        self.pieces = VecDeque::new();
    }

    /// Gives everything.
    pub(crate) fn take(&mut self) -> Bytes {
        self.allowance.give_back(std::mem::take(&mut self.held));
        Vec::from(std::mem::take(&mut self.pieces)).concat().into()
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.allowance.give_back(self.held);
    }
}
