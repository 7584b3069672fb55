//! Where the rest of a body comes from: the upstream, or a call that several askers share.

use std::future::Future as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use trunkline_egress::clock::Sleep;
use trunkline_egress::{ReceiveError, Received};
use trunkline_store::{Body, Piece};

use crate::error::Error;
use crate::upstream::Permit;

/// Where the rest of a body comes from.
#[derive(Debug)]
pub(crate) enum Source {
    /// The upstream's own connection.
    Upstream(Received),
    /// A call that several askers share.
    Shared(Box<Shared>),
}

/// Why a body broke off.
#[derive(Debug)]
pub(crate) enum Broken {
    /// Its connection did.
    Received(ReceiveError),
    /// It did for all who share it.
    Shared(Arc<Error>),
    /// Whoever read it for all of us is gone.
    Abandoned,
    /// The caller's time is over.
    Late,
}

/// What the task that asks for several callers hands over to the first of them.
#[derive(Debug)]
pub(crate) enum Handed<A> {
    /// An answer that is not kept.
    Answer(A),
    /// The rest of a body that is too much to be kept.
    Rest(Box<Rest>),
}

/// The rest of a body, and what its attempt holds until the end.
#[derive(Debug)]
pub(crate) struct Rest {
    pub(crate) body: Received,
    pub(crate) permit: Option<Permit>,
}

/// A body that several askers read.
#[derive(Debug)]
pub(crate) struct Shared {
    body: SharedBody,
    /// Until when the caller waits for all of it.
    until: Option<Sleep>,
    /// What was handed over to us after it.
    rest: Option<Rest>,
}

/// An answer as the task hands it over; see `pipeline::look`.
pub(crate) type SharedBody = Body<Arc<Error>, Handed<Box<crate::pipeline::look::OwnAnswer>>>;

impl Source {
    pub(crate) fn shared(body: SharedBody, until: Option<Sleep>) -> Self {
        Self::Shared(Box::new(Shared {
            body,
            until,
            rest: None,
        }))
    }
}

impl Shared {
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        let frame = self.poll_in_time(cx);
        if let (Poll::Pending, Some(until)) = (&frame, &mut self.until) {
            ready!(Pin::new(until).poll(cx));
            return Poll::Ready(Some(Err(Broken::Late)));
        }
        frame
    }

    fn poll_in_time(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        loop {
            if let Some(rest) = &mut self.rest {
                let frame = ready!(Pin::new(&mut rest.body).poll_frame(cx));
                if frame.is_none() {
                    rest.permit = None;
                }
                return Poll::Ready(frame.map(|frame| frame.map_err(Broken::Received)));
            }
            return Poll::Ready(match ready!(self.body.poll_piece(cx)) {
                None => None,
                Some(Piece::Data(data)) => Some(Ok(Frame::data(data))),
                Some(Piece::TakeOver(Handed::Rest(rest))) => {
                    self.rest = Some(*rest);
                    continue;
                }
                Some(Piece::Broken(error)) => Some(Err(Broken::Shared(error))),
                Some(Piece::TakeOver(Handed::Answer(_)) | Piece::Abandoned) => {
                    Some(Err(Broken::Abandoned))
                }
            });
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.rest {
            Some(rest) => rest.body.is_end_stream(),
            None => self.body.remaining() == Some(0),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match (&self.rest, self.body.remaining()) {
            (Some(rest), _) => rest.body.size_hint(),
            (None, Some(remaining)) => SizeHint::with_exact(remaining),
            (None, None) => SizeHint::new(),
        }
    }
}

impl http_body::Body for Source {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        match self.get_mut() {
            Self::Upstream(body) => Pin::new(body)
                .poll_frame(cx)
                .map(|frame| frame.map(|frame| frame.map_err(Broken::Received))),
            Self::Shared(shared) => shared.poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Upstream(body) => body.is_end_stream(),
            Self::Shared(shared) => shared.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Upstream(body) => body.size_hint(),
            Self::Shared(shared) => shared.size_hint(),
        }
    }
}
