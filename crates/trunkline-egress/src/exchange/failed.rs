//! What a connection's errors mean for a request: whether it can have been acted on.

use http::Request;
use hyper::client::conn::TrySendError;

use super::{Failed, Terms};
use crate::body::Outgoing;
use crate::connection::{Http1, Stream};
use crate::error::{self, Cause, SendError, SendErrorKind};
use crate::http1::Fault;
use crate::transport::Mark;

/// A request over HTTP/1.1 that got no answer. What was written and read since `before` says how
/// much the upstream can know of it.
pub(super) fn over_http1(
    terms: &Terms<'_>,
    connection: &mut Http1,
    before: Mark,
    fault: Fault,
) -> Failed {
    let after = connection.exchange.mark();
    let is_unsent = after.written == before.written;
    let kind = match &fault {
        Fault::Body(_) => SendErrorKind::RequestBodyFailed,
        Fault::Malformed(_) => SendErrorKind::UpstreamMalformed,
        Fault::Closed | Fault::Io(_) if has_upload_failed(terms) => {
            SendErrorKind::RequestBodyFailed
        }
        Fault::Closed | Fault::Io(_) if is_unsent => {
            if let Some(body) = connection.exchange.take_back() {
                return Failed::Unsent(body);
            }
            SendErrorKind::StaleConnection
        }
        Fault::Closed | Fault::Io(_) => SendErrorKind::ClosedBeforeAnswer,
    };
    let is_stale = connection.is_reused && before.read == after.read;
    let cause = match fault {
        Fault::Io(err) => Cause::Io(err),
        fault @ (Fault::Closed | Fault::Malformed(_) | Fault::Body(_)) => {
            Cause::Other(Box::new(fault))
        }
    };
    let error = if is_unsent {
        SendError::unsent(kind, cause)
    } else {
        SendError::sent(kind, cause)
    };
    Failed::Error(if is_stale {
        error.on_reused_connection()
    } else {
        error
    })
}

/// A request over HTTP/2 that got no answer.
pub(super) fn over_http2(
    terms: &Terms<'_>,
    stream: &Stream,
    mut err: TrySendError<Request<Outgoing>>,
) -> Failed {
    if let Some(request) = err.take_message() {
        terms.pool.retire(terms.origin, stream.connection());
        return Failed::Unsent(request.into_body());
    }
    let err = err.into_error();
    let kind = if has_upload_failed(terms) {
        SendErrorKind::RequestBodyFailed
    } else {
        error::find::<h2::Error>(&err).map_or(SendErrorKind::ClosedBeforeAnswer, http2_kind)
    };
    let is_stream_error = error::find::<h2::Error>(&err).is_some_and(h2::Error::is_reset);
    if !is_stream_error {
        terms.pool.retire(terms.origin, stream.connection());
    }
    let cause = Cause::Other(Box::new(err));
    let error = match kind {
        SendErrorKind::RefusedByProtocol | SendErrorKind::RequestInvalid => {
            SendError::unsent(kind, cause)
        }
        _ => SendError::sent(kind, cause),
    };
    Failed::Error(if stream.is_reused() {
        error.on_reused_connection()
    } else {
        error
    })
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

fn has_upload_failed(terms: &Terms<'_>) -> bool {
    terms
        .upload
        .as_ref()
        .is_some_and(|upload| upload.has_failed())
}
