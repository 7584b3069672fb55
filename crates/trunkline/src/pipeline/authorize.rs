//! Grants a call the credential of a connection, bound to the connector's own host.

mod query;
mod shown;
mod strip;

use std::num::NonZeroU32;
use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::Value;
use trunkline_cache::{Policy, RequestHead};
use trunkline_connector::format::{self, BodyKind, HostCredential, MethodsPromise, OperationAuth};
use trunkline_connector::graphql::{Document, OperationKind};
use trunkline_connector::{Connector, Operation};
use trunkline_egress::{Body, Head, Limits, Origin, Replayable};
use trunkline_limit::breaker::Breaker;
use trunkline_limit::learned::Amounts;
use trunkline_store::Naming;

use super::record::Record;
use super::resolve::{self, Address, Resolved};
use super::retry::{Repeatable, RetryPolicy};
use crate::cache::{Asker, Question, Resource};
use crate::call::{Caller, Fault, JudgeBy, Options, Validate};
use crate::config::Keep;
use crate::credential::{Credential, Proof, Token};
use crate::error::{Error, ErrorKind};
use crate::installed::{Installed, Keeping, Snapshot};
use crate::schema::Check;
use crate::upstream::{Heeds, Lane, Pacing};

/// The name of the connection that every connector has.
const DEFAULT_CONNECTION: &str = "default";

/// Bodies up to this size are kept while they pass, so that they can be sent again.
pub(super) const REPLAY_MAX: usize = 256 * 1024;

/// draft-ietf-httpapi-idempotency-key-header.
static STANDARD_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// How often a vendor's SDK has asked already (openai, anthropic, groq and together send it).
static SDK_RETRIES: HeaderName = HeaderName::from_static("x-stainless-retry-count");

/// A call that may be made, and with whose credential. Large, so it lives in a box.
pub(super) struct Granted {
    pub(super) installed: Arc<Installed>,
    operation: Option<usize>,
    pub(super) origin: Origin,
    pub(super) goes: Goes,
    /// Of the host that it goes to; `None` for an address that was an input.
    pub(super) breaker: Option<Arc<Breaker>>,
    /// By newer settings than those by which it was granted.
    paced_anew: Option<Arc<Pacing>>,
    /// Whose limits the next attempt falls under.
    pub(super) lane: Arc<Lane>,
    /// What it takes of the upstream's own limits.
    pub(super) amounts: Amounts,
    pub(super) caller: Caller,
    /// Whether its answer is kept, where the caller says so.
    pub(super) cache: Option<Keep>,
    presents: Presents,
    /// The token of somebody who has signed in at the API, and its header.
    pub(super) own_token: Option<Box<(HeaderName, HeaderValue)>>,
    /// The token that proves who calls, where it is one that runs out.
    pub(super) token: Option<Token>,
    renewals: Renewals,
    /// The caller's, less what must not go upstream; `sign` adds ours.
    pub(super) head: Head,
    pub(super) body: Replayable,
    pub(super) idempotency: Option<(HeaderName, HeaderValue)>,
    pub(super) repeatable: Repeatable,
    pub(super) asks_graphql: Option<AsksGraphql>,
    pub(super) retry: RetryPolicy,
    pub(super) limits: Limits,
    pub(super) deadline_holds: DeadlineHolds,
    pub(super) validate: Validate,
    pub(super) judge_by: JudgeBy,
    pub(super) fault: Option<Fault>,
}

/// How far the deadline among a call's limits reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DeadlineHolds {
    /// Until the answer begins: the settings know nothing of streams that last for hours.
    UntilAnswer,
    /// Until the answer has ended: this caller wants it so.
    UntilEnd,
}

/// What a body of GraphQL asks for, as far as that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AsksGraphql {
    /// To read.
    Query,
    /// To change something, perhaps.
    Other,
}

/// Whose host a call goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Goes {
    /// One that the connector names.
    ToTheApi,
    /// One that was an input.
    Elsewhere,
}

