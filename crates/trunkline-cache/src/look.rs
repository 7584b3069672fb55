//! Decides how a request is answered: from the store, after asking, or anew (RFC 9111 §4).

use std::time::{Duration, SystemTime};

use http::header;

use crate::asking::RequestDirectives;
use crate::freshness::Reuse;
use crate::message::{Policy, RequestHead};
use crate::stored::Stored;

/// How a request is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// From the store.
    Serve(Hit),
    /// From the store, although stale; the store asks the upstream meanwhile (RFC 5861 §3).
    ///
    /// It asks with the method by which the answer was stored, and
    /// [`Conditions::apply_for_store`](crate::Conditions::apply_for_store); the outcome is
    /// settled for [`Why::Stale`], and what would be served is left.
    ServeStale(Hit),
    /// After asking the upstream, with [`Stored::conditions`] of the candidate `which`.
    ///
    /// The conditions may be empty; the candidate can still stand in if the upstream fails.
    /// [`Asked`](crate::Asked) decides what the outcome means.
    Revalidate {
        /// The candidate's place among those looked at.
        which: usize,
        /// Why it does not do as it is.
        why: Why,
    },
    /// From the upstream, with nothing stored that is of use.
    Fetch(Why),
    /// With 504: the caller wants no upstream asked (RFC 9111 §5.2.1.7).
    OnlyIfCached,
}

/// A stored answer that is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Its place among the candidates looked at.
    pub which: usize,
    /// How old it is.
    pub age: Duration,
    /// Seconds for which it stays fresh; negative if it is stale.
    pub ttl: i64,
    /// Why it may be served.
    pub kind: HitKind,
}

/// Why a stored answer may be served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HitKind {
    /// It is fresh.
    Fresh,
    /// It has just been validated.
    Validated,
    /// The upstream allows it while it is being asked (RFC 5861 §3).
    StaleWhileRevalidate,
    /// The upstream failed, and somebody allowed it then (RFC 5861 §4).
    StaleIfError,
    /// The caller takes stale answers (RFC 9111 §5.2.1.2).
    MaxStale,
}

/// Why a request goes to the upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The cache is off for this call.
    Off,
    /// The caller's `If-Match` or `If-Unmodified-Since` is for the upstream to judge.
    Precondition,
    /// Answers to this method are not kept.
    Method,
    /// Nothing is stored.
    UriMiss,
    /// What is stored was negotiated for other requests.
    VaryMiss,
    /// The caller sent `no-store`.
    RequestNoStore,
    /// The caller sent `no-cache`.
    RequestNoCache,
    /// It is older than the caller's `max-age`.
    RequestMaxAge,
    /// It will be stale sooner than the caller's `min-fresh`.
    RequestMinFresh,
    /// It is stale.
    Stale,
    /// The upstream wants to be asked each time (`no-cache`).
    NoCache,
    /// It was stored in the future: a clock stepped, and its age cannot be known.
    Clock,
    /// The store has not yet read the range that the caller wants. Only a store can say so.
    Partial,
}

/// Decides how a request is answered.
///
/// `candidates` are all answers stored for the key, whatever they vary by; places in the
/// decision are places among them. A fresh hit without `Vary` allocates nothing.
pub fn look<'a>(
    policy: Policy,
    request: RequestHead<'_>,
    candidates: impl IntoIterator<Item = &'a Stored>,
    now: SystemTime,
) -> Decision {
    if policy == Policy::Off {
        return Decision::Fetch(Why::Off);
    }
    if !policy.covers(request.method) {
        return Decision::Fetch(Why::Method);
    }
    // A cache may pass over these (RFC 9110 §13.1.1), but who sends them wants the upstream's
    // word on the version that it has now.
    if request.has_any(&[header::IF_MATCH, header::IF_UNMODIFIED_SINCE]) {
        return Decision::Fetch(Why::Precondition);
    }
    let asked = if request.has_any(&[header::CACHE_CONTROL]) {
        RequestDirectives::read(request.headers)
    } else {
        RequestDirectives::default()
    };
    let decision = decide(policy, request, candidates, (asked, now));
    let goes_upstream = match decision {
        Decision::Fetch(_) | Decision::Revalidate { .. } => true,
        Decision::Serve(_) | Decision::ServeStale(_) | Decision::OnlyIfCached => false,
    };
    if goes_upstream && asked.only_if_cached() {
        return Decision::OnlyIfCached;
    }
    decision
}

