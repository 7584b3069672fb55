//! The body of a request: what a connection has read of it, and who wants it.
//!
//! A body that lies in the connection's buffer behind its head is handed on whole. Of any other,
//! one piece at a time is read when it is asked for, so a slow upstream holds its caller back.

#[cfg(test)]
mod tests;

use std::fmt;
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use trunkline::BodyError;
use trunkline_http1::fields::Malformed;

/// The body of a request.
pub(crate) struct Incoming(Kind);

enum Kind {
    /// All of it; nothing, if there is no body or it was taken.
    Whole(Bytes),
    /// As it comes.
    Pieces(Pieces),
}

/// The end of a pipe where pieces are taken out.
struct Pieces {
    pipe: Arc<Pipe>,
    /// How much is still to come, where that is known.
    left: Option<u64>,
}

/// The end of a pipe where pieces are put in. Dropped before the body's end, it breaks the body
/// off.
pub(super) struct Giver(Arc<Pipe>);

/// What the one who takes wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// The next piece.
    More,
    /// Nothing more, ever.
    Nothing,
}

/// Why a body does not go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Broken {
    /// The caller has left.
    #[error("the caller left in the middle of the body")]
    Left,
    /// Its chunks are not as they must be.
    #[error("the body is malformed: {0}")]
    Malformed(&'static str),
}

struct Pipe(Mutex<State>);

struct State {
    piece: Option<Bytes>,
    end: End,
    is_wanted: bool,
    taker: Option<Waker>,
    giver: Option<Waker>,
}

/// How a body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// It has not, as far as was read.
    Open,
    /// As it should, behind the piece that is there.
    Clean,
    /// It breaks off.
    Broken(Broken),
    /// Nobody takes it any more.
    Untaken,
}

/// A body that is read when it is wanted. Of a known length, so many bytes are to come.
pub(super) fn pipe(length: Option<u64>) -> (Giver, Incoming) {
    let pipe = Arc::new(Pipe(Mutex::new(State {
        piece: None,
        end: End::Open,
        is_wanted: false,
        taker: None,
        giver: None,
    })));
    let pieces = Pieces {
        pipe: Arc::clone(&pipe),
        left: length,
    };
    (Giver(pipe), Incoming(Kind::Pieces(pieces)))
}

/// No body.
impl Default for Incoming {
    fn default() -> Self {
        Self::whole(Bytes::new())
    }
}

impl Incoming {
    /// A body that is all there.
    pub(crate) fn whole(bytes: Bytes) -> Self {
        Self(Kind::Whole(bytes))
    }

    /// Whether it is all there.
    pub(crate) fn is_whole(&self) -> bool {
        matches!(self.0, Kind::Whole(_))
    }

    /// The body, if it is all there.
    pub(crate) fn into_whole(self) -> Result<Bytes, Self> {
        match self.0 {
            Kind::Whole(bytes) => Ok(bytes),
            Kind::Pieces(_) => Err(self),
        }
    }
}

impl Pipe {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Its state is valid after every statement.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wait(waker: &mut Option<Waker>, cx: &Context<'_>) {
    match waker {
        Some(waker) => waker.clone_from(cx.waker()),
        None => *waker = Some(cx.waker().clone()),
    }
}

impl Giver {
    /// Waits until the next piece is wanted, or none will be any more. Whoever `cx` wakes is told of
    /// the next change, whatever it is now.
    pub(super) fn poll_wish(&self, cx: &Context<'_>) -> Poll<Wish> {
        let mut state = self.0.lock();
        if state.end == End::Untaken {
            return Poll::Ready(Wish::Nothing);
        }
        // Also while a piece is wished for: the wish may end before there is one.
        wait(&mut state.giver, cx);
        if state.is_wanted {
            Poll::Ready(Wish::More)
        } else {
            Poll::Pending
        }
    }

    /// Whether nobody takes the body any more.
    pub(super) fn is_untaken(&self) -> bool {
        self.0.lock().end == End::Untaken
    }

    /// Gives the next piece, which was wished for.
    pub(super) fn give(&self, piece: Bytes) {
        self.change(|state| {
            state.piece = Some(piece);
            state.is_wanted = false;
        });
    }

    /// The body has come to its end.
    pub(super) fn end(self) {
        self.settle(End::Clean);
    }

    /// The body will not come to its end.
    pub(super) fn break_off(self, malformed: Malformed) {
        self.settle(End::Broken(Broken::Malformed(malformed.0)));
    }

    fn settle(&self, end: End) {
        self.change(|state| {
            if state.end == End::Open {
                state.end = end;
            }
        });
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.0.lock();
        change(&mut state);
        let taker = state.taker.take();
        drop(state);
        if let Some(taker) = taker {
            taker.wake();
        }
    }
}

impl Drop for Giver {
    fn drop(&mut self) {
        self.settle(End::Broken(Broken::Left));
    }
}

impl Pieces {
    fn poll_piece(&mut self, cx: &Context<'_>) -> Poll<Option<Result<Bytes, Broken>>> {
        let mut state = self.pipe.lock();
        if let Some(piece) = state.piece.take() {
            if let Some(left) = &mut self.left {
                *left = left.saturating_sub(piece.len() as u64);
            }
            return Poll::Ready(Some(Ok(piece)));
        }
        match state.end {
            End::Clean => return Poll::Ready(None),
            End::Broken(broken) => return Poll::Ready(Some(Err(broken))),
            End::Open | End::Untaken => {}
        }
        wait(&mut state.taker, cx);
        // Once for each wish: who gives may be the one who polls, and would never rest.
        let giver = if mem::replace(&mut state.is_wanted, true) {
            None
        } else {
            state.giver.take()
        };
        drop(state);
        if let Some(giver) = giver {
            giver.wake();
        }
        Poll::Pending
    }

    fn has_ended(&self) -> bool {
        if self.left == Some(0) {
            return true;
        }
        let state = self.pipe.lock();
        state.piece.is_none() && state.end == End::Clean
    }
}

impl Drop for Pieces {
    fn drop(&mut self) {
        let mut state = self.pipe.lock();
        if state.end == End::Open {
            state.end = End::Untaken;
        }
        state.piece = None;
        let giver = state.giver.take();
        drop(state);
        if let Some(giver) = giver {
            giver.wake();
        }
    }
}

impl http_body::Body for Incoming {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        match &mut self.0 {
            Kind::Whole(bytes) if bytes.is_empty() => Poll::Ready(None),
            Kind::Whole(bytes) => Poll::Ready(Some(Ok(Frame::data(mem::take(bytes))))),
            Kind::Pieces(pieces) => pieces.poll_piece(cx).map(|piece| {
                piece.map(|piece| match piece {
                    Ok(piece) => Ok(Frame::data(piece)),
                    Err(broken) => Err(BodyError::Caller(Box::new(broken))),
                })
            }),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Whole(bytes) => bytes.is_empty(),
            Kind::Pieces(pieces) => pieces.has_ended(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Kind::Pieces(pieces) => pieces.left.map_or_else(SizeHint::new, SizeHint::with_exact),
        }
    }
}

impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Never the bytes: they are the caller's.
        f.debug_tuple("Incoming").field(&self.size_hint()).finish()
    }
}
