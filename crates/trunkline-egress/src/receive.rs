//! The body of an answer: passes frames on, watches the clock, and gives the connection back.

use std::error::Error;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use hyper::body::Incoming;

use crate::Limits;
use crate::clock::{self, Clock};
use crate::error;
use crate::exchange;
use crate::http1::Fault;
use crate::lease::{Lease, Place};

/// An answer's body as it arrives.
///
/// Its end gives the connection back for the next request. Dropped before, it closes the
/// connection (HTTP/1.1) or resets the stream (HTTP/2) at once. An upstream that breaks off is an
/// error frame, never a clean end.
pub struct Received {
    /// Until the body has ended. Boxed, because a body is moved many times before it is read.
    receiving: Option<Box<Receiving>>,
}

/// A body that is on its way.
struct Receiving {
    /// What hyper reads over HTTP/2. An HTTP/1.1 connection is read from directly.
    incoming: Option<Incoming>,
    lease: Lease,
    clock: Clock,
    idle: Duration,
    deadline: Option<Instant>,
    /// Whether the limit for the next frame is running.
    is_waiting: bool,
}

/// Why the rest of an answer did not arrive.
pub struct ReceiveError {
    kind: ReceiveErrorKind,
    source: Source,
}

/// Why a frame could not be had.
type Broken = (ReceiveErrorKind, Source);

type Source = Option<Box<dyn Error + Send + Sync>>;

/// What went wrong, as far as a caller of this crate would act differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReceiveErrorKind {
    /// Nothing arrived within the idle limit.
    IdleTimeout,
    /// The deadline of the whole call came.
    DeadlineExceeded,
    /// The upstream broke off.
    Cut,
    /// The body is not valid HTTP.
    Malformed,
}

impl Received {
    pub(crate) fn new(
        incoming: Option<Incoming>,
        lease: Lease,
        clock: &Clock,
        limits: &Limits,
    ) -> Received {
        let has_ended = match &incoming {
            Some(incoming) => incoming.is_end_stream(),
            None => lease.place.has_answer_ended(),
        };
        if has_ended {
            lease.give_back();
            return Received { receiving: None };
        }
        Received {
            receiving: Some(Box::new(Receiving {
                incoming,
                lease,
                clock: clock.clone(),
                idle: limits.idle,
                deadline: limits.deadline,
                is_waiting: false,
            })),
        }
    }

    /// From now on only the idle limit holds: the deadline was for the answer to begin.
    pub fn lift_deadline(&mut self) {
        if let Some(receiving) = &mut self.receiving {
            receiving.deadline = None;
        }
    }

    /// The body has ended as it should.
    fn finish(&mut self) {
        if let Some(receiving) = self.receiving.take() {
            receiving.lease.give_back();
        }
    }

    /// The body will not go on.
    fn fail(&mut self, (kind, source): Broken) -> ReceiveError {
        if let Some(receiving) = self.receiving.take() {
            receiving.lease.abandon();
        }
        ReceiveError { kind, source }
    }
}

impl Receiving {
    /// Whether the last frame has been read.
    fn has_ended(&self) -> bool {
        match &self.incoming {
            Some(incoming) => incoming.is_end_stream(),
            None => self.lease.place.has_answer_ended(),
        }
    }

    /// The next frame, within the limits.
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        match self.poll_next(cx) {
            Poll::Ready(Some(Ok(_))) if self.is_past_deadline() => {
                Poll::Ready(Some(Err((ReceiveErrorKind::DeadlineExceeded, None))))
            }
            Poll::Ready(Some(Ok(frame))) => {
                self.is_waiting = false;
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(None) if self.is_cut_short() => {
                Poll::Ready(Some(Err((ReceiveErrorKind::Cut, None))))
            }
            Poll::Ready(ended) => Poll::Ready(ended),
            Poll::Pending => {
                let kind = ready!(self.poll_limit(cx));
                Poll::Ready(Some(Err((kind, None))))
            }
        }
    }

