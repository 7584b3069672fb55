//! How far an answer and each of its readers are, and what each is told. Nobody is woken here.

use std::sync::Arc;
use std::task::{Poll, Waker};

use super::{Heading, Phase, Role};
use crate::reader::{Begun, Piece};
use crate::written::Written;

/// So far may the slowest reader be behind what is written of an answer that is not kept.
const BEHIND_MAX: usize = 64 << 10;

/// What a reader waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    Head,
    Piece,
}

/// How far a reader is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// It has not begun.
    Waits,
    /// It reads the body.
    Reads,
    /// It was too slow for the others.
    LeftBehind,
}

/// The place of a reader.
pub(super) struct Seat {
    role: Role,
    stage: Stage,
    /// So many bytes.
    read: usize,
    waiting: Option<(Event, Waker)>,
}

impl Seat {
    /// Whether it has a right to what is not kept.
    fn holds(&self) -> bool {
        match self.stage {
            Stage::Waits => self.role == Role::Own,
            Stage::Reads => true,
            Stage::LeftBehind => false,
        }
    }
}

pub(super) struct State<F, T> {
    pub(super) phase: Phase<F, T>,
    pub(super) written: Option<Written>,
    /// A place for each reader; some have left.
    seats: Vec<Option<Seat>>,
    /// Places whose readers have left.
    free: Vec<usize>,
    /// Waits for all to leave, or to come nearer.
    pub(super) leader: Option<Waker>,
}

impl<F, T> State<F, T> {
    pub(super) fn new() -> Self {
        Self {
            phase: Phase::Open,
            written: None,
            seats: Vec::new(),
            free: Vec::new(),
            leader: None,
        }
    }

    /// A place for another reader.
    pub(super) fn sit(&mut self, role: Role) -> usize {
        let seat = Some(Seat {
            role,
            stage: Stage::Waits,
            read: 0,
            waiting: None,
        });
        if let Some(number) = self.free.pop() {
            if let Some(free) = self.seats.get_mut(number) {
                *free = seat;
            }
            return number;
        }
        self.seats.push(seat);
        self.seats.len() - 1
    }

    /// Frees a place; what was there is to be dropped outside the lock.
    pub(super) fn leave(&mut self, seat: usize) -> Option<Seat> {
        self.free.push(seat);
        self.seats.get_mut(seat).and_then(Option::take)
    }

    /// How much of the body a reader has yet to read, if that is known.
    pub(super) fn remaining(&self, seat: usize) -> Option<u64> {
        let read = self.seats.get(seat)?.as_ref()?.read;
        let length = match &self.phase {
            Phase::Whole(entry) => Some(entry.body().len() as u64),
            _ => self.written.as_ref()?.head.length(),
        };
        Some(length?.saturating_sub(read as u64))
    }

    /// Leaves behind who keeps others waiting that have read everything.
    pub(super) fn leave_behind(&mut self) -> Vec<Waker> {
        let end = self.end();
        let is_overflown = matches!(self.phase, Phase::Overflown);
        let somebody_waits = self.readers().any(|reader| reader.read == end);
        if !is_overflown || !somebody_waits {
            return Vec::new();
        }
        let is_slow = |seat: &&mut Seat| seat.holds() && BEHIND_MAX < end - seat.read;
        let slow = self.seats.iter_mut().flatten().filter(is_slow);
        let waiting = slow.filter_map(|seat| {
            seat.stage = Stage::LeftBehind;
            seat.waiting.take()
        });
        waiting.map(|(_, waker)| waker).collect()
    }

    /// Those for whom what is not kept is there.
    fn readers(&self) -> impl Iterator<Item = &Seat> {
        self.seats.iter().flatten().filter(|seat| seat.holds())
    }

    /// Whether nobody reads, nor waits to.
    pub(super) fn is_deserted(&self) -> bool {
        let mut seats = self.seats.iter().flatten();
        seats.all(|seat| seat.stage == Stage::LeftBehind)
    }

    /// Whether anybody reads that is not the leader's own.
    pub(super) fn is_shared(&self) -> bool {
        self.readers().any(|reader| reader.role == Role::Follower)
    }

    /// So many bytes were written.
    fn end(&self) -> usize {
        self.written.as_ref().map_or(0, Written::end)
    }

    /// Whether the slowest is near enough to the end for more to be written.
    pub(super) fn are_readers_near(&self) -> bool {
        let is_kept = !matches!(self.phase, Phase::Overflown);
        let end = self.end();
        let mut readers = self.readers();
        is_kept || !self.is_shared() || readers.all(|reader| end - reader.read <= BEHIND_MAX)
    }