/// What a call shows of who makes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Presents {
    /// The credential.
    Credential,
    /// Nothing: the operation asks for none.
    Nothing,
    /// Nothing of ours at all: the host is not the API's own, or the address proves itself.
    Withheld,
}

/// Whether another token may be asked for because the upstream refused one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Renewals {
    /// Once.
    Left,
    /// No more.
    Spent,
}

/// Grants the credential of the connection that the caller names, or of the default one.
pub(super) fn authorize(
    mut resolved: Resolved,
    record: &mut Record,
) -> Result<Box<Granted>, Error> {
    record.resolved(&resolved.installed.name, resolved.operation_name());
    if record.is_logged() {
        let path = shown::path(&resolved);
        record.sends(&resolved.method, path, &mut resolved.body);
    }
    let installed = &resolved.installed;
    let options = &resolved.options;
    check_connection(installed, options)?;
    let credential = installed.credential()?;
    let Destination {
        origin,
        breaker,
        target,
        presents,
    } = address(&resolved, credential)?;
    let shows = presents == Presents::Credential;
    let proof = shows.then(|| installed.proof()).transpose()?;
    let (goes, target) = match &resolved.address {
        Address::Below(sent) => {
            let target = with_query(target, sent, (installed, proof))?;
            (Goes::ToTheApi, target)
        }
        // What stands in it proves that it may be called.
        Address::Elsewhere(_) => (Goes::Elsewhere, target),
    };
    let idempotency = idempotency(&resolved, record);
    let asks_graphql = asks_graphql(&resolved);
    let own_token = own_token(&resolved).filter(|_| shows);
    let retry = retry(installed.retry, options.attempts_max, &resolved.headers);
    strip::strip(&mut resolved.headers, &installed.credential_headers, proof);
    Ok(Box::new(Granted {
        repeatable: repeatable(&resolved, asks_graphql, idempotency.as_ref()),
        asks_graphql,
        idempotency,
        retry,
        limits: limits(installed, options, record),
        deadline_holds: match options.timeout {
            Some(_) => DeadlineHolds::UntilEnd,
            None => DeadlineHolds::UntilAnswer,
        },
        validate: options.validate,
        judge_by: options.judge_by,
        fault: options.fault,
        goes,
        origin,
        breaker,
        paced_anew: None,
        lane: resolved.installed.upstream.lane(None),
        amounts: Amounts {
            requests: 1,
            ..Amounts::default()
        },
        caller: resolved.options.caller,
        cache: resolved.options.cache,
        presents,
        own_token,
        token: None,
        renewals: Renewals::Left,
        head: Head {
            method: resolved.method,
            target: match (target, resolved.address) {
                (Some(other), _) => other,
                // Without a copy, as nearly always.
                (None, Address::Below(sent)) => sent,
                (None, Address::Elsewhere(_)) => return Err(nowhere()),
            },
            headers: resolved.headers,
        },
        body: Replayable::new(resolved.body, REPLAY_MAX),
        operation: resolved.operation,
        installed: resolved.installed,
    }))
}

/// The target with our credential in its query too, where it has its place there; `None` still where
/// it stays as it was sent.
fn with_query(
    target: Option<PathAndQuery>,
    sent: &PathAndQuery,
    (installed, proof): (&Installed, Option<&Proof>),
) -> Result<Option<PathAndQuery>, Error> {
    let path = target.as_ref().unwrap_or(sent);
    let ours = query::with_ours(path, &installed.credential_query, proof);
    Ok(ours.map(resolve::parse).transpose()?.or(target))
}

fn nowhere() -> Error {
    let message = "an address was granted and is not there";
    Error::new(ErrorKind::Internal, message)
}

fn check_connection(installed: &Installed, options: &Options) -> Result<(), Error> {
    match options.connection.as_deref() {
        None | Some(DEFAULT_CONNECTION) => Ok(()),
        Some(name) => {
            let message = format!("`{}` has no connection `{name}`", installed.connector.name);
            Err(Error::new(ErrorKind::UnknownConnection, message)
                .with_hint("leave the connection out, or say `default`"))
        }
    }
}

