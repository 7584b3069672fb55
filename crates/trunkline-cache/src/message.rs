//! What the decisions are told of a request, of an answer, and of the settings.

use std::time::{Duration, SystemTime};

use http::header::{self, HeaderMap, HeaderName};
use http::{Method, StatusCode};

use crate::asking::RequestDirectives;

/// How much caching the settings allow for a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// Nothing is served, nothing is kept (`cache = "off"`, `Trunkline-Cache: off`).
    Off,
    /// The upstream's caching headers decide.
    Headers,
    /// As [`Policy::Headers`]; where they name no time, this one holds.
    ///
    /// For GET and HEAD. It also lifts the bar of `Authorization` (RFC 9111 §3.5), because
    /// whoever set it knows what is asked for. It never overrides `no-store`, `private`, nor a
    /// time that the upstream did name, `max-age=0` included.
    Explicit(Duration),
    /// As [`Policy::Explicit`], for a POST that only asks, such as one for embeddings.
    ///
    /// The store's key must have a hash of the body in it: nothing here looks at bodies.
    ExplicitPost(Duration),
}

impl Policy {
    /// The time that stands in where the upstream names none.
    pub(crate) fn explicit(self) -> Option<Duration> {
        match self {
            Self::Explicit(time) | Self::ExplicitPost(time) => Some(time),
            Self::Off | Self::Headers => None,
        }
    }

    /// Whether an answer to this method may come from the store.
    pub(crate) fn covers(self, method: &Method) -> bool {
        match self {
            Self::Off => false,
            Self::Headers | Self::Explicit(_) => method == Method::GET || method == Method::HEAD,
            Self::ExplicitPost(_) => {
                method == Method::GET || method == Method::HEAD || method == Method::POST
            }
        }
    }
}

/// The part of a request that caching looks at: as it goes upstream, before our conditions.
#[derive(Clone, Copy, Debug)]
pub struct RequestHead<'a> {
    /// The method.
    pub method: &'a Method,
    /// The header fields, those that `Vary` may name included.
    pub headers: &'a HeaderMap,
}

impl RequestHead<'_> {
    /// Whether one of a few fields is there. Of few fields, a look at each costs less than a
    /// look-up.
    pub(crate) fn has_any(self, names: &[HeaderName]) -> bool {
        self.headers.keys().any(|name| names.contains(name))
    }

    /// Whether the caller takes a stale answer in place of an error, for however short a time
    /// (RFC 5861 §4). What it is served so is not for those who do not say so.
    pub fn allows_stale_if_error(self) -> bool {
        self.has_any(&[header::CACHE_CONTROL])
            && RequestDirectives::read(self.headers)
                .stale_if_error
                .is_some()
    }
}

/// The part of an answer that caching looks at.
#[derive(Clone, Copy, Debug)]
pub struct ResponseHead<'a> {
    /// The status.
    pub status: StatusCode,
    /// The header fields.
    pub headers: &'a HeaderMap,
}

/// When an exchange with the upstream took place.
///
/// Times of an unsteady clock do no harm: a step backwards never makes an age negative, and
/// what seems to come from the future is validated before it is served. A step that stays
/// after the storing goes unseen, so take the times from a start plus a steady clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// When the request was sent.
    pub sent_at: SystemTime,
    /// When the head of the answer was there.
    pub received_at: SystemTime,
}
