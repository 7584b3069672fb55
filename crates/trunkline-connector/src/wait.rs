//! Reads how long an upstream asks us to wait, in every form that real APIs use. Pure.

pub(crate) mod form;
pub(crate) mod structured;
#[cfg(test)]
mod tests;

use std::fmt;
use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, header};
use regex_lite::Regex;
use serde_json::Value;

use crate::format::{CostSource, WaitUnit};
use crate::outcome::Answer;
use crate::status::Statuses;
use form::{MILLISECOND, SECOND};

/// The longest wait that is believed; beyond it the text means something else than we think.
pub const WAIT_MAX: Duration = Duration::from_hours(366 * 24);

/// One place where an API says how long to wait.
#[derive(Debug, Clone)]
pub struct WaitHint {
    /// Where the text is.
    pub from: WaitFrom,
    /// How the text is to be read.
    pub unit: WaitUnit,
    /// Cuts the value out of the text; it has exactly one group.
    pub capture: Option<Regex>,
    /// The statuses it applies to; `Any` is every answer that means "wait".
    pub statuses: Statuses,
    /// A header that must say `0` for the hint to count.
    pub remaining: Option<HeaderName>,
}

/// Where in an answer a wait stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WaitFrom {
    /// A response header.
    Header(HeaderName),
    /// A value in a JSON body, by JSON Pointer (RFC 6901).
    Body(String),
    /// Points that must come back first, by what a JSON body says of them.
    Cost(CostSource),
}

/// How long an answer asks us to wait, and where it says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The wait, at most [`WAIT_MAX`].
    pub wait: Duration,
    /// Where it stands, for the record.
    pub source: WaitFrom,
}

/// Fields that mean the same wherever they appear. `Auto` for `Retry-After`: RFC 9110 section
/// 10.2.3 allows whole seconds and dates; APIs send decimals, durations and Unix times too.
static GENERAL: [(HeaderName, WaitUnit); 4] = [
    (header::RETRY_AFTER, WaitUnit::Auto),
    (HeaderName::from_static("retry-after-ms"), WaitUnit::DeltaMs),
    (
        HeaderName::from_static("x-amz-retry-after"),
        WaitUnit::DeltaMs,
    ),
    (
        HeaderName::from_static("grpc-retry-pushback-ms"),
        WaitUnit::DeltaMs,
    ),
];

/// Fields without one meaning, for APIs that nobody has described: name, unit, and the field that
/// must say `0` where it is sent at all.
static GUESSES: [(HeaderName, WaitUnit, Option<HeaderName>); 6] = [
    (
        HeaderName::from_static("x-ratelimit-reset-after"),
        WaitUnit::Auto,
        Some(HeaderName::from_static("x-ratelimit-remaining")),
    ),
    (
        HeaderName::from_static("x-ratelimit-reset"),
        WaitUnit::Auto,
        Some(HeaderName::from_static("x-ratelimit-remaining")),
    ),
    (
        HeaderName::from_static("ratelimit-reset"),
        WaitUnit::Auto,
        Some(HeaderName::from_static("ratelimit-remaining")),
    ),
    (
        HeaderName::from_static("ratelimit-resettime"),
        WaitUnit::Auto,
        Some(HeaderName::from_static("ratelimit-remaining")),
    ),
    (
        HeaderName::from_static("ratelimit"),
        WaitUnit::RatelimitSf,
        None,
    ),
    (
        HeaderName::from_static("x-ratelimit-retry-after"),
        WaitUnit::Auto,
        None,
    ),
];

/// Says how long an answer that means "wait" asks us to wait; the longest applicable one wins.
///
/// `now` measures absolute times: pass [`answered_at`], since the upstream's clock made them.
pub fn asked(hints: &[WaitHint], answer: &Answer<'_>, now: SystemTime) -> Option<Asked> {
    let mut longest = None;
    for hint in hints.iter().filter(|hint| hint.applies(answer)) {
        keep_longest(&mut longest, hint.waits(answer, now), &hint.from);
    }
    for (name, unit) in &GENERAL {
        keep_longest_of_header(&mut longest, answer.headers, (name, *unit), now);
    }
    if hints.is_empty() {
        for (name, unit, remaining) in &GUESSES {
            let is_spent = remaining
                .as_ref()
                .and_then(|remaining| answer.headers.get(remaining))
                .is_none_or(|value| is_zero(value.as_bytes()));
            if is_spent {
                keep_longest_of_header(&mut longest, answer.headers, (name, *unit), now);
            }
        }
    }
    longest
}

/// The time at which an answer was made: its `Date` where it has one, else `now`.
pub fn answered_at(headers: &HeaderMap, now: SystemTime) -> SystemTime {
    let date = headers
        .get(header::DATE)
        .and_then(|value| value.to_str().ok());
    date.and_then(|text| httpdate::parse_http_date(text).ok())
        .unwrap_or(now)
}

/// Reads one text as a wait. Absolute times count from `now`, past ones are no wait at all.
///
/// Longer ones than [`WAIT_MAX`] become that. `None` for what does not have the form, or is
/// negative.
pub fn parse(unit: WaitUnit, text: &str, now: SystemTime) -> Option<Duration> {
    let text = text.trim();
    let wait = match unit {
        WaitUnit::DeltaSeconds => form::amount(text, SECOND),
        WaitUnit::DeltaMs => form::amount(text, MILLISECOND),
        WaitUnit::Duration => form::duration(text),
        WaitUnit::HttpDate => Some(until(form::http_date(text)?, now)),
        WaitUnit::Rfc3339 => Some(until(form::rfc3339(text)?, now)),
        WaitUnit::UnixS => Some(until(form::unix(text, SECOND)?, now)),
        WaitUnit::UnixMs => Some(until(form::unix(text, MILLISECOND)?, now)),
        WaitUnit::RatelimitSf => structured::wait(text),
        WaitUnit::Auto => auto(text, now),
    };
    wait.map(|wait| wait.min(WAIT_MAX))
}

