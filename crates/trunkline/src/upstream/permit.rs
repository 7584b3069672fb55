//! What an attempt holds while it is under way, and gives back when it has ended.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use trunkline_limit::breaker::{self, Breaker, Pass, Turn};
use trunkline_limit::concurrency;
use trunkline_limit::learned::{Amounts, Sent, Told};
use trunkline_limit::{Nanos, Outcome, Reserved};

use super::windows::Taken;
use super::{Lane, Pacing, Upstream};

/// An attempt's leave to be sent, put together step by step. Dropped, it gives back what it holds;
/// what limits it was counted by is given back only where nothing was sent.
#[derive(Debug)]
pub(crate) struct Permit {
    upstream: Arc<Upstream>,
    lane: Arc<Lane>,
    pacing: Arc<Pacing>,
    amounts: Amounts,
    pass: Option<(Arc<Breaker>, Pass)>,
    seat: Option<concurrency::Permit>,
    /// Taken from the windows.
    from_windows: Option<Taken>,
    /// Reserved of what the upstream told, for this moment.
    from_told: Option<Nanos>,
    reach: Reach,
    outcome: Outcome,
}

/// How far an attempt came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// The request, or a part of it, was sent.
    Sent,
    /// Nothing left this process.
    Nowhere,
}

impl Permit {
    /// One that holds nothing yet.
    pub(super) fn new(
        upstream: &Arc<Upstream>,
        lane: &Arc<Lane>,
        pacing: &Arc<Pacing>,
        amounts: Amounts,
    ) -> Self {
        Self {
            upstream: Arc::clone(upstream),
            lane: Arc::clone(lane),
            pacing: Arc::clone(pacing),
            amounts,
            pass: None,
            seat: None,
            from_windows: None,
            from_told: None,
            reach: Reach::Nowhere,
            outcome: Outcome::Unknown,
        }
    }

    /// Asks the breaker.
    pub(super) fn pass(&mut self, breaker: &Arc<Breaker>, now: Nanos) -> breaker::Entry {
        let policy = self.pacing.breaking.unwrap_or_default();
        let entry = breaker.enter(&policy, now);
        if let breaker::Entry::Closed(pass) | breaker::Entry::Probe(pass) = entry {
            self.pass = Some((Arc::clone(breaker), pass));
        }
        entry
    }

    /// Takes a seat, if one is free.
    pub(super) fn sit_down(&mut self, now: Nanos) -> Result<(), u32> {
        match self.upstream.concurrency.enter(self.pacing.bounds, now) {
            concurrency::Entry::In(seat) => {
                self.seat = Some(seat);
                Ok(())
            }
            concurrency::Entry::Full { limit, .. } => Err(limit),
        }
    }

    /// Takes from the windows.
    pub(super) fn take(&mut self, now: Nanos, until: Nanos) -> Reserved {
        let (reserved, taken) = self.pacing.windows.reserve(now, until.since(now));
        self.from_windows = taken;
        reserved
    }

    /// Reserves of what the upstream told.
    pub(super) fn reserve(&mut self, now: Nanos, until: Nanos) -> Reserved {
        let learned = &self.lane.learned;
        let reserved = learned.reserve(now, &self.amounts, until.since(now));
        self.from_told = reserved.when(now);
        reserved
    }

    /// From now on it counts as sent.
    pub(crate) fn is_sent(&mut self) {
        self.reach = Reach::Sent;
    }

    /// Notes how the attempt went and what its answer told of limits. The seat is kept: a stream is
    /// under way until its last byte.
    pub(crate) fn went(&mut self, outcome: Outcome, reach: Reach, (told, now): (&[Told], Nanos)) {
        self.outcome = outcome;
        self.reach = reach;
        self.settle(told, now);
    }

    /// Gives back what it holds, as when it is dropped, at a moment that is known.
    pub(crate) fn ends(&mut self, now: Instant) {
        self.end(|upstream| upstream.at(now));
    }

    /// Lets no other call of the same scope go before then, since an answer said so.
    pub(crate) fn hold_others(&self, now: Nanos, until: Nanos) {
        self.lane.learned.throttled(now, until);
    }

    /// Ends what does not last as long as the answer.
    fn settle(&mut self, told: &[Told], now: Nanos) {
        let learned = &self.lane.learned;
        match (self.reach, self.from_told.take()) {
            (_, None) => {}
            (Reach::Nowhere, Some(_)) => learned.release(&self.amounts),
            (Reach::Sent, Some(at)) => {
                let sent = Sent {
                    amounts: self.amounts,
                    at,
                };
                learned.answered(now, &sent, told);
            }
        }
        if let (Reach::Nowhere, Some(taken)) = (self.reach, self.from_windows.take()) {
            self.pacing.windows.refund(now, &taken);
        }
        let Some((breaker, pass)) = self.pass.take() else {
            return;
        };
        let policy = self.pacing.breaking.unwrap_or_default();
        match breaker.leave(pass, self.outcome, &policy, now) {
            Turn::None => {}
            Turn::Opened {
                failures, calls, ..
            } => tracing::warn!(
                connector.name = self.upstream.connector.as_str(),
                failures,
                calls,
                "the upstream keeps failing and is left alone for a while"
            ),
            Turn::Closed => tracing::info!(
                connector.name = self.upstream.connector.as_str(),
                "the upstream does well again"
            ),
        }
    }

    /// Gives back what it holds; nothing the second time.
    fn end(&mut self, now: impl FnOnce(&Upstream) -> Nanos) {
        // Nearly always it does not matter, and asking a clock for each call would cost more than
        // the rest.
        let now = if self.needs_time() {
            now(&self.upstream)
        } else {
            Nanos::ZERO
        };
        self.settle(&[], now);
        let Some(seat) = self.seat.take() else {
            return;
        };
        let upstream = &self.upstream;
        let bounds = self.pacing.bounds;
        upstream.concurrency.leave(seat, self.outcome, bounds, now);
        if upstream.seekers.load(Ordering::SeqCst) != 0 {
            upstream.room.notify_one();
        }
    }

    /// Whether giving it back depends on the time.
    fn needs_time(&self) -> bool {
        let bounds = self.pacing.bounds;
        let seat_does =
            || self.outcome != Outcome::Fine || self.upstream.concurrency.limit(bounds).is_some();
        self.pass.is_some()
            || self.from_told.is_some()
            || (self.reach == Reach::Nowhere && self.from_windows.is_some())
            || (self.seat.is_some() && seat_does())
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.end(Upstream::now);
    }
}
