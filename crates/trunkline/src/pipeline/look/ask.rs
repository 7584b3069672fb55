//! Asks the upstream, about what is kept or anew, and decides what its answer means for that.

use std::sync::Arc;
use std::time::SystemTime;

use http::{HeaderMap, Method, StatusCode};
use trunkline_cache::{
    Asked, Freshened, Hit, NotStored, Old, Outcome, Policy, RequestHead, ResponseHead, Settled,
    Stored, Why,
};
use trunkline_store::{Entry, Mark, Slot};

use super::super::authorize::Granted;
use super::super::classify::Answered;
use super::super::fetch;
use super::super::trail::Trail;
use super::Asking;
use crate::cache::Question;
use crate::client::Trunkline;
use crate::error::{Error, ErrorKind};

/// What came of asking.
pub(super) enum Resolution {
    /// What is kept serves; with the status that the upstream answered, if it did.
    Kept(Arc<Entry>, Hit, Option<StatusCode>),
    /// The same, put back as the upstream's word has made it: for other processes too.
    Renewed(Arc<Entry>, Hit, Option<StatusCode>),
    /// The upstream's answer, and whether it may be kept.
    Answer(Box<Answered>, Result<Box<Stored>, NotStored>),
    /// There is none, and nothing to serve in its place.
    Failed(Error),
}

/// Asks the upstream. What the call asks is afterwards as it was before, as the cache looks at it.
pub(super) async fn ask(
    engine: &Trunkline,
    granted: &mut Granted,
    trail: &mut Trail,
    (question, asking, mark): (&Question, &Asking, Mark),
) -> Resolution {
    let mut inquiry = Inquiry {
        engine,
        question,
        method: granted.head.method.clone(),
        headers: granted.head.headers.clone(),
        mark,
        entries: asking
            .candidate
            .as_ref()
            .map_or(&[][..], |(slot, _)| Slot::entries(slot)),
        which: asking
            .candidate
            .as_ref()
            .map_or(usize::MAX, |(_, which)| *which),
        why: asking.why,
    };
    inquiry.prepare(granted, trail);
    let fetched = fetch::fetch(engine, granted, trail).await;
    let resolution = if let Some(resolution) = inquiry.resolve(fetched, trail) {
        resolution
    } else {
        // It spoke of something else than what we asked about. Its attempt is over.
        drop(trail.take_permit());
        granted.head.headers = inquiry.headers.clone();
        let fetched = fetch::fetch(engine, granted, trail).await;
        inquiry.anew(fetched, trail)
    };
    granted.head.headers = inquiry.headers;
    resolution
}

/// Asks the upstream about nothing that is kept: less than [`ask`] has to do.
pub(super) async fn anew(
    engine: &Trunkline,
    granted: &mut Granted,
    trail: &mut Trail,
    policy: Policy,
) -> Resolution {
    // The caller's; attempts write theirs over them.
    let headers = granted.head.headers.clone();
    let fetched = fetch::fetch(engine, granted, trail).await;
    granted.head.headers = headers;
    match fetched {
        Ok(answered) => {
            let response = ResponseHead {
                status: answered.status,
                headers: &answered.headers,
            };
            let exchange = || trail.exchange();
            let storing = trunkline_cache::storable(policy, granted.asks(), response, exchange);
            Resolution::Answer(answered, storing.map(Box::new))
        }
        Err(error) => Resolution::Failed(error),
    }
}

/// What is kept, in the place of an answer that does not come in time, where somebody allows it
/// (RFC 5861 section 4).
pub(super) fn stale_instead(
    granted: &Granted,
    question: &Question,
    asking: &Asking,
    now: SystemTime,
) -> Option<(Arc<Entry>, Hit)> {
    let (slot, which) = asking.candidate.as_ref()?;
    let about = (slot.entries(), *which, asking.why);
    let outcome = Outcome::Unreachable { now };
    match settle((question.policy, granted.asks()), about, outcome) {
        Settled::StaleInstead(hit) => Some((Arc::clone(slot.entries().get(*which)?), hit)),
        _ => None,
    }
}

/// What an outcome means for what is kept, the one of these that was asked about above all.
fn settle(
    (policy, request): (Policy, RequestHead<'_>),
    (entries, which, why): (&[Arc<Entry>], usize, Why),
    outcome: Outcome<'_>,
) -> Settled {
    let candidates: Vec<_> = entries.iter().map(|entry| entry.stored()).collect();
    let asked = Asked {
        policy,
        request,
        candidates: &candidates,
        which,
        why,
    };
    asked.settle(outcome)
}

struct Inquiry<'a> {
    engine: &'a Trunkline,
    question: &'a Question,
    method: Method,
    /// The caller's; attempts write theirs over them.
    headers: HeaderMap,
    mark: Mark,
    entries: &'a [Arc<Entry>],
    which: usize,
    why: Why,
}

