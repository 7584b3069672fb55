//! Carries bytes between a caller and an upstream that no longer speak HTTP with each other.

use std::future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use trunkline::{Clock, Tunneled};

use crate::socket::Socket;
use crate::watch::{Order, Watch};

/// What is read at once, and at most on its way in one direction.
const BYTES_MAX: usize = 16 * 1024;

/// One direction.
struct Flow {
    bytes: BytesMut,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// More may come.
    Open,
    /// The source has ended; the other side is still to be told.
    Ending,
    /// The other side was told.
    Ended,
}

/// Carries bytes both ways until both sides have ended, or both have been silent for too long, or
/// the connection is told to end. What the caller sent ahead goes first.
pub(crate) async fn carry(
    (caller, ahead): (&mut Socket, Bytes),
    mut tunneled: Box<Tunneled>,
    clock: &Clock,
    watch: &Watch,
) {
    let idle = tunneled.idle;
    let upstream = &mut tunneled.tunnel;
    let mut up = Flow::with(&ahead);
    let mut down = Flow::with(&[]);
    let mut limit = clock.sleep(idle);
    let ended = future::poll_fn(|cx| {
        // A tunnel has no end that could be waited for, so finishing is for the one who closes.
        if matches!(watch.take_order(cx), Some(Order::Cut(_))) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        let mut moved = 0;
        let up = up.poll(cx, caller, upstream, &mut moved);
        let down = down.poll(cx, upstream, caller, &mut moved);
        if 0 < moved {
            limit.reset(clock.after(idle));
        }
        match (up, down) {
            (Poll::Ready(Err(err)), _) | (_, Poll::Ready(Err(err))) => Poll::Ready(Err(err)),
            (Poll::Ready(Ok(())), Poll::Ready(Ok(()))) => Poll::Ready(Ok(())),
            _ => {
                ready!(Pin::new(&mut limit).poll(cx));
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
        }
    })
    .await;
    match ended {
        Ok(()) => tunneled.ended(),
        // The record says that it broke off.
        Err(err) => tracing::debug!(error = %err, "a tunnel broke off"),
    }
}

impl Flow {
    fn with(ahead: &[u8]) -> Self {
        Self {
            bytes: BytesMut::from(ahead),
            state: State::Open,
        }
    }

    /// Moves what can be moved; ready when the direction has ended.
    fn poll<R, W>(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut R,
        to: &mut W,
        moved: &mut usize,
    ) -> Poll<io::Result<()>>
    where
        R: AsyncRead + Unpin,
        W: AsyncWrite + Unpin,
    {
        loop {
            while !self.bytes.is_empty() {
                let count = ready!(Pin::new(&mut *to).poll_write(cx, &self.bytes))?;
                if count == 0 {
                    return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
                }
                self.bytes.advance(count);
                *moved += count;
            }
            match self.state {
                State::Ended => return Poll::Ready(Ok(())),
                State::Ending => {
                    ready!(Pin::new(&mut *to).poll_shutdown(cx))?;
                    self.state = State::Ended;
                }
                State::Open => {
                    // What a record of TLS still holds back has to go before we wait.
                    if Pin::new(&mut *to).poll_flush(cx)?.is_pending() {
                        return Poll::Pending;
                    }
                    if ready!(self.poll_read(cx, from))? == 0 {
                        self.state = State::Ending;
                    }
                }
            }
        }
    }

    fn poll_read<R: AsyncRead + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        from: &mut R,
    ) -> Poll<io::Result<usize>> {
        let mut space = [0; BYTES_MAX];
        let mut buffer = ReadBuf::new(&mut space);
        ready!(Pin::new(from).poll_read(cx, &mut buffer))?;
        self.bytes.extend_from_slice(buffer.filled());
        Poll::Ready(Ok(buffer.filled().len()))
    }
}
