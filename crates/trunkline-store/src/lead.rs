//! The part of the one who asks the upstream for all, and tells them what came.

use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;

use bytes::Bytes;
use trunkline_cache::{Hit, Stored};

use crate::entry::{self, Entry, Labels};
use crate::fill::{Fill, Phase, Role};
use crate::fills::Fills;
use crate::key::Key;
use crate::reader::{Begun, Reader};
use crate::store::NotKept;
use crate::written;

/// What others wait for, until it is done; on drop they learn that nothing comes of it.
struct Duty<F, T> {
    fills: Arc<Fills<F, T>>,
    key: Key,
    fill: Arc<Fill<F, T>>,
    is_done: bool,
}

impl<F, T> Duty<F, T> {
    /// Newcomers first: none should get what has ended, since it is in the store or of no use.
    fn done(&mut self, phase: Phase<F, T>) {
        self.is_done = true;
        self.fills.close(&self.key, &self.fill);
        self.fill.turn(phase);
    }

    async fn everyone_left(&self) {
        poll_fn(|cx| self.fill.poll_everyone_left(cx)).await;
    }
}

impl<F, T> Drop for Duty<F, T> {
    fn drop(&mut self) {
        if !self.is_done {
            self.done(Phase::Over);
        }
    }
}

/// The duty to ask the upstream. It lives in a task of its own; dropped without a word, it sends
/// all who wait to ask for themselves.
#[must_use = "others wait for what comes of it"]
pub struct Lead<F, T>(Duty<F, T>);

/// Whether a body can still be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "what is too much must be handed over, or ended"]
pub enum Pushed {
    /// It can.
    Kept,
    /// It is too much. The leader's own reader gets what was pushed, and then what
    /// [`Writer::hand_over`] gives it; those who have not begun are sent away. While others read
    /// already ([`Writer::is_shared`]), it is pushed on, at the pace of the slowest.
    Overflow,
}

impl<F, T> Lead<F, T> {
    pub(crate) fn new(fills: Arc<Fills<F, T>>, key: Key, fill: Arc<Fill<F, T>>) -> Self {
        Self(Duty {
            fills,
            key,
            fill,
            is_done: false,
        })
    }

    /// A reader of its own: one that gets also what is not for others.
    pub fn reader(&self) -> Reader<F, T> {
        Reader::new(Arc::clone(&self.0.fill), Role::Own)
    }

    /// Waits until nobody reads: a task may then stop asking, by dropping this.
    ///
    /// Before anybody reads, nobody does. Who joins between this and the drop is sent to ask for
    /// itself.
    ///
    /// # Cancel safety
    ///
    /// Dropping it loses nothing.
    pub async fn everyone_left(&self) {
        self.0.everyone_left().await;
    }

    /// There is an answer to keep: readers get its head, and its body as it is written.
    ///
    /// `length` is what its head says of the body. A body that is known to be too long, or longer
    /// than there is room for while it is written, overflows at once, as [`Writer::pushed`] tells.
    pub fn begins(self, stored: Stored, labels: Arc<Labels>, length: Option<u64>) -> Writer<F, T> {
        let duty = self.0;
        let weight = entry::weight_without_body(&stored, &labels);
        let mut writer = Writer {
            bytes_max: duty.fills.store().entry_bytes_max().saturating_sub(weight),
            head: Arc::new(Begun::new(stored, labels, length)),
            bytes: 0,
            pushed: Pushed::Kept,
            duty,
        };
        let store = writer.duty.fills.store();
        let mut room = store.room_to_write();
        let bytes = weight.saturating_add(length.unwrap_or(0));
        if store.entry_bytes_max() < bytes || !room.grow_to(bytes) {
            writer.pushed = Pushed::Overflow;
            writer.duty.fills.close(&writer.duty.key, &writer.duty.fill);
        }
        let (head, phase) = (Arc::clone(&writer.head), writer.phase());
        writer.duty.fill.begin(head, phase, (room, weight));
        writer
    }

    /// What was kept is served, for the reason in the hit: after a 304, or for want of better.
    pub fn serves(mut self, entry: Arc<Entry>, hit: Hit) {
        self.0.done(Phase::Serves(entry, hit));
    }

    /// What came is not for others: its own reader gets it, followers ask for themselves.
    pub fn hand_over(mut self, answer: T) {
        self.0.done(Phase::HandedOver(Some(answer)));
    }

    /// Nothing came of it for anybody: all ask for themselves.
    pub fn alone(mut self) {
        self.0.done(Phase::Over);
    }