impl Inquiry<'_> {
    /// Has the request ask whether what is kept is still good. Where that may stand in for a failure,
    /// one attempt is enough: nobody should wait for the others.
    fn prepare(&self, granted: &mut Granted, trail: &Trail) {
        let Some(entry) = self.entries.get(self.which) else {
            return;
        };
        let conditions = entry.stored().conditions();
        conditions.apply(&mut granted.head.headers);
        let now = trail.wall();
        let settled = self.settle(Outcome::Unreachable { now });
        if matches!(settled, Settled::StaleInstead(_)) {
            granted.retry.attempts_max = 1;
        }
    }

    fn settle(&self, outcome: Outcome<'_>) -> Settled {
        let request = RequestHead {
            method: &self.method,
            headers: &self.headers,
        };
        let about = (self.entries, self.which, self.why);
        settle((self.question.policy, request), about, outcome)
    }

    /// What an answer means, or that there is none; `None` if it has to be asked again.
    fn resolve(&self, fetched: Result<Box<Answered>, Error>, trail: &Trail) -> Option<Resolution> {
        let answered = match fetched {
            Ok(answered) => answered,
            Err(error) => return Some(self.unanswered(error, trail)),
        };
        let outcome = Outcome::Answered {
            response: ResponseHead {
                status: answered.status,
                headers: &answered.headers,
            },
            exchange: trail.exchange(),
        };
        let status = Some(answered.status);
        Some(match self.settle(outcome) {
            Settled::Freshened(freshened) => self.freshened(*freshened, status),
            Settled::StaleInstead(hit) => match self.entries.get(self.which) {
                Some(entry) => Resolution::Kept(Arc::clone(entry), hit, status),
                None => Resolution::Answer(answered, Err(NotStored::NoUse)),
            },
            Settled::PassOn { storing, old } => {
                if let (Old::Drop, Some(entry)) = (old, self.entries.get(self.which)) {
                    let store = self.engine.cache().store();
                    store.remove(&self.question.key, entry);
                }
                Resolution::Answer(answered, storing)
            }
            Settled::AskAgain => return None,
            Settled::Failed => Resolution::Answer(answered, Err(NotStored::NoUse)),
        })
    }

    /// What an answer means to a request that asked about nothing that is kept.
    fn anew(&mut self, fetched: Result<Box<Answered>, Error>, trail: &Trail) -> Resolution {
        (self.entries, self.which) = (&[], usize::MAX);
        let failed = || Error::new(ErrorKind::Internal, "an answer was asked for in vain");
        self.resolve(fetched, trail)
            .unwrap_or_else(|| Resolution::Failed(failed()))
    }

    fn unanswered(&self, error: Error, trail: &Trail) -> Resolution {
        if !is_unreachable(error.kind()) {
            return Resolution::Failed(error);
        }
        let now = trail.wall();
        match (
            self.settle(Outcome::Unreachable { now }),
            self.entries.get(self.which),
        ) {
            (Settled::StaleInstead(hit), Some(entry)) => {
                Resolution::Kept(Arc::clone(entry), hit, None)
            }
            _ => Resolution::Failed(error),
        }
    }

    /// Puts back what the upstream said is good still.
    fn freshened(&self, freshened: Freshened, status: Option<StatusCode>) -> Resolution {
        let store = self.engine.cache().store();
        let key = self.question.key;
        let fresh = |old: &Entry, stored: Stored| {
            let (body, labels) = (old.body().clone(), Arc::clone(old.labels()));
            Arc::new(Entry::new(stored, body, labels))
        };
        let Freshened {
            stored,
            hit,
            dropped,
            others,
        } = freshened;
        let Some(old) = self.entries.get(self.which) else {
            let message = "what was freshened is not there";
            return Resolution::Failed(Error::new(ErrorKind::Internal, message));
        };
        let entry = fresh(old, stored);
        // Somebody may have put a newer one meanwhile, which is as good.
        let is_kept = dropped.is_none()
            && store
                .replace(key, old, Arc::clone(&entry), self.mark)
                .is_ok();
        if dropped.is_some() {
            store.remove(&key, old);
        }
        for (place, stored) in others {
            if let Some(old) = self.entries.get(place) {
                store.replace(key, old, fresh(old, stored), self.mark).ok();
            }
        }
        if is_kept {
            Resolution::Renewed(entry, hit, status)
        } else {
            Resolution::Kept(entry, hit, status)
        }
    }
}

/// Whether an error means that the upstream cannot be asked now (RFC 5861 section 4).
fn is_unreachable(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::NameNotFound
            | ErrorKind::ConnectFailed
            | ErrorKind::ConnectTimeout
            | ErrorKind::TlsFailed
            | ErrorKind::FirstByteTimeout
            | ErrorKind::IdleTimeout
            | ErrorKind::CallTimeout
            | ErrorKind::UpstreamClosed
            | ErrorKind::UpstreamMalformed
            | ErrorKind::UpstreamSuspended
            | ErrorKind::LimitReached
    )
}