fn decide<'a>(
    policy: Policy,
    request: RequestHead<'_>,
    candidates: impl IntoIterator<Item = &'a Stored>,
    (asked, now): (RequestDirectives, SystemTime),
) -> Decision {
    // RFC 9111 §5.2.1.5 would let a stored answer serve. Who sends it, a browser's
    // `cache: "no-store"` for one, wants past the cache in both directions.
    if asked.no_store() {
        return Decision::Fetch(Why::RequestNoStore);
    }
    let mut miss = Why::UriMiss;
    let mut best: Option<(usize, &Stored)> = None;
    for (which, stored) in candidates.into_iter().enumerate() {
        if !stored.matches(request) {
            miss = Why::VaryMiss;
            continue;
        }
        // RFC 9111 §4: the most recent by `Date`.
        if best.is_none_or(|(_, before)| recency(before) < recency(stored)) {
            best = Some((which, stored));
        }
    }
    let Some((which, stored)) = best else {
        return Decision::Fetch(miss);
    };
    let hit = Standing::of(stored, policy, now).hit(which, HitKind::Fresh);
    match judge(stored, policy, asked, now) {
        Ok(HitKind::StaleWhileRevalidate) => Decision::ServeStale(Hit {
            kind: HitKind::StaleWhileRevalidate,
            ..hit
        }),
        Ok(kind) => Decision::Serve(Hit { kind, ..hit }),
        Err(why) => Decision::Revalidate { which, why },
    }
}

fn recency(stored: &Stored) -> (SystemTime, SystemTime) {
    (stored.date(), stored.parts().received_at)
}

/// How a stored answer stands at a moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Standing {
    age: Duration,
    lifetime: Duration,
}

impl Standing {
    pub(crate) fn of(stored: &Stored, policy: Policy, now: SystemTime) -> Self {
        Self {
            age: stored.age(now),
            lifetime: stored.lifetime_under(policy),
        }
    }

    /// RFC 9111 §4.2: fresh while the lifetime exceeds the age.
    pub(crate) fn is_fresh(self) -> bool {
        self.age < self.lifetime
    }

    /// For how long it has been stale.
    fn staleness(self) -> Duration {
        self.age.saturating_sub(self.lifetime)
    }

    pub(crate) fn is_stale_within(self, window: Duration) -> bool {
        !window.is_zero() && self.staleness() <= window
    }

    pub(crate) fn hit(self, which: usize, kind: HitKind) -> Hit {
        let secs = |time: Duration| i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
        Hit {
            which,
            age: self.age,
            ttl: secs(self.lifetime).saturating_sub(secs(self.age)),
            kind,
        }
    }
}

/// Whether a stored answer may be served as it is, and if not, why.
fn judge(
    stored: &Stored,
    policy: Policy,
    asked: RequestDirectives,
    now: SystemTime,
) -> Result<HitKind, Why> {
    // Clocks of replicas that share a store may differ by a little.
    const AHEAD_MAX: Duration = Duration::from_secs(5);
    if stored.reuse() == Reuse::AfterValidation {
        return Err(Why::NoCache);
    }
    if asked.no_cache() {
        return Err(Why::RequestNoCache);
    }
    let ahead = stored.parts().received_at.duration_since(now);
    if ahead.is_ok_and(|ahead| AHEAD_MAX < ahead) {
        return Err(Why::Clock);
    }
    let standing = Standing::of(stored, policy, now);
    if let Some(why) = too_old_for(standing, asked, stored) {
        return Err(why);
    }
    if standing.is_fresh() {
        return Ok(HitKind::Fresh);
    }
    if stored.reuse() == Reuse::FreshOnly {
        return Err(Why::Stale);
    }
    let wants_fresh = asked.max_age.is_some() || asked.min_fresh.is_some();
    if !wants_fresh && standing.is_stale_within(stored.stale_while_revalidate()) {
        return Ok(HitKind::StaleWhileRevalidate);
    }
    match asked.max_stale {
        Some(u32::MAX) => Ok(HitKind::MaxStale),
        Some(secs) if standing.is_stale_within(Duration::from_secs(secs.into())) => {
            Ok(HitKind::MaxStale)
        }
        Some(_) | None => Err(Why::Stale),
    }
}

/// RFC 9111 §5.2.1.1 and §5.2.1.3: whether the caller wants a younger one.
fn too_old_for(standing: Standing, asked: RequestDirectives, stored: &Stored) -> Option<Why> {
    // RFC 8246 §2: a reload (`max-age=0`) need not check what is immutable and fresh.
    let reload_is_needless = stored.is_immutable() && standing.is_fresh();
    if let Some(secs) = asked.max_age.filter(|_| !reload_is_needless) {
        // `max-age=0` asks for a check, even within the second in which it was stored.
        if secs == 0 || u64::from(secs) < standing.age.as_secs() {
            return Some(if standing.is_fresh() {
                Why::RequestMaxAge
            } else {
                Why::Stale
            });
        }
    }
    let min_fresh = Duration::from_secs(asked.min_fresh.unwrap_or(0).into());
    if !min_fresh.is_zero() && standing.lifetime < standing.age.saturating_add(min_fresh) {
        return Some(if standing.is_fresh() {
            Why::RequestMinFresh
        } else {
            Why::Stale
        });
    }
    None
}

#[cfg(test)]
mod tests;
