//! The upstream's body on its way to the caller, and the call's record with it.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::BodyExt as _;
use trunkline_egress::ReceiveError;

use crate::error::{Error, ErrorKind};
use crate::failure;
use crate::held::Held;
use crate::pipeline::record::Record;

/// The upstream's body, piece by piece as it comes.
///
/// Dropped before its end, it cancels what is still on its way. It ends cleanly only if the
/// upstream's body did.
#[derive(Debug)]
pub struct ReplyBody(Box<Rest>);

/// What is still to be passed on. Boxed, because servers move a body many times.
#[derive(Debug)]
struct Rest {
    held: Held,
    record: Option<Record>,
}

impl ReplyBody {
    pub(crate) fn new(held: Held, record: Record) -> Self {
        Self(Box::new(Rest {
            held,
            record: Some(record),
        }))
    }

    /// The whole body, if it is no larger than `bytes_max`.
    ///
    /// # Errors
    /// [`ErrorKind::ReplyTooLarge`], or what broke the body off.
    pub async fn collect(mut self, bytes_max: usize) -> Result<Bytes, Error> {
        let mut all = BytesMut::new();
        while let Some(frame) = self.frame().await {
            if let Ok(data) = frame?.into_data() {
                all.extend_from_slice(&data);
            }
            if bytes_max < all.len() {
                let message = format!("the reply is larger than {bytes_max} bytes");
                return Err(Error::new(ErrorKind::ReplyTooLarge, message));
            }
        }
        Ok(all.freeze())
    }
}

impl Rest {
    /// Waits for the next piece, if there is one.
    fn poll_rest(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ReceiveError>>> {
        if !self.held.first.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut self.held.first)))));
        }
        if let Some(trailers) = self.held.trailers.take() {
            return Poll::Ready(Some(Ok(Frame::trailers(*trailers))));
        }
        match &mut self.held.rest {
            Some(rest) => Pin::new(rest).poll_frame(cx),
            None => Poll::Ready(None),
        }
    }
}

impl http_body::Body for ReplyBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = &mut *self.get_mut().0;
        let frame = match ready!(this.poll_rest(cx)) {
            Some(Ok(frame)) => return Poll::Ready(Some(Ok(frame))),
            Some(Err(error)) => Some(Err(failure::of_receive(error))),
            None => None,
        };
        match (&frame, this.record.take()) {
            (Some(Err(error)), Some(record)) => record.broke_off(error.kind()),
            (_, Some(record)) => record.ended(),
            (_, None) => {}
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        let held = &self.0.held;
        held.first.is_empty()
            && held.trailers.is_none()
            && held
                .rest
                .as_ref()
                .is_none_or(http_body::Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let held = &self.0.held;
        let first = held.first.len() as u64;
        let rest = held
            .rest
            .as_ref()
            .map_or_else(|| SizeHint::with_exact(0), http_body::Body::size_hint);
        let mut hint = SizeHint::new();
        if let Some(upper) = rest.upper() {
            hint.set_upper(upper.saturating_add(first));
        }
        hint.set_lower(rest.lower().saturating_add(first));
        hint
    }
}

impl Drop for ReplyBody {
    fn drop(&mut self) {
        // A server that knows the length does not ask for the end.
        if self.is_end_stream()
            && let Some(record) = self.0.record.take()
        {
            record.ended();
        }
    }
}
