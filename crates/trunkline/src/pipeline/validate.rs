//! Compares a reply with what its operation promises, and on demand a request with what it takes.

mod gate;
mod passing;
mod request;

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde_json::Value;
use trunkline_connector::Operation;
use trunkline_connector::format::{Class, ReplyKind};
use trunkline_egress::Clock;

use super::authorize::Granted;
use super::classify::{self, Answered};
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

pub(crate) use gate::Gate;
pub(crate) use passing::{Passing, Tap};
pub(super) use request::{look_at_request, wants_request};

/// Bodies and events are read up to this size where the caller wants promises enforced.
const BYTES_MAX: usize = 8 * 1024 * 1024;

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
        (Validate::Report, Some(operation)) => {
            let check = granted.check();
            match check.filter(|check| check.takes_one(record.started())) {
                None => (broken_promise(operation, &answered, None), None),
                Some(check) => report(operation, &answered, check, (engine, record)),
            }
        }
        (Validate::Enforce, Some(operation)) => {
            let enforced = enforce(granted, operation, &mut answered, (engine, record));
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

/// Looks at what is at hand, and has the body looked at when it has passed.
fn report(
    operation: &Operation,
    answered: &Answered,
    check: &Arc<Check>,
    (engine, record): (&Trunkline, &Record),
) -> (Option<Problem>, Option<Box<Passing>>) {
    // A schema that cannot be used says nothing here; `connectors check` tells of it.
    let is_at_hand = answered.body.rest.is_none();
    let schema = check.reply().filter(|_| is_at_hand).and_then(Result::ok);
    let problem = broken_promise(operation, answered, schema.as_deref());
    let Some(kind) = kind_of_body(operation, answered) else {
        return (problem, None);
    };
    let mut passed = Passed {
        kind,
        encoding: held::encoding(&answered.headers),
        pieces: Vec::new(),
    };
    if is_at_hand || matches!(passed.kind, Kind::Other(_)) {
        passed.pieces.push(answered.body.first.clone());
        tap(engine, check, record, passed).ended();
        return (problem, None);
    }
    if passed.encoding == Encoding::Unreadable {
        return (problem, None);
    }
    let tap = tap(engine, check, record, passed);
    (problem, Some(Box::new(Passing::Tapped(tap))))
}

/// Holds a body until it is known to be as promised, or a stream event by event.
async fn enforce(
    granted: &Granted,
    operation: &Operation,
    answered: &mut Answered,
    (engine, record): (&Trunkline, &Record),
) -> Result<Option<Box<Passing>>, Error> {
    let check = granted.check();
    if let Some(problem) = wrong_type(operation, answered) {
        return Err(problem.into_error());
    }
    if classify::is_stream(&answered.headers) {
        let Some(schema) = check.and_then(|check| check.event()) else {
            return Ok(None);
        };
        let name = Arc::from(operation.name.as_str());
        let schema = usable(schema, &operation.name)?;
        let check = check.filter(|check| check.takes_one(record.started()));
        let tap = check.map(|check| {
            let passed = Passed {
                kind: Kind::Event,
                encoding: Encoding::Plain,
                pieces: Vec::new(),
            };
            tap(engine, check, record, passed)
        });
        let gate = Gate::new(schema, name, &answered.headers, tap)?;
        return Ok(Some(Box::new(Passing::Gated(Box::new(gate)))));
    }
    let is_nothing =
        answered.status == StatusCode::NO_CONTENT || granted.head.method == Method::HEAD;
    let has_to_say = operation.reply_body == ReplyKind::Json
        && !(is_nothing && operation.reply_required.is_empty());
    if !has_to_say {
        return Ok(None);
    }
    let schema = check.and_then(|check| check.reply());
    let schema = schema
        .map(|schema| usable(schema, &operation.name))
        .transpose()?;
    let until = engine.clock().now() + granted.limits.first_byte;
    let Answered { headers, body, .. } = answered;
    hold_whole(body, headers, (engine.clock(), until)).await?;
    let Some(text) = body.text(BYTES_MAX) else {
        return Err(unreadable());
    };
    let problem = problem_in(operation, &text, schema.as_deref());
    if let Some(check) = check.filter(|check| check.takes_one(record.started())) {
        let passed = Passed {
            kind: Kind::Json,
            encoding: Encoding::Plain,
            pieces: vec![text],
        };
        tap(engine, check, record, passed).ended();
    }
    match problem {
        Some(problem) => Err(problem.into_error()),
        None => Ok(None),
    }
}

/// Will have a body looked at when it has passed.
fn tap(engine: &Trunkline, check: &Arc<Check>, record: &Record, passed: Passed) -> Tap {
    let sample = Sample {
        check: Arc::clone(check),
        call_id: record.call_id(),
        passed,
    };
    Tap::new(Arc::clone(engine.watcher()), sample)
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
        .map_err(failure::of_receive)?;
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

/// A schema, or the error for a caller who wants one enforced that nobody can use.
fn usable(schema: Result<Arc<Schema>, SchemaError>, operation: &str) -> Result<Arc<Schema>, Error> {
    schema.map_err(|error| {
        let message = format!("the schema of `{operation}` cannot be used: {error}");
        Error::new(ErrorKind::BadConnectorFile, message)
    })
}

/// What kind of body passes, as far as it may be looked at.
fn kind_of_body(operation: &Operation, answered: &Answered) -> Option<Kind> {
    let Answered {
        status, headers, ..
    } = answered;
    if operation.reply_body != ReplyKind::Json
        || operation.method == Method::HEAD
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
    operation: &Operation,
    answered: &Answered,
    schema: Option<&Schema>,
) -> Option<Problem> {
    if let Some(problem) = wrong_type(operation, answered) {
        return Some(problem);
    }
    let is_checked = operation.reply_body == ReplyKind::Json
        && (schema.is_some() || !operation.reply_required.is_empty());
    if !is_checked || classify::is_stream(&answered.headers) {
        return None;
    }
    problem_in(operation, &answered.body.text(BYTES_MAX)?, schema)
}

fn wrong_type(operation: &Operation, answered: &Answered) -> Option<Problem> {
    match operation.reply_body {
        ReplyKind::Any | ReplyKind::Empty => None,
        ReplyKind::Json => {
            let kind = content_type(&answered.headers);
            if answered.status == StatusCode::NO_CONTENT
                || is_json(kind)
                || classify::is_stream(&answered.headers)
            {
                return None;
            }
            let (name, kind) = (&operation.name, shown(kind));
            Some(Problem {
                text: format!("`{name}` promises JSON, and the reply's type is `{kind}`"),
                findings: Findings::one("", "JSON", format!("the type `{kind}`")),
            })
        }
    }
}

fn content_type(headers: &HeaderMap) -> &[u8] {
    let kind = headers.get(header::CONTENT_TYPE);
    kind.map_or(b"", HeaderValue::as_bytes)
}

/// A content type as messages name it.
fn shown(content_type: &[u8]) -> String {
    if content_type.is_empty() {
        return "nothing".to_owned();
    }
    let kind = String::from_utf8_lossy(media_type(content_type));
    kind.chars().take(80).collect()
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

fn problem_in(operation: &Operation, text: &Bytes, schema: Option<&Schema>) -> Option<Problem> {
    let name = &operation.name;
    let Ok(body) = serde_json::from_slice::<Value>(text) else {
        return Some(Problem {
            text: format!("`{name}` promises JSON, and the reply's body is none"),
            findings: Findings::one("", "JSON", "something else"),
        });
    };
    let mut findings = Findings::default();
    for pointer in &operation.reply_required {
        if body.pointer(pointer).is_none() {
            findings.add(Findings::one(pointer, "a value", "nothing"));
        }
    }
    if let Some(found) = schema.and_then(|schema| schema.findings(&body)) {
        findings.add(found);
    }
    (findings.total > 0).then(|| Problem {
        text: findings.broken_promise(name, "reply"),
        findings,
    })
}

impl Problem {
    fn into_error(self) -> Error {
        Error::new(ErrorKind::SchemaBroken, self.text)
            .with_hint(explain::remedy(ErrorKind::SchemaBroken))
            .with_findings(self.findings)
    }
}
