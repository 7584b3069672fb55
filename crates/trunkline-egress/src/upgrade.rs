//! A connection that changes from HTTP to another protocol (RFC 9110 section 7.8).

use std::fmt;
use std::future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf as _, BytesMut};
use http::header::{CONTENT_LENGTH, UPGRADE};
use http::{HeaderMap, Response, StatusCode};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::body::{Body, Outgoing};
use crate::clock;
use crate::connection::Http1;
use crate::dial::Progress;
use crate::error::{Cause, SendError, SendErrorKind, Step};
use crate::exchange::{self, Failed, Terms};
use crate::lease::Place;
use crate::origin::Origin;
use crate::receive::Received;
use crate::tls::Offer;
use crate::transport::Transport;
use crate::{Egress, Head, Limits};

/// What an upstream answers that was asked to change the protocol.
#[derive(Debug)]
pub enum Upgraded {
    /// It changes: the connection now carries what the caller and it make of it.
    Tunnel(Response<Tunnel>),
    /// It does not, and says why.
    Refused(Response<Received>),
}

/// A connection that no longer carries HTTP. Dropped, it is closed.
pub struct Tunnel {
    transport: Transport,
    /// Read together with the answer's head.
    ahead: BytesMut,
}

impl Egress {
    /// Asks `origin` to change the protocol, over a connection of its own and HTTP/1.1. `head` has
    /// the headers that ask for it; those of the answer that concern the connection only are left
    /// out.
    ///
    /// # Errors
    ///
    /// As [`Egress::send`]; [`SendErrorKind::UpstreamMalformed`] also where `origin` changes to
    /// what was not asked for.
    ///
    /// # Cancel safety
    ///
    /// When dropped, the connection is closed.
    pub async fn upgrade(
        &self,
        origin: &Origin,
        head: &Head,
        limits: &Limits,
    ) -> Result<Upgraded, SendError> {
        let transport = self.open_for_upgrade(origin, limits).await?;
        let mut connection = Http1::new(transport, &self.clock);
        let terms = Terms {
            pool: &self.pool,
            origin,
            head,
            clock: &self.clock,
            limits,
            upload: None,
        };
        let body = Outgoing::new(Body::Empty, &self.clock);
        let begun = connection.exchange.begin(head, body);
        begun.map_err(|unwritable| {
            let cause = Cause::Text(unwritable.reason());
            SendError::unsent(SendErrorKind::RequestInvalid, cause)
        })?;
        let sent_at = self.clock.now();
        let Http1 {
            exchange, timer, ..
        } = &mut *connection;
        let answer = future::poll_fn(|cx| exchange.poll_answer(cx));
        let answer = exchange::within(&terms, answer, timer, sent_at).await;
        let answer = answer.map_err(|kind| SendError::sent(kind, Cause::None))?;
        let answer = answer.map_err(|fault| {
            let kind = SendErrorKind::ClosedBeforeAnswer;
            SendError::sent(kind, Cause::Other(Box::new(fault)))
        })?;
        if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
            let (mut said, ()) = answer.into_parts();
            if !is_asked_for(&head.headers, &said.headers) {
                let cause = Cause::Text("it changed to another protocol than the one asked for");
                return Err(SendError::sent(SendErrorKind::UpstreamMalformed, cause));
            }
            said.headers.remove(UPGRADE);
            // Nothing follows that it could be the length of (RFC 9110 section 8.6).
            said.headers.remove(CONTENT_LENGTH);
            let (transport, ahead) = connection.exchange.into_stream();
            let tunnel = Tunnel { transport, ahead };
            return Ok(Upgraded::Tunnel(Response::from_parts(said, tunnel)));
        }
        match exchange::received(&terms, Place::Http1(connection), None, answer) {
            Ok(answer) => Ok(Upgraded::Refused(answer)),
            Err(Failed::Error(err)) => Err(err),
            Err(Failed::Unsent(_)) => {
                let kind = SendErrorKind::ClosedBeforeAnswer;
                Err(SendError::sent(kind, Cause::None))
            }
        }
    }

    async fn open_for_upgrade(
        &self,
        origin: &Origin,
        limits: &Limits,
    ) -> Result<Transport, SendError> {
        let until = clock::later(self.clock.now(), limits.connect);
        let (until, kind) = match limits.deadline {
            Some(deadline) if deadline < until => (deadline, SendErrorKind::DeadlineExceeded),
            Some(_) | None => (until, SendErrorKind::ConnectTimeout),
        };
        let progress = Progress::new(Step::LookUp);
        let dialled = self.dialer.dial(origin, Offer::Http1, &progress);
        match self.clock.limit(Some(until), dialled).await {
            Ok(dialled) => dialled.map(|(transport, _)| transport),
            Err(_elapsed) => Err(SendError::unsent(kind, Cause::None).at(progress.step())),
        }
    }
}

/// Whether an upstream changes to what it was asked to change to (RFC 9110 section 7.8).
fn is_asked_for(asked: &HeaderMap, said: &HeaderMap) -> bool {
    let mut said = protocols(said).peekable();
    said.peek().is_some()
        && said.all(|one| protocols(asked).any(|other| one.eq_ignore_ascii_case(other)))
}

fn protocols(headers: &HeaderMap) -> impl Iterator<Item = &[u8]> {
    let values = headers.get_all(UPGRADE).into_iter();
    let members = values.flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    members.map(<[u8]>::trim_ascii)
}

impl AsyncRead for Tunnel {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.ahead.is_empty() {
            return Pin::new(&mut this.transport).poll_read(cx, buffer);
        }
        let count = this.ahead.len().min(buffer.remaining());
        buffer.put_slice(this.ahead.get(..count).unwrap_or_default());
        this.ahead.advance(count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Tunnel {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.transport).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.transport).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.transport).poll_shutdown(cx)
    }
}

impl fmt::Debug for Tunnel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tunnel").finish_non_exhaustive()
    }
}
