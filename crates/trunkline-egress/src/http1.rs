//! HTTP/1.1 as we speak it to upstreams (RFC 9112).
//!
//! A connection carries one exchange at a time, so it needs no task and no channel of its own:
//! whoever waits for the answer drives the connection by waiting, and whoever lets go of it has
//! closed it.
//!
//! - `head` writes the head of a request, `sending` the whole of it.
//! - `answer` makes a head of what was read, which is pure: bytes in, values out.
//! - What callers are spoken to with as well is in `trunkline-http1`.
//!
//! An upload goes on while the answer arrives. An upstream that has enough of it answers early
//! and may close, so what cannot be written is no failure as long as there is an answer to read.

mod answer;
mod fault;
mod head;
mod sending;

use std::io;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http::Response;
use http_body::{Frame, SizeHint};
use trunkline_http1::body::{Decoded, Decoder};
use trunkline_http1::wire::Wire;

pub(crate) use self::fault::{Fault, Unwritable};

use self::answer::Asked;
use self::sending::Sending;

use crate::Head;
use crate::body::Outgoing;
use crate::transport::{Mark, Transport};

/// Room for one read of an answer at first.
const READ_BYTES_MIN: usize = 8 * 1024;

/// A stream, and the exchange that is under way on it, if any.
#[derive(Debug)]
pub(crate) struct Exchange {
    wire: Wire<Transport>,
    sending: Sending,
    /// Why the rest of the request could not be written.
    write_error: Option<io::Error>,
    asked: Asked,
    /// How much of the buffer was already looked at, and holds no whole head.
    looked_at: usize,
    answer: Decoder,
    /// Whether both sides let the connection live on.
    keeps_alive: bool,
}

impl Exchange {
    pub(crate) fn new(transport: Transport) -> Exchange {
        Exchange {
            wire: Wire::new(transport, READ_BYTES_MIN),
            sending: Sending::idle(),
            write_error: None,
            asked: Asked::Any,
            looked_at: 0,
            answer: Decoder::Ended,
            keeps_alive: true,
        }
    }

    /// Begins an exchange; nothing is written before [`Exchange::poll_answer`].
    pub(crate) fn begin(&mut self, head: &Head, body: Outgoing) -> Result<(), Unwritable> {
        self.asked = Asked::with(&head.method);
        self.looked_at = 0;
        self.write_error = None;
        self.keeps_alive = self.sending.begin(head, body)?;
        Ok(())
    }

    /// Sends the request, and waits for the head of its answer.
    ///
    /// Nothing is read before something was written: it could not be an answer.
    pub(crate) fn poll_answer(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Response<()>, Fault>> {
        self.send(cx)?;
        if !self.sending.has_written() {
            return match self.write_error.take() {
                Some(err) => Poll::Ready(Err(Fault::Io(err))),
                None => Poll::Pending,
            };
        }
        loop {
            match ready!(self.wire.poll_read(cx)) {
                Ok(0) => return Poll::Ready(Err(self.broken_off(None))),
                Ok(_) => {}
                Err(err) => return Poll::Ready(Err(self.broken_off(Some(err)))),
            }
            let buffer = &mut self.wire.buffer;
            if self.looked_at != 0 && !answer::may_end(buffer, self.looked_at) {
                self.looked_at = buffer.len();
                continue;
            }
            if let Some(answer) = answer::take(buffer, self.asked)? {
                self.answer = answer.body;
                self.keeps_alive &= answer.keeps_alive;
                return Poll::Ready(Ok(answer.head));
            }
            self.looked_at = buffer.len();
        }
    }

    /// The next frame of the answer's body. The upload goes on beside it.
    pub(crate) fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Fault>>> {
        self.send(cx)?;
        loop {
            match self.answer.decode(&mut self.wire.buffer)? {
                Decoded::Data(data) => return Poll::Ready(Some(Ok(Frame::data(data)))),
                Decoded::Trailers(trailers) => {
                    return Poll::Ready(Some(Ok(Frame::trailers(trailers))));
                }
                Decoded::End => return Poll::Ready(None),
                Decoded::More => {}
            }
            match ready!(self.wire.poll_read(cx)) {
                Ok(0) if self.answer.close() => return Poll::Ready(None),
                Ok(0) => return Poll::Ready(Some(Err(self.broken_off(None)))),
                Ok(_) => {}
                Err(err) => return Poll::Ready(Some(Err(self.broken_off(Some(err))))),
            }
        }
    }

    /// The stream, and what was read of it behind the answer's head: after a change of protocol
    /// they belong together.
    pub(crate) fn into_stream(self) -> (Transport, BytesMut) {
        (self.wire.stream, self.wire.buffer)
    }

    /// Whether the answer has come to its end.
    pub(crate) fn has_answer_ended(&self) -> bool {
        self.answer.has_ended()
    }

    /// How much of the answer's body is still to come.
    pub(crate) fn size_hint(&self) -> SizeHint {
        self.answer.size_hint()
    }

    /// Whether another request can follow: both directions have ended as they should, both sides
    /// want it, and nothing was left behind.
    pub(crate) fn is_reusable(&self) -> bool {
        self.keeps_alive
            && self.sending.is_sent()
            && self.answer.has_ended()
            && self.wire.buffer.is_empty()
    }

    /// Whether the upstream keeps an unused connection open and says nothing unasked. Whoever
    /// `cx` wakes is told when that changes.
    pub(crate) fn is_quiet(&mut self, cx: &mut Context<'_>) -> bool {
        self.wire.is_quiet(cx)
    }

    /// Gives back what is needed only while an exchange is under way.
    pub(crate) fn rest(&mut self) {
        self.wire.rest();
    }

    /// The body as it was given, if nothing was taken of it nor of its head written.
    pub(crate) fn take_back(&mut self) -> Option<Outgoing> {
        self.sending.take_back()
    }

    /// How far the stream's traffic has come.
    pub(crate) fn mark(&self) -> Mark {
        self.wire.stream.mark()
    }

    /// Sends what can be sent now. Only the request's own faults are reported here: an upstream
    /// that takes nothing more may have answered.
    fn send(&mut self, cx: &mut Context<'_>) -> Result<(), Fault> {
        if self.sending.is_over() {
            return Ok(());
        }
        match self.sending.poll(cx, &mut self.wire.stream) {
            Poll::Pending | Poll::Ready(Ok(())) => Ok(()),
            Poll::Ready(Err(Fault::Io(err))) => {
                self.write_error = Some(err);
                if self.sending.has_written() {
                    self.sending.stop();
                }
                Ok(())
            }
            Poll::Ready(Err(fault)) => Err(fault),
        }
    }

    /// Why the upstream's side ended: what was known first tells most.
    fn broken_off(&mut self, read_error: Option<io::Error>) -> Fault {
        match self.write_error.take().or(read_error) {
            Some(err) => Fault::Io(err),
            None => Fault::Closed,
        }
    }
}
