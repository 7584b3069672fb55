//! Writes `Cache-Status`, which says how the cache dealt with a request: RFC 9211.

use std::fmt::Write;

use http::StatusCode;
use http::header::{HeaderName, HeaderValue};

use crate::look::{Hit, HitKind, Why};
use crate::storing::NotStored;

/// The name of the field.
///
/// Append it: an upstream's cache may have written a line of its own, and the last is the
/// nearest to the caller (RFC 9211 §2).
pub const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");

/// How the cache is called, here and in `Proxy-Status`.
const NAME: &str = "trunkline";

/// What is said of a request that went to the upstream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forwarded {
    /// Why it went.
    pub why: Why,
    /// The upstream's status; `None` if there was no answer, or only another caller's.
    pub status: Option<StatusCode>,
    /// What became of the answer.
    pub kept: Kept,
    /// Whether it shared the answer to another caller's request.
    pub collapsed: bool,
}

/// What became of the upstream's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It was stored, and is fresh for so many seconds.
    Stored {
        /// Seconds; negative if it is stale.
        ttl: i64,
    },
    /// It was not stored, by rule.
    Not(NotStored),
    /// It was not stored for a reason of the store's, such as its size.
    ByStore,
    /// What was stored before was served in its place.
    StaleInstead {
        /// Seconds, negative.
        ttl: i64,
    },
}

impl Hit {
    /// The field for an answer from the store: `trunkline; hit; ttl=30`.
    ///
    /// Not for [`HitKind::Validated`] and [`HitKind::StaleIfError`], for which the request was
    /// forwarded: see [`Forwarded`].
    pub fn cache_status(&self) -> HeaderValue {
        let mut text = String::with_capacity(48);
        text.push_str(NAME);
        text.push_str("; hit");
        push_number(&mut text, "ttl", self.ttl);
        push_word(&mut text, "detail", hit_detail(self.kind));
        value(text)
    }
}

impl Forwarded {
    /// The field: `trunkline; fwd=uri-miss; fwd-status=200; stored; ttl=60`.
    pub fn cache_status(&self) -> HeaderValue {
        let mut text = String::with_capacity(96);
        text.push_str(NAME);
        push_word(&mut text, "fwd", Some(self.why.fwd()));
        if let Some(status) = self.status {
            push_number(&mut text, "fwd-status", status.as_u16().into());
        }
        let kept_detail = match self.kept {
            Kept::Stored { ttl } => {
                text.push_str("; stored");
                push_number(&mut text, "ttl", ttl);
                None
            }
            Kept::StaleInstead { ttl } => {
                push_number(&mut text, "ttl", ttl);
                hit_detail(HitKind::StaleIfError)
            }
            Kept::Not(why) => Some(why.detail()),
            Kept::ByStore => None,
        };
        if self.collapsed {
            text.push_str("; collapsed");
        }
        push_word(&mut text, "detail", self.why.detail().or(kept_detail));
        value(text)
    }
}

/// The field for a 504 to a caller that wants no upstream asked.
///
/// Neither `hit` nor `fwd` is true of it.
pub fn only_if_cached() -> HeaderValue {
    HeaderValue::from_static("trunkline; detail=only-if-cached")
}

impl Why {
    /// The word for it in RFC 9211 §2.2.
    pub fn fwd(self) -> &'static str {
        match self {
            Self::Off | Self::Precondition => "bypass",
            Self::Method => "method",
            Self::UriMiss => "uri-miss",
            Self::VaryMiss => "vary-miss",
            Self::RequestNoStore
            | Self::RequestNoCache
            | Self::RequestMaxAge
            | Self::RequestMinFresh => "request",
            Self::Stale | Self::NoCache | Self::Clock => "stale",
            Self::Partial => "partial",
        }
    }

    /// What the word leaves open.
    fn detail(self) -> Option<&'static str> {
        match self {
            Self::Precondition => Some("precondition"),
            Self::RequestNoStore => Some("request-no-store"),
            Self::RequestNoCache => Some("request-no-cache"),
            Self::RequestMaxAge => Some("request-max-age"),
            Self::RequestMinFresh => Some("request-min-fresh"),
            Self::NoCache => Some("no-cache"),
            Self::Clock => Some("clock"),
            Self::Off
            | Self::Method
            | Self::UriMiss
            | Self::VaryMiss
            | Self::Stale
            | Self::Partial => None,
        }
    }
}

fn hit_detail(kind: HitKind) -> Option<&'static str> {
    match kind {
        HitKind::Fresh | HitKind::Validated => None,
        HitKind::StaleWhileRevalidate => Some("stale-while-revalidate"),
        HitKind::StaleIfError => Some("stale-if-error"),
        HitKind::MaxStale => Some("max-stale"),
    }
}

fn push_word(text: &mut String, name: &str, word: Option<&str>) {
    if let Some(word) = word {
        for part in ["; ", name, "=", word] {
            text.push_str(part);
        }
    }
}

fn push_number(text: &mut String, name: &str, number: i64) {
    // Structured Fields have no more than 15 digits (RFC 9651 §3.3.1).
    const LARGEST: i64 = 999_999_999_999_999;
    let number = number.clamp(-LARGEST, LARGEST);
    // Writing to a string cannot fail.
    let _ = write!(text, "; {name}={number}");
}

fn value(text: String) -> HeaderValue {
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(NAME))
}

#[cfg(test)]
mod tests;