fn limits(installed: &Installed, options: &Options, record: &Record) -> Limits {
    let times = &installed.time_limits;
    let timeout = options.timeout.or(times.call);
    Limits {
        connect: times.connect,
        first_byte: times.first_byte,
        idle: times.idle,
        deadline: timeout.map(|timeout| record.trail.started() + timeout),
    }
}

impl Granted {
    /// How it is proven who calls, where the call shows that.
    pub(super) fn proof<'a>(&self, installed: &'a Installed) -> Result<Option<&'a Proof>, Error> {
        match self.presents {
            Presents::Credential => installed.proof().map(Some),
            Presents::Nothing | Presents::Withheld => Ok(None),
        }
    }

    /// The settings' headers, which may be a credential too.
    pub(super) fn own_headers<'a>(
        &self,
        installed: &'a Installed,
    ) -> &'a [(HeaderName, HeaderValue)] {
        match self.presents {
            Presents::Credential | Presents::Nothing => &installed.own_headers,
            Presents::Withheld => &[],
        }
    }

    /// Whether the upstream's refusal of the token may be answered with another.
    pub(super) fn can_renew(&self) -> bool {
        self.token.is_some() && self.renewals == Renewals::Left
    }

    /// Sees to it that nobody uses the token again that the upstream refused.
    pub(super) fn discard_token(&self) {
        if let (Some(token), Ok(Proof::Token(tokens))) = (&self.token, self.installed.proof()) {
            tokens.discard(token);
        }
    }

    /// Goes on to the next attempt without the token that was refused.
    pub(super) fn forget_token(&mut self) {
        self.renewals = Renewals::Spent;
        self.token = None;
    }

    /// The upstream's host, and its port where that is not the usual one.
    pub(super) fn host(&self) -> &str {
        self.origin.host_header().to_str().unwrap_or("the upstream")
    }

    /// What the operation's bodies are compared with, where something is known of them.
    pub(super) fn check(&self) -> Option<&Arc<Check>> {
        self.installed.checks.get(self.operation?)
    }

    pub(super) fn operation(&self) -> Option<&Operation> {
        self.operation
            .and_then(|place| self.installed.connector.operations.get(place))
    }

    pub(super) fn operation_name(&self) -> Option<String> {
        self.operation().map(|operation| operation.name.clone())
    }

    /// Whether answers of the operation are kept.
    pub(super) fn keeping(&self) -> Option<&Keeping> {
        self.installed
            .keeping(self.operation)
            .map(|keeping| &**keeping)
    }

    /// Whether answers to a GET there are kept, and what tells them apart.
    pub(super) fn keeping_at(&self, target: &PathAndQuery) -> Option<&Keeping> {
        let place = self.installed.operation_at(&Method::GET, target.path());
        self.installed.keeping(place).map(|keeping| &**keeping)
    }

    /// The operation's name, as records share it.
    pub(super) fn shared_operation_name(&self) -> Option<Arc<str>> {
        let names = &self.installed.operation_names;
        self.operation.and_then(|place| names.get(place)).cloned()
    }

    /// Waits until the whole body is there, where that is not too much. Whether it is.
    pub(super) async fn has_whole_body(&mut self) -> bool {
        self.body.whole().is_some() || self.body.gather(REPLAY_MAX).await.is_ok()
    }

    /// Leaves of the caller's headers what the cache may look at: what proves who calls is ours to
    /// set, and part of the key by itself.
    pub(super) fn take_out_proof(&mut self) {
        let headers = &mut self.head.headers;
        if let (Presents::Credential, Ok(proof)) = (self.presents, self.installed.proof()) {
            proof.take_out(headers);
        }
        if let Some((name, _)) = self.own_token.as_deref() {
            headers.remove(name);
        }
    }

    /// The caller's request as the cache looks at it, until an attempt is signed.
    pub(super) fn asks(&self) -> RequestHead<'_> {
        RequestHead {
            method: &self.head.method,
            headers: &self.head.headers,
        }
    }

    /// What the cache is asked for this call.
    pub(super) fn question(&self, naming: Naming, policy: (Policy, Option<&Keeping>)) -> Question {
        let asker = Asker {
            identity: self.installed.identity(),
            presents: self.presents as u8,
            validate: self.validate as u8,
            caller: &self.caller,
            own_token: self.own_token.as_deref().map(|(_, token)| token.as_bytes()),
            headers: &self.head.headers,
            body: (self.head.method == Method::POST).then(|| self.body.whole().unwrap_or_default()),
        };
        let resource = Resource {
            connector: &self.installed.name,
            origin: &self.origin,
            target: &self.head.target,
        };
        Question::new(naming, &resource, &asker, policy)
    }

    /// The same call, to be made for whoever asks the same; `None` if its body is not at hand.
    pub(super) fn again(&self) -> Option<Box<Self>> {
        let body = Bytes::copy_from_slice(self.body.whole()?);
        let body = if body.is_empty() {
            Body::Empty
        } else {
            Body::Full(body)
        };
        Some(Box::new(Self {
            installed: Arc::clone(&self.installed),
            operation: self.operation,
            origin: self.origin.clone(),
            goes: self.goes,
            breaker: self.breaker.clone(),
            paced_anew: self.paced_anew.clone(),
            lane: Arc::clone(&self.lane),
            amounts: self.amounts,
            caller: self.caller.clone(),
            cache: self.cache,
            presents: self.presents,
            own_token: self.own_token.clone(),
            token: self.token.clone(),
            renewals: self.renewals,
            head: self.head.clone(),
            body: Replayable::new(body, REPLAY_MAX),
            idempotency: self.idempotency.clone(),
            repeatable: self.repeatable,
            asks_graphql: self.asks_graphql,
            retry: self.retry,
            limits: self.limits.clone(),
            deadline_holds: self.deadline_holds,
            validate: self.validate,
            judge_by: self.judge_by,
            fault: self.fault,
        }))
    }

    /// Whether something is known of the values of its replies.
    pub(super) fn is_judged(&self) -> bool {
        let promises = |operation: &Operation| !operation.reply_required.is_empty();
        let has_schema = || self.check().is_some_and(|check| check.reply().is_some());
        self.validate != Validate::Off && (self.operation().is_some_and(promises) || has_schema())
    }

    /// From now on only the settings limit its time: it is not one caller's alone.
    pub(super) fn takes_its_own_time(&mut self, started: Instant) {
        let timeout = self.installed.time_limits.call;
        self.limits.deadline = timeout.map(|timeout| started + timeout);
        self.deadline_holds = DeadlineHolds::UntilAnswer;
    }

    /// How fast its attempts may follow those of others.
    pub(super) fn pacing(&self) -> &Arc<Pacing> {
        let anew = self.paced_anew.as_ref();
        anew.unwrap_or_else(|| self.installed.pacing(self.operation))
    }

    /// Which of the upstream's words hold its attempts.
    pub(super) fn heeds(&self) -> Heeds {
        match self.goes {
            Goes::ToTheApi => self.pacing().heeds,
            Goes::Elsewhere => Heeds::Nothing,
        }
    }

    /// Goes by the limits of newer settings, if there are. All else of the call stays as it was
    /// granted.
    pub(super) fn pace_anew(&mut self, snapshot: &Snapshot) {
        let Some(installed) = snapshot.installed.get(&self.installed.connector.name) else {
            return;
        };
        if self.paced_anew.is_none() && Arc::ptr_eq(installed, &self.installed) {
            return;
        }
        let name = self.operation_name();
        let mut operations = installed.connector.operations.iter();
        let place = operations.position(|operation| name.as_deref() == Some(&*operation.name));
        self.paced_anew = Some(Arc::clone(installed.pacing(place)));
    }
}

