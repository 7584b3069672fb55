//! Reads the `Cache-Control` of requests: RFC 9111 §5.2.1.
//!
//! What is doubtful asks for more freshness, not for less.

use http::header::{self, HeaderMap};

use crate::member::{self, Member};
use crate::number;

/// What the directives of a request say together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RequestDirectives {
    flags: u8,
    pub(crate) max_age: Option<u32>,
    pub(crate) min_fresh: Option<u32>,
    /// `u32::MAX` where any staleness will do.
    pub(crate) max_stale: Option<u32>,
    pub(crate) stale_if_error: Option<u32>,
}

impl RequestDirectives {
    const NO_STORE: u8 = 1;
    const NO_CACHE: u8 = 2;
    const ONLY_IF_CACHED: u8 = 4;

    /// Reads all lines of `Cache-Control`.
    ///
    /// `Pragma` is not read: RFC 9111 §5.4 withdrew it.
    pub(crate) fn read(headers: &HeaderMap) -> Self {
        let mut read = Self::default();
        // Hardly any request has one, and a look at all names costs less than a look-up.
        if !headers.keys().any(|name| *name == header::CACHE_CONTROL) {
            return read;
        }
        for line in headers.get_all(header::CACHE_CONTROL) {
            for member in member::all(line.as_bytes()) {
                read.take(&member);
            }
        }
        read
    }

    pub(crate) fn no_store(&self) -> bool {
        self.flags & Self::NO_STORE != 0
    }

    pub(crate) fn no_cache(&self) -> bool {
        self.flags & Self::NO_CACHE != 0
    }

    pub(crate) fn only_if_cached(&self) -> bool {
        self.flags & Self::ONLY_IF_CACHED != 0
    }

    fn take(&mut self, member: &Member<'_>) {
        if !member.is_sound {
            return self.suspect(member.raw);
        }
        let secs = member.value.as_ref().map(|text| number::seconds(text));
        let strictest = |before: Option<u32>, now: u32| Some(before.unwrap_or(now).min(now));
        match member.name.to_ascii_lowercase().as_slice() {
            b"no-store" => self.flags |= Self::NO_STORE,
            b"no-cache" => self.flags |= Self::NO_CACHE,
            b"only-if-cached" => self.flags |= Self::ONLY_IF_CACHED,
            b"max-age" => self.max_age = strictest(self.max_age, secs.flatten().unwrap_or(0)),
            b"min-fresh" => {
                let asked = secs.flatten().unwrap_or(number::SECONDS_MAX);
                self.min_fresh = Some(self.min_fresh.unwrap_or(0).max(asked));
            }
            b"max-stale" => {
                // RFC 9111 §5.2.1.2: without a value, any staleness.
                let asked = secs.map_or(u32::MAX, |secs| secs.unwrap_or(0));
                self.max_stale = strictest(self.max_stale, asked);
            }
            b"stale-if-error" => {
                self.stale_if_error = strictest(self.stale_if_error, secs.flatten().unwrap_or(0));
            }
            _ => {}
        }
    }

    fn suspect(&mut self, raw: &[u8]) {
        if member::mentions(raw, "no-store") {
            self.flags |= Self::NO_STORE;
        }
        if member::mentions(raw, "no-cache") {
            self.flags |= Self::NO_CACHE;
        }
        if member::mentions(raw, "max-age") {
            self.max_age = Some(0);
        }
    }
}

#[cfg(test)]
mod tests;
