//! `connectors/NAME/examples/CASE.toml`: calls and recorded answers.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Class, MethodName};
use crate::units::Span;

/// `connectors/NAME/examples/CASE.toml`: a call, the exact request it must become, a recorded
/// answer, and the reply it must give. The connector's tests, and what the sandbox answers from.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExampleFile {
    /// The operation that is called.
    pub operation: String,
    /// What this case shows.
    pub title: String,
    /// The inputs of the call. A file is written as its text: `{ file_name = "a.txt", text = "…" }`.
    #[serde(default)]
    pub call: serde_json::Map<String, serde_json::Value>,
    /// The request it must become, credentials as in the secrets' examples.
    pub request: RequestSection,
    /// What the API answered.
    pub answer: AnswerSection,
    /// The reply it must give.
    pub reply: ReplyExpectation,
}

/// The request a call must become.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestSection {
    /// The method.
    pub method: MethodName,
    /// Path and query, byte for byte.
    pub path: String,
    /// The host that it goes to, where the connector has several.
    pub host: Option<String>,
    /// Every header that must be there; content length, host and generated keys are left out.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The body.
    #[serde(default)]
    pub body: BodyText,
}

/// A recorded answer.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnswerSection {
    /// The status.
    #[schemars(range(min = 100, max = 599))]
    pub status: u16,
    /// Its headers, as sent. `{now+20s}` is that time as RFC 3339, `{unix+20s}` as Unix seconds.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Its body.
    #[serde(default)]
    pub body: BodyText,
}

/// The text of a body.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum BodyText {
    /// No body.
    #[default]
    Empty,
    /// JSON, compared by meaning.
    Json(String),
    /// A form, compared byte for byte.
    Form(String),
    /// Any other text.
    Text(String),
    /// Server-sent events, one after another.
    Events(Vec<EventText>),
    /// The parts of a `multipart/form-data` body, compared one by one.
    Parts(Vec<PartText>),
}

/// One part of a multipart body.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PartText {
    /// The field's name.
    pub name: String,
    /// The file's name, where it is a file.
    pub file_name: Option<String>,
    /// Its content type, where it has one.
    pub content_type: Option<String>,
    /// Its content.
    pub text: String,
}

/// One server-sent event.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventText {
    /// Its `event:` line, where it has one.
    pub event: Option<String>,
    /// Its `data:`.
    pub data: String,
}

/// The reply a recorded answer must give.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplyExpectation {
    /// What the answer means.
    pub class: Class,
    /// The wait it asks for.
    pub wait: Option<Span>,
    /// The vendor's own message, as found in the body.
    pub message: Option<String>,
    /// The vendor's own error code, as found in the body.
    pub code: Option<String>,
}
