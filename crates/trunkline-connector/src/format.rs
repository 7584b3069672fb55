//! What a connector file may say, as it is written.
//!
//! The editor's JSON Schema is generated from these types, and files are checked against that
//! same schema, so completion and parser cannot disagree. What the values mean together is
//! checked when a [`Connector`](crate::Connector) is made of them.

mod answers;
mod auth;
mod examples;
mod limits;
mod operations;
mod paging;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::units::Span;

pub use answers::*;
pub use auth::*;
pub use examples::*;
pub use limits::*;
pub use operations::*;
pub use paging::*;

/// The version of the format that this code reads and `schema = 1` names.
pub const SCHEMA_VERSION: u32 = 1;

/// `connectors/NAME/connector.toml`: who the API is and how it wants to be called.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectorFile {
    /// Version of this format: 1.
    #[schemars(range(min = SCHEMA_VERSION, max = SCHEMA_VERSION))]
    pub schema: u32,
    /// Who this is and where it answers.
    pub connector: IdentitySection,
    /// What must be known to call it, by a name that other sections use.
    #[serde(default)]
    pub secrets: BTreeMap<String, SecretSection>,
    /// How a request proves who calls.
    pub auth: AuthSection,
    /// Headers added where the caller sent none of that name, such as a version.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// What callers may send that is a credential and must not go upstream.
    #[serde(default)]
    pub caller: CallerSection,
    /// How long to wait for this API.
    #[serde(default)]
    pub timeouts: TimeoutsSection,
    /// How to try again.
    #[serde(default)]
    pub retry: RetrySection,
    /// How this API recognizes a request that it has had before.
    pub idempotency: Option<IdempotencySection>,
    /// Where this API says how long to wait.
    #[serde(default)]
    pub waits: Vec<WaitSection>,
    /// What its answers tell of its limits, and whose they are.
    #[serde(default)]
    pub limits: LimitsSection,
    /// What its answers mean; the first rule that matches decides.
    #[serde(default)]
    pub outcomes: Vec<OutcomeSection>,
    /// Where an error body keeps its text.
    #[serde(default)]
    pub errors: ErrorsSection,
    /// Ways of paging, by a name that operations use.
    #[serde(default)]
    pub pagination: BTreeMap<String, PaginationSection>,
    /// One cheap call that proves the credential.
    pub verify: VerifySection,
}

/// Who the API is and where it answers.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IdentitySection {
    /// The folder's name: lower-case letters, digits and `-`, at most 31.
    #[schemars(regex(pattern = r"^[a-z][a-z0-9-]{0,30}$"))]
    pub name: String,
    /// The name people know it by.
    pub title: String,
    /// Where it answers: `https://` and a host, with a path only where the vendor's SDKs keep it too.
    #[schemars(regex(pattern = r"^https?://"))]
    pub base_url: Option<String>,
    /// Where its users' own address is found, for APIs that give each of them one.
    pub base_url_from: Option<BaseUrlSection>,
    /// Further hosts, by the path that belongs to them.
    #[serde(default)]
    pub hosts: Vec<HostSection>,
    /// Its reference documentation.
    #[schemars(regex(pattern = r"^https://"))]
    pub docs: String,
    /// The day somebody last compared this file with the documentation.
    #[schemars(regex(pattern = r"^\d{4}-\d{2}-\d{2}$"))]
    pub checked: String,
}

/// Where the address of an API is found that gives each of its users one.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BaseUrlSection {
    /// The variable that holds it, found where secrets are found.
    #[schemars(regex(pattern = r"^[A-Z][A-Z0-9_]*$"))]
    pub env: String,
    /// Other variables that may hold it, tried in order. It is no secret, so bundlers' names will do.
    #[serde(default)]
    #[schemars(inner(regex(pattern = r"^[A-Z][A-Z0-9_]*$")))]
    pub also: Vec<String>,
    /// A made-up address, which the sandbox stands in for.
    #[schemars(regex(pattern = r"^https?://"))]
    pub example: String,
    /// The page where one finds one's own.
    #[schemars(regex(pattern = r"^https://"))]
    pub obtain: String,
}

/// A further host of the API.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HostSection {
    /// The path that belongs to it, in whole segments; the longest one that matches wins.
    #[schemars(regex(pattern = r"^/"))]
    pub path: String,
    /// The address that takes the path's place.
    #[schemars(regex(pattern = r"^https?://"))]
    pub base_url: String,
    /// Whether the credential goes there; left out: `send`.
    #[serde(default)]
    pub credential: HostCredential,
}

/// Whether the credential goes to a host.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HostCredential {
    /// As to the API's main host.
    #[default]
    Send,
    /// Never: its addresses are signed themselves.
    Withhold,
}

