//! What a connection is busy with, in coarse times, and how long it may be. The judging is pure.
//!
//! No request has a timer of its own. A connection notes what it waits for and since when; one
//! sweep per thread and second looks at them all. Times are rounded up to the next sweep, so
//! nobody is cut too early. The same sweep has those connections look for their callers on which
//! nobody reads.

#[cfg(test)]
mod tests;

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;
use std::task::{Context, Waker};
use std::time::Duration;

use trunkline::Tunneled;

use crate::coarse_clock::{CoarseClock, Date, Moment};
use crate::http1::Malformed;

/// How long a caller has to read a refusal before the connection is closed on it.
const LINGER: Duration = Duration::from_secs(5);

/// How long nobody has to have read from a caller for it to be looked for.
const UNREAD: Duration = Duration::from_secs(1);

/// How long a connection may be busy with each thing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// From a head's first byte to its last.
    pub(crate) head: Duration,
    /// From the end of an answer to the next request, and between two pieces of a body while the
    /// caller is the one waited for.
    pub(crate) idle: Duration,
}

impl Limits {
    /// How often connections have to be looked at for these limits to be kept.
    pub(crate) fn period(&self) -> Duration {
        let shortest = self.head.min(self.idle).min(LINGER);
        (shortest / 4).clamp(Duration::from_millis(1), Duration::from_secs(1))
    }
}

/// Where in a request a connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Between two heads.
    Between,
    /// In a head that has begun and is not whole.
    Head,
    /// In a body that is not whole.
    Body,
}

/// What a connection is busy with, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct State {
    /// Where in a request it is.
    pub(crate) place: Place,
    /// Requests that are not answered yet.
    pub(crate) unanswered: u32,
    /// Whether every answer so far is written to its last byte.
    pub(crate) is_settled: bool,
    /// Whether a byte was written since the last request began.
    pub(crate) has_begun: bool,
    /// The later of: its last answer's end, the first byte of a head.
    pub(crate) since: Moment,
    /// When bytes of the caller were last read.
    pub(crate) read: Moment,
    /// Since when it waits for bytes of the caller; `None` while they come or nobody wants them.
    pub(crate) reading: Option<Moment>,
    /// Since when it waits for the caller to take bytes.
    pub(crate) writing: Option<Moment>,
    /// Since when it waits for the caller to have read a refusal.
    pub(crate) lingering: Option<Moment>,
}

/// What a connection has waited for too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Overdue {
    /// A head that does not end.
    Head,
    /// The next request.
    Request,
    /// The rest of a body that the caller sends.
    Upload,
    /// The caller taking what it asked for.
    Download,
    /// The caller closing after a refusal.
    Farewell,
}

/// Decides whether a connection has waited too long, and for what.
pub(crate) fn judge(state: &State, limits: Limits, now: Moment) -> Option<Overdue> {
    let past = |since: Moment, limit: Duration| since.later(limit) <= now;
    if state.lingering.is_some_and(|since| past(since, LINGER)) {
        return Some(Overdue::Farewell);
    }
    if state.writing.is_some_and(|since| past(since, limits.idle)) {
        return Some(Overdue::Download);
    }
    match state.place {
        // A head that is sent ahead of its turn is not read, so it cannot be late.
        Place::Head if state.is_settled && past(state.since, limits.head) => Some(Overdue::Head),
        Place::Between if state.is_settled && past(state.since, limits.idle) => {
            Some(Overdue::Request)
        }
        Place::Body if state.reading.is_some_and(|since| past(since, limits.idle)) => {
            Some(Overdue::Upload)
        }
        Place::Head | Place::Between | Place::Body => None,
    }
}

/// Decides whether a caller may have left unseen: its call is under way, and nobody reads, so nobody
/// comes upon the end. So it is with a body that no upstream wants yet, and with a request that was
/// sent ahead of its turn.
pub(crate) fn may_have_left(state: &State, now: Moment) -> bool {
    state.unanswered > 0
        && state.reading.is_none()
        && state.writing.is_none()
        && state.read.later(UNREAD) <= now
}

/// What a connection is told to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// End after the answer under way.
    Finish,
    /// End now, whatever is under way.
    Cut(Option<Overdue>),
}

/// How a connection's socket is to be closed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Closing {
    /// With a FIN, as ever.
    #[default]
    Quiet,
    /// With a reset: a FIN would look like the end of the answer that is under way.
    Reset,
}

