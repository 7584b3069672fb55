//! What the stages that make attempts know of their call: its number, its times, how often it was
//! sent. It may go where the call's record does not: into a task that asks for several callers.

use std::time::{Duration, Instant, SystemTime};

use trunkline_cache::Exchange;
use trunkline_egress::Clock;

use crate::call::CallId;
use crate::upstream::Permit;

/// What the stages that make attempts know of their call.
#[derive(Debug)]
pub(crate) struct Trail {
    call_id: CallId,
    clock: Clock,
    started: Instant,
    /// The same, as people know time.
    started_at: SystemTime,
    /// The moment it is, as long as nobody has waited since.
    fresh: Option<Instant>,
    /// When the last attempt was let go.
    sent: Instant,
    /// When it had ended.
    ended: Instant,
    attempts: u32,
    /// How long its attempts waited for their turn, together.
    waited: Duration,
    /// What the last attempt holds until its answer has ended.
    permit: Option<Permit>,
}

impl Trail {
    pub(super) fn begin(clock: Clock, chance: u128) -> Self {
        let (started, started_at) = (clock.now(), clock.wall());
        Self {
            call_id: CallId::new(started_at, chance),
            started,
            started_at,
            fresh: Some(started),
            sent: started,
            ended: started,
            clock,
            attempts: 0,
            waited: Duration::ZERO,
            permit: None,
        }
    }

    /// A trail of the same call, for a task that makes its attempts.
    pub(super) fn branch(&self) -> Self {
        Self {
            call_id: self.call_id,
            clock: self.clock.clone(),
            started: self.started,
            started_at: self.started_at,
            fresh: None,
            sent: self.sent,
            ended: self.ended,
            attempts: 0,
            waited: Duration::ZERO,
            permit: None,
        }
    }

    pub(crate) fn call_id(&self) -> CallId {
        self.call_id
    }

    pub(super) fn started(&self) -> Instant {
        self.started
    }

    pub(super) fn now(&self) -> Instant {
        self.clock.now()
    }

    /// The moment it is, without a look at the clock where nobody has waited since the last.
    pub(super) fn moment(&self) -> Instant {
        self.fresh.unwrap_or_else(|| self.now())
    }

    /// Notes that something was waited for.
    pub(super) fn has_waited(&mut self) {
        self.fresh = None;
    }

    pub(super) fn wall(&self) -> SystemTime {
        self.clock.wall()
    }

    /// A moment of this call as people know time. A clock that is set meanwhile changes nothing.
    pub(super) fn wall_of(&self, moment: Instant) -> SystemTime {
        let after = moment.saturating_duration_since(self.started);
        self.started_at
            .checked_add(after)
            .unwrap_or(self.started_at)
    }

    /// When the last exchange took place.
    pub(super) fn exchange(&self) -> Exchange {
        Exchange {
            sent_at: self.wall_of(self.sent),
            received_at: self.wall_of(self.ended),
        }
    }

    /// When the last attempt was let go.
    pub(super) fn sent(&self) -> Instant {
        self.sent
    }

    /// Notes that the last attempt has ended.
    pub(super) fn attempt_has_ended(&mut self) {
        self.ended = self.now();
        self.fresh = Some(self.ended);
    }

    /// When the last attempt had ended.
    pub(super) fn ended(&self) -> Instant {
        self.ended
    }

    pub(super) fn attempt_is_let_go(&mut self, now: Instant) {
        self.sent = now;
        self.has_waited();
    }

    pub(super) fn attempt_begins(&mut self) {
        self.attempts += 1;
    }

    pub(super) fn attempts(&self) -> u32 {
        self.attempts
    }

    /// An attempt has waited so long for its turn.
    pub(super) fn waited(&mut self, wait: Duration) {
        self.waited += wait;
    }

    pub(super) fn waited_so_far(&self) -> Duration {
        self.waited
    }

    /// Somebody else made the attempts.
    pub(super) fn took(&mut self, attempts: u32) {
        self.attempts = attempts;
    }

    /// Keeps what an attempt holds until its answer has been passed on to the end.
    pub(super) fn holds(&mut self, permit: Option<Permit>) {
        self.permit = permit;
    }

    /// What the last attempt holds, for whoever passes its answer on.
    pub(super) fn take_permit(&mut self) -> Option<Permit> {
        self.permit.take()
    }

    /// How long the call took, which ends now, and with it what its last attempt holds.
    pub(super) fn end(&mut self) -> Duration {
        let now = self.now();
        if let Some(permit) = &mut self.permit {
            permit.ends(now);
        }
        now.saturating_duration_since(self.started)
    }

    /// How long ago the call began.
    pub(super) fn took_so_far(&self) -> Duration {
        self.moment().saturating_duration_since(self.started)
    }
}
