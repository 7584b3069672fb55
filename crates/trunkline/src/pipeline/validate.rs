//! Compares a reply with what its operation promises, and on demand a request with what it takes.

mod gate;
mod judge;
mod passing;
mod request;

use std::sync::Arc;
use std::time::Instant;

use http::{HeaderMap, Method, StatusCode, header};
use trunkline_connector::Operation;
use trunkline_connector::format::{Class, ReplyKind};
use trunkline_egress::Clock;

use super::authorize::Granted;
use super::classify::{self, AnswerFrom, Answered};
use super::record::Record;
use crate::call::Validate;
use crate::client::Trunkline;
use crate::drift::look::{Kind, Passed};
use crate::drift::watcher::Sample;
use crate::error::{Error, ErrorKind};
use crate::explain::{self, Explanation};
use crate::failure;
use crate::held::{self, Encoding, Held};
use crate::schema::{Check, Findings, Schema, SchemaError};
use crate::secret::Secret;

use judge::{Judge, Packed, Unjudged};

pub(crate) use gate::{Gate, Next};
pub(crate) use passing::{Passing, Tap};
pub(super) use request::{look_at_request, wants_request};

/// Bodies and events are read up to this size where the caller wants promises enforced.
const BYTES_MAX: usize = 8 * 1024 * 1024;

/// How a body is that is too much to be judged.
const TOO_MUCH: &str = "cannot be checked: it has too many values, or that is too much work";

/// How a body is that keeps to JSON's grammar and cannot be judged nevertheless.
const TOO_STRANGE: &str = "is JSON that cannot be checked: it is nested deeper than 127, or has a number beyond 1e308 or half a surrogate pair";

/// An answer that may be given to the caller.
pub(super) struct Valid {
    pub(super) answered: Box<Answered>,
    pub(super) explanation: Option<Box<Explanation>>,
    pub(super) problem: Option<String>,
    /// What is still to be done while the body passes.
    pub(super) passing: Option<Box<Passing>>,
    _made: Made,
}

/// Only this file makes a [`Valid`].
struct Made;

/// What an operation promises of its replies' type.
struct Promise<'p> {
    operation: &'p Operation,
    /// Whether the app has a schema of its own for them.
    is_own: bool,
}

/// A promise that is broken.
struct Problem {
    text: String,
    findings: Findings,
}

/// Looks whether a good answer is what the operation promises: its type always, its values where
/// the body is at hand or the caller wants them enforced. A body that passes is looked at when it
/// has passed, now and then. Nothing is delayed, except where promises are enforced.
///
/// # Errors
/// [`ErrorKind::SchemaBroken`], if the caller wants promises enforced.
pub(super) async fn validate(
    granted: &Granted,
    mut answered: Box<Answered>,
    engine: &Trunkline,
    record: &Record,
) -> Result<Valid, Error> {
    let is_good = answered.verdict.class == Class::Ok && answered.status.is_success();
    let operation = granted.operation().filter(|_| is_good);
    let (problem, passing) = match (granted.validate, operation) {
        (Validate::Off, _) | (_, None) => (None, None),
        (Validate::Report, _) if answered.origin == AnswerFrom::Store => (None, None),
        (Validate::Report, Some(operation)) => {
            let promise = Promise::new(operation, granted.check());
            let check = granted.check();
            match check.filter(|check| check.takes_one(record.trail.started())) {
                None => (broken_promise(&promise, &answered, None), None),
                Some(check) => report(granted, &promise, &answered, (check, engine, record)),
            }
        }
        (Validate::Enforce, Some(operation)) => {
            let enforced = enforce(
                granted,
                Promise::new(operation, granted.check()),
                &mut answered,
                (engine, record),
            );
            // Boxed, so that a call that wants nothing enforced does not carry its size.
            (None, Box::pin(enforced).await?)
        }
    };
    let connector = &granted.installed.connector;
    Ok(Valid {
        explanation: explain::of_answer(connector, answered.status, &answered.verdict)
            .map(Box::new),
        answered,
        problem: problem.map(|problem| problem.text),
        passing,
        _made: Made,
    })
}

