//! Writes `Cache-Status`, which says how the cache dealt with a request: RFC 9211.

use std::cell::RefCell;

use http::StatusCode;
use http::header::{HeaderName, HeaderValue};

use crate::look::{Hit, HitKind, Why};
use crate::number::Digits;
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
    /// Nobody knows yet, or there was no answer.
    Unsaid,
    /// It was not stored for a reason of whoever keeps it, in a word: a token of RFC 9651.
    Unkept(&'static str),
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
        field(Said::Hit(self.kind, self.ttl))
    }
}

/// What a field says.
#[derive(Clone, Copy, PartialEq)]
enum Said {
    /// How it may be served, and for how many seconds it stays fresh.
    Hit(HitKind, i64),
    Forwarded(Forwarded),
}

thread_local! {
    /// What was said last, and how. Most answers say what the one before them said.
    static LAST: RefCell<Option<(Said, HeaderValue)>> = const { RefCell::new(None) };
}

fn field(said: Said) -> HeaderValue {
    LAST.with_borrow_mut(|last| match last {
        Some((before, value)) if *before == said => value.clone(),
        _ => {
            let value = match said {
                Said::Hit(kind, ttl) => write_hit(kind, ttl),
                Said::Forwarded(forwarded) => forwarded.write(),
            };
            last.insert((said, value)).1.clone()
        }
    })
}

fn write_hit(kind: HitKind, ttl: i64) -> HeaderValue {
    let mut text = Text::new();
    text.push("; hit");
    text.push_number("; ttl=", ttl);
    text.push_word("; detail=", hit_detail(kind));
    text.value()
}

impl Forwarded {
    /// The field: `trunkline; fwd=uri-miss; fwd-status=200; stored; ttl=60`.
    pub fn cache_status(&self) -> HeaderValue {
        field(Said::Forwarded(*self))
    }

    fn write(&self) -> HeaderValue {
        let mut text = Text::new();
        text.push_word("; fwd=", Some(self.why.fwd()));
        if let Some(status) = self.status {
            text.push("; fwd-status=");
            text.push(status.as_str());
        }
        let kept_detail = match self.kept {
            Kept::Stored { ttl } => {
                text.push("; stored");
                text.push_number("; ttl=", ttl);
                None
            }
            Kept::StaleInstead { ttl } => {
                text.push_number("; ttl=", ttl);
                hit_detail(HitKind::StaleIfError)
            }
            Kept::Not(why) => Some(why.detail()),
            Kept::Unsaid => None,
            Kept::Unkept(why) => Some(why),
        };
        if self.collapsed {
            text.push("; collapsed");
        }
        text.push_word("; detail=", self.why.detail().or(kept_detail));
        text.value()
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

/// A field in the making. Each answer has one, so it takes no memory before it is done.
struct Text {
    bytes: [u8; Self::BYTES_MAX],
    length: usize,
}

impl Text {
    /// The longest has all that may be said, about 120.
    const BYTES_MAX: usize = 160;

    fn new() -> Self {
        let mut text = Self {
            bytes: [0; Self::BYTES_MAX],
            length: 0,
        };
        text.push(NAME);
        text
    }

    /// Adds a part; what has no room is left out.
    fn push(&mut self, part: impl AsRef<[u8]>) {
        let part = part.as_ref();
        let end = self.length + part.len();
        if let Some(place) = self.bytes.get_mut(self.length..end) {
            place.copy_from_slice(part);
            self.length = end;
        }
    }

    fn push_word(&mut self, name: &str, word: Option<&str>) {
        if let Some(word) = word {
            self.push(name);
            self.push(word);
        }
    }

    fn push_number(&mut self, name: &str, number: i64) {
        // Structured Fields have no more than 15 digits (RFC 9651 §3.3.1).
        const LARGEST: u64 = 999_999_999_999_999;
        self.push(name);
        if number < 0 {
            self.push("-");
        }
        self.push(Digits::of(number.unsigned_abs().min(LARGEST)).as_bytes());
    }

    fn value(&self) -> HeaderValue {
        let text = self.bytes.get(..self.length).unwrap_or_default();
        HeaderValue::from_bytes(text).unwrap_or(HeaderValue::from_static(NAME))
    }
}

#[cfg(test)]
mod tests;