/// Where a call goes.
struct Destination {
    origin: Origin,
    breaker: Option<Arc<Breaker>>,
    /// With our secrets in it, where the connector has them in paths; `None` where it is the one that
    /// the caller sent.
    target: Option<PathAndQuery>,
    presents: Presents,
}

/// Where a call goes, and whether the credential goes there too.
fn address(resolved: &Resolved, credential: &Credential) -> Result<Destination, Error> {
    let installed = &resolved.installed;
    let below = match &resolved.address {
        Address::Below(below) => below,
        Address::Elsewhere(url) => {
            let (origin, path) = installed.place_of_address(url)?;
            return Ok(Destination {
                origin,
                breaker: None,
                target: Some(resolve::parse(path)?),
                presents: Presents::Withheld,
            });
        }
    };
    let ours = ours_in_path(installed, credential, below)?;
    let below = ours.as_ref().unwrap_or(below);
    let placed = installed.place_of(below.as_str())?;
    let asks = resolved
        .operation()
        .is_none_or(|operation| operation.auth == OperationAuth::Connector);
    let presents = match placed.credential {
        HostCredential::Send if asks => Presents::Credential,
        HostCredential::Send => Presents::Nothing,
        HostCredential::Withhold => Presents::Withheld,
    };
    // The path as it is wherever nothing stands before it: byte for byte, and without a copy.
    let target = if placed.base_path.is_empty() && placed.replaced == 0 {
        ours
    } else {
        let rest = below.as_str().get(placed.replaced..).unwrap_or_default();
        let slash = if placed.base_path.is_empty() && !rest.starts_with('/') {
            "/"
        } else {
            ""
        };
        let path = format!("{}{slash}{rest}", placed.base_path);
        Some(resolve::parse(path)?)
    };
    Ok(Destination {
        origin: placed.origin.clone(),
        breaker: resolved
            .pacing()
            .breaking
            .is_some()
            .then(|| Arc::clone(placed.breaker)),
        target,
        presents,
    })
}

