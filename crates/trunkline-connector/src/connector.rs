//! A connector that was checked: every name resolves, every pattern compiles, every sample parses.

mod example;
mod load;

use std::time::Duration;

use http::{HeaderName, HeaderValue, Method};
use regex::Regex;
use url::Url;

use crate::format::{
    BodyKind, BodyText, Class, ErrorsSection, InputKind, InputPlace, MethodName, Need,
    PaginationSection, Repeatable, ReplyKind,
};
use crate::name::ConnectorName;
use crate::outcome::OutcomeRule;
use crate::template::Template;
use crate::wait::WaitHint;

/// What is known of one third-party API.
#[derive(Debug, Clone)]
pub struct Connector {
    /// Its name in paths, commands and settings.
    pub name: ConnectorName,
    /// The name people know it by.
    pub title: String,
    /// Where it answers. No query, no fragment, no user information; the path has no final slash.
    pub base_url: Url,
    /// Its reference documentation.
    pub docs: String,
    /// The day it was last compared with the documentation, `YYYY-MM-DD`.
    pub checked: String,
    /// What must be known to call it.
    pub secrets: Vec<SecretSpec>,
    /// How a request proves who calls.
    pub auth: Auth,
    /// Headers added where the caller sent none of that name.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Headers of callers that are removed besides the usual ones.
    pub credential_headers: Vec<HeaderName>,
    /// Paths whose secret part is replaced by ours.
    pub credential_paths: Vec<Template>,
    /// How long to wait for it.
    pub timeouts: Timeouts,
    /// How to try again.
    pub retry: Retry,
    /// How it recognizes a request that it has had before.
    pub idempotency: Option<Idempotency>,
    /// Where it says how long to wait.
    pub waits: Vec<WaitHint>,
    /// What its answers mean, in order.
    pub outcomes: Vec<OutcomeRule>,
    /// Where an error body keeps its text.
    pub errors: ErrorsSection,
    /// Ways of paging, by name.
    pub pagination: Vec<(String, PaginationSection)>,
    /// One cheap call that proves the credential.
    pub verify: Verify,
    /// What can be called, sorted by name.
    pub operations: Vec<Operation>,
    /// Its examples, sorted by file name.
    pub examples: Vec<Example>,
}

/// One value that must be known to call an API.
#[derive(Debug, Clone)]
pub struct SecretSpec {
    /// Its name within the connector.
    pub name: String,
    /// The environment variable that holds it.
    pub env: String,
    /// What well-formed values match.
    pub pattern: Option<Regex>,
    /// A made-up value; the sandbox accepts exactly this.
    pub example: String,
    /// The page where one gets it.
    pub obtain: String,
}

/// How a request proves who calls. Numbers are places in [`Connector::secrets`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Auth {
    /// `Authorization: Bearer SECRET`.
    Bearer {
        /// The token.
        secret: usize,
    },
    /// The secret alone in a header of its own.
    Header {
        /// The header.
        name: HeaderName,
        /// Its value.
        secret: usize,
    },
    /// `Authorization: Basic base64(USERNAME:PASSWORD)`.
    Basic {
        /// The user name.
        username: usize,
        /// The password.
        password: usize,
    },
    /// No credential at all.
    None,
}

/// How long to wait; `None` is the engine's default.
#[derive(Debug, Clone, Copy, Default)]
pub struct Timeouts {
    /// For a connection to stand, TLS included.
    pub connect: Option<Duration>,
    /// From the request to the first byte of the answer.
    pub first_byte: Option<Duration>,
    /// Between two pieces of a body.
    pub idle: Option<Duration>,
}

/// How to try again; `None` is the engine's default.
#[derive(Debug, Clone, Default)]
pub struct Retry {
    /// HTTP exchanges in all, the first included: 1 to 10.
    pub attempts: Option<u32>,
    /// Wait before the second attempt.
    pub wait_first: Option<Duration>,
    /// The longest wait that is slept.
    pub wait_max: Option<Duration>,
    /// A response header whose `true` or `false` overrides our own judgement.
    pub override_header: Option<HeaderName>,
}

