//! For how long an answer is fresh, and how old it is: RFC 9111 §4.2.

use std::time::{Duration, SystemTime};

use http::StatusCode;
use http::header::{self, HeaderMap};

use crate::directive::{Directive, ResponseDirectives};
use crate::message::Exchange;
use crate::{number, targeted};

/// What named the time for which an answer is fresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FreshBy {
    /// `s-maxage`.
    SharedMaxAge,
    /// `max-age`.
    MaxAge,
    /// `Expires`.
    Expires,
    /// The settings, or the caller of this one call; counted from when the answer came.
    Explicit,
    /// A tenth of the time since the last change.
    Heuristic,
    /// Nothing: it is stale at once.
    Nothing,
}

/// For how long an answer is fresh, and who says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Lifetime {
    pub(crate) length: Duration,
    pub(crate) by: FreshBy,
}

/// How a stored answer may be used again once it is stale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reuse {
    /// Stale too, where someone allows it.
    StaleIfAllowed,
    /// Fresh only: `must-revalidate`, `proxy-revalidate` or `s-maxage` (RFC 9111 §4.2.4).
    FreshOnly,
    /// Never without asking: `no-cache` (RFC 9111 §5.2.2.4).
    AfterValidation,
}

/// The directives in force, and where they stand.
#[derive(Debug)]
pub(crate) struct Control {
    pub(crate) directives: ResponseDirectives,
    /// Whether `Expires` counts, which it does not beside a targeted field.
    expires_counts: bool,
}

impl Control {
    /// Reads the targeted fields, and if none holds `Cache-Control`.
    pub(crate) fn read(headers: &HeaderMap) -> Self {
        match targeted::read(headers) {
            Some(directives) => Self {
                directives,
                expires_counts: false,
            },
            None => Self {
                directives: ResponseDirectives::read(headers),
                expires_counts: true,
            },
        }
    }

    pub(crate) fn reuse(&self) -> Reuse {
        let directives = &self.directives;
        if directives.has(Directive::NoCache) {
            return Reuse::AfterValidation;
        }
        // RFC 9111 §5.2.2.10: `s-maxage` has the meaning of `proxy-revalidate` in it.
        let fresh_only = directives.has(Directive::MustRevalidate)
            || directives.has(Directive::ProxyRevalidate)
            || directives.s_maxage.is_some();
        if fresh_only {
            Reuse::FreshOnly
        } else {
            Reuse::StaleIfAllowed
        }
    }

    /// The lifetime, by the first source that names one (RFC 9111 §4.2.1).
    pub(crate) fn lifetime(
        &self,
        status: StatusCode,
        headers: &HeaderMap,
        date: SystemTime,
        explicit: Option<Duration>,
    ) -> Lifetime {
        let of_secs = |secs: u32, by| Lifetime {
            length: Duration::from_secs(u64::from(secs)),
            by,
        };
        if let Some(secs) = self.directives.s_maxage {
            return of_secs(secs, FreshBy::SharedMaxAge);
        }
        if let Some(secs) = self.directives.max_age {
            return of_secs(secs, FreshBy::MaxAge);
        }
        if self.expires_counts && headers.contains_key(header::EXPIRES) {
            return Lifetime {
                length: until_expires(headers, date),
                by: FreshBy::Expires,
            };
        }
        if let Some(time) = explicit.filter(|_| explicit_time_fits(status)) {
            return Lifetime {
                length: number::capped(time),
                by: FreshBy::Explicit,
            };
        }
        self.heuristic(status, headers, date)
    }

    fn heuristic(&self, status: StatusCode, headers: &HeaderMap, date: SystemTime) -> Lifetime {
        const LONGEST: Duration = Duration::from_hours(24);
        let guessed = heuristic_fits(status) || self.directives.has(Directive::Public);
        let changed = number::only_date(headers, header::LAST_MODIFIED);
        let length = match changed {
            Some(changed) if guessed => (number::since(changed, date) / 10).min(LONGEST),
            Some(_) | None => Duration::ZERO,
        };
        let by = if length.is_zero() {
            FreshBy::Nothing
        } else {
            FreshBy::Heuristic
        };
        Lifetime { length, by }
    }
}

/// RFC 9111 §5.3: the earliest of several; what is no date means the past.
///
/// Counted from the answer's own `Date`, not from our clock, so that an upstream whose clock
/// runs fast does not get more time than it meant.
fn until_expires(headers: &HeaderMap, date: SystemTime) -> Duration {
    let mut shortest = number::capped(Duration::MAX);
    for line in headers.get_all(header::EXPIRES) {
        let length = number::date(line).map_or(Duration::ZERO, |at| number::since(date, at));
        shortest = shortest.min(length);
    }
    shortest
}

/// The statuses for which a time may be guessed from `Last-Modified` (RFC 9111 §4.2.2).
///
/// The RFC would allow 404, 405, 414 and 501 too. They are left out: each ends when somebody
/// creates the thing or deploys a new version, which nothing in the answer foretells, and a
/// gateway that keeps on saying "not found" costs more than the call it saves.
fn heuristic_fits(status: StatusCode) -> bool {
    matches!(status.as_u16(), 200 | 203 | 204 | 300 | 301 | 308 | 410)
}

/// The statuses that a time from the settings covers: those that are the thing asked for.
///
/// "Keep it for five minutes" was said of results. An error without caching headers is asked
/// for anew.
fn explicit_time_fits(status: StatusCode) -> bool {
    matches!(status.as_u16(), 200 | 203 | 204 | 300 | 301 | 308)
}

/// RFC 9110 §15.1: what may be stored without a word about time.
pub(crate) fn is_heuristically_cacheable(status: StatusCode) -> bool {
    matches!(
        status.as_u16(),
        200 | 203 | 204 | 300 | 301 | 308 | 404 | 405 | 410 | 414 | 501
    )
}

/// How old an answer was when it came (RFC 9111 §4.2.3): `corrected_initial_age`.
pub(crate) fn initial_age(headers: &HeaderMap, exchange: Exchange) -> Duration {
    // Dates have no fractions; without the cut each answer would seem up to a second old.
    let apparent = number::only_date(headers, header::DATE)
        .map(|date| number::since(date, exchange.received_at))
        .map_or(0, number::whole_seconds);
    let delay = number::since(exchange.sent_at, exchange.received_at);
    let corrected = Duration::from_secs(u64::from(told_age(headers))).saturating_add(delay);
    number::capped(corrected.max(Duration::from_secs(u64::from(apparent))))
}

/// The `Age` that came along: RFC 9111 §5.1 takes the first of a list, and ignores what is no
/// whole number from 0 up.
fn told_age(headers: &HeaderMap) -> u32 {
    let Some(line) = headers.get(header::AGE) else {
        return 0;
    };
    let first = line.as_bytes().split(|byte| *byte == b',').next();
    first
        .and_then(|text| number::seconds(number::trimmed(text)))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests;
