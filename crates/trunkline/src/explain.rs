//! What an error means, whose move it is, what to do.
//!
//! The connector's own rules speak first; the general rules say what is true of any API. The same
//! words stand in `Trunkline-Hint`, in `trunkline call`, in `trunkline explain` and in our own
//! errors.

use std::ops::RangeInclusive;
use std::time::SystemTime;

use http::StatusCode;
use trunkline_connector::Connector;
use trunkline_connector::format::{Class, Test};
use trunkline_connector::outcome::{self, Answer, Verdict};

use crate::error::{ErrorKind, Mover};

/// What an error means, whose move it is, what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// What happened.
    pub what: String,
    /// Whose move it is.
    pub whose_move: Mover,
    /// What to do.
    pub what_to_do: String,
    /// The page that says more.
    pub docs: Option<String>,
}

/// What is to be explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject<'a> {
    /// An HTTP status.
    Status(u16),
    /// A code of ours, of the connector's rules, or a word such as `dns` or `cors`.
    Code(&'a str),
}

impl Mover {
    /// Who that is, in words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Caller => "yours: the request",
            Self::Upstream => "the API's",
            Self::Operator => "yours: keys, settings or network",
            Self::Us => "ours",
        }
    }
}

impl Explanation {
    /// Everything in one line.
    pub fn one_line(&self) -> String {
        let mut line = format!("{}; {}", self.what, self.what_to_do);
        if let Some(docs) = &self.docs {
            line.push_str(" (");
            line.push_str(docs);
            line.push(')');
        }
        line
    }
}

/// Explains a status or a code, in general or as one connector means it.
pub fn explain(connector: Option<&Connector>, subject: Subject<'_>) -> Option<Explanation> {
    match subject {
        Subject::Status(status) => {
            let status = StatusCode::from_u16(status).ok()?;
            let rule = connector.and_then(|connector| rule_for_status(connector, status));
            rule.or_else(|| general(status, connector))
        }
        Subject::Code(code) => connector
            .and_then(|connector| {
                rule_for_code(connector, code).or_else(|| example_of_code(connector, code))
            })
            .or_else(|| ours(code))
            .or_else(|| word(code)),
    }
}

/// Explains an answer that a connector's rules have judged; `None` where all is well.
pub(crate) fn of_answer(
    connector: &Connector,
    status: StatusCode,
    verdict: &Verdict,
) -> Option<Explanation> {
    if verdict.class == Class::Ok {
        return None;
    }
    match verdict.rule {
        Some(rule) => of_rule(connector, rule, Some(status)),
        None => general(status, Some(connector)),
    }
}

fn rule_for_status(connector: &Connector, status: StatusCode) -> Option<Explanation> {
    // A rule that asks for nothing but this status speaks for it; one that asks for more does not.
    let rule = connector.outcomes.iter().position(|rule| {
        rule.header.is_none() && rule.body.is_none() && rule.statuses.contain(status)
    })?;
    of_rule(connector, rule, Some(status))
}

fn rule_for_code(connector: &Connector, code: &str) -> Option<Explanation> {
    let rule = connector.outcomes.iter().position(|rule| {
        rule.body.as_ref().is_some_and(|check| match &check.is {
            Test::Equals(value) => value == code,
            Test::OneOf(values) => values.iter().any(|value| value == code),
            Test::Contains(_) | Test::Present(_) => false,
        })
    })?;
    of_rule(connector, rule, None)
}

/// Most codes have no rule of their own: what they mean is what the answer means that they come
/// with, which the connector's examples show.
fn example_of_code(connector: &Connector, code: &str) -> Option<Explanation> {
    let mut examples = connector.examples().iter();
    let example = examples.find(|example| example.code.as_deref() == Some(code))?;
    let answer = &example.answer;
    let headers = answer.headers_at(SystemTime::UNIX_EPOCH);
    let body = answer.json();
    let answer = Answer {
        status: answer.status,
        headers: &headers,
        body: body.as_ref(),
    };
    let verdict = outcome::classify(&connector.outcomes, &answer);
    of_answer(connector, answer.status, &verdict)
}

