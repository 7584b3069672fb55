//! What can go wrong, in one table: code, status, whose move it is.

use std::fmt;
use std::time::Duration;

use http::{HeaderValue, StatusCode};
use trunkline_connector::Connector;

use crate::call::CallId;
use crate::schema::Findings;

/// Who has to do something about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mover {
    /// Whoever made the call.
    Caller,
    /// The third party.
    Upstream,
    /// Whoever runs this process: settings, secrets, network.
    Operator,
    /// The makers of Trunkline.
    Us,
}

macro_rules! kinds {
    ($($(#[$about:meta])* $kind:ident: $code:literal, $status:literal, $mover:ident, $title:literal, $proxy:expr;)*) => {
        /// What kind of thing went wrong.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorKind {
            $($(#[$about])* $kind,)*
        }

        impl ErrorKind {
            /// Every kind, in the order of `docs/errors.md`.
            pub const ALL: &'static [Self] = &[$(Self::$kind),*];

            /// The stable name that programs branch on.
            pub fn code(self) -> &'static str {
                match self { $(Self::$kind => $code),* }
            }

            /// The HTTP status a gateway caller gets.
            pub fn status(self) -> StatusCode {
                const fn status(code: u16) -> StatusCode {
                    match StatusCode::from_u16(code) {
                        Ok(status) => status,
                        Err(_) => StatusCode::INTERNAL_SERVER_ERROR,
                    }
                }
                match self { $(Self::$kind => const { status($status) }),* }
            }

            /// Who has to do something about it.
            pub fn mover(self) -> Mover {
                match self { $(Self::$kind => Mover::$mover),* }
            }

            /// What it is, in a few words that do not depend on the case.
            pub fn title(self) -> &'static str {
                match self { $(Self::$kind => $title),* }
            }

            /// The error type of the `Proxy-Status` field (RFC 9209 section 2.3), where one fits.
            pub fn proxy_status(self) -> Option<&'static str> {
                match self { $(Self::$kind => $proxy),* }
            }
        }
    };
}

