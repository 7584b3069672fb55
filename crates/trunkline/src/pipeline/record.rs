//! What is remembered of a call. Opened first, it closes itself when the caller goes away.

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use trunkline_connector::ConnectorName;
use trunkline_connector::format::Class;
use trunkline_egress::Clock;

use super::validate::Valid;
use crate::call::{CallId, Reply};
use crate::client::Trunkline;
use crate::error::{Error, ErrorKind};
use crate::metrics::Shard;
use crate::observe::{self, CallEnded, Ended};
use crate::reply::ReplyBody;
use crate::upstream::Permit;

/// A call in progress. Dropped without another word, it says that the caller went away.
#[derive(Debug)]
pub(crate) struct Record {
    call_id: CallId,
    clock: Clock,
    metrics: Arc<Shard>,
    started: Instant,
    /// `None` until it is known to exist: callers must not choose what is counted by.
    connector: Option<ConnectorName>,
    operation: Option<Arc<str>>,
    attempts: u32,
    /// What the last attempt holds until its answer has ended.
    permit: Option<Permit>,
    class: Class,
    /// How it would be told to have ended now; `None` where nothing is to be told of it.
    ended: Option<Ended>,
}

impl Record {
    pub(crate) fn open(engine: &Trunkline) -> Self {
        let clock = engine.clock().clone();
        Self {
            call_id: CallId::new(clock.wall(), fastrand::u128(..)),
            started: clock.now(),
            clock,
            metrics: Arc::clone(engine.metrics_shard()),
            connector: None,
            operation: None,
            attempts: 0,
            permit: None,
            class: Class::Ok,
            ended: Some(Ended::CallerGone),
        }
    }

    /// A record of a call that is only shown, which nobody is told of.
    pub(crate) fn rehearse(engine: &Trunkline) -> Self {
        let mut record = Self::open(engine);
        record.ended = None;
        record
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

    pub(super) fn wall(&self) -> SystemTime {
        self.clock.wall()
    }

    pub(super) fn resolved(&mut self, connector: ConnectorName, operation: Option<&Arc<str>>) {
        self.connector = Some(connector);
        self.operation = operation.map(Arc::clone);
    }

    pub(super) fn attempt_begins(&mut self) {
        self.attempts += 1;
    }

    pub(super) fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Keeps what an attempt holds until its answer has been passed on to the end.
    pub(super) fn holds(&mut self, permit: Permit) {
        self.permit = Some(permit);
    }

    /// Notes what a stage ended with; an error becomes the call's own.
    pub(super) fn note<T>(&mut self, outcome: Result<T, Error>) -> Result<T, Error> {
        outcome.map_err(|error| {
            self.ended = Some(Ended::Failed(error.kind()));
            error.of_call(self.call_id, self.attempts)
        })
    }

    pub(super) fn into_reply(mut self, valid: Valid) -> Reply {
        let answered = *valid.answered;
        self.class = answered.verdict.class;
        Reply {
            call_id: self.call_id,
            attempts: self.attempts,
            status: answered.status,
            headers: answered.headers,
            class: answered.verdict.class,
            operation: self.operation.clone(),
            explanation: valid.explanation,
            vendor: answered.vendor,
            schema_problem: valid.problem,
            body: ReplyBody::new(answered.body, valid.passing, self),
        }
    }

    /// The reply has been passed on to its end.
    pub(crate) fn ended(mut self) {
        self.ended = Some(Ended::Answered(self.class));
    }

    /// The reply broke off.
    pub(crate) fn broke_off(mut self, kind: ErrorKind) {
        self.ended = Some(Ended::Failed(kind));
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        let Some(ended) = self.ended else {
            return;
        };
        let event = CallEnded {
            call_id: self.call_id,
            connector: self.connector,
            operation: self.operation.take(),
            attempts: self.attempts,
            took: self.clock.now().saturating_duration_since(self.started),
            ended,
        };
        observe::tell(&self.metrics, &event);
    }
}
