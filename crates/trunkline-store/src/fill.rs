//! One upstream call and those who wait for what comes of it: who is told what, and when.
//!
//! One writer, many readers, each at its own place in the pieces. All state is behind one lock
//! that is held for a few instructions; wakers are called and dropped outside it, since either
//! may run somebody else's code.

use std::fmt;
use std::mem;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use trunkline_cache::Hit;

use crate::entry::Entry;
use crate::generations::Mark;
use crate::reader::{Begun, Piece};
use crate::sharded::lock;
use crate::written::Written;

/// Whether a reader belongs to whoever leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Own,
    Follower,
}

/// What a reader is told of the head.
#[derive(Debug)]
pub(crate) enum Heading<F, T> {
    Begins(Arc<Begun>),
    Entry(Arc<Entry>, Hit),
    TakeOver(T),
    Alone,
    Failed(F),
}

/// How it stands with the call. From all but the first two there is no way on.
pub(crate) enum Phase<F, T> {
    /// The upstream is asked, or its answer is being written.
    Open,
    /// There is more than can be kept: it is the leader's own readers' alone.
    Overflown,
    /// As that, and it has ended.
    Drained,
    /// What there is beyond the pieces is for one of the leader's own readers.
    HandedOver(Option<T>),
    /// All is there, for everybody.
    Whole(Arc<Entry>),
    /// What was kept is served.
    Serves(Arc<Entry>, Hit),
    /// It failed, before the head or in the middle of the body.
    Failed(F),
    /// Nothing comes of it for anybody.
    Over,
}

/// What a reader waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    Head,
    Piece,
}

struct State<F, T> {
    phase: Phase<F, T>,
    written: Option<Written>,
    /// A place for each reader, with what it waits for.
    seats: Vec<Option<(Event, Waker)>>,
    /// Places whose readers have left.
    free: Vec<usize>,
    /// Waits for all to leave.
    leader: Option<Waker>,
}

/// One upstream call and those who wait for it.
pub(crate) struct Fill<F, T> {
    mark: Mark,
    state: Mutex<State<F, T>>,
}

impl<F, T> Fill<F, T> {
    pub(crate) fn new(mark: Mark) -> Self {
        Self {
            mark,
            state: Mutex::new(State {
                phase: Phase::Open,
                written: None,
                seats: Vec::new(),
                free: Vec::new(),
                leader: None,
            }),
        }
    }

    pub(crate) fn mark(&self) -> Mark {
        self.mark
    }

    /// A place for another reader.
    pub(crate) fn sit(&self) -> usize {
        let mut state = lock(&self.state);
        if let Some(seat) = state.free.pop() {
            return seat;
        }
        state.seats.push(None);
        state.seats.len() - 1
    }

    pub(crate) fn leave(&self, seat: usize) {
        let mut state = lock(&self.state);
        let waiting = state.seats.get_mut(seat).and_then(Option::take);
        state.free.push(seat);
        let leader = if state.is_deserted() {
            state.leader.take()
        } else {
            None
        };
        drop(state);
        drop(waiting);
        wake(leader);
    }

    pub(crate) fn begin(&self, head: Arc<Begun>, phase: Phase<F, T>) {
        let mut state = lock(&self.state);
        state.written = Some(Written::new(head));
        state.phase = phase;
        let woken = state.all_waiting();
        drop(state);
        wake(woken);
    }

    pub(crate) fn push(&self, piece: Bytes) {
        let mut state = lock(&self.state);
        if let Some(written) = &mut state.written {
            written.push(piece);
        }
        let woken = state.waiting_for_pieces();
        drop(state);
        wake(woken);
    }

    /// Goes on; what was pieces is in the entry, if there is one.
    pub(crate) fn turn(&self, phase: Phase<F, T>) {
        let mut state = lock(&self.state);
        let mut pieces = None;
        if let (Phase::Whole(_), Some(written)) = (&phase, &mut state.written) {
            pieces = Some(written.clear());
        }
        let before = mem::replace(&mut state.phase, phase);
        let woken = state.all_waiting();
        drop(state);
        drop((pieces, before));
        wake(woken);
    }

    /// What is written so far.
    pub(crate) fn pieces(&self) -> Vec<Bytes> {
        let state = lock(&self.state);
        let written = state.written.as_ref();
        written.map_or_else(Vec::new, Written::pieces)
    }

    /// How much of the body a reader has yet to read, if that is known.
    pub(crate) fn remaining(&self, read: usize) -> Option<u64> {
        let state = lock(&self.state);
        let length = match &state.phase {
            Phase::Whole(entry) => Some(entry.body().len() as u64),
            _ => state.written.as_ref()?.head.length(),
        };
        Some(length?.saturating_sub(read as u64))
    }

    pub(crate) fn poll_everyone_left(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = lock(&self.state);
        if state.is_deserted() {
            return Poll::Ready(());
        }
        let before = state.leader.replace(cx.waker().clone());
        drop(state);
        drop(before);
        Poll::Pending
    }
}