    /// No answer came: all share the failure.
    pub fn fails(mut self, failure: F) {
        self.0.done(Phase::Failed(failure));
    }
}

/// The duty to write a body for all who read. Dropped without a word, it leaves them with
/// [`Piece::Abandoned`](crate::Piece::Abandoned), never with a clean end.
#[must_use = "others wait for what comes of it"]
pub struct Writer<F, T> {
    duty: Duty<F, T>,
    head: Arc<Begun>,
    bytes: u64,
    bytes_max: u64,
    pushed: Pushed,
}

impl<F, T> Writer<F, T> {
    /// Whether it can be kept, as far as is known.
    pub fn pushed(&self) -> Pushed {
        self.pushed
    }

    /// Waits until nobody reads, as [`Lead::everyone_left`].
    ///
    /// # Cancel safety
    ///
    /// Dropping it loses nothing.
    pub async fn everyone_left(&self) {
        self.duty.everyone_left().await;
    }

    /// Whether anybody reads but the leader's own readers. If not, what has overflown can be handed
    /// over.
    pub fn is_shared(&self) -> bool {
        self.duty.fill.is_shared()
    }

    /// Waits, after an overflow, until all who read are near the end of what is written.
    ///
    /// # Cancel safety
    ///
    /// Dropping it loses nothing.
    pub async fn readers_near(&self) {
        poll_fn(|cx| self.duty.fill.poll_readers_near(cx)).await;
    }

    /// After an overflow, leaves behind those who are not near the end while somebody waits there:
    /// for them the body breaks off.
    pub fn leave_behind(&self) {
        self.duty.fill.leave_behind();
    }

    /// Some more of the body, at the upstream's pace: readers are not waited for.
    ///
    /// After an overflow wait for [`Writer::readers_near`] before each: what is pushed then is held
    /// in memory until all have read it.
    pub fn push(&mut self, piece: Bytes) -> Pushed {
        if piece.is_empty() {
            return self.pushed;
        }
        self.bytes = self.bytes.saturating_add(piece.len() as u64);
        let has_room = self.duty.fill.push(piece);
        let overflows = !has_room || self.bytes_max < self.bytes;
        if self.pushed == Pushed::Kept && overflows {
            self.pushed = Pushed::Overflow;
            self.duty.fills.close(&self.duty.key, &self.duty.fill);
            self.duty.fill.turn(self.phase());
        }
        self.pushed
    }

    /// The body is whole: it is kept, and readers read it to a clean end, kept or not.
    ///
    /// # Errors
    ///
    /// [`NotKept::Incomplete`] if the length was known and another: that is no clean end.
    /// [`NotKept::TooLarge`] after an overflow; else as [`Store::put`](crate::Store::put).
    pub fn end(mut self) -> Result<Arc<Entry>, NotKept> {
        if self
            .head
            .length()
            .is_some_and(|length| length != self.bytes)
        {
            self.duty.done(Phase::Over);
            return Err(NotKept::Incomplete);
        }
        if self.pushed == Pushed::Overflow {
            self.duty.done(Phase::Drained);
            return Err(NotKept::TooLarge);
        }
        let (stored, labels) = (self.head.stored().clone(), Arc::clone(self.head.labels()));
        let body = written::joined(&self.duty.fill.pieces());
        let entry = Arc::new(Entry::new(stored, body, labels));
        let mark = self.duty.fill.mark();
        let store = self.duty.fills.store();
        let kept = store.put(self.duty.key, Arc::clone(&entry), mark);
        self.duty.done(Phase::Whole(Arc::clone(&entry)));
        kept.map(|()| entry)
    }

    /// The body broke off: nothing is kept, and readers get the failure after what there was.
    pub fn fails(mut self, failure: F) {
        self.duty.done(Phase::Failed(failure));
    }

    /// The leader's own reader goes on with the rest after what was pushed; others are sent away.
    pub fn hand_over(mut self, rest: T) {
        self.duty.done(Phase::HandedOver(Some(rest)));
    }

    fn phase(&self) -> Phase<F, T> {
        match self.pushed {
            Pushed::Kept => Phase::Open,
            Pushed::Overflow => Phase::Overflown,
        }
    }
}

impl<F, T> fmt::Debug for Lead<F, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lead")
            .field("key", &self.0.key)
            .finish_non_exhaustive()
    }
}

impl<F, T> fmt::Debug for Writer<F, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer")
            .field("key", &self.duty.key)
            .field("bytes", &self.bytes)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
