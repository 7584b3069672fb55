//! Reads the `Cache-Control` of answers, forgiving as RFC 9111 §4.2.1 and §5.2 ask.
//!
//! What is doubtful is read as the stricter thing: two different times as the shorter, a time
//! that is no number as none at all, and a member that breaks the grammar as every
//! restriction whose name stands in it.

use http::header::{self, HeaderMap, HeaderName};

use crate::member::{self, Member};
use crate::number;

/// A directive that an answer may carry and that means something to a shared cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Directive {
    MaxAge,
    SMaxAge,
    StaleWhileRevalidate,
    StaleIfError,
    NoStore,
    Private,
    NoCache,
    Public,
    MustRevalidate,
    ProxyRevalidate,
    MustUnderstand,
    Immutable,
}

impl Directive {
    const ALL: [(&'static str, Self); 12] = [
        ("max-age", Self::MaxAge),
        ("s-maxage", Self::SMaxAge),
        ("stale-while-revalidate", Self::StaleWhileRevalidate),
        ("stale-if-error", Self::StaleIfError),
        ("no-store", Self::NoStore),
        ("private", Self::Private),
        ("no-cache", Self::NoCache),
        ("public", Self::Public),
        ("must-revalidate", Self::MustRevalidate),
        ("proxy-revalidate", Self::ProxyRevalidate),
        ("must-understand", Self::MustUnderstand),
        ("immutable", Self::Immutable),
    ];

    /// Finds a directive by its name, in any case.
    pub(crate) fn named(name: &[u8]) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(known, _)| known.as_bytes().eq_ignore_ascii_case(name))
            .map(|(_, directive)| *directive)
    }

    /// Whether it takes a number of seconds.
    pub(crate) fn takes_seconds(self) -> bool {
        matches!(
            self,
            Self::MaxAge | Self::SMaxAge | Self::StaleWhileRevalidate | Self::StaleIfError
        )
    }

    /// Whether honouring it keeps less, so that a mere suspicion of it is enough.
    fn restricts(self) -> bool {
        !matches!(self, Self::Public | Self::MustUnderstand | Self::Immutable)
    }

    fn bit(self) -> u16 {
        1 << self as u16
    }
}

/// What the directives of an answer say together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ResponseDirectives {
    flags: u16,
    pub(crate) max_age: Option<u32>,
    pub(crate) s_maxage: Option<u32>,
    pub(crate) stale_while_revalidate: Option<u32>,
    pub(crate) stale_if_error: Option<u32>,
    /// Fields that `private="…"` and `no-cache="…"` keep out of the store.
    pub(crate) withheld: Vec<HeaderName>,
}

impl ResponseDirectives {
    /// Reads all lines of `Cache-Control`.
    pub(crate) fn read(headers: &HeaderMap) -> Self {
        let mut read = Self::default();
        for line in headers.get_all(header::CACHE_CONTROL) {
            for member in member::all(line.as_bytes()) {
                read.take(&member);
            }
        }
        read
    }

    pub(crate) fn has(&self, directive: Directive) -> bool {
        self.flags & directive.bit() != 0
    }

    /// Notes a directive that holds as a whole.
    pub(crate) fn set(&mut self, directive: Directive) {
        self.flags |= directive.bit();
    }

    /// Notes a time; of several, the shortest counts. A time that is none is 0: RFC 9111
    /// §4.2.1 has answers with invalid freshness taken as stale.
    pub(crate) fn set_seconds(&mut self, directive: Directive, secs: Option<u32>) {
        let place = match directive {
            Directive::MaxAge => &mut self.max_age,
            Directive::SMaxAge => &mut self.s_maxage,
            Directive::StaleWhileRevalidate => &mut self.stale_while_revalidate,
            Directive::StaleIfError => &mut self.stale_if_error,
            Directive::NoStore
            | Directive::Private
            | Directive::NoCache
            | Directive::Public
            | Directive::MustRevalidate
            | Directive::ProxyRevalidate
            | Directive::MustUnderstand
            | Directive::Immutable => return,
        };
        let secs = secs.unwrap_or(0);
        *place = Some(place.map_or(secs, |before| before.min(secs)));
    }

    /// Notes `private` or `no-cache` for the listed fields only (RFC 9111 §5.2.2.4, §5.2.2.7).
    ///
    /// A list that is empty, that has what is no name, or that names a field by which the
    /// cache itself works, is taken as the directive without a list.
    pub(crate) fn set_for_fields(&mut self, directive: Directive, list: &[u8]) {
        let mut names = Vec::new();
        for part in list.split(|byte| *byte == b',') {
            let part = number::trimmed(part);
            if part.is_empty() {
                continue;
            }
            match HeaderName::from_bytes(part) {
                Ok(name) if !needed_by_cache(&name) => names.push(name),
                Ok(_) | Err(_) => return self.set(directive),
            }
        }
        if names.is_empty() {
            return self.set(directive);
        }
        self.withheld.append(&mut names);
    }

    fn take(&mut self, member: &Member<'_>) {
        if !member.is_sound {
            return self.suspect(member.raw);
        }
        let Some(directive) = Directive::named(member.name) else {
            return;
        };
        match (directive, &member.value) {
            (Directive::Private | Directive::NoCache, Some(list)) => {
                self.set_for_fields(directive, list);
            }
            (_, value) if directive.takes_seconds() => {
                let secs = value.as_ref().and_then(|text| number::seconds(text));
                self.set_seconds(directive, secs);
            }
            _ => self.set(directive),
        }
    }

    /// Takes from a member that breaks the grammar each restriction that it might have meant.
    fn suspect(&mut self, raw: &[u8]) {
        for (name, directive) in Directive::ALL {
            if !directive.restricts() || !member::mentions(raw, name) {
                continue;
            }
            if directive.takes_seconds() {
                self.set_seconds(directive, None);
            } else {
                self.set(directive);
            }
        }
    }
}

/// Fields without which a stored answer could not be judged again.
pub(crate) fn needed_by_cache(name: &HeaderName) -> bool {
    *name == header::CACHE_CONTROL
        || *name == header::DATE
        || *name == header::EXPIRES
        || *name == header::VARY
        || crate::targeted::FIELDS.contains(name)
}

#[cfg(test)]
mod tests;