fn of_rule(connector: &Connector, rule: usize, status: Option<StatusCode>) -> Option<Explanation> {
    let rule = connector.outcomes.get(rule)?;
    let general = status.and_then(|status| general(status, Some(connector)));
    let fallback = general.map(|general| general.what_to_do);
    Some(Explanation {
        what: rule.message.clone(),
        whose_move: mover(rule.class),
        what_to_do: rule
            .hint
            .clone()
            .or(fallback)
            .unwrap_or_else(|| by_class(rule.class).to_owned()),
        docs: rule.docs.clone().or_else(|| Some(connector.docs.clone())),
    })
}

fn mover(class: Class) -> Mover {
    match class {
        Class::Ok | Class::CallerError | Class::RateLimited => Mover::Caller,
        Class::Retry | Class::ProviderDown => Mover::Upstream,
        Class::RefreshAuth | Class::AuthDead | Class::QuotaExhausted => Mover::Operator,
    }
}

fn by_class(class: Class) -> &'static str {
    match class {
        Class::Ok => "nothing is to be done",
        Class::Retry => "ask again in a moment",
        Class::RateLimited => "ask more slowly, or have the limit raised",
        Class::RefreshAuth => "renew the credential",
        Class::AuthDead => "put a valid key in place of this one",
        Class::QuotaExhausted => "top up the account or raise its allowance",
        Class::CallerError => "correct the request",
        Class::ProviderDown => "wait, and look at the vendor's status page",
    }
}

/// What an answer means that says in its body that it is an error, whatever its status.
pub(crate) fn of_class(class: Class) -> Option<Explanation> {
    let what_to_do = by_class(class).to_owned();
    (class != Class::Ok).then(|| Explanation {
        what: "the answer's body says that it is an error".to_owned(),
        whose_move: mover(class),
        what_to_do,
        docs: None,
    })
}

/// What is true of a status with any API: what happened, whose move it is, what to do.
type General = (RangeInclusive<u16>, &'static str, Mover, &'static str);

/// The first row that holds a status speaks for it.
const GENERAL: &[General] = &[
    (
        400..=400,
        "the request is malformed or has a wrong value",
        Mover::Caller,
        "read the message in the body, and compare the request with the operation's inputs",
    ),
    (
        401..=401,
        "the key is missing, wrong or revoked",
        Mover::Operator,
        "check that the right key stands under the right name (`trunkline doctor --live`)",
    ),
    (
        402..=402,
        "the account has to be paid or topped up",
        Mover::Operator,
        "look at the account's billing page",
    ),
    (
        403..=403,
        "the key is valid but may not do this",
        Mover::Operator,
        "check the key's permissions, scopes and allowed addresses",
    ),
    (
        404..=404,
        "there is nothing at this path, or this key may not see it",
        Mover::Caller,
        "check the path and the ids in it, and whether the key belongs to the same account and mode",
    ),
    (
        405..=405,
        "this path does not take this method",
        Mover::Caller,
        "check the method",
    ),
    (
        408..=408,
        "the request arrived too slowly",
        Mover::Caller,
        "ask again",
    ),
    (
        409..=409,
        "the request conflicts with the present state, or an equal one is still under way",
        Mover::Caller,
        "fetch the present state, then ask again",
    ),
    (
        410..=410,
        "this is gone for good",
        Mover::Caller,
        "stop asking for it",
    ),
    (
        413..=413,
        "the request's body is too large",
        Mover::Caller,
        "send less at a time",
    ),
    (
        415..=415,
        "the body's type is not one that is accepted",
        Mover::Caller,
        "check the header Content-Type",
    ),
    (
        422..=422,
        "the request is well-formed, but a value in it is not allowed",
        Mover::Caller,
        "read the message in the body: it names the field",
    ),
    (
        429..=429,
        "too many requests in too short a time",
        Mover::Caller,
        "ask more slowly, wait as long as Retry-After says, or have the limit raised",
    ),
    (
        400..=499,
        "the request was refused",
        Mover::Caller,
        "read the message in the body",
    ),
    (
        500..=500,
        "the API broke down over this request",
        Mover::Upstream,
        "ask again later",
    ),
    (
        501..=501,
        "the API does not do this",
        Mover::Caller,
        "check method and path",
    ),
    (
        502..=504,
        "the API is overloaded or down",
        Mover::Upstream,
        "wait and ask again; look at the vendor's status page",
    ),
    (
        500..=599,
        "the API has a fault",
        Mover::Upstream,
        "wait and ask again",
    ),
];

