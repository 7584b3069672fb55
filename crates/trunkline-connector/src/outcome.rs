//! What an answer means: the connector's rules in order, then the general table. Pure.

#[cfg(test)]
mod tests;

use std::fmt;
use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName, StatusCode};
use serde_json::{Number, Value};

use crate::connector::Connector;
use crate::format::{Class, ErrorsSection, Test};
use crate::status::Statuses;
use crate::wait::{self, WaitFrom, WaitHint};

/// What an upstream sent, as far as rules and hints look at it.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// Its body, where it was read and is JSON. A test on the body of an answer without one fails,
    /// whatever it asks.
    pub body: Option<&'a Value>,
}

/// A rule that says what an answer means. Every test that is given must hold.
#[derive(Debug, Clone, PartialEq)]
pub struct OutcomeRule {
    /// The statuses it applies to.
    pub statuses: Statuses,
    /// A test on a response header.
    pub header: Option<HeaderCheck>,
    /// A test on a JSON body.
    pub body: Option<BodyCheck>,
    /// What the answer means.
    pub class: Class,
    /// What happened, in one plain sentence without the final full stop.
    pub message: String,
    /// What to do about it, likewise.
    pub hint: Option<String>,
    /// How long to wait before the next attempt where the answer does not say.
    pub wait: Option<Duration>,
    /// The page that explains it.
    pub docs: Option<String>,
}

/// Tests on an answer. Every one that is given must hold.
#[derive(Debug, Clone, PartialEq)]
pub struct AnswerTest {
    /// The statuses it applies to.
    pub statuses: Statuses,
    /// A test on a response header.
    pub header: Option<HeaderCheck>,
    /// A test on a JSON body.
    pub body: Option<BodyCheck>,
}

/// A test on a response header.
#[derive(Debug, Clone, PartialEq)]
pub struct HeaderCheck {
    /// The header.
    pub name: HeaderName,
    /// What its value must be.
    pub is: Test,
}

/// A test on a value in a JSON body.
#[derive(Debug, Clone, PartialEq)]
pub struct BodyCheck {
    /// Where the value is, as a JSON Pointer (RFC 6901).
    pub pointer: String,
    /// What it must be.
    pub is: Test,
}

/// What an answer means, and by which rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// What it means.
    pub class: Class,
    /// The rule that said so, as a place in [`Connector::outcomes`]; `None` for the general table.
    pub rule: Option<usize>,
}

/// Says what an answer means: the first rule that matches decides, else its status alone.
pub fn classify(rules: &[OutcomeRule], answer: &Answer<'_>) -> Verdict {
    let matched = rules
        .iter()
        .enumerate()
        .find(|(_, rule)| rule.matches(answer));
    match matched {
        Some((place, rule)) => Verdict {
            class: rule.class,
            rule: Some(place),
        },
        None => Verdict {
            class: by_status(answer.status),
            rule: None,
        },
    }
}

/// How long to wait after an answer that means what `verdict` says: as long as the answer says,
/// else as long as the rule says that decided. `now` is as in [`wait::asked`].
pub fn wait(
    (rules, waits): (&[OutcomeRule], &[WaitHint]),
    answer: &Answer<'_>,
    verdict: Verdict,
    now: SystemTime,
) -> Option<Duration> {
    let asked = wait::asked(waits, answer, now).map(|asked| asked.wait);
    asked.or_else(|| rules.get(verdict.rule?)?.wait)
}

/// Whether some rule or wait hint that applies to this status looks into the body.
///
/// A rule that the status alone decides ends the search, as it would end [`classify`]'s.
pub fn needs_body(rules: &[OutcomeRule], waits: &[WaitHint], status: StatusCode) -> bool {
    for rule in rules.iter().filter(|rule| rule.statuses.contain(status)) {
        if rule.body.is_some() {
            return true;
        }
        if rule.header.is_none() {
            break;
        }
    }
    let is_error = status.is_client_error() || status.is_server_error();
    waits.iter().any(|hint| {
        matches!(hint.from, WaitFrom::Body(_) | WaitFrom::Cost(_))
            && match &hint.statuses {
                Statuses::Any => is_error,
                named @ Statuses::These(_) => named.contain(status),
            }
    })
}