/// The documented guess of [`WaitUnit::Auto`].
fn auto(text: &str, now: SystemTime) -> Option<Duration> {
    let Some(number) = form::number(text) else {
        let moment = form::http_date(text).or_else(|| form::rfc3339(text));
        return moment.map_or_else(|| form::duration(text), |moment| Some(until(moment, now)));
    };
    if number < 1e9 {
        return form::amount(text, SECOND);
    }
    let unit = if number < 1e12 { SECOND } else { MILLISECOND };
    Some(until(form::unix(text, unit)?, now))
}

/// The wait until a moment; none at all for a past one.
fn until(moment: SystemTime, now: SystemTime) -> Duration {
    moment.duration_since(now).unwrap_or_default()
}

impl WaitHint {
    /// Reads one text as this hint would, without asking whether it applies.
    pub fn wait(&self, text: &str, now: SystemTime) -> Option<Duration> {
        let value = match &self.capture {
            None => text,
            Some(capture) => capture.captures(text)?.get(1)?.as_str(),
        };
        parse(self.unit, value, now)
    }

    /// Whether it applies to an answer and finds a wait there, however short.
    pub fn is_hit<'a>(&'a self, answer: &Answer<'a>, now: SystemTime) -> bool {
        self.applies(answer) && self.waits(answer, now).next().is_some()
    }

    fn waits<'a>(
        &'a self,
        answer: &Answer<'a>,
        now: SystemTime,
    ) -> impl Iterator<Item = Duration> + use<'a> {
        let cost = match &self.from {
            WaitFrom::Cost(cost) => answer.body.and_then(|body| cost.wait_in(body)),
            WaitFrom::Header(_) | WaitFrom::Body(_) => None,
        };
        let texts = self.texts(answer);
        cost.into_iter()
            .chain(texts.filter_map(move |text| self.wait(&text, now)))
    }

    fn applies(&self, answer: &Answer<'_>) -> bool {
        let is_spent = |name| {
            answer
                .headers
                .get(name)
                .is_some_and(|value| is_zero(value.as_bytes()))
        };
        self.statuses.contain(answer.status) && self.remaining.as_ref().is_none_or(is_spent)
    }

    fn texts<'a>(&'a self, answer: &Answer<'a>) -> impl Iterator<Item = String> + use<'a> {
        let (header, pointer) = match &self.from {
            WaitFrom::Header(name) => (Some(name), None),
            WaitFrom::Body(pointer) => (None, Some(pointer)),
            WaitFrom::Cost(_) => (None, None),
        };
        let headers = answer.headers;
        let in_headers = header
            .into_iter()
            .flat_map(move |name| headers.get_all(name));
        let in_headers = in_headers.filter_map(|value| Some(value.to_str().ok()?.to_owned()));
        let found = answer
            .body
            .zip(pointer)
            .and_then(|(body, pointer)| body.pointer(pointer));
        in_headers.chain(found.and_then(text_of))
    }
}

impl CostSource {
    /// The wait until enough points are there, at most [`WAIT_MAX`]; none at all where they are.
    pub fn wait_in(&self, body: &Value) -> Option<Duration> {
        let number = |pointer: &str| body.pointer(pointer)?.as_f64();
        let lacking = number(&self.requested)? - number(&self.available)?;
        let per_second = number(&self.restore_per_s).filter(|rate| *rate > 0.0)?;
        // Upwards to the millisecond: a moment too early costs another refusal.
        let millis = (lacking.max(0.0) / per_second * 1e3).ceil();
        let wait = Duration::try_from_secs_f64(millis / 1e3).unwrap_or(WAIT_MAX);
        Some(wait.min(WAIT_MAX))
    }
}

impl WaitUnit {
    /// The unit as a sentence names it.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::DeltaSeconds => "a number of seconds",
            Self::DeltaMs => "a number of milliseconds",
            Self::Duration => "a duration such as `6m0s`",
            Self::HttpDate => "an HTTP date such as `Sun, 06 Nov 1994 08:49:37 GMT`",
            Self::Rfc3339 => "an RFC 3339 time such as `2026-01-01T00:00:00Z`",
            Self::UnixS => "a Unix time in seconds",
            Self::UnixMs => "a Unix time in milliseconds",
            Self::RatelimitSf => "a `RateLimit` field whose allowance is spent",
            Self::Auto => "a wait in any known form",
        }
    }
}

impl fmt::Display for WaitFrom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(name) => write!(f, "`{name}`"),
            Self::Body(pointer) => write!(f, "`{pointer}` of the body"),
            Self::Cost(cost) => write!(f, "`{}` of the body", cost.available),
        }
    }
}

fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn keep_longest_of_header(
    longest: &mut Option<Asked>,
    headers: &HeaderMap,
    (name, unit): (&HeaderName, WaitUnit),
    now: SystemTime,
) {
    let texts = headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok());
    let waits = texts.filter_map(|text| parse(unit, text, now));
    keep_longest(longest, waits, &WaitFrom::Header(name.clone()));
}

fn keep_longest(
    longest: &mut Option<Asked>,
    waits: impl Iterator<Item = Duration>,
    source: &WaitFrom,
) {
    for wait in waits {
        if longest.as_ref().is_none_or(|longest| longest.wait < wait) {
            *longest = Some(Asked {
                wait,
                source: source.clone(),
            });
        }
    }
}

fn is_zero(value: &[u8]) -> bool {
    std::str::from_utf8(value)
        .ok()
        .and_then(|text| form::number(text.trim()))
        .is_some_and(|n| n == 0.0)
}