kinds! {
    /// No connector has that name.
    UnknownConnector: "unknown_connector", 404, Caller, "there is no such connector", None;
    /// The connector has no operation of that name.
    UnknownOperation: "unknown_operation", 404, Caller, "there is no such operation", None;
    /// Nothing answers at that path of ours.
    NotFound: "not_found", 404, Caller, "there is nothing here", None;
    /// The connector has no connection of that name.
    UnknownConnection: "unknown_connection", 404, Caller, "there is no such connection", None;
    /// An input is missing or of the wrong kind.
    BadInput: "bad_input", 400, Caller, "an input is missing or wrong", None;
    /// A path or address cannot be used.
    BadUrl: "bad_url", 400, Caller, "the address cannot be used", None;
    /// One of our own request headers has a value it cannot have.
    BadHeader: "bad_header", 400, Caller, "a Trunkline header has a wrong value", None;
    /// The request is not well-formed HTTP, or could be read in two ways.
    RequestMalformed: "request_malformed", 400, Caller, "the request is malformed", Some("http_request_error");
    /// The request's headers are too many or too large.
    HeadersTooLarge: "headers_too_large", 431, Caller, "the request's headers are too large", Some("http_request_error");
    /// The request's body is larger than allowed.
    BodyTooLarge: "body_too_large", 413, Caller, "the request's body is too large", Some("http_request_error");
    /// The caller sent nothing for too long.
    RequestTimeout: "request_timeout", 408, Caller, "the request did not arrive in time", Some("http_request_error");
    /// The method is not one that is passed on.
    MethodRefused: "method_refused", 405, Caller, "the method is refused", Some("http_request_denied");
    /// An `Expect` that nobody can meet.
    ExpectationRefused: "expectation_refused", 417, Caller, "the expectation cannot be met", Some("http_request_denied");
    /// The `Host` is not ours.
    HostRefused: "host_refused", 421, Caller, "this host name is not ours", Some("http_request_denied");
    /// A browser page of a foreign origin asked.
    OriginRefused: "origin_refused", 403, Caller, "a foreign web page may not call", Some("http_request_denied");
    /// The route asks for the admin token, and the request did not bring it.
    AdminTokenRequired: "admin_token_required", 401, Operator, "the admin token is missing or wrong", None;
    /// The caller left before the answer, or cut its upload.
    CallerGone: "caller_gone", 400, Caller, "the caller went away", Some("http_request_error");
    /// The caller has made as many calls as it may.
    CallerLimitReached: "caller_limit_reached", 429, Caller, "the caller's limit is reached", Some("http_request_denied");
    /// A call could not be sent in time, because of a limit on calls of the API.
    LimitReached: "limit_reached", 429, Caller, "a limit on calls is reached", Some("http_request_denied");
    /// The caller wants only what is kept, and nothing is.
    NotCached: "not_cached", 504, Caller, "no answer is kept", Some("http_request_denied");
    /// More connections are open than allowed.
    Overloaded: "overloaded", 503, Operator, "too many connections are open", Some("connection_limit_reached");
    /// The process is ending.
    ShuttingDown: "shutting_down", 503, Operator, "the gateway is shutting down", None;
    /// There is a log of calls, and it cannot be read.
    LogUnreadable: "log_unreadable", 500, Operator, "the log of calls cannot be read", None;
    /// A setting is wrong.
    BadSettings: "bad_settings", 500, Operator, "a setting is wrong", Some("proxy_configuration_error");
    /// A connector file is wrong.
    BadConnectorFile: "bad_connector_file", 500, Operator, "a connector file is wrong", Some("proxy_configuration_error");
    /// A secret that the call needs is not there.
    SecretMissing: "secret_missing", 502, Operator, "a secret is missing", Some("proxy_configuration_error");
    /// A secret stands under a name that front-end bundlers publish.
    SecretExposed: "secret_exposed", 502, Operator, "a secret has a public name", Some("proxy_configuration_error");
    /// A token that the call needs was refused.
    TokenRefused: "token_refused", 502, Operator, "no token could be had", Some("proxy_configuration_error");
    /// The address is one that may not be called.
    AddressRefused: "address_refused", 502, Operator, "the address may not be called", Some("destination_ip_prohibited");
    /// The upstream's name does not resolve.
    NameNotFound: "name_not_found", 502, Operator, "the upstream's name was not found", Some("dns_error");
    /// Nothing answered at the upstream's address.
    ConnectFailed: "connect_failed", 502, Upstream, "the upstream could not be reached", Some("connection_refused");
    /// The upstream's address did not answer in time.
    ConnectTimeout: "connect_timeout", 504, Upstream, "the upstream did not answer in time", Some("connection_timeout");
    /// No trusted encryption could be agreed on.
    TlsFailed: "tls_failed", 502, Upstream, "the upstream's certificate or encryption was not accepted", Some("tls_certificate_error");
    /// The upstream keeps failing and is left alone for a while.
    UpstreamSuspended: "upstream_suspended", 503, Upstream, "the upstream keeps failing", Some("destination_unavailable");
    /// The Redis that several processes share cannot be asked.
    SharedStoreAway: "shared_store_away", 503, Operator, "Redis is away", Some("proxy_internal_error");
    /// The upstream took the request and did not begin its answer in time.
    FirstByteTimeout: "first_byte_timeout", 504, Upstream, "the upstream did not begin to answer in time", Some("http_response_timeout");
    /// The upstream's answer stopped in the middle.
    IdleTimeout: "idle_timeout", 504, Upstream, "the upstream's answer stopped", Some("connection_read_timeout");
    /// The whole call took longer than the caller allowed.
    CallTimeout: "call_timeout", 504, Caller, "the call took longer than allowed", Some("http_response_timeout");
    /// The upstream closed the connection before its answer was whole.
    UpstreamClosed: "upstream_closed", 502, Upstream, "the upstream broke off", Some("connection_terminated");
    /// What the upstream sent is not HTTP.
    UpstreamMalformed: "upstream_malformed", 502, Upstream, "the upstream's answer is malformed", Some("http_protocol_error");
    /// The reply is larger than allowed.
    ReplyTooLarge: "reply_too_large", 502, Caller, "the reply is too large", Some("http_response_body_size");
    /// The reply is not what the operation promises.
    SchemaBroken: "schema_broken", 502, Upstream, "the reply is not what the operation promises", Some("http_response_incomplete");
    /// The pages of a list lead nowhere, or round in a circle.
    PagesBroken: "pages_broken", 502, Upstream, "the list's pages cannot be followed", Some("http_response_incomplete");
    /// A guarded fetch was sent on too often.
    TooManyRedirects: "too_many_redirects", 502, Upstream, "there were too many redirects", Some("http_protocol_error");
    /// A bug of ours.
    Internal: "internal", 500, Us, "this is a bug in Trunkline", Some("proxy_internal_error");
}

