//! Compares a reply with what its operation promises.

use std::time::Instant;

use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde_json::Value;
use trunkline_connector::Operation;
use trunkline_connector::format::{Class, ReplyKind};
use trunkline_egress::Clock;

use super::authorize::Granted;
use super::classify::{self, Answered};
use crate::call::Validate;
use crate::error::{Error, ErrorKind};
use crate::explain::{self, Explanation};
use crate::failure;
use crate::held::Held;

/// Replies are read up to this size where the caller wants promises enforced.
const BYTES_MAX: usize = 8 * 1024 * 1024;

/// An answer that may be given to the caller.
pub(super) struct Valid {
    pub(super) answered: Box<Answered>,
    pub(super) explanation: Option<Box<Explanation>>,
    pub(super) problem: Option<String>,
    _made: Made,
}

/// Only this file makes a [`Valid`].
struct Made;

/// Looks whether a good answer is what the operation promises: its type always, its required
/// values where the body is at hand or the caller wants them enforced. Streams are never delayed.
///
/// # Errors
/// [`ErrorKind::SchemaBroken`], if the caller wants promises enforced.
pub(super) async fn validate(
    granted: &Granted,
    mut answered: Box<Answered>,
    clock: &Clock,
) -> Result<Valid, Error> {
    let is_good = answered.verdict.class == Class::Ok && answered.status.is_success();
    let operation = granted.operation().filter(|_| is_good);
    let problem = match (granted.validate, operation) {
        (Validate::Off, _) | (_, None) => None,
        (Validate::Report, Some(operation)) => broken_promise(operation, &answered),
        (Validate::Enforce, Some(operation)) => {
            if promises_json(operation, &answered.headers) {
                let until = clock.now() + granted.limits.first_byte;
                let Answered { headers, body, .. } = &mut *answered;
                // Boxed, so that a call that wants nothing enforced does not carry its size.
                Box::pin(hold_whole(body, headers, (clock, until))).await?;
                if answered.body.text(BYTES_MAX).is_none() {
                    return Err(unreadable());
                }
            }
            if let Some(problem) = broken_promise(operation, &answered) {
                return Err(Error::new(ErrorKind::SchemaBroken, problem)
                    .with_hint(explain::remedy(ErrorKind::SchemaBroken)));
            }
            None
        }
    };
    let connector = &granted.installed.connector;
    Ok(Valid {
        explanation: explain::of_answer(connector, answered.status, &answered.verdict)
            .map(Box::new),
        answered,
        problem,
        _made: Made,
    })
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

/// Whether a reply is to be looked into. What comes piece by piece is not.
fn promises_json(operation: &Operation, headers: &HeaderMap) -> bool {
    operation.reply_body == ReplyKind::Json && !classify::is_stream(headers)
}

fn broken_promise(operation: &Operation, answered: &Answered) -> Option<String> {
    let name = &operation.name;
    match operation.reply_body {
        ReplyKind::Any | ReplyKind::Empty => None,
        ReplyKind::Json => {
            let kind = answered
                .headers
                .get(header::CONTENT_TYPE)
                .map_or(&b""[..], HeaderValue::as_bytes);
            if answered.status == StatusCode::NO_CONTENT || is_json(kind) {
                return missing_value(operation, answered);
            }
            if classify::is_stream(&answered.headers) {
                return None;
            }
            let kind = if kind.is_empty() {
                "nothing".into()
            } else {
                String::from_utf8_lossy(media_type(kind))
            };
            Some(format!(
                "`{name}` promises JSON, and the reply's type is `{kind}`"
            ))
        }
    }
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

fn missing_value(operation: &Operation, answered: &Answered) -> Option<String> {
    if operation.reply_required.is_empty() {
        return None;
    }
    let text = answered.body.text(BYTES_MAX)?;
    let name = &operation.name;
    let Ok(json) = serde_json::from_slice::<Value>(&text) else {
        return Some(format!(
            "`{name}` promises JSON, and the reply's body is none"
        ));
    };
    let missing = operation
        .reply_required
        .iter()
        .find(|pointer| json.pointer(pointer).is_none())?;
    Some(format!(
        "`{name}` promises a value at `{missing}`, and the reply has none there"
    ))
}
