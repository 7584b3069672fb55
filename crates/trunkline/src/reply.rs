//! The upstream's body on its way to the caller, and the call's record with it.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::BodyExt as _;

use crate::error::{Error, ErrorKind};
use crate::failure;
use crate::held::Held;
use crate::pipeline::record::Record;
use crate::pipeline::validate::{Next, Passing};
use crate::source::Broken;

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
    /// What is done on the way; hardly ever anything.
    passing: Option<Box<Passing>>,
    record: Option<Box<Record>>,
}

impl ReplyBody {
    pub(crate) fn new(held: Held, passing: Option<Box<Passing>>, record: Box<Record>) -> Self {
        Self(Box::new(Rest {
            held,
            passing,
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
    /// Waits for the next piece that may pass, if there is one.
    fn poll_passing(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        loop {
            if let Some(Passing::Gated(gate)) = self.passing.as_deref_mut() {
                match gate.go_on() {
                    Ok(Next::Pass(data)) => return Poll::Ready(Some(Ok(Frame::data(data)))),
                    Ok(Next::Works) => {
                        cx.waker().wake_by_ref();
                        return Poll::Pending;
                    }
                    Ok(Next::Wants) => {}
                    Ok(Next::Ended) => self.passing = None,
                    Err(error) => {
                        // Whatever else comes is nothing for anybody.
                        self.passing = None;
                        self.held.rest = None;
                        return Poll::Ready(Some(Err(error)));
                    }
                }
            }
            let frame = match ready!(self.poll_rest(cx)).transpose() {
                Ok(frame) => frame,
                Err(error) => {
                    self.passing = None;
                    return Poll::Ready(Some(Err(failure::of_broken(error))));
                }
            };
            match self.passing.as_deref_mut() {
                Some(Passing::Gated(gate)) => match frame.map(Frame::into_data) {
                    Some(Ok(data)) => gate.push(data),
                    last => {
                        let trailers = last.and_then(|last| last.err()?.into_trailers().ok());
                        self.held.trailers = trailers.map(Box::new);
                        gate.end();
                    }
                },
                Some(Passing::Tapped(tap)) => {
                    match frame.as_ref().map(Frame::data_ref) {
                        Some(Some(data)) => tap.saw(data),
                        Some(None) => {}
                        None => tap.ended(),
                    }
                    return Poll::Ready(frame.map(Ok));
                }
                None => return Poll::Ready(frame.map(Ok)),
            }
        }
    }

    /// How many bytes have come and may not pass yet.
    fn waiting_bytes(&self) -> usize {
        match self.passing.as_deref() {
            Some(Passing::Gated(gate)) => gate.held_bytes(),
            Some(Passing::Tapped(_)) | None => 0,
        }
    }

    /// Waits for the next piece, if there is one.
    fn poll_rest(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
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
        let frame = if this.passing.is_some() {
            ready!(this.poll_passing(cx))
        } else {
            ready!(this.poll_rest(cx)).map(|frame| frame.map_err(failure::of_broken))
        };
        if let Some(Ok(passes)) = &frame {
            if let (Some(data), Some(record)) = (passes.data_ref(), &mut this.record) {
                record.passes(data.len());
            }
            return Poll::Ready(frame);
        }
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
            && self.0.waiting_bytes() == 0
            && held
                .rest
                .as_ref()
                .is_none_or(http_body::Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let held = &self.0.held;
        let first = (held.first.len() + self.0.waiting_bytes()) as u64;
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
        if !self.is_end_stream() {
            return;
        }
        if let Some(Passing::Tapped(tap)) = self.0.passing.as_deref_mut() {
            tap.ended();
        }
        if let Some(record) = self.0.record.take() {
            record.ended();
        }
    }
}
