//! What an upstream's answers tell of its own limits, and whose they are.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{BodyTest, HeaderTest, StatusPattern, WaitUnit};
use crate::units::Span;

/// What answers tell of the API's limits, and whose they are.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitsSection {
    /// Who shares a limit; left out: `connection`.
    #[serde(default)]
    pub scope: LimitScope,
    /// Beginnings of paths such as `/channels/{id}`, whose every value has limits of its own.
    #[serde(default)]
    pub per_path: Vec<String>,
    /// Refusals that hold for all calls of a credential, whatever the scope: one that matches will
    /// do.
    #[serde(default)]
    pub everything: Vec<RefusalSection>,
    /// What a call is thought to take, before it is sent.
    pub estimate: Option<EstimateSection>,
    /// Where a reply says what the call took.
    #[serde(default)]
    pub used: UsedSection,
    /// What is left and when it comes back, as answers tell it.
    #[serde(default)]
    pub told: Vec<ToldSection>,
}

/// Who shares a limit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum LimitScope {
    /// All calls of one credential.
    #[default]
    Connection,
    /// The calls of one operation.
    Operation,
    /// The calls whose JSON body has the same text there, such as `/model`, as a JSON Pointer.
    Request(String),
    /// The calls whose answers have the same text in this header; before the first answer those of
    /// one operation.
    Header(String),
}

/// Tests on a refusal. Every test that is given must hold.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RefusalSection {
    /// Statuses it applies to; left out: any.
    #[serde(default)]
    pub statuses: Vec<StatusPattern>,
    /// A test on a response header.
    pub header: Option<HeaderTest>,
    /// A test on a JSON body.
    pub body: Option<BodyTest>,
}

/// What a call is thought to take, before it is sent.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EstimateSection {
    /// How many bytes of a JSON body are about one token: 1 to 64.
    #[schemars(range(min = 1, max = 64))]
    pub bytes_per_token: Option<u32>,
    /// JSON Pointers to how many tokens the request lets be generated; the first that finds a whole
    /// number counts.
    #[serde(default)]
    pub tokens_out: Vec<String>,
    /// How much a call takes of what is counted as `other`.
    #[serde(default)]
    pub other: u32,
}

/// Where a reply says what the call took, as JSON Pointers; the first that finds a number counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UsedSection {
    /// Tokens in and out; left out: the sum of both.
    #[serde(default)]
    pub tokens: Vec<String>,
    /// Tokens that were sent.
    #[serde(default)]
    pub tokens_in: Vec<String>,
    /// Tokens that were generated.
    #[serde(default)]
    pub tokens_out: Vec<String>,
    /// What is counted as `other`.
    #[serde(default)]
    pub other: Vec<String>,
}

/// What answers tell of one thing that is counted.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ToldSection {
    /// What is counted.
    pub counts: Counts,
    /// How much is left.
    pub remaining: NumberSource,
    /// The most there can be.
    pub limit: Option<NumberSource>,
    /// When all of it is there again.
    pub reset: Option<ResetSection>,
    /// How much comes back in a second, where that is told.
    pub restored_per_s: Option<NumberSource>,
    /// A part of an answer as the API sends it, seen or documented.
    pub sample: ToldSample,
    /// What the sample means.
    pub expect: ToldExpectation,
}

/// One thing that an API counts and limits by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Counts {
    /// Requests.
    Requests,
    /// Tokens of a language model, in and out.
    Tokens,
    /// Tokens that are sent.
    TokensIn,
    /// Tokens that are generated.
    TokensOut,
    /// Anything else: points, cost, bytes.
    Other,
}

/// Where a number stands in an answer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum NumberSource {
    /// A response header, by name.
    Header(String),
    /// A value in a JSON body, by JSON Pointer (RFC 6901).
    Body(String),
}

/// Where an answer says when all is there again.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResetSection {
    /// The response header.
    pub header: String,
    /// How its text is to be read.
    pub unit: WaitUnit,
    /// How it comes back until then; left out: `at_once`.
    #[serde(default)]
    pub refill: Refill,
}

/// How something comes back until it is all there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Refill {
    /// All at that moment, as a window ends.
    #[default]
    AtOnce,
    /// Bit by bit, as a bucket fills; needs a `limit`.
    Steady,
}

/// A part of an answer.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ToldSample {
    /// Response headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The JSON body.
    pub body: Option<String>,
}

/// What a sample means. Absolute times count from 2026-01-01T00:00:00Z.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ToldExpectation {
    /// How much is left.
    pub remaining: u64,
    /// The most there can be.
    pub limit: Option<u64>,
    /// How long until all of it is there again.
    pub reset_in: Option<Span>,
    /// How much comes back, where it comes back bit by bit …
    pub restored: Option<u64>,
    /// … in this time.
    pub per: Option<Span>,
}
