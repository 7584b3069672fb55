//! Our own errors as callers see them: problem details (RFC 9457) with the fields SDKs look for.

#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::{Map, Value, json};
use trunkline::{CallId, Error, ErrorKind, Subject};
use trunkline_http1::line;

use crate::outgoing::{Answering, Outgoing};
use crate::tag::Tag;

/// What an error means and what to do, in one line.
pub(crate) const HINT: HeaderName = HeaderName::from_static("trunkline-hint");

/// Who made the answer where the upstream did not (RFC 9209).
const PROXY_STATUS: HeaderName = HeaderName::from_static("proxy-status");

/// What a limit allows, and what is left of it (draft-ietf-httpapi-ratelimit-headers).
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// What the cache did (RFC 9211).
const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");

/// The longest text that goes into a header.
const HEADER_TEXT_MAX: usize = 500;

/// The methods that are passed on.
const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

/// An error as a response.
pub(crate) fn response(error: &Error, call_id: CallId, answering: Answering) -> Response<Outgoing> {
    let tag = Tag {
        call_id,
        attempts: error.attempts(),
    };
    let mut response = Response::new(Outgoing::own(body(error, call_id), tag, answering));
    *response.status_mut() = error.kind().status();
    *response.headers_mut() = headers(error);
    response
}

/// An error as a whole HTTP message, for connections that never meet an HTTP server. It says that
/// the connection closes.
pub(crate) fn message(error: &Error, call_id: CallId) -> Vec<u8> {
    let body = body(error, call_id);
    let status = error.kind().status();
    let mut head = format!("HTTP/1.1 {} {}\r\n", status.as_u16(), reason(status));
    for (name, value) in &headers(error) {
        if let Ok(value) = value.to_str() {
            // Writing into a String cannot fail.
            let _ = write!(head, "{name}: {value}\r\n");
        }
    }
    let mut message = head.into_bytes();
    Tag::from(call_id).write(&mut message);
    line::push_content_length(&mut message, body.len() as u64);
    message.extend_from_slice(b"connection: close\r\n\r\n");
    message.extend_from_slice(&body);
    message
}

fn reason(status: StatusCode) -> &'static str {
    status.canonical_reason().unwrap_or("Error")
}

fn body(error: &Error, call_id: CallId) -> Vec<u8> {
    let kind = error.kind();
    let detail = error.to_string();
    let hint = hint(error);
    // SDKs show `message` and nothing else, so it says what to do as well.
    let message = format!("{detail}; {hint}");
    let mut problem = Map::new();
    problem.insert("type".to_owned(), trunkline::docs_of(kind).into());
    problem.insert("title".to_owned(), kind.title().into());
    problem.insert("status".to_owned(), kind.status().as_u16().into());
    problem.insert("detail".to_owned(), detail.into());
    problem.insert("code".to_owned(), kind.code().into());
    problem.insert("hint".to_owned(), hint.into());
    problem.insert("call_id".to_owned(), call_id.to_string().into());
    if let Some(secs) = retry_after_secs(error) {
        problem.insert("retry_after_secs".to_owned(), secs.into());
    }
    if let Some(findings) = error.findings() {
        problem.insert("findings".to_owned(), json!(findings.shown));
        problem.insert("findings_total".to_owned(), findings.total.into());
    }
    problem.insert("message".to_owned(), message.clone().into());
    // stripe-node takes an error body without `error` for success.
    let inner = json!({ "type": "trunkline_error", "code": kind.code(), "message": message });
    problem.insert("error".to_owned(), inner);
    Value::Object(problem).to_string().into_bytes()
}

fn headers(error: &Error) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(12);
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    if let Some(hint) = ascii(&hint(error)) {
        headers.insert(HINT, hint);
    }
    if let Some(status) = ascii(&proxy_status(error)) {
        headers.insert(PROXY_STATUS, status);
    }
    if let Some(secs) = retry_after_secs(error) {
        headers.insert(header::RETRY_AFTER, secs.into());
    }
    if let Some(status) = error.cache_status() {
        headers.insert(CACHE_STATUS, status.clone());
    }
    if let Some(quota) = error.quota() {
        for (name, value) in [
            (RATE_LIMIT_POLICY, &quota.policy),
            (RATE_LIMIT, &quota.limit),
        ] {
            if let Some(value) = ascii(value) {
                headers.insert(name, value);
            }
        }
    }
    if error.kind() == ErrorKind::MethodRefused {
        // A route of ours that refuses a method has said which it takes.
        let allowed = if error.hint().is_some() {
            "GET, HEAD"
        } else {
            METHODS
        };
        headers.insert(header::ALLOW, HeaderValue::from_static(allowed));
    }
    if error.attempts() > 1 {
        spent(&mut headers);
    }
    headers
}

/// Tells SDKs not to repeat what we have repeated.
pub(crate) fn spent(headers: &mut HeaderMap) {
    const NO: HeaderValue = HeaderValue::from_static("false");
    headers.insert(HeaderName::from_static("x-should-retry"), NO);
    headers.insert(HeaderName::from_static("stripe-should-retry"), NO);
}

/// What to do: as the case says, or else as is true of every error of its kind.
fn hint(error: &Error) -> String {
    if let Some(hint) = error.hint() {
        return hint.to_owned();
    }
    let general = trunkline::explain(None, Subject::Code(error.kind().code()));
    general
        .map(|general| general.what_to_do)
        .unwrap_or_default()
}

/// Whole seconds, rounded up: asking earlier would be asking too early.
fn retry_after_secs(error: &Error) -> Option<u64> {
    let wait = error.retry_after()?;
    Some(wait.as_secs() + u64::from(wait.subsec_nanos() > 0))
}

/// RFC 9209 section 2: who answers, the error's type where one is registered, and details.
fn proxy_status(error: &Error) -> String {
    let mut status = String::from("trunkline");
    if let Some(registered) = error.kind().proxy_status() {
        let _ = write!(status, "; error={registered}");
    }
    status.push_str("; details=\"");
    // RFC 9651 section 3.3.3: printable ASCII, quotes and backslashes escaped.
    for character in error.to_string().chars().take(HEADER_TEXT_MAX) {
        match character {
            '"' | '\\' => status.extend(['\\', character]),
            ' '..='~' => status.push(character),
            _ => status.push('?'),
        }
    }
    status.push('"');
    status
}

/// A text as one line of ASCII.
pub(crate) fn ascii(text: &str) -> Option<HeaderValue> {
    let mut line = String::new();
    for character in text.chars().take(2 * HEADER_TEXT_MAX) {
        match character {
            ' '..='~' => line.push(character),
            '…' => line.push_str("..."),
            _ => line.push('?'),
        }
    }
    HeaderValue::try_from(line)
        .ok()
        .filter(|line| !line.is_empty())
}