/// What a status means where no rule says otherwise (RFC 9110 section 15, RFC 6585 section 4).
fn by_status(status: StatusCode) -> Class {
    match status.as_u16() {
        ..400 => Class::Ok,
        401 => Class::AuthDead,
        402 => Class::QuotaExhausted,
        // 408: the server gave up on a request that it had not received in whole.
        // 425: it refused to handle early data (RFC 8470 section 5.2).
        408 | 425 => Class::Retry,
        429 => Class::RateLimited,
        // 403 too: the credential is known and not allowed to do this.
        400..500 => Class::CallerError,
        500.. => Class::ProviderDown,
    }
}

impl OutcomeRule {
    /// Whether every test that it gives holds.
    pub fn matches(&self, answer: &Answer<'_>) -> bool {
        self.statuses.contain(answer.status)
            && hold(self.header.as_ref(), self.body.as_ref(), answer)
    }

    /// Whether every answer that `other` matches is matched here too, as far as can be told from
    /// the rules alone.
    pub fn covers(&self, other: &Self) -> bool {
        let header = match (&self.header, &other.header) {
            (None, _) => true,
            (Some(ours), Some(theirs)) => ours.name == theirs.name && covers(&ours.is, &theirs.is),
            (Some(_), None) => false,
        };
        let body = match (&self.body, &other.body) {
            (None, _) => true,
            (Some(ours), Some(theirs)) => {
                ours.pointer == theirs.pointer && covers(&ours.is, &theirs.is)
            }
            (Some(_), None) => false,
        };
        self.statuses.cover(&other.statuses) && header && body
    }
}

impl AnswerTest {
    /// Whether every test that is given holds.
    pub fn holds(&self, answer: &Answer<'_>) -> bool {
        self.statuses.contain(answer.status)
            && hold(self.header.as_ref(), self.body.as_ref(), answer)
    }

    /// Whether it looks into the body of an answer with this status.
    pub fn needs_body(&self, status: StatusCode) -> bool {
        self.body.is_some() && self.statuses.contain(status)
    }
}

impl HeaderCheck {
    fn holds(&self, headers: &HeaderMap) -> bool {
        let mut values = headers
            .get_all(&self.name)
            .iter()
            .filter_map(|value| value.to_str().ok());
        match &self.is {
            Test::Equals(wanted) => values.any(|value| is_text_of(wanted, value)),
            Test::OneOf(wanted) => {
                values.any(|value| wanted.iter().any(|wanted| is_text_of(wanted, value)))
            }
            Test::Contains(part) => values.any(|value| value.contains(part)),
            Test::Present(wanted) => headers.contains_key(&self.name) == *wanted,
        }
    }
}

impl BodyCheck {
    fn holds(&self, body: &Value) -> bool {
        let value = body.pointer(&self.pointer);
        match &self.is {
            Test::Equals(wanted) => value.is_some_and(|value| is_same(wanted, value)),
            Test::OneOf(wanted) => {
                value.is_some_and(|value| wanted.iter().any(|wanted| is_same(wanted, value)))
            }
            Test::Contains(part) => value
                .and_then(Value::as_str)
                .is_some_and(|text| text.contains(part)),
            Test::Present(wanted) => value.is_some_and(|value| !value.is_null()) == *wanted,
        }
    }
}

fn hold(header: Option<&HeaderCheck>, body: Option<&BodyCheck>, answer: &Answer<'_>) -> bool {
    header.is_none_or(|check| check.holds(answer.headers))
        && body.is_none_or(|check| answer.body.is_some_and(|body| check.holds(body)))
}