/// Where the connector declares that its paths carry a credential, ours takes the caller's place.
fn ours_in_path(
    installed: &Installed,
    credential: &Credential,
    sent: &PathAndQuery,
) -> Result<Option<PathAndQuery>, Error> {
    let connector = &installed.connector;
    if connector.credential_paths.is_empty() {
        return Ok(None);
    }
    let path = sent.path();
    if has_odd_segment(path) {
        let message = "the path has an empty segment, `.`, `..` or a letter that is encoded, behind which a credential could hide";
        return Err(Error::new(ErrorKind::BadUrl, message).with_hint("write the path out"));
    }
    let Some(places) = credential_places(connector, path) else {
        return Ok(None);
    };
    let mut ours = sent.as_str().to_owned();
    for (name, place) in places.into_iter().rev() {
        let value = credential.part(connector, name);
        let value = value.map_err(|error| installed.secret_error(&error))?;
        ours.replace_range(place, &value);
    }
    PathAndQuery::from_maybe_shared(Bytes::from(ours))
        .map(Some)
        .map_err(|_| {
            let message = "a secret that stands in the path has a character that paths cannot have";
            Error::new(ErrorKind::SecretMissing, message)
        })
}

/// Where the credential stands in a path, by the template that says it most exactly.
fn credential_places<'a>(
    connector: &'a Connector,
    path: &str,
) -> Option<Vec<(&'a str, Range<usize>)>> {
    let templates = connector.credential_paths.iter();
    let matching = templates
        .filter_map(|template| Some((template.exactness(), template.places_in_prefix(path)?)));
    let most_exact = matching.max_by_key(|(exactness, _)| *exactness);
    most_exact.map(|(_, places)| places)
}

/// Whether servers could read another path into this one (RFC 3986 section 5.2.4).
fn has_odd_segment(path: &str) -> bool {
    if has_encoded_letter(path) {
        return true;
    }
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        let dots = segment.replace("%2e", ".").replace("%2E", ".");
        if (segment.is_empty() && !is_last) || dots == "." || dots == ".." {
            return true;
        }
    }
    false
}

/// Whether a character is percent-encoded that never has to be (RFC 3986 section 2.3).
fn has_encoded_letter(path: &str) -> bool {
    let mut codes = path.split('%').skip(1);
    codes.any(|code| {
        let code = code
            .get(..2)
            .and_then(|code| u8::from_str_radix(code, 16).ok());
        code.is_some_and(|byte| byte.is_ascii_alphanumeric() || b"-_~".contains(&byte))
    })
}

