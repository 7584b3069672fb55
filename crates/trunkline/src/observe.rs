//! What is told to the outside of a call: one event, read by the log and by the metrics.

use std::sync::Arc;
use std::time::Duration;

use trunkline_connector::format::Class;

use crate::call::CallId;
use crate::error::ErrorKind;
use crate::log::Note;
use crate::metrics::Shard;

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Ended {
    /// With an answer of the upstream's, passed on to its end.
    Answered(Class),
    /// With an error of ours, or an answer that broke off.
    Failed(ErrorKind),
    /// The caller went away before the end.
    CallerGone,
}

impl Ended {
    /// The word for it in metrics and logs.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Answered(class) => match class {
                Class::Ok => "ok",
                Class::Retry => "retry",
                Class::RateLimited => "rate_limited",
                Class::RefreshAuth => "refresh_auth",
                Class::AuthDead => "auth_dead",
                Class::QuotaExhausted => "quota_exhausted",
                Class::CallerError => "caller_error",
                Class::ProviderDown => "provider_down",
            },
            Self::Failed(kind) => kind.code(),
            Self::CallerGone => "caller_gone",
        }
    }
}

/// A call has ended.
#[derive(Debug)]
pub(crate) struct CallEnded<'a> {
    pub(crate) call_id: CallId,
    /// `None` where there is no such connector.
    pub(crate) connector: Option<&'a Arc<str>>,
    /// `None` for a path that belongs to no operation.
    pub(crate) operation: Option<&'a Arc<str>>,
    pub(crate) attempts: u32,
    pub(crate) took: Duration,
    /// How long its attempts waited for their turn, together.
    pub(crate) waited: Duration,
    pub(crate) ended: Ended,
    /// What only the log of calls is told, where one is kept.
    pub(crate) note: Option<&'a Note>,
}

/// Tells everyone who reads events.
pub(crate) fn tell(metrics: &Shard, event: &CallEnded<'_>) {
    metrics.count(event);
    if let Some(note) = event.note {
        note.hand_over(event);
    }
    tracing::debug!(
        call.id = %event.call_id,
        connector.name = event.connector.map_or("", |name| name),
        operation.name = event.operation.map_or("", |name| name),
        attempts = event.attempts,
        duration_ms = u64::try_from(event.took.as_millis()).unwrap_or(u64::MAX),
        ended = event.ended.as_str(),
        "a call has ended"
    );
}