/// What went wrong with a call, for people and for programs.
///
/// The text says what happened; [`hint`](Self::hint) says what to do. Neither ever holds a
/// secret, a query string or an internal address that the operator did not name.
pub struct Error(Box<Inner>);

/// What is left of a limit, in the fields of draft-ietf-httpapi-ratelimit-headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quota {
    /// The value of `RateLimit-Policy`.
    pub policy: String,
    /// The value of `RateLimit`.
    pub limit: String,
}

#[derive(Debug)]
struct Inner {
    kind: ErrorKind,
    message: String,
    hint: Option<String>,
    retry_after: Option<Duration>,
    quota: Option<Quota>,
    cache_status: Option<HeaderValue>,
    call_id: Option<CallId>,
    attempts: u32,
    findings: Option<Findings>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error that says what happened.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            hint: None,
            retry_after: None,
            quota: None,
            cache_status: None,
            call_id: None,
            attempts: 0,
            findings: None,
            source: None,
        }))
    }

    /// That a connector has no operation of this name, and which one was probably meant.
    pub fn unknown_operation(connector: &Connector, name: &str) -> Self {
        let message = format!("`{}` has no operation `{name}`", connector.name);
        let all = format!("all of them: `trunkline operations {}`", connector.name);
        let hint = match connector.operation_like(name) {
            Some(close) => format!("did you mean `{close}`? {all}"),
            None => all,
        };
        Self::new(ErrorKind::UnknownOperation, message).with_hint(hint)
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Adds what caused it.
    #[must_use]
    pub fn with_source(
        mut self,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Adds when it is worth asking again.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }

    /// Adds what is left of a limit, as the fields `RateLimit-Policy` and `RateLimit` say it.
    #[must_use]
    pub(crate) fn with_quota(mut self, (policy, limit): (String, String)) -> Self {
        self.0.quota = Some(Quota { policy, limit });
        self
    }

    /// The same for another caller, without what lies under it.
    pub(crate) fn again(&self) -> Self {
        let inner = &self.0;
        Self(Box::new(Inner {
            kind: inner.kind,
            message: inner.message.clone(),
            hint: inner.hint.clone(),
            retry_after: inner.retry_after,
            quota: inner.quota.clone(),
            cache_status: inner.cache_status.clone(),
            call_id: None,
            attempts: 0,
            findings: inner.findings.clone(),
            source: None,
        }))
    }

    /// Adds what the cache did, as the field `Cache-Status` says it.
    #[must_use]
    pub(crate) fn with_cache_status(mut self, status: HeaderValue) -> Self {
        self.0.cache_status = Some(status);
        self
    }

    /// Adds what does not fit a schema, place by place.
    #[must_use]
    pub fn with_findings(mut self, findings: Findings) -> Self {
        self.0.findings = Some(findings);
        self
    }

    pub(crate) fn of_call(mut self, call_id: CallId, attempts: u32) -> Self {
        self.0.call_id = Some(call_id);
        self.0.attempts = attempts;
        self
    }

    /// What kind of thing went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// When it is worth asking again, where that is known.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// What is left of a limit, where the error is about one.
    pub fn quota(&self) -> Option<&Quota> {
        self.0.quota.as_ref()
    }

    /// What the cache did, where it was asked.
    pub fn cache_status(&self) -> Option<&HeaderValue> {
        self.0.cache_status.as_ref()
    }

    /// The call it happened to, where it was one.
    pub fn call_id(&self) -> Option<CallId> {
        self.0.call_id
    }

    /// What does not fit a schema, place by place, where that is what it is about.
    pub fn findings(&self) -> Option<&Findings> {
        self.0.findings.as_ref()
    }

    /// How many HTTP exchanges were begun.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0.source {
            Some(source) => Some(source.as_ref()),
            None => None,
        }
    }
}
