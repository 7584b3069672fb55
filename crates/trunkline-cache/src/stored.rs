//! What is remembered of an answer, without its body.

mod size;

use std::fmt;
use std::time::{Duration, SystemTime};

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};

use crate::directive::Directive;
use crate::freshness::{Control, FreshBy, Lifetime, Reuse};
use crate::message::{Policy, RequestHead};
use crate::number;
use crate::vary::{self, Varied};

/// A remembered answer, without its body.
///
/// The store keeps the body beside it, and only a whole one: an answer that broke off
/// half-way must not be kept (RFC 9111 §3.3; partial answers are not stored, see
/// [`NotStored::Status`](crate::NotStored::Status)).
#[derive(Clone)]
pub struct Stored {
    parts: Parts,
    date: SystemTime,
    lifetime: Lifetime,
    reuse: Reuse,
    is_immutable: bool,
    stale_while_revalidate: Duration,
    stale_if_error: Duration,
}

/// What a second tier must keep of a [`Stored`]: all else follows from it.
#[derive(Clone)]
pub struct Parts {
    /// The method of the request that was answered: GET, or POST.
    pub method: Method,
    /// The status.
    pub status: StatusCode,
    /// The header fields that may be replayed; `Age` is not among them.
    pub headers: HeaderMap,
    /// What the request had in the fields that `Vary` names.
    pub vary: Box<[Varied]>,
    /// When the head of the answer was there.
    pub received_at: SystemTime,
    /// How old the answer was then.
    pub initial_age: Duration,
    /// The time from the settings, if there was one.
    pub explicit: Option<Duration>,
}

impl Stored {
    /// Judges the parts anew, which reads the headers once; looking up then reads numbers.
    pub fn new(parts: Parts) -> Self {
        let control = Control::read(&parts.headers);
        let date = number::only_date(&parts.headers, header::DATE).unwrap_or(parts.received_at);
        let window = |secs: Option<u32>| Duration::from_secs(u64::from(secs.unwrap_or(0)));
        let mut lifetime = control.lifetime(parts.status, &parts.headers, date, parts.explicit);
        if lifetime.by == FreshBy::Explicit {
            lifetime.length = from_arrival(lifetime.length, &parts);
        }
        Self {
            date,
            lifetime,
            reuse: control.reuse(),
            is_immutable: control.directives.has(Directive::Immutable),
            stale_while_revalidate: window(control.directives.stale_while_revalidate),
            stale_if_error: window(control.directives.stale_if_error),
            parts,
        }
    }

    /// What to hand to a second tier.
    pub fn parts(&self) -> &Parts {
        &self.parts
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.parts.status
    }

    /// The header fields that may be replayed; `Age` is not among them.
    pub fn headers(&self) -> &HeaderMap {
        &self.parts.headers
    }

    /// How many bytes it takes in memory, without its body: rather too many than too few.
    pub fn size(&self) -> usize {
        let Parts { headers, vary, .. } = &self.parts;
        size_of::<Self>() + size::of_fields(headers) + size::of_varied(vary)
    }

    /// For how long it is fresh, counted from when the upstream made it, and who says so.
    pub fn lifetime(&self) -> (Duration, FreshBy) {
        (self.lifetime.length, self.lifetime.by)
    }

    /// How old it is (RFC 9111 §4.2.3); never less than when it came.
    pub fn age(&self, now: SystemTime) -> Duration {
        let resident = number::since(self.parts.received_at, now);
        self.parts.initial_age.saturating_add(resident)
    }

    /// From this age on the upstream is always asked, so that the store may let go of it if
    /// it has no [`Stored::conditions`] to ask by. A caller's `max-stale` is not reckoned with.
    pub fn useful_until_age(&self) -> Duration {
        match self.reuse {
            Reuse::AfterValidation => Duration::ZERO,
            Reuse::FreshOnly => self.lifetime.length,
            Reuse::StaleIfAllowed => {
                let window = self.stale_while_revalidate.max(self.stale_if_error);
                self.lifetime.length.saturating_add(window)
            }
        }
    }