/// The caller's own key for this request, or one of ours where the connector declares that it
/// helps; the same on every attempt.
fn idempotency(resolved: &Resolved, record: &Record) -> Option<(HeaderName, HeaderValue)> {
    let declared = resolved.installed.connector.idempotency.as_ref()?;
    if !declared.methods.contains(&resolved.method) {
        return None;
    }
    let sent = key_in(&resolved.headers, &declared.header).cloned();
    let key = sent.unwrap_or_else(|| HeaderValue::from(record.call_id()));
    Some((declared.header.clone(), key))
}

/// The caller's token, where the API itself gave it to somebody who has signed in.
fn own_token(resolved: &Resolved) -> Option<Box<(HeaderName, HeaderValue)>> {
    let mut declared = resolved.installed.connector.own_tokens.iter();
    let (token, mut value) =
        declared.find_map(|token| Some((token, token.find(&resolved.headers)?)))?;
    value.set_sensitive(true);
    Some(Box::new((token.header.clone(), value)))
}

fn repeatable(
    resolved: &Resolved,
    asks_graphql: Option<AsksGraphql>,
    key: Option<&(HeaderName, HeaderValue)>,
) -> Repeatable {
    let only_reads = resolved
        .operation()
        .is_some_and(|operation| operation.repeatable == format::Repeatable::Always);
    let is_promised = match resolved.installed.connector.methods_promise {
        // RFC 9110 section 9.2.2.
        MethodsPromise::TheUsual => resolved.method.is_idempotent(),
        MethodsPromise::Nothing => false,
    };
    if is_promised || only_reads || asks_graphql == Some(AsksGraphql::Query) {
        Repeatable::Harmless
    } else if key.is_some() || carries_key(resolved) {
        Repeatable::Keyed
    } else {
        Repeatable::No
    }
}

/// Whether its GraphQL only reads, whatever its method; `None` where it is none.
fn asks_graphql(resolved: &Resolved) -> Option<AsksGraphql> {
    let of_graphql = |operation: &&Operation| operation.body == BodyKind::Graphql;
    resolved.operation().filter(of_graphql)?;
    let kind = resolved.graphql.or_else(|| match &resolved.body {
        Body::Full(bytes) => graphql_kind(bytes),
        _ => None,
    });
    Some(match kind {
        Some(OperationKind::Query) => AsksGraphql::Query,
        Some(_) | None => AsksGraphql::Other,
    })
}

fn graphql_kind(body: &[u8]) -> Option<OperationKind> {
    let request: Value = serde_json::from_slice(body).ok()?;
    let document = Document::parse(request.get("query")?.as_str()?).ok()?;
    let name = request.get("operationName").and_then(Value::as_str);
    Some(document.operation(name).ok()?.kind)
}

/// A caller that sends the standard key to an API of which we know nothing better.
fn carries_key(resolved: &Resolved) -> bool {
    resolved.installed.connector.idempotency.is_none()
        && key_in(&resolved.headers, &STANDARD_KEY).is_some()
}

/// An empty key is none: nobody can recognize a request by it.
fn key_in<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    headers
        .get(name)
        .filter(|key| !key.as_bytes().trim_ascii().is_empty())
}

/// What the caller allows; and what its SDK has tried already is not tried again.
fn retry(policy: RetryPolicy, allowed: Option<NonZeroU32>, headers: &HeaderMap) -> RetryPolicy {
    // Cheaper than a look-up, for the few headers that a request has.
    let tried = headers
        .iter()
        .find(|(name, _)| **name == SDK_RETRIES)
        .and_then(|(_, value)| value.to_str().ok()?.parse().ok());
    let attempts = allowed.map_or(policy.attempts_max, NonZeroU32::get);
    let attempts_max = attempts.saturating_sub(tried.unwrap_or(0_u32)).max(1);
    RetryPolicy {
        attempts_max,
        ..policy
    }
}
