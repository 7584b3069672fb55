//! Answers with the records of a list, one a line, as its pages come (`Trunkline-Paginate`).
//!
//! A page is asked for when the caller has taken the one before, so a caller that reads slowly
//! holds one page and no more. What goes wrong in the middle breaks the connection off: a clean
//! end means that all records came, or as many pages as were wanted.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::Stream;
use http::{HeaderMap, HeaderValue, Response, header};
use trunkline::{
    Call, CallId, Error, ErrorKind, PageError, PageOptions, PageStream, Paginate, Reply, Stopped,
    Trunkline,
};

use crate::outgoing::{Answering, Outgoing};
use crate::reply::X_ACCEL_BUFFERING;
use crate::tag::Tag;

/// What came of asking for the first page.
#[derive(Debug)]
pub(crate) enum Begun {
    /// Records.
    Records(Box<Records>),
    /// An error of the upstream's, which the caller gets as it is.
    Answered(Box<Reply>),
}

/// The records of a list on their way to the caller.
#[derive(Debug)]
pub(crate) struct Records {
    /// Those of the first page.
    first: Bytes,
    rest: PageStream,
    /// The first page's call.
    call_id: CallId,
    attempts: u32,
}

/// Asks for the first page of a call.
///
/// # Errors
/// [`ErrorKind::BadHeader`], if the call has no pages, or why there is no answer.
pub(crate) async fn begin(
    engine: &Trunkline,
    call: Call,
    paginate: Paginate,
) -> Result<Begun, Error> {
    let options = PageOptions {
        pages_max: paginate.pages_max(),
        ..PageOptions::default()
    };
    let mut pages = engine.pages(call, options).map_err(not_paged)?;
    match pages.next().await {
        Ok(Some(page)) => Ok(Begun::Records(Box::new(Records {
            first: page.lines.into(),
            call_id: page.call_id,
            attempts: page.attempts,
            rest: pages.into_stream(),
        }))),
        Ok(None) => Err(Error::new(
            ErrorKind::Internal,
            "a list ended before its first page",
        )),
        Err(PageError {
            cause: Stopped::Answered(reply),
            ..
        }) => Ok(Begun::Answered(reply)),
        Err(PageError {
            cause: Stopped::Failed(error),
            ..
        }) => Err(error),
    }
}

/// Without the header the call would be made, so it is the header that is wrong.
fn not_paged(error: Error) -> Error {
    if error.kind() != ErrorKind::BadInput {
        return error;
    }
    let wrong = Error::new(
        ErrorKind::BadHeader,
        format!("`Trunkline-Paginate` cannot be followed: {error}"),
    );
    match error.hint() {
        Some(hint) => wrong.with_hint(hint),
        None => wrong.with_hint("leave the header out, and read page by page"),
    }
}

/// The records as the response to a caller.
pub(crate) fn response(records: Box<Records>, answering: Answering) -> Response<Outgoing> {
    let mut headers = HeaderMap::with_capacity(3);
    let ndjson = HeaderValue::from_static("application/x-ndjson");
    headers.insert(header::CONTENT_TYPE, ndjson);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_ACCEL_BUFFERING, HeaderValue::from_static("no"));
    let tag = Tag {
        call_id: records.call_id,
        attempts: records.attempts,
    };
    let mut response = Response::new(Outgoing::records(records, tag, answering));
    *response.headers_mut() = headers;
    response
}

impl Records {
    /// Waits for the next records, if there are any.
    pub(crate) fn poll_lines(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Error>>> {
        loop {
            if !self.first.is_empty() {
                return Poll::Ready(Some(Ok(std::mem::take(&mut self.first))));
            }
            match ready!(Pin::new(&mut self.rest).poll_next(cx)) {
                None => return Poll::Ready(None),
                // A page may be empty and not the last.
                Some(Ok(page)) => self.first = page.lines.into(),
                Some(Err(error)) => {
                    tracing::warn!(
                        call.id = %self.call_id,
                        pages = error.pages,
                        records = error.records,
                        "a list broke off: {error}"
                    );
                    return Poll::Ready(Some(Err(error.cause.into_error())));
                }
            }
        }
    }
}
