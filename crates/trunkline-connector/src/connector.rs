//! A connector that was checked: every name resolves, every pattern compiles, every sample parses.

mod address;
mod auth;
mod example;
mod load;
mod operation;
mod own_token;
mod schema_file;

use std::time::Duration;

use http::{HeaderName, HeaderValue, Method};
use regex_lite::Regex;

use crate::document::Problem;
use crate::format::{ErrorsSection, MethodsPromise, Need, PaginationSection};
use crate::limits::Limits;
use crate::name::ConnectorName;
use crate::outcome::OutcomeRule;
use crate::secret_text;
use crate::template::Template;
use crate::wait::WaitHint;
use crate::words;

pub use address::*;
pub use auth::*;
pub use example::*;
pub use operation::*;
pub use own_token::*;
pub use schema_file::*;

/// What is known of one third-party API.
#[derive(Debug, Clone)]
pub struct Connector {
    /// Its name in paths, commands and settings.
    pub name: ConnectorName,
    /// The name people know it by.
    pub title: String,
    /// Where it answers.
    pub base_url: BaseUrl,
    /// Further hosts, by the path that belongs to them.
    pub hosts: Vec<FurtherHost>,
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
    /// Paths whose secret parts are replaced by ours.
    pub credential_paths: Vec<Template>,
    /// Query fields of callers that are removed.
    pub credential_query: Vec<String>,
    /// Tokens of callers that go on in place of ours.
    pub own_tokens: Vec<OwnToken>,
    /// Response headers with addresses that callers follow.
    pub followed_headers: Vec<HeaderName>,
    /// How long to wait for it.
    pub timeouts: Timeouts,
    /// How to try again.
    pub retry: Retry,
    /// Whether a method tells that a request may be made twice.
    pub methods_promise: MethodsPromise,
    /// How it recognizes a request that it has had before.
    pub idempotency: Option<Idempotency>,
    /// Where it says how long to wait.
    pub waits: Vec<WaitHint>,
    /// What its answers tell of its limits, and whose they are.
    pub limits: Limits,
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
    /// Its examples; see [`Connector::examples`].
    pub(crate) examples: Examples,
    /// Its JSON Schemas, sorted by file name.
    pub schemas: Vec<SchemaFile>,
    /// What is allowed and unwise.
    pub warnings: Vec<Problem>,
}

/// One value that must be known to call an API.
#[derive(Debug, Clone)]
pub struct SecretSpec {
    /// Its name within the connector.
    pub name: String,
    /// The environment variable that holds it.
    pub env: String,
    /// Other variables that may hold it, tried in order.
    pub also: Vec<String>,
    /// Names that bundlers publish and that may hold it, since the vendor declares it public.
    pub published: Vec<String>,
    /// Whether the API can be called without it.
    pub need: Need,
    /// What well-formed values match; its named groups are values of their own.
    pub pattern: Option<Regex>,
    /// A made-up value; the sandbox accepts exactly this.
    pub example: String,
    /// The page where one gets it.
    pub obtain: String,
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
    /// Between two pieces of a connection that has changed to WebSocket.
    pub upgraded: Option<Duration>,
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

impl Connector {
    /// Finds an operation by its name.
    pub fn operation(&self, name: &str) -> Option<&Operation> {
        self.operations
            .iter()
            .find(|operation| operation.name == name)
    }

    /// The name of the operation that was probably meant by one that does not exist: one of nearly
    /// that name, or one that does the same to something else.
    pub fn operation_like(&self, name: &str) -> Option<&str> {
        let names = || self.operations.iter().map(|one| one.name.as_str());
        let verb = |name: &str| name.rsplit('.').next().map(str::to_lowercase);
        words::nearest(name, names()).or_else(|| names().find(|other| verb(other) == verb(name)))
    }

    /// Finds the operation that a method and a path below the base address belong to, as a place
    /// in [`Connector::operations`]. The one that says most exactly what it matches wins; of several
    /// GraphQL documents at one path, the operation that brings none.
    pub fn operation_at(&self, method: &Method, path: &str) -> Option<usize> {
        let templates = self
            .operations
            .iter()
            .enumerate()
            .filter_map(|(place, operation)| {
                let template = operation.path().filter(|_| operation.method == *method)?;
                Some((place, template))
            });
        let matching = templates.filter(|(_, template)| template.matches(path));
        matching
            .max_by_key(|(place, template)| {
                let operation = self.operations.get(*place);
                let query = operation.and_then(|operation| operation.input("query"));
                let is_open = query.is_none_or(|query| query.default.is_none());
                (template.exactness(), is_open)
            })
            .map(|(place, _)| place)
    }

    /// The value of `secret` or `secret.group`, as templates name them; `value` gives a secret's.
    pub fn secret_part(
        &self,
        name: &str,
        value: impl Fn(usize) -> Option<String>,
    ) -> Option<String> {
        let (secret, group) = secret_text::split_group(name);
        let place = self.secrets.iter().position(|spec| spec.name == secret)?;
        let whole = value(place)?;
        match group {
            None => Some(whole),
            Some(group) => self
                .secrets
                .get(place)?
                .part(&whole, group)
                .map(str::to_owned),
        }
    }
}

impl SecretSpec {
    /// Every variable that may hold it, in the order in which they are tried.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        let names = [&self.env].into_iter().chain(&self.also);
        names.chain(&self.published).map(String::as_str)
    }

    /// A named group of a value; `None` where the value does not match the pattern.
    pub fn part<'v>(&self, value: &'v str, group: &str) -> Option<&'v str> {
        let found = self.pattern.as_ref()?.captures(value)?.name(group)?;
        Some(found.as_str())
    }
}