/// Whether an answer breaks its operation's promise, as far as it can be told: its type always, its
/// values where all of it is at hand.
pub(super) fn breaks_promise(granted: &Granted, answered: &Answered) -> bool {
    let operation = granted
        .operation()
        .filter(|_| answered.status.is_success() && granted.validate != Validate::Off);
    operation.is_some_and(|operation| {
        let check = granted.check();
        let promise = Promise::new(operation, check);
        // A schema that cannot be used says nothing here; `connectors check` tells of it.
        let schema = check.and_then(|check| check.reply()).and_then(Result::ok);
        broken_promise(&promise, answered, schema.as_ref()).is_some()
    })
}

/// Looks at what is at hand, and has the body looked at when it has passed.
fn report(
    granted: &Granted,
    promise: &Promise<'_>,
    answered: &Answered,
    (check, engine, record): (&Arc<Check>, &Trunkline, &Record),
) -> (Option<Problem>, Option<Box<Passing>>) {
    // A schema that cannot be used says nothing here; `connectors check` tells of it.
    let is_at_hand = answered.body.rest.is_none();
    let schema = check.reply().filter(|_| is_at_hand).and_then(Result::ok);
    let problem = broken_promise(promise, answered, schema.as_ref());
    let Some(kind) = kind_of_body(promise, answered) else {
        return (problem, None);
    };
    let mut passed = Passed {
        kind,
        encoding: held::encoding(&answered.headers),
        pieces: Vec::new(),
    };
    if is_at_hand || matches!(passed.kind, Kind::Other(_)) {
        passed.pieces.push(answered.body.first.clone());
        tap(granted, check, (engine, record), passed).ended();
        return (problem, None);
    }
    if passed.encoding == Encoding::Unreadable {
        return (problem, None);
    }
    let tap = tap(granted, check, (engine, record), passed);
    (problem, Some(Box::new(Passing::Tapped(tap))))
}

/// Holds a body until it is known to be as promised, or a stream event by event.
async fn enforce(
    granted: &Granted,
    promise: Promise<'_>,
    answered: &mut Answered,
    (engine, record): (&Trunkline, &Record),
) -> Result<Option<Box<Passing>>, Error> {
    let check = granted.check();
    let name = &promise.operation.name;
    let event = check.and_then(|check| check.event());
    let is_stream = classify::is_stream(&answered.headers);
    if is_stream && promise.is_own && event.is_none() {
        // The app's schema says nothing of streams, so that anything could pass as one.
        return Err(promise
            .other_type(content_type(&answered.headers))
            .into_error());
    }
    if let Some(problem) = wrong_type(&promise, answered) {
        return Err(problem.into_error());
    }
    if is_stream {
        let gate = event.map(|schema| gate(granted, schema, name, (answered, engine, record)));
        return gate.transpose();
    }
    let is_nothing =
        answered.status == StatusCode::NO_CONTENT || granted.head.method == Method::HEAD;
    let required = &promise.operation.reply_required;
    if !promise.is_json() || (is_nothing && required.is_empty()) {
        return Ok(None);
    }
    let schema = check.and_then(|check| check.reply());
    let schema = schema.map(|schema| usable(schema, name)).transpose()?;
    let until = engine.clock().now() + granted.limits.first_byte;
    let Answered { headers, body, .. } = answered;
    hold_whole(body, headers, (engine.clock(), until)).await?;
    if body.rest.is_some() {
        return Err(unreadable());
    }
    let text = Packed {
        encoding: held::encoding(headers),
        bytes: body.first.clone(),
    };
    if let Some(check) = check.filter(|check| check.takes_one(record.trail.started())) {
        let passed = Passed {
            kind: Kind::Json,
            encoding: text.encoding,
            pieces: vec![text.bytes.clone()],
        };
        tap(granted, check, (engine, record), passed).ended();
    }
    let judge = Judge {
        required: required.clone(),
        schema,
    };
    let judged = match judge.judge(text, engine, Some(until)).await {
        Ok(findings) => findings.map(|findings| Problem::of(name, findings)),
        Err(Unjudged::NotJson) => Some(Problem::no_json(name)),
        Err(Unjudged::Unreadable | Unjudged::TooSlow) => return Err(unreadable()),
        Err(Unjudged::TooMuch) => return Err(too_much("the reply")),
        Err(Unjudged::TooStrange) => return Err(too_strange("the reply")),
    };
    match judged {
        Some(problem) => Err(problem.into_error()),
        None => Ok(None),
    }
}