/// How an API recognizes a request that it has had before.
#[derive(Debug, Clone)]
pub struct Idempotency {
    /// The request header that carries the key.
    pub header: HeaderName,
    /// The methods for which it is honoured.
    pub methods: Vec<Method>,
}

/// One cheap call that proves the credential.
#[derive(Debug, Clone)]
pub struct Verify {
    /// The operation, as a place in [`Connector::operations`].
    pub operation: usize,
    /// Its inputs.
    pub inputs: Inputs,
}

/// Inputs of a call, by name.
pub type Inputs = serde_json::Map<String, serde_json::Value>;

/// One thing an API can do.
#[derive(Debug, Clone)]
pub struct Operation {
    /// Its name.
    pub name: String,
    /// What it does, in a few words.
    pub title: String,
    /// The HTTP method.
    pub method: Method,
    /// The path after the base address.
    pub path: Template,
    /// The page that describes it.
    pub docs: String,
    /// How inputs are written into the body.
    pub body: BodyKind,
    /// Whether asking twice does harm.
    pub repeatable: Repeatable,
    /// The way of paging, as a place in [`Connector::pagination`].
    pub pagination: Option<usize>,
    /// What it takes, sorted by name.
    pub inputs: Vec<Input>,
    /// What kind of body a good answer has.
    pub reply_body: ReplyKind,
    /// JSON Pointers to values that a good answer always has.
    pub reply_required: Vec<String>,
}

/// One thing an operation takes.
#[derive(Debug, Clone)]
pub struct Input {
    /// Its name.
    pub name: String,
    /// Where it goes.
    pub place: InputPlace,
    /// What kind of value it is.
    pub kind: InputKind,
    /// Whether the call makes no sense without it.
    pub need: Need,
    /// What it is.
    pub about: Option<String>,
}

/// A call, the request it must become, a recorded answer and the reply it must give.
#[derive(Debug, Clone)]
pub struct Example {
    /// The file's name without its ending.
    pub name: String,
    /// What this case shows.
    pub title: String,
    /// The operation, as a place in [`Connector::operations`].
    pub operation: usize,
    /// The inputs of the call.
    pub call: Inputs,
    /// The request it must become.
    pub request: ExampleRequest,
    /// What the API answered.
    pub answer: ExampleAnswer,
    /// What the answer means.
    pub class: Class,
    /// The wait it asks for.
    pub wait: Option<Duration>,
    /// The vendor's own message.
    pub message: Option<String>,
    /// The vendor's own error code.
    pub code: Option<String>,
}

/// The request that an example's call must become.
#[derive(Debug, Clone)]
pub struct ExampleRequest {
    /// The method.
    pub method: Method,
    /// Path and query, byte for byte.
    pub path: String,
    /// Every header that must be there.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The body.
    pub body: BodyText,
}

/// What the API answered in an example.
#[derive(Debug, Clone)]
pub struct ExampleAnswer {
    /// The status.
    pub status: http::StatusCode,
    /// Headers; values may hold `{now+20s}` and `{unix+20s}`.
    pub headers: Vec<(HeaderName, String)>,
    /// The body.
    pub body: BodyText,
}

impl Connector {
    /// Finds an operation by its name.
    pub fn operation(&self, name: &str) -> Option<&Operation> {
        self.operations
            .iter()
            .find(|operation| operation.name == name)
    }

    /// Finds the operation that a method and a path below the base address belong to, as a place
    /// in [`Connector::operations`]. The one that says most exactly what it matches wins.
    pub fn operation_at(&self, method: &Method, path: &str) -> Option<usize> {
        let matching = |(_, operation): &(usize, &Operation)| {
            operation.method == *method && operation.path.matches(path)
        };
        let operations = self.operations.iter().enumerate().filter(matching);
        operations
            .max_by_key(|(_, operation)| operation.path.exactness())
            .map(|(place, _)| place)
    }
}

impl MethodName {
    /// The method itself.
    pub fn method(self) -> Method {
        match self {
            Self::Get => Method::GET,
            Self::Head => Method::HEAD,
            Self::Post => Method::POST,
            Self::Put => Method::PUT,
            Self::Patch => Method::PATCH,
            Self::Delete => Method::DELETE,
        }
    }
}
