//! One upstream call and those who wait for what comes of it: who is told what, and when.
//!
//! One writer, many readers, each at its own place in the pieces. All state is behind one lock
//! that is held for a few instructions; wakers are called and dropped outside it, since either
//! may run somebody else's code.

mod state;

use std::fmt;
use std::mem;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use trunkline_cache::Hit;

use crate::entry::Entry;
use crate::generations::Mark;
use crate::reader::{Begun, Piece};
use crate::room::Room;
use crate::sharded::lock;
use crate::written::Written;

use state::{Event, State};

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
    /// There is more than can be kept: it is for the leader's own readers, and for those who read
    /// already.
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

/// One upstream call and those who wait for it.
pub(crate) struct Fill<F, T> {
    mark: Mark,
    state: Mutex<State<F, T>>,
}

impl<F, T> Fill<F, T> {
    pub(crate) fn new(mark: Mark) -> Self {
        Self {
            mark,
            state: Mutex::new(State::new()),
        }
    }

    pub(crate) fn mark(&self) -> Mark {
        self.mark
    }

    /// A place for another reader.
    pub(crate) fn sit(&self, role: Role) -> usize {
        lock(&self.state).sit(role)
    }

    pub(crate) fn leave(&self, seat: usize) {
        let mut state = lock(&self.state);
        let left = state.leave(seat);
        let gone = state.let_go();
        let leader = state.leader_if_wanted();
        drop(state);
        drop((left, gone));
        wake(leader);
    }

    /// With the room that the head has, which weighs so much.
    pub(crate) fn begin(&self, head: Arc<Begun>, phase: Phase<F, T>, room: (Room, u64)) {
        let mut state = lock(&self.state);
        state.written = Some(Written::new(head, room));
        state.phase = phase;
        let woken = state.all_waiting();
        drop(state);
        wake(woken);
    }

    /// Whether there was room for the piece, if it is to be kept.
    pub(crate) fn push(&self, piece: Bytes) -> bool {
        let mut state = lock(&self.state);
        let is_kept = matches!(state.phase, Phase::Open);
        let mut has_room = true;
        if let Some(written) = &mut state.written {
            has_room = !is_kept || written.has_room_for(piece.len());
            written.push(piece);
        }
        let woken = state.waiting_for_pieces();
        drop(state);
        wake(woken);
        has_room
    }

    /// Goes on; what was pieces is in the entry, if there is one.
    pub(crate) fn turn(&self, phase: Phase<F, T>) {
        let mut state = lock(&self.state);
        let mut pieces = None;
        if let (Phase::Whole(_), Some(written)) = (&phase, &mut state.written) {
            pieces = Some(written.clear());
        }
        let before = mem::replace(&mut state.phase, phase);
        let gone = state.let_go();
        let woken = state.all_waiting();
        drop(state);
        drop((pieces, gone, before));
        wake(woken);
    }

    /// Whether anybody else than the leader's own readers reads what is not kept.
    pub(crate) fn is_shared(&self) -> bool {
        lock(&self.state).is_shared()
    }

    /// Leaves behind who keeps others waiting that have read everything.
    pub(crate) fn leave_behind(&self) {
        let mut state = lock(&self.state);
        let woken = state.leave_behind();
        let gone = state.let_go();
        drop(state);
        drop(gone);
        wake(woken);
    }

    /// What is written so far.
    pub(crate) fn pieces(&self) -> Vec<Bytes> {
        let state = lock(&self.state);
        let written = state.written.as_ref();
        written.map_or_else(Vec::new, Written::pieces)
    }

    /// How much of the body a reader has yet to read, if that is known.
    pub(crate) fn remaining(&self, seat: usize) -> Option<u64> {
        lock(&self.state).remaining(seat)
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

    /// Waits until more may be written: always, but of what is not kept, and others read.
    pub(crate) fn poll_readers_near(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = lock(&self.state);
        if state.are_readers_near() {
            return Poll::Ready(());
        }
        let before = state.leader.replace(cx.waker().clone());
        drop(state);
        drop(before);
        Poll::Pending
    }
}

impl<F: Clone, T> Fill<F, T> {
    pub(crate) fn poll_head(&self, seat: usize, cx: &mut Context<'_>) -> Poll<Heading<F, T>> {
        let mut state = lock(&self.state);
        if let Some(heading) = state.heading(seat) {
            return Poll::Ready(heading);
        }
        let before = state.wait(seat, (Event::Head, cx.waker().clone()));
        drop(state);
        drop(before);
        Poll::Pending
    }

    /// The next piece for a reader; `None` is the clean end.
    pub(crate) fn poll_piece(
        &self,
        seat: usize,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Piece<F, T>>> {
        let mut state = lock(&self.state);
        let piece = state.piece(seat);
        if piece.is_ready() {
            let gone = state.let_go();
            let leader = state.leader_if_wanted();
            drop(state);
            drop(gone);
            wake(leader);
            return piece;
        }
        let before = state.wait(seat, (Event::Piece, cx.waker().clone()));
        drop(state);
        drop(before);
        Poll::Pending
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
