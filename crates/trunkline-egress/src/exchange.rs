//! One request and the head of its answer, over a connection that is already open.
//!
//! # Limits without timers
//!
//! Nearly every call ends long before any of its limits, so a limit must cost nothing while it is
//! not reached. Three things see to that:
//!
//! - The answer is polled first. Only when it must be waited for is the limit looked at.
//! - The timer belongs to the connection, not to the call. Setting it to a later moment (each call
//!   has a later one than the call before) only notes the moment; the registration with the
//!   runtime stays where it is. When that fires, too early, it is renewed for what is left. A busy
//!   connection so registers once per length of its limit, not once per call.
//! - For an upload, the limit begins anew with every frame the connection takes. Nothing is set
//!   when a frame is taken: the frame's time is noted, and looked at when the limit fires.

mod failed;

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use http::header::HOST;
use http::uri::{Parts, PathAndQuery};
use http::{Request, Response, StatusCode, Uri, Version};
use hyper::body::Incoming;
use hyper::client::conn::TrySendError;
use pin_project_lite::pin_project;

use crate::Limits;
use crate::body::Outgoing;
use crate::clock::{self, Clock};
use crate::connection::{Http1, Stream};
use crate::error::{Cause, SendError, SendErrorKind};
use crate::lease::{Lease, Place, Return};
use crate::origin::Origin;
use crate::receive::Received;
use crate::transport::Mark;

/// Headers an answer may have; hyper's own limit for HTTP/1.1, and ours for HTTP/2.
const HEADERS_MAX: usize = 100;

/// What holds for an exchange whatever connection it is on.
#[derive(Clone, Copy)]
pub(crate) struct Terms<'a> {
    pub(crate) clock: &'a Clock,
    pub(crate) limits: &'a Limits,
    /// When the request was handed over.
    pub(crate) sent_at: Instant,
}

/// Why there is no answer.
pub(crate) enum Failed {
    /// Not a byte was written, and here is the request again.
    Unsent(Box<Request<Outgoing>>),
    Error(SendError),
}

/// What hyper says of a request: an answer, or an error and perhaps the request.
pub(crate) type Answered = Result<Response<Incoming>, TrySendError<Request<Outgoing>>>;

/// Sends over HTTP/1.1: hands the request over at once, and returns the wait for its answer.
pub(crate) fn over_http1(
    terms: Terms<'_>,
    mut connection: Box<Http1>,
    mut request: Request<Outgoing>,
    back: Return,
) -> Waiting<'_, impl Future<Output = Answered> + Send + use<>> {
    to_http1(&mut request, &back.origin);
    let before = connection.traffic.mark();
    let answer = connection.sender.try_send_request(request);
    let mut lease = Lease {
        place: Place::Http1(connection),
        back,
    };
    let until = terms.start(&mut lease);
    Waiting {
        answer,
        lease: Some(lease),
        before,
        until,
        terms,
    }
}

/// Sends over HTTP/2, as [`over_http1`].
pub(crate) fn over_http2(
    terms: Terms<'_>,
    mut stream: Stream,
    mut request: Request<Outgoing>,
    back: Return,
) -> Result<Waiting<'_, impl Future<Output = Answered> + Send + use<>>, SendError> {
    to_http2(&mut request, &back.origin)?;
    stream.note_use();
    let answer = stream.sender().try_send_request(request);
    let mut lease = Lease {
        place: Place::Http2(stream),
        back,
    };
    let until = terms.start(&mut lease);
    Ok(Waiting {
        answer,
        lease: Some(lease),
        before: Mark::default(),
        until,
        terms,
    })
}

pin_project! {
    /// Waits for the head of an answer, within the first-byte limit and the deadline.
    ///
    /// When dropped, the connection is closed (HTTP/1.1) or the stream is reset (HTTP/2).
    ///
    /// Written out, since the same in `async` moves all of this around several times per call.
    pub(crate) struct Waiting<'a, F> {
        #[pin]
        answer: F,
        // Until the answer is there.
        lease: Option<Lease>,
        before: Mark,
        until: Instant,
        terms: Terms<'a>,
    }
}