/// Holds a stream until each event of it was judged.
fn gate(
    granted: &Granted,
    schema: Result<Arc<Schema>, SchemaError>,
    name: &str,
    (answered, engine, record): (&Answered, &Trunkline, &Record),
) -> Result<Box<Passing>, Error> {
    let schema = usable(schema, name)?;
    let check = granted.check();
    let check = check.filter(|check| check.takes_one(record.trail.started()));
    let tap = check.map(|check| {
        let passed = Passed {
            kind: Kind::Event,
            encoding: Encoding::Plain,
            pieces: Vec::new(),
        };
        tap(granted, check, (engine, record), passed)
    });
    let gate = Gate::new(schema, name.into(), &answered.headers, tap)?;
    Ok(Box::new(Passing::Gated(Box::new(gate))))
}

/// Will have a body looked at when it has passed.
fn tap(
    granted: &Granted,
    check: &Arc<Check>,
    (engine, record): (&Trunkline, &Record),
    passed: Passed,
) -> Tap {
    let sample = Sample {
        check: Arc::clone(check),
        call_id: record.call_id(),
        secrets: secrets_of(granted),
        passed,
    };
    Tap::new(Arc::clone(engine.watcher()), sample)
}

/// What must not stand in any report.
fn secrets_of(granted: &Granted) -> Arc<[Secret]> {
    let installed = &granted.installed;
    let credential = installed.credential();
    credential.map_or_else(
        |_| Arc::default(),
        |credential| Arc::clone(credential.traces(&installed.connector)),
    )
}

async fn hold_whole(
    body: &mut Held,
    headers: &HeaderMap,
    limit: (&Clock, Instant),
) -> Result<(), Error> {
    let Some(rest) = body.rest.take() else {
        return Ok(());
    };
    let mut held = Held::read(rest, headers, BYTES_MAX, limit)
        .await
        .map_err(failure::of_broken)?;
    if !body.first.is_empty() {
        held.first = [&*body.first, &*held.first].concat().into();
    }
    *body = held;
    Ok(())
}

fn unreadable() -> Error {
    let message = format!(
        "the reply cannot be checked: it is larger than {BYTES_MAX} bytes, too slow, or compressed otherwise than with gzip"
    );
    Error::new(ErrorKind::ReplyTooLarge, message)
}

fn too_much(what: &str) -> Error {
    let message = format!("{what} {TOO_MUCH}");
    Error::new(ErrorKind::ReplyTooLarge, message)
}

fn too_strange(what: &str) -> Error {
    let message = format!("{what} {TOO_STRANGE}");
    Error::new(ErrorKind::ReplyTooLarge, message)
}

/// A schema, or the error for a caller who wants one enforced that nobody can use.
fn usable(schema: Result<Arc<Schema>, SchemaError>, operation: &str) -> Result<Arc<Schema>, Error> {
    schema.map_err(|error| {
        let message = format!("the schema of `{operation}` cannot be used: {error}");
        Error::new(ErrorKind::BadConnectorFile, message)
    })
}

/// What kind of body passes, as far as it may be looked at.
fn kind_of_body(promise: &Promise<'_>, answered: &Answered) -> Option<Kind> {
    let Answered {
        status, headers, ..
    } = answered;
    if !promise.is_json()
        || promise.operation.method == Method::HEAD
        || *status == StatusCode::NO_CONTENT
        || *status == StatusCode::PARTIAL_CONTENT
    {
        return None;
    }
    let kind = content_type(headers);
    if kind.is_empty() && *status != StatusCode::OK {
        // Nothing but the status was to be said, such as 201 to those who want no more.
        return None;
    }
    if classify::is_stream(headers) {
        return Some(kind_of_stream(headers));
    }
    if is_json(kind) {
        return Some(Kind::Json);
    }
    Some(Kind::Other(shown(kind)))
}

/// What kind of stream it is.
fn kind_of_stream(headers: &HeaderMap) -> Kind {
    let kind = media_type(content_type(headers));
    if kind.eq_ignore_ascii_case(b"text/event-stream") {
        Kind::Events
    } else {
        Kind::Lines
    }
}