/// What a connection, its requests and its thread know of each other.
pub(crate) struct Watch {
    clock: Rc<CoarseClock>,
    state: Cell<State>,
    finding: Cell<Option<Malformed>>,
    order: Cell<Option<Order>>,
    closing: Cell<Closing>,
    tunnel: Cell<Option<Box<Tunneled>>>,
    is_to_look: Cell<bool>,
    is_over: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl Watch {
    /// A connection that was just opened.
    pub(crate) fn new(clock: Rc<CoarseClock>) -> Self {
        let state = State {
            place: Place::Between,
            unanswered: 0,
            is_settled: true,
            has_begun: false,
            since: clock.soon(),
            read: clock.soon(),
            reading: None,
            writing: None,
            lingering: None,
        };
        Self {
            clock,
            state: Cell::new(state),
            finding: Cell::new(None),
            order: Cell::new(None),
            closing: Cell::new(Closing::Quiet),
            tunnel: Cell::new(None),
            is_to_look: Cell::new(false),
            is_over: Cell::new(false),
            waker: RefCell::new(None),
        }
    }

    /// What the connection is busy with.
    pub(crate) fn state(&self) -> State {
        self.state.get()
    }

    fn update(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state.get();
        change(&mut state);
        self.state.set(state);
    }

    /// Bytes came, and the connection is now at `place`.
    pub(crate) fn read(&self, place: Place) {
        self.is_to_look.set(false);
        self.update(|state| {
            if state.place != Place::Head && place == Place::Head {
                state.since = self.clock.soon();
            }
            state.place = place;
            state.read = self.clock.soon();
            state.reading = None;
        });
    }

    /// Bytes are wanted, and none are there.
    pub(crate) fn waits_for_bytes(&self) {
        self.update(|state| {
            state.reading.get_or_insert_with(|| self.clock.soon());
        });
    }

    /// Nobody will want what the caller still sends.
    pub(crate) fn reads_no_more(&self) {
        self.update(|state| state.reading = None);
    }

    /// The date.
    pub(crate) fn date(&self) -> Date {
        self.clock.date()
    }

    /// The caller took bytes.
    pub(crate) fn wrote(&self) {
        self.update(|state| {
            state.writing = None;
            state.has_begun = true;
        });
    }

    /// The caller takes no more bytes for now.
    pub(crate) fn waits_to_write(&self) {
        self.update(|state| {
            state.writing.get_or_insert_with(|| self.clock.soon());
        });
    }

    /// Nothing that was to be written so far is left.
    pub(crate) fn flushed(&self) {
        self.update(|state| {
            if state.unanswered == 0 && !state.is_settled {
                state.is_settled = true;
                state.since = self.clock.soon();
            }
        });
    }

    /// Whether every request so far is answered, to the last byte of its answer.
    pub(crate) fn is_settled(&self) -> bool {
        self.state.get().is_settled
    }

    /// A refusal was sent; what the caller still sends is thrown away.
    pub(crate) fn linger(&self) {
        self.update(|state| state.lingering = Some(self.clock.soon()));
    }

    /// A request begins.
    pub(crate) fn begin(&self) {
        self.update(|state| {
            state.unanswered += 1;
            state.is_settled = false;
            state.has_begun = false;
        });
    }

    /// A request is answered, or given up.
    pub(crate) fn end(&self) {
        self.update(|state| {
            state.unanswered = state.unanswered.saturating_sub(1);
            state.since = self.clock.soon();
        });
    }

    /// Notes why a body is refused whose head was let in.
    pub(crate) fn set_finding(&self, finding: Malformed) {
        self.finding.set(Some(finding));
    }

    /// Why the body of a request is refused whose head was let in, if it is.
    pub(crate) fn finding(&self) -> Option<Malformed> {
        self.finding.get()
    }

    /// Says how the socket is to be closed if it were closed now.
    pub(crate) fn set_closing(&self, closing: Closing) {
        self.closing.set(closing);
    }

    /// How the socket is to be closed.
    pub(crate) fn closing(&self) -> Closing {
        self.closing.get()
    }

    /// Leaves what the connection is to become part of, once it is done with HTTP.
    pub(crate) fn set_tunnel(&self, tunnel: Box<Tunneled>) {
        self.tunnel.set(Some(tunnel));
    }

    /// What the connection is to become part of.
    pub(crate) fn take_tunnel(&self) -> Option<Box<Tunneled>> {
        self.tunnel.take()
    }

    /// Tells the connection what to do.
    pub(crate) fn give(&self, order: Order) {
        self.order.set(Some(order));
        self.wake();
    }

    /// Has the connection look whether its caller is still there.
    pub(crate) fn look(&self) {
        self.is_to_look.set(true);
        self.wake();
    }

    /// Whether the connection is to look for its caller: from when it was told to until somebody
    /// reads again, or the call is answered. Whoever waits for bytes does so anyway, and must not
    /// have them taken away.
    pub(crate) fn is_to_look(&self) -> bool {
        if !self.is_to_look.get() {
            return false;
        }
        let state = self.state.get();
        state.unanswered > 0 && state.reading.is_none()
    }

    fn wake(&self) {
        if let Some(waker) = self.waker.borrow().as_ref() {
            waker.wake_by_ref();
        }
    }

    /// What the connection was told since it last looked.
    pub(crate) fn take_order(&self, cx: &Context<'_>) -> Option<Order> {
        let mut waker = self.waker.borrow_mut();
        match waker.as_mut() {
            Some(waker) => waker.clone_from(cx.waker()),
            None => *waker = Some(cx.waker().clone()),
        }
        self.order.take()
    }

    /// The connection is no more.
    pub(crate) fn close(&self) {
        self.is_over.set(true);
        self.waker.take();
    }

    /// Whether the connection is no more.
    pub(crate) fn is_over(&self) -> bool {
        self.is_over.get()
    }
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch")
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}
