//! What hyper's errors mean for a request: whether it can have been acted on.

use http::Request;
use hyper::client::conn::TrySendError;

use super::Failed;
use crate::body::{BodyError, Outgoing};
use crate::connection::{Http1, Stream};
use crate::error::{self, Cause, SendError, SendErrorKind};
use crate::lease::{Lease, Place, Return};
use crate::transport::Mark;

/// A request that got no answer. What an HTTP/1.1 connection has written and read since `before`
/// says how much the upstream can know of it.
pub(super) fn over(
    lease: &Lease,
    before: Mark,
    mut err: TrySendError<Request<Outgoing>>,
) -> Failed {
    let unsent = err.take_message();
    let err = err.into_error();
    match (&lease.place, unsent) {
        (Place::Http1(_), Some(request)) => Failed::Unsent(Box::new(request)),
        (Place::Http1(connection), None) => {
            Failed::Error(over_http1(connection, &lease.back, before, err))
        }
        (Place::Http2(stream), Some(request)) => {
            lease
                .back
                .pool
                .retire(&lease.back.origin, stream.connection());
            Failed::Unsent(Box::new(request))
        }
        (Place::Http2(stream), None) => Failed::Error(over_http2(stream, &lease.back, err)),
    }
}

fn over_http1(connection: &Http1, back: &Return, before: Mark, err: hyper::Error) -> SendError {
    let after = connection.traffic.mark();
    let kind = if has_upload_failed(back) || error::find::<BodyError>(&err).is_some() {
        SendErrorKind::RequestBodyFailed
    } else if err.is_parse() {
        SendErrorKind::UpstreamMalformed
    } else if after.written == before.written {
        SendErrorKind::StaleConnection
    } else {
        SendErrorKind::ClosedBeforeAnswer
    };
    let cause = Cause::Other(Box::new(err));
    let error = if after.written == before.written {
        SendError::unsent(kind, cause)
    } else {
        SendError::sent(kind, cause)
    };
    let is_stale = connection.is_reused && before.read == after.read;
    if is_stale {
        error.on_reused_connection()
    } else {
        error
    }
}

fn over_http2(stream: &Stream, back: &Return, err: hyper::Error) -> SendError {
    let kind = if has_upload_failed(back) {
        SendErrorKind::RequestBodyFailed
    } else {
        error::find::<h2::Error>(&err).map_or(SendErrorKind::ClosedBeforeAnswer, http2_kind)
    };
    let is_stream_error = error::find::<h2::Error>(&err).is_some_and(h2::Error::is_reset);
    if !is_stream_error {
        back.pool.retire(&back.origin, stream.connection());
    }
    let cause = Cause::Other(Box::new(err));
    let error = match kind {
        SendErrorKind::RefusedByProtocol | SendErrorKind::RequestInvalid => {
            SendError::unsent(kind, cause)
        }
        _ => SendError::sent(kind, cause),
    };
    if stream.is_reused() {
        error.on_reused_connection()
    } else {
        error
    }
}

fn http2_kind(err: &h2::Error) -> SendErrorKind {
    // RFC 9113 §8.7: refused streams, and those above the last one that a GOAWAY names, were not
    // processed. h2 reports a GOAWAY only to those.
    let is_refused = err.is_go_away() || err.reason() == Some(h2::Reason::REFUSED_STREAM);
    if err.is_remote() {
        if is_refused {
            SendErrorKind::RefusedByProtocol
        } else {
            SendErrorKind::ClosedBeforeAnswer
        }
    } else if err.is_library() {
        SendErrorKind::UpstreamMalformed
    } else if err.is_io() {
        SendErrorKind::ClosedBeforeAnswer
    } else if err.is_reset() {
        // Our own reset: the body gave an error.
        SendErrorKind::RequestBodyFailed
    } else {
        SendErrorKind::RequestInvalid
    }
}

fn has_upload_failed(back: &Return) -> bool {
    back.upload
        .as_ref()
        .is_some_and(|upload| upload.has_failed())
}