/// What is wrong with an answer, as far as it can be seen now.
fn broken_promise(
    promise: &Promise<'_>,
    answered: &Answered,
    schema: Option<&Arc<Schema>>,
) -> Option<Problem> {
    if let Some(problem) = wrong_type(promise, answered) {
        return Some(problem);
    }
    let Operation {
        name,
        reply_required: required,
        ..
    } = promise.operation;
    let is_checked = promise.is_json()
        && (schema.is_some() || !required.is_empty())
        && answered.body.rest.is_none();
    if !is_checked || classify::is_stream(&answered.headers) {
        return None;
    }
    let judge = Judge {
        required: required.clone(),
        schema: schema.cloned(),
    };
    let text = Packed {
        encoding: held::encoding(&answered.headers),
        bytes: answered.body.first.clone(),
    };
    match judge.at_once(&text) {
        Ok(findings) => findings.map(|findings| Problem::of(name, findings)),
        Err(Unjudged::NotJson) => Some(Problem::no_json(name)),
        // What cannot be judged at once is looked at when it has passed.
        Err(_) => None,
    }
}

fn wrong_type(promise: &Promise<'_>, answered: &Answered) -> Option<Problem> {
    let kind = content_type(&answered.headers);
    if !promise.is_json()
        || answered.status == StatusCode::NO_CONTENT
        || is_json(kind)
        || classify::is_stream(&answered.headers)
    {
        return None;
    }
    Some(promise.other_type(kind))
}

impl<'p> Promise<'p> {
    fn new(operation: &'p Operation, check: Option<&Arc<Check>>) -> Self {
        Self {
            operation,
            is_own: check.is_some_and(|check| check.has_own_schema()),
        }
    }

    /// Whether a good reply is JSON. Where the app has a schema for it, it counts on that.
    fn is_json(&self) -> bool {
        match self.operation.reply_body {
            ReplyKind::Json => true,
            ReplyKind::Any | ReplyKind::Empty => self.is_own,
        }
    }

    fn other_type(&self, kind: &[u8]) -> Problem {
        let (name, kind) = (&self.operation.name, shown(kind));
        Problem {
            text: format!("`{name}` promises JSON, and the reply's type is `{kind}`"),
            findings: Findings::one("", "JSON", format!("the type `{kind}`")),
        }
    }
}

fn content_type(headers: &HeaderMap) -> &[u8] {
    // It stands among the first: to go through them costs less than a look-up.
    let kind = headers
        .iter()
        .find(|(name, _)| **name == header::CONTENT_TYPE);
    kind.map_or(b"", |(_, kind)| kind.as_bytes())
}

/// A content type as messages name it.
fn shown(content_type: &[u8]) -> String {
    if content_type.is_empty() {
        return "nothing".to_owned();
    }
    let kind = String::from_utf8_lossy(media_type(content_type));
    let kind = kind.chars().filter(|one| !one.is_control());
    kind.take(80).collect()
}

fn is_json(content_type: &[u8]) -> bool {
    // As nearly every API writes it.
    if content_type == b"application/json" {
        return true;
    }
    let kind = media_type(content_type).to_ascii_lowercase();
    kind == b"application/json" || kind == b"text/json" || kind.ends_with(b"+json")
}

/// A content type without its parameters (RFC 9110 section 8.3.1).
fn media_type(content_type: &[u8]) -> &[u8] {
    let end = content_type
        .iter()
        .position(|byte| *byte == b';')
        .unwrap_or(content_type.len());
    content_type.get(..end).unwrap_or_default().trim_ascii()
}

impl Problem {
    fn of(operation: &str, findings: Findings) -> Self {
        Self {
            text: findings.broken_promise(operation, "reply"),
            findings,
        }
    }

    fn no_json(operation: &str) -> Self {
        Self {
            text: format!("`{operation}` promises JSON, and the reply's body is none"),
            findings: Findings::one("", "JSON", "something else"),
        }
    }

    fn into_error(self) -> Error {
        Error::new(ErrorKind::SchemaBroken, self.text)
            .with_hint(explain::remedy(ErrorKind::SchemaBroken))
            .with_findings(self.findings)
    }
}