impl<F: Future<Output = Answered>> Future for Waiting<'_, F> {
    type Output = Result<Response<Received>, Failed>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Poll::Ready(answer) = this.answer.poll(cx) {
            return Poll::Ready(match (answer, this.lease.take()) {
                (Ok(answer), Some(lease)) => received(*this.terms, lease, answer),
                (Err(err), Some(lease)) => Err(failed::over(&lease, *this.before, err)),
                // Polled again after its end.
                (_, None) => Err(Failed::Error(closed())),
            });
        }
        let Some(lease) = this.lease else {
            return Poll::Pending;
        };
        let kind = ready!(this.terms.poll_limit(lease, *this.until, cx));
        *this.lease = None;
        Poll::Ready(Err(Failed::Error(SendError::sent(kind, Cause::None))))
    }
}

impl Terms<'_> {
    /// Sets the limit for the head of the answer; nothing is registered for it yet.
    fn start(&self, lease: &mut Lease) -> Instant {
        let until = clock::later(self.sent_at, self.limits.first_byte);
        lease.timer().reset(earlier(until, self.limits.deadline));
        until
    }

    /// Which limit has been reached.
    fn poll_limit(
        &self,
        lease: &mut Lease,
        until: Instant,
        cx: &mut Context<'_>,
    ) -> Poll<SendErrorKind> {
        let Limits {
            first_byte,
            deadline,
            ..
        } = *self.limits;
        loop {
            ready!(Pin::new(lease.timer()).poll(cx));
            let now = self.clock.now();
            if deadline.is_some_and(|deadline| deadline <= now) {
                return Poll::Ready(SendErrorKind::DeadlineExceeded);
            }
            let until = match &lease.back.upload {
                Some(upload) => clock::later(upload.taken_at(), first_byte).max(until),
                None => until,
            };
            if until <= now {
                return Poll::Ready(SendErrorKind::FirstByteTimeout);
            }
            lease.timer().reset(earlier(until, deadline));
        }
    }
}

fn received(
    terms: Terms<'_>,
    mut lease: Lease,
    answer: Response<Incoming>,
) -> Result<Response<Received>, Failed> {
    if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
        return Err(malformed("it switched to another protocol unasked"));
    }
    if HEADERS_MAX < answer.headers().len() {
        return Err(malformed("it has more than 100 headers"));
    }
    lease.note_alive(terms.clock.now());
    Ok(answer.map(|incoming| Received::new(incoming, lease, terms.clock, terms.limits)))
}

fn malformed(reason: &'static str) -> Failed {
    Failed::Error(SendError::sent(
        SendErrorKind::UpstreamMalformed,
        Cause::Text(reason),
    ))
}

fn closed() -> SendError {
    SendError::sent(SendErrorKind::ClosedBeforeAnswer, Cause::None)
}

/// HTTP/1.1 wants path and query only, and a `Host` header.
fn to_http1(request: &mut Request<Outgoing>, origin: &Origin) {
    *request.version_mut() = Version::HTTP_11;
    // Only after an HTTP/2 connection handed the request back.
    if request.uri().authority().is_some() {
        *request.uri_mut() = match request.uri().path_and_query() {
            Some(path_and_query) => Uri::from(path_and_query.clone()),
            None => Uri::from(PathAndQuery::from_static("/")),
        };
        request
            .headers_mut()
            .insert(HOST, origin.host_header().clone());
    }
}

/// HTTP/2 wants scheme and authority, and no `Host` header; hyper removes what else belongs to
/// an HTTP/1.1 connection.
fn to_http2(request: &mut Request<Outgoing>, origin: &Origin) -> Result<(), SendError> {
    *request.version_mut() = Version::HTTP_2;
    request.headers_mut().remove(HOST);
    let root = || PathAndQuery::from_static("/");
    let mut parts = Parts::default();
    parts.scheme = Some(origin.scheme().clone());
    parts.authority = Some(origin.authority().clone());
    parts.path_and_query = Some(request.uri().path_and_query().cloned().unwrap_or_else(root));
    match Uri::from_parts(parts) {
        Ok(uri) => {
            *request.uri_mut() = uri;
            Ok(())
        }
        Err(err) => {
            let cause = Cause::Other(Box::new(err));
            Err(SendError::unsent(SendErrorKind::RequestInvalid, cause))
        }
    }
}

pub(crate) fn earlier(one: Instant, other: Option<Instant>) -> Instant {
    match other {
        Some(other) => one.min(other),
        None => one,
    }
}

#[cfg(test)]
mod tests;