    /// What asks the upstream whether it is still good.
    ///
    /// Nothing does for a POST: with `If-None-Match` it means something else, and would get
    /// 412 (RFC 9110 §13.1.2).
    pub fn conditions(&self) -> Conditions {
        if self.parts.method == Method::POST {
            return Conditions::default();
        }
        let headers = &self.parts.headers;
        let is_date = number::only_date(headers, header::LAST_MODIFIED).is_some();
        Conditions {
            if_none_match: headers
                .get(header::ETAG)
                .filter(|etag| !etag.is_empty())
                .cloned(),
            if_modified_since: headers
                .get(header::LAST_MODIFIED)
                .filter(|_| is_date)
                .cloned(),
        }
    }

    pub(crate) fn date(&self) -> SystemTime {
        self.date
    }

    pub(crate) fn reuse(&self) -> Reuse {
        self.reuse
    }

    pub(crate) fn is_immutable(&self) -> bool {
        self.is_immutable
    }

    pub(crate) fn stale_while_revalidate(&self) -> Duration {
        self.stale_while_revalidate
    }

    pub(crate) fn stale_if_error(&self) -> Duration {
        self.stale_if_error
    }

    /// The lifetime under the policy of the call at hand.
    ///
    /// A time from the settings binds only those who set it: the shorter of the time at
    /// storing and of the time now, and none for a call that goes by the headers alone.
    pub(crate) fn lifetime_under(&self, policy: Policy) -> Duration {
        if self.lifetime.by != FreshBy::Explicit {
            return self.lifetime.length;
        }
        policy.explicit().map_or(Duration::ZERO, |allowed| {
            let allowed = from_arrival(allowed, &self.parts);
            self.lifetime.length.min(allowed)
        })
    }

    /// Whether it answers this request, as far as method and `Vary` go.
    pub(crate) fn matches(&self, request: RequestHead<'_>) -> bool {
        let same_kind = (self.parts.method == Method::POST) == (request.method == Method::POST);
        same_kind && vary::matches(&self.parts.vary, request.headers)
    }

    /// Whether it can ever be served, or validated.
    pub(crate) fn is_worth_keeping(&self) -> bool {
        !self.conditions().is_empty() || !self.useful_until_age().is_zero()
    }
}

/// A time from the settings counts from when the answer came, however old it was then: an
/// upstream behind another cache, or with a slow clock, would leave nothing of it.
fn from_arrival(time: Duration, parts: &Parts) -> Duration {
    time.saturating_add(parts.initial_age)
}

impl fmt::Debug for Stored {
    // Header values stay out: an answer may carry tokens.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stored")
            .field("status", &self.parts.status)
            .field("vary", &self.parts.vary)
            .field("lifetime", &self.lifetime)
            .field("reuse", &self.reuse)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts")
            .field("status", &self.status)
            .field("vary", &self.vary)
            .finish_non_exhaustive()
    }
}

/// The conditions under which the upstream need not send the body again (RFC 9111 §4.3.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conditions {
    /// The stored `ETag`, as it was sent.
    pub if_none_match: Option<HeaderValue>,
    /// The stored `Last-Modified`, if it is a date.
    pub if_modified_since: Option<HeaderValue>,
}

impl Conditions {
    /// Whether there is nothing to ask by.
    pub fn is_empty(&self) -> bool {
        self.if_none_match.is_none() && self.if_modified_since.is_none()
    }

    /// Puts them into the caller's request, in the place of its own conditions and range.
    ///
    /// The caller's are answered afterwards, from what is then stored. Without anything to
    /// ask by, the request stays as it is, so that the upstream can answer the caller's.
    pub fn apply(self, request: &mut HeaderMap) {
        if !self.is_empty() {
            self.apply_for_store(request);
        }
    }

    /// As [`Conditions::apply`], for a request that no caller waits for: its answer is for the
    /// store, and must be whole.
    pub fn apply_for_store(self, request: &mut HeaderMap) {
        request.remove(header::RANGE);
        request.remove(header::IF_RANGE);
        replace(request, header::IF_NONE_MATCH, self.if_none_match);
        replace(request, header::IF_MODIFIED_SINCE, self.if_modified_since);
    }
}

fn replace(headers: &mut HeaderMap, name: HeaderName, value: Option<HeaderValue>) {
    headers.remove(&name);
    if let Some(value) = value {
        headers.insert(name, value);
    }
}

#[cfg(test)]
mod tests;
