//! Grants a call the credential of a connection, bound to the connector's own host.

mod strip;

use std::num::NonZeroU32;
use std::sync::Arc;

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue};
use trunkline_connector::Operation;
use trunkline_connector::format;
use trunkline_egress::{Head, Limits, Replayable};

use super::record::Record;
use super::resolve::Resolved;
use super::retry::{Repeatable, RetryPolicy};
use crate::call::{Fault, Validate};
use crate::error::{Error, ErrorKind};
use crate::installed::{Credential, Installed};

/// The name of the connection that every connector has.
const DEFAULT_CONNECTION: &str = "default";

/// Bodies up to this size are kept while they pass, so that they can be sent again.
const REPLAY_MAX: usize = 256 * 1024;

/// draft-ietf-httpapi-idempotency-key-header.
const STANDARD_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// How often a vendor's SDK has asked already (openai, anthropic, groq and together send it).
const SDK_RETRIES: HeaderName = HeaderName::from_static("x-stainless-retry-count");

/// A call that may be made, and with whose credential. Large, so it lives in a box.
pub(super) struct Granted {
    pub(super) installed: Arc<Installed>,
    operation: Option<usize>,
    /// The caller's, less what must not go upstream; `sign` adds ours.
    pub(super) head: Head,
    pub(super) body: Replayable,
    pub(super) idempotency: Option<(HeaderName, HeaderValue)>,
    pub(super) repeatable: Repeatable,
    pub(super) retry: RetryPolicy,
    pub(super) limits: Limits,
    pub(super) deadline_holds: DeadlineHolds,
    pub(super) validate: Validate,
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

/// Grants the credential of the connection that the caller names, or of the default one.
pub(super) fn authorize(
    mut resolved: Resolved,
    record: &mut Record,
) -> Result<Box<Granted>, Error> {
    record.resolved(resolved.installed.connector.name, resolved.operation_name());
    resolved.installed.budget.count_call(record.started());
    let installed = &resolved.installed;
    let options = &resolved.options;
    if let Some(name) = options
        .connection
        .as_deref()
        .filter(|name| *name != DEFAULT_CONNECTION)
    {
        let message = format!("`{}` has no connection `{name}`", installed.connector.name);
        return Err(Error::new(ErrorKind::UnknownConnection, message)
            .with_hint("leave the connection out, or say `default`"));
    }
    let credential = installed.credential()?;
    if let Some(target) = ours_in_path(installed, credential, &resolved.head.target)? {
        resolved.head.target = target;
    }
    let idempotency = idempotency(&resolved, record);
    let timeout = options.timeout.or(installed.time_limits.call);
    let retry = retry(
        installed.retry,
        options.attempts_max,
        &resolved.head.headers,
    );
    strip::strip(&mut resolved.head.headers, &installed.connector, credential);
    Ok(Box::new(Granted {
        repeatable: repeatable(&resolved, idempotency.as_ref()),
        idempotency,
        retry,
        limits: Limits {
            connect: installed.time_limits.connect,
            first_byte: installed.time_limits.first_byte,
            idle: installed.time_limits.idle,
            deadline: timeout.map(|timeout| record.started() + timeout),
        },
        deadline_holds: match options.timeout {
            Some(_) => DeadlineHolds::UntilEnd,
            None => DeadlineHolds::UntilAnswer,
        },
        validate: options.validate,
        fault: options.fault,
        head: resolved.head,
        body: Replayable::new(resolved.body, REPLAY_MAX),
        operation: resolved.operation,
        installed: resolved.installed,
    }))
}

impl Granted {
    pub(super) fn operation(&self) -> Option<&Operation> {
        self.operation
            .and_then(|place| self.installed.connector.operations.get(place))
    }
}

/// Where the connector declares that its paths carry a credential, ours takes the caller's place.
fn ours_in_path(
    installed: &Installed,
    credential: &Credential,
    sent: &PathAndQuery,
) -> Result<Option<PathAndQuery>, Error> {
    if installed.connector.credential_paths.is_empty() {
        return Ok(None);
    }
    let base = installed.base_path.len();
    let below_base = sent.path().get(base..).unwrap_or_default();
    if has_odd_segment(below_base) {
        let message =
            "the path has an empty segment, `.` or `..`, behind which a credential could hide";
        return Err(Error::new(ErrorKind::BadUrl, message).with_hint("write the path out"));
    }
    let templates = installed.connector.credential_paths.iter();
    let matching = templates.filter_map(|template| {
        Some((template.exactness(), template.places_in_prefix(below_base)?))
    });
    let Some((_, places)) = matching.max_by_key(|(exactness, _)| *exactness) else {
        return Ok(None);
    };
    let mut path = sent.as_str().to_owned();
    for (name, place) in places.into_iter().rev() {
        let secret = credential.value(name).map_or("", |secret| secret.expose());
        path.replace_range(base + place.start..base + place.end, secret);
    }
    PathAndQuery::from_maybe_shared(Bytes::from(path))
        .map(Some)
        .map_err(|_| {
            let message = "a secret that stands in the path has a character that paths cannot have";
            Error::new(ErrorKind::SecretMissing, message)
        })
}

/// Whether servers could read another path into this one (RFC 3986 section 5.2.4).
fn has_odd_segment(path: &str) -> bool {
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

/// The caller's own key for this request, or one of ours where the connector declares that it
/// helps; the same on every attempt.
fn idempotency(resolved: &Resolved, record: &Record) -> Option<(HeaderName, HeaderValue)> {
    let declared = resolved.installed.connector.idempotency.as_ref()?;
    if !declared.methods.contains(&resolved.head.method) {
        return None;
    }
    let sent = key_in(&resolved.head.headers, &declared.header).cloned();
    let key = sent.unwrap_or_else(|| HeaderValue::from(record.call_id()));
    Some((declared.header.clone(), key))
}

fn repeatable(resolved: &Resolved, key: Option<&(HeaderName, HeaderValue)>) -> Repeatable {
    let only_reads = resolved
        .operation()
        .is_some_and(|operation| operation.repeatable == format::Repeatable::Always);
    // RFC 9110 section 9.2.2.
    if resolved.head.method.is_idempotent() || only_reads {
        Repeatable::Harmless
    } else if key.is_some() || carries_key(resolved) {
        Repeatable::Keyed
    } else {
        Repeatable::No
    }
}

/// A caller that sends the standard key to an API of which we know nothing better.
fn carries_key(resolved: &Resolved) -> bool {
    resolved.installed.connector.idempotency.is_none()
        && key_in(&resolved.head.headers, &STANDARD_KEY).is_some()
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
