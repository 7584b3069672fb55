//! The body of a request on its way to the upstream, up to the size that is let in.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::BodyExt as _;
use trunkline::{Body, BodyError, Error, ErrorKind};

use crate::door;
use crate::http1::Incoming;

/// Bodies up to this size are taken in before the call is made.
///
/// Behind a request that is read a caller's leaving shows at once; where something is still unread,
/// it takes a sweep to find out. Such bodies have to be kept for another attempt anyway.
const TAKEN_MAX: u64 = 64 * 1024;

/// The body of a request, seen from the gateway.
#[derive(Debug)]
pub(crate) struct Upload {
    bytes_max: u64,
    /// Set where only counting could tell that the body is too large.
    is_over: Option<Arc<AtomicBool>>,
}

/// A body of unknown length.
#[derive(Debug)]
struct Counted {
    incoming: Incoming,
    left: u64,
    is_over: Arc<AtomicBool>,
}

/// A body is larger than is let in.
#[derive(Debug, thiserror::Error)]
#[error("the request's body is larger than allowed")]
struct TooLarge;

impl Upload {
    /// Nothing is passed on yet.
    pub(crate) fn new(bytes_max: u64) -> Self {
        Self {
            bytes_max,
            is_over: None,
        }
    }

    /// Takes a small body in, and prepares a larger one to be passed on. The door has judged the
    /// length of bodies that declare one.
    ///
    /// # Errors
    /// [`ErrorKind::CallerGone`], if a small body does not come whole.
    pub(crate) async fn begin(incoming: Incoming, bytes_max: u64) -> Result<(Self, Body), Error> {
        let mut upload = Self::new(bytes_max);
        let body = match incoming.into_whole() {
            Ok(whole) => Body::from(whole),
            Err(incoming) => match incoming.size_hint().exact() {
                // Boxed, so that a call without a body does not carry its size.
                Some(length) if length <= TAKEN_MAX => Body::from(Box::pin(take(incoming)).await?),
                Some(_) => Body::stream(incoming),
                None => {
                    let is_over = Arc::new(AtomicBool::new(false));
                    upload.is_over = Some(Arc::clone(&is_over));
                    Body::stream(Counted {
                        incoming,
                        left: bytes_max,
                        is_over,
                    })
                }
            },
        };
        Ok((upload, body))
    }

    /// Why the body was cut off, if that is why the call failed.
    pub(crate) fn refused(&self) -> Option<Error> {
        let is_over = self.is_over.as_ref()?.load(Ordering::Relaxed);
        is_over.then(|| door::body_too_large(self.bytes_max))
    }
}

async fn take(mut incoming: Incoming) -> Result<Bytes, Error> {
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
    while let Some(frame) = incoming.frame().await {
        let frame = frame.map_err(|err| {
            Error::new(ErrorKind::CallerGone, "the request's body ended too early").with_source(err)
        })?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        // Nearly always one piece is all, and needs no copy.
        if first.is_empty() && all.is_empty() {
            first = data;
        } else {
            all.extend_from_slice(&std::mem::take(&mut first));
            all.extend_from_slice(&data);
        }
    }
    Ok(if all.is_empty() { first } else { all.freeze() })
}

impl http_body::Body for Counted {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let frame = match ready!(Pin::new(&mut self.incoming).poll_frame(cx)) {
            None => return Poll::Ready(None),
            Some(Err(err)) => return Poll::Ready(Some(Err(err))),
            Some(Ok(frame)) => frame,
        };
        let length = frame.data_ref().map_or(0, |data| data.len() as u64);
        let Some(left) = self.left.checked_sub(length) else {
            self.is_over.store(true, Ordering::Relaxed);
            return Poll::Ready(Some(Err(BodyError::Source(Box::new(TooLarge)))));
        };
        self.left = left;
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}
