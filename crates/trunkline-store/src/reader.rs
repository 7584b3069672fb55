//! What an asker gets of a call, its own or somebody else's.

use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use trunkline_cache::{Hit, Stored};

use crate::entry::{Entry, Labels};
use crate::fill::{Fill, Heading, Role};

/// The head of an answer whose body comes.
#[derive(Clone, Debug)]
pub struct Begun {
    stored: Stored,
    labels: Arc<Labels>,
    length: Option<u64>,
}

impl Begun {
    pub(crate) fn new(stored: Stored, labels: Arc<Labels>, length: Option<u64>) -> Self {
        Self {
            stored,
            labels,
            length,
        }
    }

    /// The answer without its body, as it is kept if all goes well.
    ///
    /// A follower's request may differ from the one that was sent in what the answer varies by:
    /// `trunkline_cache::look` tells.
    pub fn stored(&self) -> &Stored {
        &self.stored
    }

    /// By what it is found.
    pub fn labels(&self) -> &Arc<Labels> {
        &self.labels
    }

    /// How long the head said that the body is.
    pub fn length(&self) -> Option<u64> {
        self.length
    }
}

/// A place among the readers of a fill, given up on drop.
struct Seat<F, T> {
    fill: Arc<Fill<F, T>>,
    number: usize,
    role: Role,
}

impl<F, T> Drop for Seat<F, T> {
    fn drop(&mut self) {
        self.fill.leave(self.number);
    }
}

/// One who waits for an answer. Dropping it is always fine.
#[must_use = "who does not read need not join"]
pub struct Reader<F, T>(Seat<F, T>);

/// What came.
#[derive(Debug)]
pub enum Head<F, T> {
    /// An answer, whose body follows.
    Begins(Body<F, T>),
    /// What was kept serves, for the reason in the hit; who follows sees to it that it fits, as
    /// [`Begun::stored`] says.
    Entry(Arc<Entry>, Hit),
    /// What came is for this one alone, who led: an answer that is not kept.
    TakeOver(T),
    /// What came is not for this one: it should ask by itself.
    Alone,
    /// No answer came.
    Failed(F),
}

/// What is next of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece<F, T> {
    /// Some bytes, never none.
    Data(Bytes),
    /// The rest is here: it is too much to keep, and goes to who led alone.
    TakeOver(T),
    /// The body broke off.
    Broken(F),
    /// The body broke off, and nobody said why: the task that wrote it is gone, what it wrote is not
    /// what the head announced, or this reader was left behind.
    Abandoned,
}

impl<F, T> Reader<F, T> {
    pub(crate) fn new(fill: Arc<Fill<F, T>>, role: Role) -> Self {
        Self(Seat {
            number: fill.sit(role),
            fill,
            role,
        })
    }

    /// Whether somebody else's call is read.
    pub fn is_collapsed(&self) -> bool {
        self.0.role == Role::Follower
    }
}

impl<F: Clone, T> Reader<F, T> {
    /// Waits for what comes.
    ///
    /// A body is read from its first piece on, while it is written. Followers who have not begun
    /// when it turns out to be too much to keep ask for themselves.
    ///
    /// # Cancel safety
    ///
    /// Dropping it is dropping the reader.
    pub async fn head(self) -> Head<F, T> {
        let heading = poll_fn(|cx| self.0.fill.poll_head(self.0.number, cx)).await;
        match heading {
            Heading::Begins(head) => Head::Begins(Body {
                seat: self.0,
                head,
                is_over: false,
            }),
            Heading::Entry(entry, hit) => Head::Entry(entry, hit),
            Heading::TakeOver(rest) => Head::TakeOver(rest),
            Heading::Alone => Head::Alone,
            Heading::Failed(failure) => Head::Failed(failure),
        }
    }
}

/// A body that is read, maybe while it is written. Dropping it is always fine.
#[must_use = "who does not read need not join"]
pub struct Body<F, T> {
    seat: Seat<F, T>,
    head: Arc<Begun>,
    is_over: bool,
}

impl<F, T> Body<F, T> {
    /// The head it belongs to.
    pub fn begun(&self) -> &Arc<Begun> {
        &self.head
    }

    /// Whether somebody else's call is read.
    pub fn is_collapsed(&self) -> bool {
        self.seat.role == Role::Follower
    }

    /// How many bytes are yet to be read, if that is known.
    pub fn remaining(&self) -> Option<u64> {
        self.seat.fill.remaining(self.seat.number)
    }
}

impl<F: Clone, T> Body<F, T> {
    /// The next piece. `None` is the end: a clean one, unless the piece before was not data.
    ///
    /// The bytes are shared by all readers, but short pieces may come as one. Who reads slowly keeps
    /// nobody waiting, but for those who read with them what is too much to keep.
    pub fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Option<Piece<F, T>>> {
        if self.is_over {
            return Poll::Ready(None);
        }
        let piece = self.seat.fill.poll_piece(self.seat.number, cx);
        self.is_over = !matches!(piece, Poll::Pending | Poll::Ready(Some(Piece::Data(_))));
        piece
    }

    /// The next piece, as [`Body::poll_piece`].
    ///
    /// # Cancel safety
    ///
    /// Dropping it loses nothing.
    pub async fn next(&mut self) -> Option<Piece<F, T>> {
        poll_fn(|cx| self.poll_piece(cx)).await
    }
}

impl<F, T> fmt::Debug for Seat<F, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seat")
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

impl<F, T> fmt::Debug for Reader<F, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Reader").field(&self.0).finish()
    }
}

impl<F, T> fmt::Debug for Body<F, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body")
            .field("seat", &self.seat)
            .field("head", &self.head)
            .finish_non_exhaustive()
    }
}