fn general(status: StatusCode, connector: Option<&Connector>) -> Option<Explanation> {
    let status = status.as_u16();
    let (_, what, whose_move, what_to_do) =
        GENERAL.iter().find(|(range, ..)| range.contains(&status))?;
    Some(Explanation {
        what: (*what).to_owned(),
        whose_move: *whose_move,
        what_to_do: (*what_to_do).to_owned(),
        docs: connector.map(|connector| connector.docs.clone()),
    })
}

/// What an error code of ours means.
fn ours(code: &str) -> Option<Explanation> {
    let kind = ErrorKind::ALL
        .iter()
        .copied()
        .find(|kind| kind.code() == code)?;
    Some(of_kind(kind))
}

/// What an error of ours means, whatever the case.
pub(crate) fn of_kind(kind: ErrorKind) -> Explanation {
    Explanation {
        what: kind.title().to_owned(),
        whose_move: kind.mover(),
        what_to_do: remedy(kind).to_owned(),
        docs: Some(docs_of(kind)),
    }
}

/// The heading in `docs/errors.md` that describes a kind of error.
pub fn docs_of(kind: ErrorKind) -> String {
    format!(
        "https://github.com/trunkline/trunkline/blob/main/docs/errors.md#{}",
        kind.code()
    )
}

/// What to do about an error of ours where the case itself says nothing better.
#[expect(clippy::too_many_lines, reason = "each kind has its line")]
pub(crate) fn remedy(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::UnknownConnector => "list them with `trunkline connectors list`",
        ErrorKind::UnknownOperation => "list them with `trunkline operations CONNECTOR`",
        ErrorKind::NotFound => "calls begin with a connector's name, our own routes with `/-/`",
        ErrorKind::UnknownConnection => "leave `Trunkline-Connection` out, or say `default`",
        ErrorKind::BadInput => "see the operation's inputs with `trunkline operations CONNECTOR`",
        ErrorKind::BadUrl => {
            "give an absolute http or https address, or a path that begins with `/`"
        }
        ErrorKind::BadHeader => "correct the header, or leave it out",
        ErrorKind::RequestMalformed => {
            "send one valid request: one Host, one length, CRLF line ends"
        }
        ErrorKind::HeadersTooLarge => {
            "send fewer or shorter headers, or raise `server.header_bytes_max`"
        }
        ErrorKind::BodyTooLarge => "send less, or raise `server.body_max`",
        ErrorKind::RequestTimeout => "send the request without pausing",
        ErrorKind::MethodRefused => "use GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS",
        ErrorKind::ExpectationRefused => "leave `Expect` out, or say `100-continue`",
        ErrorKind::HostRefused => {
            "call us by the address we listen on, or list the name in `server.hosts`"
        }
        ErrorKind::OriginRefused => {
            "call from your back end, or list the page's origin in `server.origins`"
        }
        ErrorKind::AdminTokenRequired => {
            "send `Authorization: Bearer` and what stands in `admin.token` in the data folder"
        }
        ErrorKind::CallerGone => "keep the connection open until the answer is there",
        ErrorKind::CallerLimitReached => "send fewer calls, or raise `callers.limit`",
        ErrorKind::LimitReached => {
            "ask again after the time that `Retry-After` says, or send fewer calls at once"
        }
        ErrorKind::NotCached => "leave `only-if-cached` out, so that the API may be asked",
        ErrorKind::Overloaded => "reuse connections, or raise `server.connections_max`",
        ErrorKind::ShuttingDown => "ask again in a moment",
        ErrorKind::LogUnreadable => {
            "see that `calls.db` in the data folder belongs to whoever runs this, or move it away: a new one begins"
        }
        ErrorKind::BadSettings => "see what is set with `trunkline config show`",
        ErrorKind::BadConnectorFile => "find every mistake with `trunkline connectors check`",
        ErrorKind::SecretMissing => {
            "put the key into `.env` or the environment; `trunkline doctor` shows what is there"
        }
        ErrorKind::SecretExposed => {
            "rename the variable, and replace the key if it was ever published"
        }
        ErrorKind::TokenRefused => {
            "check the client's id and password, and that it may use this scope"
        }
        ErrorKind::AddressRefused => {
            "allow a private address with `egress.allow` if that is what you want"
        }
        ErrorKind::NameNotFound => "check the name's spelling and this machine's network",
        ErrorKind::ConnectFailed => "check the address, and whether the API is up",
        ErrorKind::ConnectTimeout => "check for a firewall in between, and whether the API is up",
        ErrorKind::TlsFailed => {
            "check this machine's clock and the name; a company's own authority goes into `egress.extra_ca`"
        }
        ErrorKind::SharedStoreAway => "check that the Redis of `redis.url` runs and can be reached",
        ErrorKind::UpstreamSuspended => {
            "ask again after the time that `Retry-After` says; `/-/api/v1/upstreams` shows how the API does"
        }
        ErrorKind::FirstByteTimeout => {
            "ask again, or raise `timeouts.first_byte` for this connector"
        }
        ErrorKind::IdleTimeout => "ask again, or raise `timeouts.idle` for this connector",
        ErrorKind::CallTimeout => "allow more time with `Trunkline-Timeout` or `--timeout`",
        ErrorKind::UpstreamClosed => "ask again if the request may safely be made twice",
        ErrorKind::UpstreamMalformed => {
            "check that the base address is the API's and not something else's"
        }
        ErrorKind::ReplyTooLarge => "ask for less, or raise the limit",
        ErrorKind::SchemaBroken => {
            "compare the reply with the API's documentation; the API may have changed"
        }
        ErrorKind::PagesBroken => {
            "go on from the place that is named; if it ends the same way, compare the connector's `[pagination]` with the API's documentation"
        }
        ErrorKind::TooManyRedirects => "give the address that the redirects end at",
        ErrorKind::Internal => "report it, with the call's id",
    }
}

/// Mistakes that people look up by a word.
fn word(code: &str) -> Option<Explanation> {
    let kind = match code.to_ascii_lowercase().as_str() {
        "dns" => ErrorKind::NameNotFound,
        "connect" | "refused" | "network" => ErrorKind::ConnectFailed,
        "tls" | "ssl" | "certificate" => ErrorKind::TlsFailed,
        "timeout" => ErrorKind::FirstByteTimeout,
        "schema" => ErrorKind::SchemaBroken,
        "ssrf" => ErrorKind::AddressRefused,
        "cors" => {
            return Some(Explanation {
                what: "a browser page asked another site, and the site did not allow the page's origin".to_owned(),
                whose_move: Mover::Caller,
                what_to_do: "make the call from your back end, where keys belong; if the page may call this gateway, list its origin in `server.origins`".to_owned(),
                docs: Some(docs_of(ErrorKind::OriginRefused)),
            });
        }
        _ => return None,
    };
    Some(of_kind(kind))
}

#[cfg(test)]
mod tests;