/// Whether a test holds wherever another does.
fn covers(ours: &Test, theirs: &Test) -> bool {
    let text_has =
        |value: &Value, part: &str| value.as_str().is_some_and(|text| text.contains(part));
    match (ours, theirs) {
        (Test::Present(ours), Test::Present(theirs)) => ours == theirs,
        (Test::Present(is_there), _) => *is_there,
        (Test::Equals(ours), Test::Equals(theirs)) => is_same(ours, theirs),
        (Test::Equals(ours), Test::OneOf(theirs)) => {
            theirs.iter().all(|value| is_same(ours, value))
        }
        (Test::OneOf(ours), Test::Equals(value)) => ours.iter().any(|ours| is_same(ours, value)),
        (Test::OneOf(ours), Test::OneOf(theirs)) => theirs
            .iter()
            .all(|value| ours.iter().any(|ours| is_same(ours, value))),
        (Test::Contains(part), Test::Equals(value)) => text_has(value, part),
        (Test::Contains(part), Test::OneOf(values)) => {
            values.iter().all(|value| text_has(value, part))
        }
        (Test::Contains(part), Test::Contains(theirs)) => theirs.contains(part.as_str()),
        (Test::Equals(_) | Test::OneOf(_), Test::Contains(_))
        | (Test::Equals(_) | Test::OneOf(_) | Test::Contains(_), Test::Present(_)) => false,
    }
}

/// Equal as values: `1` and `1.0` are the same number.
fn is_same(left: &Value, right: &Value) -> bool {
    let is_float = left.is_f64() || right.is_f64();
    let floats = left.as_f64().zip(right.as_f64()).filter(|_| is_float);
    left == right || floats.is_some_and(|(left, right)| left.total_cmp(&right).is_eq())
}

/// Whether a header's text is how a value is written.
fn is_text_of(wanted: &Value, text: &str) -> bool {
    match wanted {
        Value::String(wanted) => wanted == text,
        Value::Number(wanted) => text.parse().is_ok_and(|number: Number| number == *wanted),
        Value::Bool(wanted) => text.parse().is_ok_and(|truth: bool| truth == *wanted),
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    }
}

impl Connector {
    /// The vendor's own message in an error body.
    pub fn vendor_message<'a>(&self, body: &'a Value) -> Option<&'a str> {
        self.errors.message_in(body)
    }

    /// The vendor's own error code in an error body; numbers count too.
    pub fn vendor_code(&self, body: &Value) -> Option<String> {
        self.errors.code_in(body)
    }
}

impl ErrorsSection {
    /// The first text that a pointer to messages finds.
    pub fn message_in<'a>(&self, body: &'a Value) -> Option<&'a str> {
        let texts = self
            .message
            .iter()
            .filter_map(|pointer| body.pointer(pointer)?.as_str());
        texts.into_iter().find(|text| !text.is_empty())
    }

    /// The first text or number that a pointer to codes finds.
    pub fn code_in(&self, body: &Value) -> Option<String> {
        self.code
            .iter()
            .find_map(|pointer| match body.pointer(pointer)? {
                Value::String(code) if !code.is_empty() => Some(code.clone()),
                Value::Number(code) => Some(code.to_string()),
                Value::String(_)
                | Value::Null
                | Value::Bool(_)
                | Value::Array(_)
                | Value::Object(_) => None,
            })
    }
}

impl Class {
    /// The name that files, records and messages use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Retry => "retry",
            Self::RateLimited => "rate_limited",
            Self::RefreshAuth => "refresh_auth",
            Self::AuthDead => "auth_dead",
            Self::QuotaExhausted => "quota_exhausted",
            Self::CallerError => "caller_error",
            Self::ProviderDown => "provider_down",
        }
    }

    /// Whether it passes by itself, so that a wait which the answer asks for means something.
    pub fn is_passing(self) -> bool {
        matches!(self, Self::Retry | Self::RateLimited | Self::ProviderDown)
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
