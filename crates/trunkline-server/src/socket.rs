//! A caller's connection, whatever kind it is, with somebody looking on.

#[cfg(test)]
mod tests;

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::FutureExt as _;
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::{TcpStream, UnixStream};

use crate::ahead::{Ahead, Allowance, Found};
use crate::watch::{Closing, Place, Watch};

/// A connection that no runtime has taken charge of yet.
#[derive(Debug)]
pub(crate) enum Accepted {
    /// From an address and port.
    Tcp(std::net::TcpStream),
    /// From a socket in the file system.
    Unix(std::os::unix::net::UnixStream),
}

/// A caller's connection.
#[derive(Debug)]
pub(crate) enum Socket {
    /// From an address and port.
    Tcp(TcpStream),
    /// From a socket in the file system.
    Unix(UnixStream),
}

impl Accepted {
    /// Puts the running runtime in charge.
    pub(crate) fn adopt(self) -> io::Result<Socket> {
        Ok(match self {
            Self::Tcp(stream) => Socket::Tcp(TcpStream::from_std(stream)?),
            Self::Unix(stream) => Socket::Unix(UnixStream::from_std(stream)?),
        })
    }
}

impl Socket {
    /// Takes the connection from its runtime, for another.
    pub(crate) fn release(self) -> io::Result<Accepted> {
        Ok(match self {
            Self::Tcp(stream) => Accepted::Tcp(stream.into_std()?),
            Self::Unix(stream) => Accepted::Unix(stream.into_std()?),
        })
    }

    /// Writes what can be written without waiting.
    pub(crate) fn try_write(&self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.try_write(bytes),
            Self::Unix(stream) => stream.try_write(bytes),
        }
    }

    /// Whether the system knows that the other side has closed, behind whatever is still unread.
    fn is_left(&self) -> bool {
        let ready = match self {
            Self::Tcp(stream) => stream.ready(Interest::READABLE).now_or_never(),
            Self::Unix(stream) => stream.ready(Interest::READABLE).now_or_never(),
        };
        matches!(ready, Some(Ok(ready)) if ready.is_read_closed())
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Unix(stream) => Pin::new(stream).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Unix(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            Self::Unix(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Sockets hold nothing back.
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Unix(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

/// A connection with somebody looking on: bytes pass untouched, waits are noted.
#[derive(Debug)]
pub(crate) struct Watched {
    socket: Socket,
    ahead: Ahead,
    watch: Rc<Watch>,
    has_ended: bool,
}

impl Watched {
    /// Begins to look on. What is read ahead comes out of `allowance`.
    pub(crate) fn new(socket: Socket, watch: Rc<Watch>, allowance: Rc<Allowance>) -> Self {
        Self {
            socket,
            ahead: Ahead::new(allowance),
            watch,
            has_ended: false,
        }
    }

    /// Whether the caller may still be sending something that nobody has read.
    ///
    /// To close then would make the system throw away what the caller has not read either, which
    /// is the refusal that tells it why.
    pub(crate) fn may_have_unread(&self) -> bool {
        !self.has_ended && (self.watch.state().place != Place::Between || !self.ahead.is_empty())
    }

    /// The connection itself.
    pub(crate) fn socket(&mut self) -> &mut Socket {
        &mut self.socket
    }

    /// Gives what was read ahead and nobody has asked for.
    pub(crate) fn take_ahead(&mut self) -> Bytes {
        self.ahead.take()
    }

    /// Whether the caller has left, also where only reading on tells.
    #[cold]
    pub(crate) fn has_left(&mut self, cx: &mut Context<'_>) -> bool {
        self.has_ended |=
            self.socket.is_left() || self.ahead.fill(&mut self.socket, cx) == Found::End;
        self.has_ended
    }

    fn note_write(&self, polled: &Poll<io::Result<usize>>) {
        match polled {
            Poll::Pending => self.watch.waits_to_write(),
            Poll::Ready(_) => self.watch.wrote(),
        }
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if !this.ahead.is_empty() {
            this.ahead.hand_out(buffer);
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        let polled = Pin::new(&mut this.socket).poll_read(cx, buffer);
        match &polled {
            Poll::Pending => this.watch.waits_for_bytes(),
            Poll::Ready(Err(_)) => this.has_ended = true,
            Poll::Ready(Ok(())) => this.has_ended |= buffer.filled().len() == before,
        }
        polled
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.socket).poll_write(cx, bytes);
        self.note_write(&polled);
        polled
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.socket).poll_write_vectored(cx, slices);
        self.note_write(&polled);
        polled
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(cx)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        if let (Closing::Reset, Socket::Tcp(stream)) = (self.watch.closing(), &self.socket) {
            // If the system refuses, the close is as it would have been.
            stream.set_zero_linger().ok();
        }
    }
}