/// One value that must be known to call the API.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretSection {
    /// The environment variable that holds it, under the ecosystem's own name.
    #[schemars(regex(pattern = r"^[A-Z][A-Z0-9_]*$"))]
    pub env: String,
    /// Other variables that may hold it, tried in order.
    #[serde(default)]
    #[schemars(inner(regex(pattern = r"^[A-Z][A-Z0-9_]*$")))]
    pub also: Vec<String>,
    /// Bundlers' names (`NEXT_PUBLIC_…`) that may hold it, since the vendor declares it public.
    #[serde(default)]
    #[schemars(inner(regex(pattern = r"^[A-Z][A-Z0-9_]*$")))]
    pub published: Vec<String>,
    /// Whether the API can be called without it; left out: `required`.
    #[serde(default = "required")]
    pub need: Need,
    /// A regular expression that well-formed values match; others are a warning of `doctor`. Its
    /// named groups are values of their own: `{webhook.id}` in a path is the group `id`.
    pub pattern: Option<String>,
    /// A made-up value that matches the pattern. The sandbox accepts exactly this.
    pub example: String,
    /// The page where one gets it.
    #[schemars(regex(pattern = r"^https://"))]
    pub obtain: String,
}

/// What callers may send that is a credential and must not go upstream.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CallerSection {
    /// Headers removed besides the usual ones (`Authorization`, `x-api-key`, `apikey`, cookies, …).
    #[serde(default)]
    pub credential_headers: Vec<String>,
    /// Paths whose `{secret}` parts are replaced by ours, such as `/2010-04-01/Accounts/{account_sid}`.
    #[serde(default)]
    pub credential_paths: Vec<String>,
    /// Query fields that are removed.
    #[serde(default)]
    pub credential_query: Vec<String>,
    /// Tokens of people who have signed in at the API, which go on in place of ours.
    #[serde(default)]
    pub own_tokens: Vec<OwnTokenSection>,
    /// Response headers with addresses that callers follow, such as `link`: through the gateway
    /// they lead back to it.
    #[serde(default)]
    pub followed_headers: Vec<String>,
}

/// The token of somebody who has signed in at the API, which goes on in place of ours.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnTokenSection {
    /// The header that carries it.
    pub header: String,
    /// What such a token looks like there, as a regular expression for the whole value.
    pub pattern: String,
    /// A header with the app's own key: what stands there as well is that key, and is replaced.
    pub unless_in: String,
}

/// How long to wait for this API; what is left out has the engine's default.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TimeoutsSection {
    /// For a connection to stand, TLS included.
    pub connect: Option<Span>,
    /// From the request to the first byte of the answer.
    pub first_byte: Option<Span>,
    /// Between two pieces of a body.
    pub idle: Option<Span>,
    /// Between two pieces of a connection that has changed to WebSocket.
    pub upgraded: Option<Span>,
}

/// How to try again; what is left out has the engine's default.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetrySection {
    /// HTTP exchanges in all, the first included: 1 to 10.
    #[schemars(range(min = 1, max = 10))]
    pub attempts: Option<u32>,
    /// Wait before the second attempt; doubles from there.
    pub wait_first: Option<Span>,
    /// The longest wait that is slept, whoever asks for it.
    pub wait_max: Option<Span>,
    /// A response header whose `true` or `false` overrides our own judgement.
    pub override_header: Option<String>,
    /// Whether a method tells that a request may be made twice.
    #[serde(default)]
    pub methods_promise: MethodsPromise,
}

/// Whether a method tells that a request may be made twice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MethodsPromise {
    /// As RFC 9110 section 9.2.2 says.
    #[default]
    TheUsual,
    /// It does not, since this API writes by GET as well: only what an operation calls repeatable
    /// is repeated.
    Nothing,
}

/// How the API recognizes a request that it has had before.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IdempotencySection {
    /// The request header that carries the key.
    pub header: String,
    /// The methods for which the API honours it.
    pub methods: Vec<MethodName>,
    /// The page that says so.
    #[schemars(regex(pattern = r"^https://"))]
    pub docs: String,
}

/// Where an error body keeps its text; the first pointer that finds something counts.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ErrorsSection {
    /// JSON Pointers to the vendor's message.
    #[serde(default)]
    pub message: Vec<String>,
    /// JSON Pointers to the vendor's error code.
    #[serde(default)]
    pub code: Vec<String>,
}

/// One cheap call that proves the credential.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VerifySection {
    /// The operation to call.
    pub operation: String,
    /// Its inputs.
    #[serde(default)]
    pub inputs: BTreeMap<String, serde_json::Value>,
}

fn required() -> Need {
    Need::Required
}
