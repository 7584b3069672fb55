//! What is sent with a request: nothing, bytes, or a stream that may have to be sent again.

mod replay;
mod upload;

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

pub use self::replay::{GatherError, Replayable};
pub(crate) use self::upload::{Outgoing, Upload};

use self::replay::Replay;

type BoxedBody = Pin<Box<dyn http_body::Body<Data = Bytes, Error = BodyError> + Send>>;

/// The body of a request on its way out.
///
/// A connection decides between `Content-Length` and chunks by its size hint, so each form gives the
/// closest one it knows.
#[derive(Default)]
pub enum Body {
    /// No body.
    #[default]
    Empty,
    /// Bytes that are all there.
    Full(Bytes),
    /// Any other source.
    Stream(BoxedBody),
    /// One attempt at sending a [`Replayable`].
    Replay(Replay),
}

/// Why the rest of a request's body could not be had.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// The caller went away, or broke off its upload.
    #[error("the caller broke off its upload")]
    Caller(#[source] Box<dyn Error + Send + Sync>),
    /// Another attempt has taken over, or the answer is no longer wanted.
    #[error("the upload was cut off because nobody waits for its answer")]
    CutOff,
    /// The source gave an error of its own.
    #[error(transparent)]
    Source(Box<dyn Error + Send + Sync>),
}

impl Body {
    /// A body from any source of frames.
    pub fn stream<B>(body: B) -> Body
    where
        B: http_body::Body<Data = Bytes, Error = BodyError> + Send + 'static,
    {
        Body::Stream(Box::pin(body))
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Body {
        if bytes.is_empty() {
            Body::Empty
        } else {
            Body::Full(bytes)
        }
    }
}

impl From<Vec<u8>> for Body {
    fn from(bytes: Vec<u8>) -> Body {
        Body::from(Bytes::from(bytes))
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match &mut *self {
            Body::Empty => Poll::Ready(None),
            Body::Full(bytes) => {
                let bytes = std::mem::take(bytes);
                *self = Body::Empty;
                Poll::Ready(Some(Ok(Frame::data(bytes))))
            }
            Body::Stream(stream) => stream.as_mut().poll_frame(cx),
            Body::Replay(replay) => Pin::new(replay).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Body::Empty => true,
            Body::Full(bytes) => bytes.is_empty(),
            Body::Stream(stream) => stream.is_end_stream(),
            Body::Replay(replay) => replay.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Body::Empty => SizeHint::with_exact(0),
            Body::Full(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Body::Stream(stream) => stream.size_hint(),
            Body::Replay(replay) => replay.size_hint(),
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never the bytes: they are the caller's.
        match self {
            Body::Empty => f.write_str("Empty"),
            Body::Full(bytes) => write!(f, "Full({} bytes)", bytes.len()),
            Body::Stream(_) => f.write_str("Stream"),
            Body::Replay(_) => f.write_str("Replay"),
        }
    }
}

#[cfg(test)]
mod tests;
