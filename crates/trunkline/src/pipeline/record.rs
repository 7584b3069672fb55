//! What is remembered of a call. Opened first, it closes itself when the caller goes away.

use std::sync::Arc;

use http::{Method, StatusCode};
use trunkline_connector::format::Class;
use trunkline_egress::Body;

use super::store::Filed;
use super::trail::Trail;
use crate::call::{CacheKey, Call, CallId, Reply, Target};
use crate::client::Trunkline;
use crate::error::{Error, ErrorKind};
use crate::log::Note;
use crate::metrics::Shard;
use crate::observe::{self, CallEnded, Ended};
use crate::reply::ReplyBody;

/// A call in progress. Dropped without another word, it says that the caller went away.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) trail: Trail,
    metrics: Arc<Shard>,
    /// `None` until it is known to exist: callers must not choose what is counted by.
    connector: Option<Arc<str>>,
    operation: Option<Arc<str>>,
    class: Class,
    /// What only the log of calls is told; `None` where none is kept.
    note: Option<Note>,
    /// How it would be told to have ended now; `None` where nothing is to be told of it.
    ended: Option<Ended>,
}

impl Record {
    /// Boxed, because it goes from hand to hand until the reply has ended.
    pub(crate) fn open(engine: &Trunkline) -> Box<Self> {
        Box::new(Self {
            trail: Trail::begin(engine.clock().clone(), fastrand::u128(..)),
            metrics: Arc::clone(engine.metrics_shard()),
            connector: None,
            operation: None,
            class: Class::Ok,
            note: engine.call_log().map(Note::new),
            ended: Some(Ended::CallerGone),
        })
    }

    /// A record of a call that is only shown, which nobody is told of.
    pub(crate) fn rehearse(engine: &Trunkline) -> Box<Self> {
        let mut record = Self::open(engine);
        record.ended = None;
        record
    }

    pub(crate) fn call_id(&self) -> CallId {
        self.trail.call_id()
    }

    pub(super) fn resolved(&mut self, connector: &Arc<str>, operation: Option<&Arc<str>>) {
        self.connector = Some(Arc::clone(connector));
        self.operation = operation.map(Arc::clone);
    }

    /// Whether the log of calls is told.
    pub(super) fn is_logged(&self) -> bool {
        self.note.is_some()
    }

    /// Notes what is asked for, before anything is known of it.
    pub(super) fn asks(&mut self, call: &Call) {
        if let (Some(note), Target::Path { method, .. }) = (&mut self.note, &call.target) {
            note.method(method);
        }
    }

    /// Notes what is sent, and counts its body.
    pub(super) fn sends(&mut self, method: &Method, path: String, body: &mut Body) {
        if let Some(note) = &mut self.note {
            note.method(method);
            note.path(path);
            note.body(body);
        }
    }

    /// Notes what the cache did, in a word.
    pub(super) fn set_cache(&mut self, word: &'static str) {
        if let Some(note) = &mut self.note {
            note.cache(word);
        }
    }

    /// Notes what the caller gets: the answer has begun.
    pub(super) fn answers(&mut self, status: StatusCode) {
        if let Some(note) = &mut self.note {
            note.answer(status, self.trail.took_so_far());
        }
    }

    /// Counts what goes to the caller.
    pub(crate) fn passes(&mut self, bytes: usize) {
        if let Some(note) = &mut self.note {
            note.passes(bytes);
        }
    }

    /// Notes what a stage ended with; an error becomes the call's own.
    pub(super) fn note<T>(&mut self, outcome: Result<T, Error>) -> Result<T, Error> {
        outcome.map_err(|error| {
            self.ended = Some(Ended::Failed(error.kind()));
            error.of_call(self.call_id(), self.trail.attempts())
        })
    }

    pub(super) fn into_reply(mut self: Box<Self>, filed: Filed) -> Reply {
        let valid = filed.valid;
        let answered = *valid.answered;
        self.class = answered.verdict.class;
        self.answers(answered.status);
        if let Some(word) = filed.word {
            self.set_cache(word.as_str());
        }
        Reply {
            call_id: self.call_id(),
            attempts: self.trail.attempts(),
            status: answered.status,
            headers: answered.headers,
            class: answered.verdict.class,
            operation: self.operation.clone(),
            explanation: valid.explanation,
            vendor: answered.vendor,
            schema_problem: valid.problem,
            cache_key: filed.key.map(CacheKey::new),
            body: ReplyBody::new(answered.body, valid.passing, self),
        }
    }

    /// The reply has been passed on to its end.
    pub(crate) fn ended(mut self: Box<Self>) {
        self.ended = Some(Ended::Answered(self.class));
    }

    /// The reply broke off.
    pub(crate) fn broke_off(mut self: Box<Self>, kind: ErrorKind) {
        self.ended = Some(Ended::Failed(kind));
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        let Some(ended) = self.ended else {
            return;
        };
        let took = self.trail.end();
        let event = CallEnded {
            call_id: self.call_id(),
            connector: self.connector.as_ref(),
            operation: self.operation.as_ref(),
            attempts: self.trail.attempts(),
            took,
            waited: self.trail.waited_so_far(),
            ended,
            note: self.note.as_ref(),
        };
        observe::tell(&self.metrics, &event);
    }
}
