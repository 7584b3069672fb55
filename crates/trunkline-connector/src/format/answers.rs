//! What an upstream's answers mean, and how long they ask us to wait.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::units::Span;

/// One place where the API says how long to wait.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WaitSection {
    /// Where the text is.
    pub from: WaitSource,
    /// How the text is to be read.
    pub unit: WaitUnit,
    /// A regular expression with one group that cuts the value out of the text.
    pub capture: Option<String>,
    /// The statuses it applies to; left out: every answer that means "wait".
    #[serde(default)]
    pub statuses: Vec<StatusPattern>,
    /// A header that must say `0` for this hint to count.
    pub remaining: Option<String>,
    /// A text as the API sends it, seen or documented; for `cost` the JSON body.
    pub sample: String,
    /// The wait that the sample means. Absolute times count from 2026-01-01T00:00:00Z.
    pub expect: Span,
}

/// Where a wait stands in an answer.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum WaitSource {
    /// A response header, by name.
    Header(String),
    /// A value in a JSON body, by JSON Pointer (RFC 6901).
    Body(String),
    /// Points that must be there before the call can be made, in a JSON body: the wait is what is
    /// asked for less what is there, divided by what comes back in a second.
    Cost(CostSource),
}

/// Where a JSON body says what a call costs and what is left, as GraphQL APIs do.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CostSource {
    /// JSON Pointer to what the call costs.
    pub requested: String,
    /// JSON Pointer to what is left.
    pub available: String,
    /// JSON Pointer to what comes back in a second.
    pub restore_per_s: String,
}

/// How the text of a wait is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WaitUnit {
    /// Seconds from now, fractions allowed: `12`, `12.5`.
    DeltaSeconds,
    /// Milliseconds from now: `1500`.
    DeltaMs,
    /// A duration with units: `6m0s`, `12ms`, `1.5s`.
    Duration,
    /// An HTTP date (RFC 9110 section 5.6.7).
    HttpDate,
    /// An RFC 3339 time, `YYYY-MM-DD HH:MM:SS` too (then UTC).
    Rfc3339,
    /// Unix time in seconds.
    UnixS,
    /// Unix time in milliseconds.
    UnixMs,
    /// The `t` of an IETF `RateLimit` field whose `r` is 0.
    RatelimitSf,
    /// A guess, for APIs that nobody has described: below 10^9 seconds from now, from 10^9 Unix
    /// seconds, from 10^12 Unix milliseconds, then a date, then a duration.
    Auto,
}

/// A status, `429`, or a class of them, `5xx`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct StatusPattern(#[schemars(regex(pattern = r"^[1-5](xx|[0-9][0-9])$"))] pub String);

/// A rule that says what an answer means. Every test that is given must hold.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OutcomeSection {
    /// Statuses it applies to; left out: any.
    #[serde(default)]
    pub statuses: Vec<StatusPattern>,
    /// A test on a response header.
    pub header: Option<HeaderTest>,
    /// A test on a JSON body.
    pub body: Option<BodyTest>,
    /// What the answer means.
    pub class: Class,
    /// What happened, in one plain sentence: lower case, no final full stop.
    pub message: String,
    /// What to do about it, likewise.
    pub hint: Option<String>,
    /// How long to wait before the next attempt where the answer does not say, such as `1m`.
    pub wait: Option<Span>,
    /// The page that explains it.
    #[schemars(regex(pattern = r"^https://"))]
    pub docs: Option<String>,
}

/// A test on a response header.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HeaderTest {
    /// The header's name.
    pub name: String,
    /// What its value must be.
    pub is: Test,
}

/// A test on a value in a JSON body.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BodyTest {
    /// Where the value is, as a JSON Pointer (RFC 6901).
    pub pointer: String,
    /// What it must be.
    pub is: Test,
}

/// What a value must be.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Test {
    /// Equal to this text, number or boolean.
    Equals(serde_json::Value),
    /// Equal to one of these.
    OneOf(Vec<serde_json::Value>),
    /// A text that contains this one.
    Contains(String),
    /// There at all, and not null (`true`), or missing or null (`false`).
    Present(bool),
}

/// What an answer means: for retry, for explanations and for the exit status alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// It worked.
    Ok,
    /// It did not work this time and may be asked again where that is safe.
    Retry,
    /// We asked too often; the request was refused unprocessed, so any method may be repeated.
    RateLimited,
    /// The credential has expired and can be renewed.
    RefreshAuth,
    /// The credential is wrong or revoked; asking again cannot help.
    AuthDead,
    /// An allowance is used up or unpaid; waiting seconds does not help.
    QuotaExhausted,
    /// The request is wrong as it stands.
    CallerError,
    /// The other side is broken or away.
    ProviderDown,
}