    /// The next frame, without regard to limits.
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        if let Some(incoming) = &mut self.incoming {
            return Pin::new(incoming)
                .poll_frame(cx)
                .map_err(|err| (classify(&err), Some(err.into())));
        }
        match &mut self.lease.place {
            Place::Http1(connection) => connection.exchange.poll_frame(cx).map_err(|fault| {
                let kind = match &fault {
                    Fault::Malformed(_) => ReceiveErrorKind::Malformed,
                    Fault::Closed | Fault::Io(_) | Fault::Body(_) => ReceiveErrorKind::Cut,
                };
                (kind, Some(fault.into()))
            }),
            Place::Http2(_) => Poll::Ready(None),
        }
    }

    /// Nothing has arrived: waits for the limit instead.
    fn poll_limit(&mut self, cx: &mut Context<'_>) -> Poll<ReceiveErrorKind> {
        let lease = &mut self.lease;
        if !self.is_waiting {
            self.is_waiting = true;
            let now = self.clock.now();
            let until = clock::later(now, self.idle);
            lease.note_alive(now);
            lease.timer().reset(exchange::earlier(until, self.deadline));
        }
        loop {
            ready!(Pin::new(lease.timer()).poll(cx));
            let now = self.clock.now();
            if self.deadline.is_some_and(|deadline| deadline <= now) {
                return Poll::Ready(ReceiveErrorKind::DeadlineExceeded);
            }
            // An upload that is still coming keeps the upstream waiting, not us.
            let upload = lease.upload.as_ref().filter(|upload| !upload.is_over());
            let since = upload.map(|upload| upload.waits_for_upstream_since(now));
            let until = since.map(|since| clock::later(since, self.idle));
            match until.filter(|until| now < *until) {
                Some(until) => lease.timer().reset(exchange::earlier(until, self.deadline)),
                None => return Poll::Ready(ReceiveErrorKind::IdleTimeout),
            }
        }
    }

    /// Whether the deadline has come while frames kept arriving.
    fn is_past_deadline(&self) -> bool {
        self.deadline
            .is_some_and(|deadline| deadline <= self.clock.now())
    }

    /// Whether the upstream stopped without having said that it was done.
    ///
    /// HTTP/2 only: hyper takes a reset with `NO_ERROR` for an end, which it is only after the
    /// end itself (RFC 9113 §8.1). HTTP/1.1 bodies know their end.
    fn is_cut_short(&self) -> bool {
        match &self.lease.place {
            Place::Http2(_) => !self.has_ended(),
            Place::Http1(_) => false,
        }
    }
}

impl http_body::Body for Received {
    type Data = Bytes;
    type Error = ReceiveError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ReceiveError>>> {
        let this = &mut *self;
        let Some(receiving) = &mut this.receiving else {
            return Poll::Ready(None);
        };
        match ready!(receiving.poll_frame(cx)) {
            Some(Ok(frame)) => {
                // A body of known length is often not asked again after its last frame.
                if receiving.has_ended() {
                    this.finish();
                }
                Poll::Ready(Some(Ok(frame)))
            }
            None => {
                this.finish();
                Poll::Ready(None)
            }
            Some(Err(broken)) => Poll::Ready(Some(Err(this.fail(broken)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.receiving.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        match &self.receiving {
            Some(receiving) => match &receiving.incoming {
                Some(incoming) => incoming.size_hint(),
                None => receiving.lease.place.size_hint(),
            },
            None => SizeHint::with_exact(0),
        }
    }
}

impl Drop for Received {
    fn drop(&mut self) {
        if let Some(receiving) = self.receiving.take() {
            receiving.lease.abandon();
        }
    }
}

/// hyper reports a broken frame of the body as an I/O error about the data.
fn classify(err: &hyper::Error) -> ReceiveErrorKind {
    let is_library = error::find::<h2::Error>(err).is_some_and(h2::Error::is_library);
    let is_data = error::find::<io::Error>(err).is_some_and(|err| {
        matches!(
            err.kind(),
            io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput
        )
    });
    if is_library || is_data || err.is_parse() {
        ReceiveErrorKind::Malformed
    } else {
        ReceiveErrorKind::Cut
    }
}

impl ReceiveError {
    /// What went wrong.
    pub fn kind(&self) -> ReceiveErrorKind {
        self.kind
    }
}

impl fmt::Display for ReceiveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            ReceiveErrorKind::IdleTimeout => "the upstream fell silent in the middle of its answer",
            ReceiveErrorKind::DeadlineExceeded => "the time for the whole call ran out",
            ReceiveErrorKind::Cut => "the upstream broke off its answer",
            ReceiveErrorKind::Malformed => "the answer's body is not valid HTTP",
        })
    }
}

impl fmt::Debug for ReceiveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReceiveError")
            .field("kind", &self.kind)
            .field("source", &self.source)
            .finish()
    }
}

impl Error for ReceiveError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source
            .as_deref()
            .map(|err| err as &(dyn Error + 'static))
    }
}

impl fmt::Debug for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Received")
            .field("has_ended", &self.receiving.is_none())
            .finish_non_exhaustive()
    }
}
