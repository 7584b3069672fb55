//! What a connector file may say, as it is written.
//!
//! The editor's JSON Schema is generated from these types, and files are checked against that
//! same schema, so completion and parser cannot disagree. What the values mean together is
//! checked when a [`Connector`](crate::Connector) is made of them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::units::Span;

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
    pub base_url: String,
    /// Its reference documentation.
    #[schemars(regex(pattern = r"^https://"))]
    pub docs: String,
    /// The day somebody last compared this file with the documentation.
    #[schemars(regex(pattern = r"^\d{4}-\d{2}-\d{2}$"))]
    pub checked: String,
}

/// One value that must be known to call the API.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretSection {
    /// The environment variable that holds it, under the ecosystem's own name.
    #[schemars(regex(pattern = r"^[A-Z][A-Z0-9_]*$"))]
    pub env: String,
    /// A regular expression that well-formed values match; others are a warning of `doctor`.
    pub pattern: Option<String>,
    /// A made-up value that matches the pattern. The sandbox accepts exactly this.
    pub example: String,
    /// The page where one gets it.
    #[schemars(regex(pattern = r"^https://"))]
    pub obtain: String,
}

/// How a request proves who calls. Values name entries of `[secrets]`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum AuthSection {
    /// `Authorization: Bearer SECRET` (RFC 6750 section 2.1).
    Bearer {
        /// The secret that is the token.
        secret: String,
    },
    /// The secret alone in a header of its own, such as `x-api-key`.
    Header {
        /// The header's name.
        name: String,
        /// The secret that is its value.
        secret: String,
    },
    /// `Authorization: Basic base64(USERNAME:PASSWORD)` (RFC 7617).
    Basic {
        /// The secret that is the user name.
        username: String,
        /// The secret that is the password.
        password: String,
    },
    /// The API asks for no credential.
    None {},
}

/// What callers may send that is a credential and must not go upstream.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CallerSection {
    /// Headers removed besides the usual ones (`Authorization`, `x-api-key`, `apikey`, cookies, …).
    #[serde(default)]
    pub credential_headers: Vec<String>,
    /// Paths whose `{secret}` part is replaced by ours, such as `/2010-04-01/Accounts/{account_sid}`.
    #[serde(default)]
    pub credential_paths: Vec<String>,
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
    /// A text as the API sends it, seen or documented.
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

/// A way of paging.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum PaginationSection {
    /// The next page is asked for with a field of the last record.
    LastItem {
        /// JSON Pointer to the list of records.
        items: String,
        /// JSON Pointer to the field within the last record.
        field: String,
        /// The query input that takes its value.
        input: String,
        /// When it ends.
        stop: StopRule,
    },
    /// The body names a cursor for the next page.
    Cursor {
        /// JSON Pointer to the list of records.
        items: String,
        /// JSON Pointer to the cursor.
        cursor: String,
        /// The input that takes it.
        input: String,
        /// When it ends.
        stop: StopRule,
    },
    /// The body gives the next page's address.
    NextUrl {
        /// JSON Pointer to the list of records.
        items: String,
        /// JSON Pointer to the address, absolute or a path.
        next: String,
        /// When it ends.
        stop: StopRule,
    },
}

/// What says that a page is the last.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StopRule {
    /// Where to look, as a JSON Pointer.
    pub pointer: String,
    /// What it is on the last page.
    pub is: StopTest,
}

/// What a value is on the last page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StopTest {
    /// The boolean `false`.
    False,
    /// Missing, null or an empty text.
    Empty,
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

/// `connectors/NAME/operations/RESOURCE.toml`: what can be called.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OperationsFile {
    /// The operations of one resource.
    pub operations: Vec<OperationSection>,
}

/// One thing the API can do.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OperationSection {
    /// As the vendor's Node SDK spells the call, in snake case, or the vendor's own method name.
    #[schemars(regex(pattern = r"^[a-z][A-Za-z0-9_]*(\.[a-z][A-Za-z0-9_]*)*$"))]
    pub name: String,
    /// What it does, in a few words.
    pub title: String,
    /// The HTTP method.
    pub method: MethodName,
    /// The path after the base address; `{name}` is an input or a secret.
    #[schemars(regex(pattern = r"^/"))]
    pub path: String,
    /// The page that describes it.
    #[schemars(regex(pattern = r"^https://"))]
    pub docs: String,
    /// How inputs are written into the body.
    #[serde(default)]
    pub body: BodyKind,
    /// Whether asking twice does no harm although the method does not promise it.
    #[serde(default)]
    pub repeatable: Repeatable,
    /// The way of paging, by its name in `[pagination]`.
    pub pagination: Option<String>,
    /// What it takes. Inputs that are not listed are sent as well.
    #[serde(default)]
    pub inputs: BTreeMap<String, InputSection>,
    /// What a good answer looks like.
    #[serde(default)]
    pub reply: ReplySection,
}

/// The HTTP methods a connector may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum MethodName {
    /// GET
    Get,
    /// HEAD
    Head,
    /// POST
    Post,
    /// PUT
    Put,
    /// PATCH
    Patch,
    /// DELETE
    Delete,
}

/// How inputs are written into the body.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BodyKind {
    /// There is no body; inputs go into the query.
    #[default]
    None,
    /// One JSON object.
    Json,
    /// `application/x-www-form-urlencoded`, nested as `a[b][0]=c`.
    Form,
    /// The same, but a list repeats its name: `a=b&a=c`.
    FormRepeated,
}

/// Whether asking twice does harm.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Repeatable {
    /// As the method promises (RFC 9110 section 9.2.2).
    #[default]
    ByMethod,
    /// Harmless: it only reads, whatever its method.
    Always,
}

/// One thing an operation takes.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InputSection {
    /// Where it goes; left out: the body where there is one, else the query.
    #[serde(rename = "in")]
    pub place: Option<InputPlace>,
    /// What kind of value it is.
    #[serde(rename = "type")]
    pub kind: InputKind,
    /// Whether the call makes no sense without it.
    #[serde(default)]
    pub need: Need,
    /// What it is, in a few words.
    pub about: Option<String>,
}

/// Where an input goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InputPlace {
    /// A `{name}` of the path.
    Path,
    /// The query string.
    Query,
    /// A request header of that name.
    Header,
    /// The body.
    Body,
}

/// What kind of value an input is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InputKind {
    /// A text.
    String,
    /// A whole number.
    Integer,
    /// Any number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// An object.
    Object,
    /// A list.
    Array,
    /// Whatever JSON can say.
    Any,
}

/// Whether a call makes sense without an input.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// It may be left out.
    #[default]
    Optional,
    /// It must be there.
    Required,
}

/// What a good answer looks like.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplySection {
    /// What kind of body it has.
    #[serde(default)]
    pub body: ReplyKind,
    /// JSON Pointers to values that are always there.
    #[serde(default)]
    pub required: Vec<String>,
}

/// What kind of body a good answer has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReplyKind {
    /// A JSON value, or an event stream where the caller asked for one.
    #[default]
    Json,
    /// Nothing.
    Empty,
    /// Anything else.
    Any,
}

/// `connectors/NAME/examples/CASE.toml`: a call, the exact request it must become, a recorded
/// answer, and the reply it must give. The connector's tests, and what the sandbox answers from.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExampleFile {
    /// The operation that is called.
    pub operation: String,
    /// What this case shows.
    pub title: String,
    /// The inputs of the call.
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
    #[schemars(range(min = 200, max = 599))]
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