    /// Whoever writes, if it waits for what has come to be.
    pub(super) fn leader_if_wanted(&mut self) -> Option<Waker> {
        let is_overflown = matches!(self.phase, Phase::Overflown);
        let is_wanted = self.is_deserted() || is_overflown && self.are_readers_near();
        self.leader.take_if(|_| is_wanted)
    }

    /// Takes out what all have read, where it is not to be kept; to be dropped outside the lock.
    pub(super) fn let_go(&mut self) -> Option<impl Sized + use<F, T>> {
        if let Phase::Open | Phase::Whole(_) = self.phase {
            return None;
        }
        let read = self.readers().map(|reader| reader.read).min();
        let written = self.written.as_mut()?;
        let read = read.unwrap_or_else(|| written.end());
        Some(written.let_go(read))
    }

    /// Notes what a reader waits for; what it waited for before is to be dropped outside the lock.
    pub(super) fn wait(&mut self, seat: usize, waiting: (Event, Waker)) -> Option<(Event, Waker)> {
        self.seats.get_mut(seat)?.as_mut()?.waiting.replace(waiting)
    }

    pub(super) fn all_waiting(&mut self) -> Vec<Waker> {
        let seats = self.seats.iter_mut().flatten();
        let waiting = seats.filter_map(|seat| seat.waiting.take());
        waiting.map(|(_, waker)| waker).collect()
    }

    pub(super) fn waiting_for_pieces(&mut self) -> Vec<Waker> {
        let seats = self.seats.iter_mut().flatten();
        let waiting =
            seats.filter_map(|seat| seat.waiting.take_if(|(event, _)| *event == Event::Piece));
        waiting.map(|(_, waker)| waker).collect()
    }
}

impl<F: Clone, T> State<F, T> {
    pub(super) fn heading(&mut self, seat: usize) -> Option<Heading<F, T>> {
        let seat = self.seats.get_mut(seat)?.as_mut()?;
        if seat.stage == Stage::LeftBehind {
            return Some(Heading::Alone);
        }
        let begun = self.written.as_ref().map(|written| &written.head);
        let begins = |head: &Arc<Begun>| Heading::Begins(Arc::clone(head));
        let heading = match (&mut self.phase, seat.role) {
            (Phase::Open | Phase::Whole(_), _) | (Phase::Overflown | Phase::Drained, Role::Own) => {
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
            // Who has not begun need not begin what is not kept, and the others may wait for them.
            (Phase::Overflown | Phase::Drained | Phase::HandedOver(_), Role::Follower)
            | (Phase::Over, _) => Some(Heading::Alone),
            (Phase::Serves(entry, hit), _) => Some(Heading::Entry(Arc::clone(entry), *hit)),
            (Phase::Failed(failure), _) => Some(Heading::Failed(failure.clone())),
        };
        if let Some(Heading::Begins(_)) = heading {
            seat.stage = Stage::Reads;
        }
        heading
    }

    pub(super) fn piece(&mut self, seat: usize) -> Poll<Option<Piece<F, T>>> {
        let Some(Some(seat)) = self.seats.get_mut(seat) else {
            return Poll::Ready(Some(Piece::Abandoned));
        };
        if seat.stage == Stage::LeftBehind {
            return Poll::Ready(Some(Piece::Abandoned));
        }
        if let Phase::Whole(entry) = &self.phase {
            let rest = entry.body().slice(entry.body().len().min(seat.read)..);
            seat.read += rest.len();
            return Poll::Ready((!rest.is_empty()).then_some(Piece::Data(rest)));
        }
        let written = self.written.as_ref();
        if let Some(piece) = written.and_then(|written| written.after(seat.read)) {
            seat.read += piece.len();
            return Poll::Ready(Some(Piece::Data(piece)));
        }
        match (&mut self.phase, seat.role) {
            (Phase::Open | Phase::Overflown, _) => Poll::Pending,
            (Phase::Drained, _) => Poll::Ready(None),
            (Phase::HandedOver(rest), Role::Own) => {
                Poll::Ready(Some(rest.take().map_or(Piece::Abandoned, Piece::TakeOver)))
            }
            (Phase::Failed(failure), _) => Poll::Ready(Some(Piece::Broken(failure.clone()))),
            (Phase::HandedOver(_), Role::Follower)
            | (Phase::Over | Phase::Serves(..) | Phase::Whole(_), _) => {
                Poll::Ready(Some(Piece::Abandoned))
            }
        }
    }
}
