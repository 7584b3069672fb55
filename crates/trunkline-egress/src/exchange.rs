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
//! - For an upload, the limit begins anew with every frame the connection takes, and stands still
//!   while the source has none. Nothing is set when a frame is taken: the frame's time is noted, and
//!   looked at when the limit fires.

mod failed;

use std::future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Poll, ready};
use std::time::Instant;

use http::header::HOST;
use http::uri::Parts;
use http::{Request, Response, StatusCode, Uri, Version};
use hyper::body::Incoming;

use crate::body::{Outgoing, Upload};
use crate::clock::{self, Clock, Sleep};
use crate::connection::{Http1, Stream};
use crate::error::{Cause, SendError, SendErrorKind};
use crate::hop;
use crate::lease::{Lease, Place};
use crate::origin::Origin;
use crate::pool::Pool;
use crate::receive::Received;
use crate::{Head, Limits};

/// Headers an answer over HTTP/2 may have, as over HTTP/1.1.
const HEADERS_MAX: usize = 100;

/// What holds for every connection that the request may be sent on.
pub(crate) struct Terms<'a> {
    pub(crate) pool: &'a Arc<Pool>,
    pub(crate) origin: &'a Origin,
    pub(crate) head: &'a Head,
    pub(crate) clock: &'a Clock,
    pub(crate) limits: &'a Limits,
    pub(crate) upload: Option<Arc<Upload>>,
}

/// Why there is no answer.
pub(crate) enum Failed {
    /// Not a byte was written, and here is the body again.
    Unsent(Outgoing),
    Error(SendError),
}

/// Sends over HTTP/1.1.
///
/// The request is handed over at once; what is returned only waits, and so does not carry it
/// around. When that is dropped, the connection is closed.
pub(crate) fn over_http1<'a>(
    terms: &'a Terms<'_>,
    mut connection: Box<Http1>,
    body: Outgoing,
    sent_at: Instant,
) -> impl Future<Output = Result<Response<Received>, Failed>> + Send + use<'a> {
    let before = connection.exchange.mark();
    let begun = connection.exchange.begin(terms.head, body);
    async move {
        if let Err(unwritable) = begun {
            let cause = Cause::Text(unwritable.reason());
            let error = SendError::unsent(SendErrorKind::RequestInvalid, cause);
            return Err(Failed::Error(error));
        }
        let Http1 {
            exchange, timer, ..
        } = &mut *connection;
        let answer = future::poll_fn(|cx| exchange.poll_answer(cx));
        let answer = match within(terms, answer, timer, sent_at).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(fault)) => {
                return Err(failed::over_http1(terms, &mut connection, before, fault));
            }
            Err(kind) => return Err(Failed::Error(SendError::sent(kind, Cause::None))),
        };
        connection.last_seen = terms.clock.now();
        received(terms, Place::Http1(connection), None, answer)
    }
}

/// Sends over HTTP/2.
///
/// As [`over_http1`]; when the future is dropped the stream is reset, and the connection stays.
pub(crate) fn over_http2<'a>(
    terms: &'a Terms<'_>,
    mut stream: Stream,
    body: Outgoing,
    sent_at: Instant,
) -> impl Future<Output = Result<Response<Received>, Failed>> + Send + use<'a> {
    let answer = to_http2(terms.head, body, terms.origin).map(|request| {
        stream.note_use();
        stream.sender().try_send_request(request)
    });
    async move {
        let answer = match within(terms, answer?, stream.timer(), sent_at).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(err)) => return Err(failed::over_http2(terms, &stream, err)),
            Err(kind) => return Err(Failed::Error(SendError::sent(kind, Cause::None))),
        };
        if HEADERS_MAX < answer.headers().len() {
            let cause = Cause::Text("it has more than 100 headers");
            return Err(Failed::Error(SendError::sent(
                SendErrorKind::UpstreamMalformed,
                cause,
            )));
        }
        let (mut head, incoming) = answer.into_parts();
        hop::strip(&mut head.headers);
        let answer = Response::from_parts(head, ());
        received(terms, Place::Http2(stream), Some(incoming), answer)
    }
}

/// Waits for the head of the answer, within the first-byte limit and the deadline.
pub(crate) async fn within<F: Future>(
    terms: &Terms<'_>,
    answer: F,
    timer: &mut Sleep,
    sent_at: Instant,
) -> Result<F::Output, SendErrorKind> {
    let mut answer = pin!(answer);
    let first_byte = terms.limits.first_byte;
    let deadline = terms.limits.deadline;
    let until = clock::later(sent_at, first_byte);
    timer.reset(earlier(until, deadline));
    future::poll_fn(|cx| {
        if let Poll::Ready(answer) = answer.as_mut().poll(cx) {
            return Poll::Ready(Ok(answer));
        }
        loop {
            ready!(Pin::new(&mut *timer).poll(cx));
            let now = terms.clock.now();
            if deadline.is_some_and(|deadline| deadline <= now) {
                return Poll::Ready(Err(SendErrorKind::DeadlineExceeded));
            }
            let until = match &terms.upload {
                Some(upload) => {
                    clock::later(upload.waits_for_upstream_since(now), first_byte).max(until)
                }
                None => until,
            };
            if until <= now {
                return Poll::Ready(Err(SendErrorKind::FirstByteTimeout));
            }
            timer.reset(earlier(until, deadline));
        }
    })
    .await
}

pub(crate) fn received(
    terms: &Terms<'_>,
    place: Place,
    incoming: Option<Incoming>,
    answer: Response<()>,
) -> Result<Response<Received>, Failed> {
    if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
        let cause = Cause::Text("it switched to another protocol unasked");
        return Err(Failed::Error(SendError::sent(
            SendErrorKind::UpstreamMalformed,
            cause,
        )));
    }
    let lease = Lease {
        place,
        pool: Arc::clone(terms.pool),
        origin: terms.origin.clone(),
        upload: terms.upload.clone(),
    };
    Ok(answer.map(|()| Received::new(incoming, lease, terms.clock, terms.limits)))
}

/// HTTP/2 wants scheme and authority, and no `Host` header; hyper removes what else belongs to
/// an HTTP/1.1 connection.
fn to_http2(head: &Head, body: Outgoing, origin: &Origin) -> Result<Request<Outgoing>, Failed> {
    let mut parts = Parts::default();
    parts.scheme = Some(origin.scheme().clone());
    parts.authority = Some(origin.authority().clone());
    parts.path_and_query = Some(head.target.clone());
    let uri = Uri::from_parts(parts).map_err(|err| {
        let cause = Cause::Other(Box::new(err));
        Failed::Error(SendError::unsent(SendErrorKind::RequestInvalid, cause))
    })?;
    let mut request = Request::new(body);
    *request.method_mut() = head.method.clone();
    *request.uri_mut() = uri;
    *request.version_mut() = Version::HTTP_2;
    *request.headers_mut() = head.headers.clone();
    request.headers_mut().remove(HOST);
    Ok(request)
}

pub(crate) fn earlier(one: Instant, other: Option<Instant>) -> Instant {
    match other {
        Some(other) => one.min(other),
        None => one,
    }
}

#[cfg(test)]
mod tests;
