//! Decides what an upstream's answer means for what was stored: RFC 9111 §4.3, RFC 5861 §4.

use std::time::{Duration, SystemTime};

use http::header::{self, HeaderMap};
use http::{Method, StatusCode};

use crate::asking::RequestDirectives;
use crate::freshness::{self, Control, Reuse};
use crate::look::{Hit, HitKind, Standing, Why};
use crate::message::{Exchange, Policy, RequestHead, ResponseHead};
use crate::stored::{Parts, Stored};
use crate::storing::{self, NotStored};
use crate::tag::Tag;
use crate::vary;

/// A question to the upstream about what is stored.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The policy of the call.
    pub policy: Policy,
    /// The request as it came, with the caller's conditions and not ours.
    pub request: RequestHead<'a>,
    /// All answers stored for the key, as they were looked at.
    pub candidates: &'a [&'a Stored],
    /// The place of the one that was asked about.
    pub which: usize,
    /// Why it was asked.
    pub why: Why,
}

/// What came of asking.
#[derive(Clone, Copy, Debug)]
pub enum Outcome<'a> {
    /// The upstream answered.
    Answered {
        /// With this.
        response: ResponseHead<'a>,
        /// At this time.
        exchange: Exchange,
    },
    /// It could not be reached, closed without an answer, or took too long.
    Unreachable {
        /// When that was known.
        now: SystemTime,
    },
}

/// What follows.
#[derive(Clone, Debug)]
pub enum Settled {
    /// The stored answer is good: serve it as [`Freshened::stored`], and put that back.
    Freshened(Box<Freshened>),
    /// Serve the stored answer although it is stale (RFC 5861 §4).
    StaleInstead(Hit),
    /// Hand on the upstream's answer.
    PassOn {
        /// It, to be remembered with its body in the place of what has the same
        /// [`Parts::vary`], or why not.
        storing: Result<Box<Stored>, NotStored>,
        /// What to do with the one that was asked about.
        old: Old,
    },
    /// The upstream says that something else has not changed: ask again, without conditions.
    AskAgain,
    /// There is nothing to serve.
    ///
    /// RFC 9111 §5.2.2.2 has an error made for what `must-revalidate` forbids to serve.
    Failed,
}

/// A stored answer with the header fields of the answer that validated it.
#[derive(Clone, Debug)]
pub struct Freshened {
    /// The answer as it is now.
    pub stored: Stored,
    /// How it is served: its age and what is left.
    pub hit: Hit,
    /// Why it must be let go after this, if the new fields forbid to keep it.
    pub dropped: Option<NotStored>,
    /// The other variants that the same word has freshened, by their places.
    pub others: Vec<(usize, Stored)>,
}

/// What to do with a stored answer that a newer one came for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Old {
    /// Let go of it: the upstream has something else now.
    Drop,
    /// Keep it: the upstream's answer says nothing about it.
    Keep,
}

