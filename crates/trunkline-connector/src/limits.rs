//! What an upstream's answers tell of its own limits, and whose limits they are. Pure.
//!
//! A connector's `[limits]` say in which headers or values of a body an answer tells what is left;
//! [`Limits::told`] reads them. Where it declares none, the standard `RateLimit` field is read, and
//! nothing else: the older `X-RateLimit-…` mean too many things to be guessed.
//!
//! Who shares a limit is the connection (all calls of one credential) unless the connector says more:
//! - by [`Limits::scope`] the operation, a text in the request's body such as the model, or a text in
//!   the answers' headers;
//! - besides, by [`Limits::scope_of_path`] the thing that the path names.
//!
//! What a connector does not declare costs nothing: every function looks at an empty list first.

mod amounts;
mod general;
mod pick;
mod told;
#[cfg(test)]
mod tests;

use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, StatusCode};

use crate::format::{Counts, Refill, UsedSection, WaitUnit};
use crate::outcome::{Answer, AnswerTest};
use crate::template::Template;
use pick::Picked;

pub use amounts::{Amounts, Estimate};

/// The longest text that names a scope, in bytes; a longer one names none.
pub const SCOPE_BYTES_MAX: usize = 64;

/// The largest request body that is looked into.
pub const BODY_BYTES_MAX: usize = 256 * 1024;

/// What a connector says of limits.
#[derive(Debug, Clone, Default)]
pub struct Limits {
    /// Who shares a limit.
    pub scope: Scope,
    /// Beginnings of paths whose every value has limits of its own.
    pub per_path: Vec<Template>,
    /// Refusals that hold for all calls of a credential, whatever the scope.
    pub everything: Vec<AnswerTest>,
    /// What a call is thought to take.
    pub estimate: Estimate,
    /// Where a reply says what the call took.
    pub used: UsedSection,
    /// What answers tell.
    pub told: Vec<ToldRule>,
}

/// Who shares a limit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Scope {
    /// All calls of one credential.
    #[default]
    Connection,
    /// The calls of one operation.
    Operation,
    /// The calls with the same text at a place of the JSON body, by JSON Pointer.
    Request(String),
    /// The calls whose answers have the same text in a header.
    Header(HeaderName),
}

/// What answers tell of one thing that is counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldRule {
    /// What is counted.
    pub counts: Counts,
    /// Where it stands how much is left.
    pub remaining: NumberFrom,
    /// Where it stands how much there can be.
    pub limit: Option<NumberFrom>,
    /// Where it stands how it comes back.
    pub refill: RefillFrom,
}

/// Where in an answer a number stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NumberFrom {
    /// In a response header.
    Header(HeaderName),
    /// In a JSON body, by JSON Pointer (RFC 6901).
    Body(String),
}

/// Where in an answer it stands how something comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefillFrom {
    /// Until the time in a header, in one of two ways.
    Reset(HeaderName, WaitUnit, Refill),
    /// Bit by bit, so much in a second.
    PerSecond(NumberFrom),
    /// Nowhere.
    Nowhere,
}

/// What an answer told of one thing that is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// What is counted.
    pub counts: Counts,
    /// The most there can be.
    pub limit: Option<u64>,
    /// How much is left.
    pub remaining: u64,
    /// How it comes back.
    pub comes_back: ComesBack,
}

/// How something comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ComesBack {
    /// All at once, after this time; at most [`WAIT_MAX`](crate::wait::WAIT_MAX).
    In(Duration),
    /// Bit by bit.
    Steady {
        /// So much, at least 1.
        amount: u64,
        /// In each such time.
        per: Duration,
    },
    /// It was not said.
    Unknown,
}

impl Limits {
    /// Whether the connector says anything of limits.
    pub fn is_declared(&self) -> bool {
        self.scope != Scope::Connection
            || !(self.per_path.is_empty() && self.everything.is_empty() && self.told.is_empty())
            || self.estimate != Estimate::default()
            || self.tells_used()
    }

    /// What an answer tells: at most one for each thing that is counted, in the order of [`Counts`].
    ///
    /// Where several are told of one thing, as of a second and of a day, it is the one that leaves
    /// least; of equal ones the one that comes back last. What cannot be read is as if it were not
    /// there. `now` measures absolute times: pass [`answered_at`](crate::wait::answered_at).
    pub fn told(&self, answer: &Answer<'_>, now: SystemTime) -> Vec<Told> {
        if self.told.is_empty() {
            return told::tightest(general::told(answer.headers));
        }
        let rules = self.told.iter();
        told::tightest(rules.filter_map(|rule| rule.read(answer, now)))
    }

    /// Whether [`Limits::told`] may find anything in an answer with these headers. It costs a look at
    /// their names, where the whole costs several look-ups.
    pub fn may_tell(&self, headers: &HeaderMap) -> bool {
        if self.told.is_empty() {
            return true;
        }
        self.told.iter().any(|rule| match &rule.remaining {
            NumberFrom::Header(name) => headers.keys().any(|sent| sent == name),
            NumberFrom::Body(_) => true,
        })
    }

    /// Whether [`Limits::told`] or [`Limits::is_for_everything`] looks into the JSON body of an
    /// answer with this status.
    pub fn needs_body(&self, status: StatusCode) -> bool {
        self.told.iter().any(ToldRule::reads_body)
            || self.everything.iter().any(|test| test.needs_body(status))
    }

    /// The text in a request's JSON body that says whose limits it falls under, with
    /// [`Scope::Request`] alone. Read from the bytes; none is found beyond [`BODY_BYTES_MAX`].
    pub fn scope_of_request(&self, body: Option<&[u8]>) -> Option<String> {
        let Scope::Request(pointer) = &self.scope else {
            return None;
        };
        match pick::scalars(body?, &[pointer.as_str()]).pop()?? {
            Picked::Text(text) if !text.is_empty() => Some(text),
            Picked::Text(_) | Picked::Number(_) => None,
        }
    }

    /// The text in an answer's headers that says whose limits it tells of, with [`Scope::Header`]
    /// alone.
    pub fn scope_of_answer<'h>(&self, headers: &'h HeaderMap) -> Option<&'h str> {
        let Scope::Header(name) = &self.scope else {
            return None;
        };
        let text = told::only(headers, name)?;
        (1..=SCOPE_BYTES_MAX).contains(&text.len()).then_some(text)
    }

    /// The beginning of a path that has limits of its own, such as `/channels/12`, besides what
    /// [`Limits::scope`] says.
    pub fn scope_of_path<'p>(&self, path: &'p str) -> Option<&'p str> {
        let mut templates = self.per_path.iter();
        let beginning = templates.find_map(|template| template.beginning_of(path))?;
        (beginning.len() <= SCOPE_BYTES_MAX).then_some(beginning)
    }

    /// Whether a refusal, an answer that means `rate_limited`, holds for all calls of the credential
    /// and not only for its own scope.
    pub fn is_for_everything(&self, answer: &Answer<'_>) -> bool {
        self.everything.iter().any(|test| test.holds(answer))
    }
}

impl Counts {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Requests,
        Self::Tokens,
        Self::TokensIn,
        Self::TokensOut,
        Self::Other,
    ];

    /// The name that files and messages use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Tokens => "tokens",
            Self::TokensIn => "tokens_in",
            Self::TokensOut => "tokens_out",
            Self::Other => "other",
        }
    }
}