impl<F: Clone, T> Fill<F, T> {
    pub(crate) fn poll_head(
        &self,
        (seat, role): (usize, Role),
        cx: &mut Context<'_>,
    ) -> Poll<Heading<F, T>> {
        let mut state = lock(&self.state);
        if let Some(heading) = state.heading(role) {
            return Poll::Ready(heading);
        }
        let before = state.wait(seat, (Event::Head, cx.waker().clone()));
        drop(state);
        drop(before);
        Poll::Pending
    }

    /// The next piece for one who has read so many bytes; `None` is the clean end.
    pub(crate) fn poll_piece(
        &self,
        (seat, role): (usize, Role),
        read: &mut usize,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Piece<F, T>>> {
        let mut state = lock(&self.state);
        let piece = state.piece(role, read);
        if piece.is_ready() {
            return piece;
        }
        let before = state.wait(seat, (Event::Piece, cx.waker().clone()));
        drop(state);
        drop(before);
        Poll::Pending
    }
}

impl<F, T> State<F, T> {
    /// Whether nobody reads.
    fn is_deserted(&self) -> bool {
        self.seats.len() == self.free.len()
    }

    /// Notes what a reader waits for; what it waited for before is to be dropped outside the lock.
    fn wait(&mut self, seat: usize, waiting: (Event, Waker)) -> Option<(Event, Waker)> {
        self.seats.get_mut(seat)?.replace(waiting)
    }

    fn all_waiting(&mut self) -> Vec<Waker> {
        let waiting = self.seats.iter_mut().filter_map(Option::take);
        waiting.map(|(_, waker)| waker).collect()
    }

    fn waiting_for_pieces(&mut self) -> Vec<Waker> {
        let waiting = self
            .seats
            .iter_mut()
            .filter_map(|seat| seat.take_if(|(event, _)| *event == Event::Piece));
        waiting.map(|(_, waker)| waker).collect()
    }
}

impl<F: Clone, T> State<F, T> {
    fn heading(&mut self, role: Role) -> Option<Heading<F, T>> {
        let begun = self.written.as_ref().map(|written| &written.head);
        let begins = |head: &Arc<Begun>| Heading::Begins(Arc::clone(head));
        match (&mut self.phase, role) {
            // What has no length may become too much, and a follower could not go back then.
            (Phase::Open, Role::Follower) => {
                begun.filter(|head| head.length().is_some()).map(begins)
            }
            (Phase::Open | Phase::Overflown | Phase::Drained, Role::Own) | (Phase::Whole(_), _) => {
                begun.map(begins)
            }
            (Phase::HandedOver(rest), Role::Own) => Some(match (begun, rest.take()) {
                (Some(head), unread) => {
                    *rest = unread;
                    begins(head)
                }
                (None, Some(rest)) => Heading::TakeOver(rest),
                (None, None) => Heading::Alone,
            }),
            (Phase::Overflown | Phase::Drained | Phase::HandedOver(_), Role::Follower)
            | (Phase::Over, _) => Some(Heading::Alone),
            (Phase::Serves(entry, hit), _) => Some(Heading::Entry(Arc::clone(entry), *hit)),
            (Phase::Failed(failure), _) => Some(Heading::Failed(failure.clone())),
        }
    }

    fn piece(&mut self, role: Role, read: &mut usize) -> Poll<Option<Piece<F, T>>> {
        if let Phase::Whole(entry) = &self.phase {
            let rest = entry.body().slice(entry.body().len().min(*read)..);
            *read += rest.len();
            return Poll::Ready((!rest.is_empty()).then_some(Piece::Data(rest)));
        }
        let written = self.written.as_ref();
        if let Some(piece) = written.and_then(|written| written.after(*read)) {
            *read += piece.len();
            return Poll::Ready(Some(Piece::Data(piece)));
        }
        match (&mut self.phase, role) {
            (Phase::Open, _) | (Phase::Overflown, Role::Own) => Poll::Pending,
            (Phase::Drained, Role::Own) => Poll::Ready(None),
            (Phase::HandedOver(rest), Role::Own) => {
                Poll::Ready(Some(rest.take().map_or(Piece::Abandoned, Piece::TakeOver)))
            }
            (Phase::Failed(failure), _) => Poll::Ready(Some(Piece::Broken(failure.clone()))),
            (Phase::Overflown | Phase::Drained | Phase::HandedOver(_), Role::Follower)
            | (Phase::Over | Phase::Serves(..) | Phase::Whole(_), _) => {
                Poll::Ready(Some(Piece::Abandoned))
            }
        }
    }
}

fn wake(wakers: impl IntoIterator<Item = Waker>) {
    wakers.into_iter().for_each(Waker::wake);
}

impl<F, T> fmt::Debug for Fill<F, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fill").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