impl Asked<'_> {
    /// Decides what the outcome means.
    pub fn settle(&self, outcome: Outcome<'_>) -> Settled {
        let Some(stored) = self.candidates.get(self.which) else {
            return match outcome {
                Outcome::Answered { response, exchange } => {
                    self.pass_on(response, exchange, Old::Keep)
                }
                Outcome::Unreachable { .. } => Settled::Failed,
            };
        };
        match outcome {
            Outcome::Unreachable { now } => self
                .stale_if_error(stored, now)
                .map_or(Settled::Failed, Settled::StaleInstead),
            Outcome::Answered { response, exchange } => self.answered(stored, response, exchange),
        }
    }

    fn answered(&self, stored: &Stored, response: ResponseHead<'_>, exchange: Exchange) -> Settled {
        if response.status == StatusCode::NOT_MODIFIED {
            return self.not_modified(stored, response, exchange);
        }
        if is_failure(response.status)
            && let Some(hit) = self.stale_if_error(stored, exchange.received_at)
        {
            return Settled::StaleInstead(hit);
        }
        if says_nothing(response.status) {
            return self.pass_on(response, exchange, Old::Keep);
        }
        if self.request.method == Method::HEAD {
            return self.answered_head(stored, response, exchange);
        }
        self.pass_on(response, exchange, Old::Drop)
    }

    fn not_modified(
        &self,
        stored: &Stored,
        response: ResponseHead<'_>,
        exchange: Exchange,
    ) -> Settled {
        // Without conditions of ours, it answers the caller's.
        if stored.conditions().is_empty() {
            return self.pass_on(response, exchange, Old::Keep);
        }
        if !may_be_about(stored, response.headers) {
            return Settled::AskAgain;
        }
        self.freshen(stored, response, exchange)
    }

    /// RFC 9111 §4.3.5: a HEAD that shows the same validators freshens; another disproves.
    ///
    /// Without validators nothing is known. The RFC would have that count as the same, but a
    /// body that may have changed must not become fresh by it.
    fn answered_head(
        &self,
        stored: &Stored,
        response: ResponseHead<'_>,
        exchange: Exchange,
    ) -> Settled {
        let same = |name| match (stored.headers().get(&name), response.headers.get(&name)) {
            (Some(before), Some(now)) => Some(before == now),
            (None, None) => None,
            (Some(_), None) | (None, Some(_)) if name == header::CONTENT_LENGTH => None,
            (Some(_), None) | (None, Some(_)) => Some(false),
        };
        let validators = [same(header::ETAG), same(header::LAST_MODIFIED)];
        let differs = response.status != stored.status()
            || validators.contains(&Some(false))
            || same(header::CONTENT_LENGTH) == Some(false);
        if differs {
            return self.pass_on(response, exchange, Old::Drop);
        }
        if validators.contains(&Some(true)) {
            return self.freshen(stored, response, exchange);
        }
        self.pass_on(response, exchange, Old::Keep)
    }

    fn pass_on(&self, response: ResponseHead<'_>, exchange: Exchange, old: Old) -> Settled {
        let storing = storing::storable(self.policy, self.request, response, || exchange);
        Settled::PassOn {
            storing: storing.map(Box::new),
            old,
        }
    }

    fn freshen(&self, stored: &Stored, response: ResponseHead<'_>, exchange: Exchange) -> Settled {
        let updated = |stored: &Stored| {
            let headers = updated_headers(stored.headers(), response.headers, exchange);
            Stored::new(Parts {
                headers,
                received_at: exchange.received_at,
                initial_age: freshness::initial_age(response.headers, exchange),
                ..stored.parts().clone()
            })
        };
        let mut fresh = updated(stored);
        let dropped = self.refresh_selection(&mut fresh);
        let mut others = Vec::new();
        // RFC 9111 §4.3.4: a strong validator speaks for each answer that has it too.
        let shown = Tag::of(response.headers);
        for (place, other) in self.candidates.iter().enumerate() {
            let has_it = matches!(
                (shown, Tag::of(other.headers())),
                (Some(shown), Some(tag)) if tag.equals_strongly(shown)
            );
            if place == self.which || !has_it || dropped.is_some() {
                continue;
            }
            let updated = updated(other);
            // What the other's request had in newly named fields is not known.
            if vary::names(updated.headers()) == vary::names(other.headers()) {
                others.push((place, updated));
            }
        }
        let standing = Standing::of(&fresh, self.policy, exchange.received_at);
        Settled::Freshened(Box::new(Freshened {
            hit: standing.hit(self.which, HitKind::Validated),
            stored: fresh,
            dropped,
            others,
        }))
    }

    /// Judges the new fields as if the answer were stored anew.
    fn refresh_selection(&self, fresh: &mut Stored) -> Option<NotStored> {
        let method = &fresh.parts().method;
        let as_stored = RequestHead {
            method,
            headers: self.request.headers,
        };
        let response = ResponseHead {
            status: fresh.status(),
            headers: fresh.headers(),
        };
        let exchange = Exchange {
            sent_at: fresh.parts().received_at,
            received_at: fresh.parts().received_at,
        };
        match storing::storable(self.policy, as_stored, response, || exchange) {
            Ok(anew) => {
                *fresh = Stored::new(Parts {
                    initial_age: fresh.parts().initial_age,
                    ..anew.parts().clone()
                });
                None
            }
            Err(why) => Some(why),
        }
    }

    /// RFC 5861 §4: whether the stored answer may stand in for a failure.
    ///
    /// Without `stale-if-error`, on either side, it may not: RFC 9111 §4.2.4 would allow it for
    /// an upstream that cannot be reached, but with no bound on how old the answer may be.
    fn stale_if_error(&self, stored: &Stored, now: SystemTime) -> Option<Hit> {
        if stored.reuse() != Reuse::StaleIfAllowed || self.why != Why::Stale {
            return None;
        }
        let asked = RequestDirectives::read(self.request.headers).stale_if_error;
        let asked = Duration::from_secs(asked.unwrap_or(0).into());
        let window = stored.stale_if_error().max(asked);
        let standing = Standing::of(stored, self.policy, now);
        standing
            .is_stale_within(window)
            .then(|| standing.hit(self.which, HitKind::StaleIfError))
    }
}

/// The statuses that RFC 5861 §4 counts as errors.
fn is_failure(status: StatusCode) -> bool {
    matches!(status.as_u16(), 500 | 502 | 503 | 504)
}

/// Statuses that say nothing about the thing itself, only about this moment.
fn says_nothing(status: StatusCode) -> bool {
    status.is_server_error()
        || status.is_informational()
        || matches!(status.as_u16(), 408 | 425 | 429)
}

/// RFC 9111 §4.3.4: whether a 304 speaks of this answer.
///
/// One without validators does: we asked about nothing else. A weak comparison will do, since
/// servers weaken a tag when they compress.
fn may_be_about(stored: &Stored, not_modified: &HeaderMap) -> bool {
    if let Some(shown) = Tag::of(not_modified) {
        return Tag::of(stored.headers()).is_some_and(|tag| tag.equals_weakly(shown));
    }
    let before = stored.headers().get(header::LAST_MODIFIED);
    match (not_modified.get(header::LAST_MODIFIED), before) {
        // A stored tag was asked by, and is the better validator.
        (Some(shown), Some(before)) => shown == before || Tag::of(stored.headers()).is_some(),
        (Some(_) | None, _) => true,
    }
}

/// RFC 9111 §3.2: the stored fields, with those that came in place of the old.
fn updated_headers(stored: &HeaderMap, newer: &HeaderMap, exchange: Exchange) -> HeaderMap {
    let mut newer = storing::kept_fields(newer, &Control::read(newer));
    // They describe the body that is kept, not the one that was not sent.
    newer.remove(header::CONTENT_LENGTH);
    newer.remove(header::CONTENT_ENCODING);
    newer.remove(header::CONTENT_RANGE);
    storing::set_date(&mut newer, exchange.received_at);
    let mut headers = stored.clone();
    for name in newer.keys() {
        headers.remove(name);
        for value in newer.get_all(name) {
            headers.append(name, value.clone());
        }
    }
    headers
}

#[cfg(test)]
mod tests;
