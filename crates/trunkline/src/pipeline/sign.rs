//! Makes the request of one attempt: our credential over what the caller sent.

use http::{HeaderName, HeaderValue, Method, Request, Uri, header};
use trunkline_egress::{Body, Head};

use super::authorize::Granted;
use super::record::Record;
use crate::error::{Error, ErrorKind};

/// The header by which the sandbox is told what to do wrong.
const FAULT: HeaderName = HeaderName::from_static("trunkline-sandbox");

/// A granted call whose head is as this attempt sends it, and the attempt's body.
pub(super) struct Signed<'a> {
    pub(super) granted: &'a Granted,
    pub(super) body: Body,
}

/// A request that would be sent, credentials masked.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The method.
    pub method: Method,
    /// The address, query included.
    pub url: String,
    /// The headers, sorted by name; credentials read `…`.
    pub headers: Vec<(HeaderName, String)>,
    /// The body, where there is one that is known as a whole.
    pub body: Option<bytes::Bytes>,
}

/// Makes the next attempt's request. Anything that depends on the time of sending is made here, so
/// that every attempt has it new.
pub(super) fn sign<'a>(granted: &'a mut Granted, record: &mut Record) -> Result<Signed<'a>, Error> {
    let Some(body) = granted.body.attempt() else {
        return Err(Error::new(
            ErrorKind::Internal,
            "a body that is gone was to be sent again",
        ));
    };
    record.attempt_begins();
    add_ours(granted)?;
    if matches!(body, Body::Empty) && wants_body(&granted.head.method) {
        // RFC 9110 section 8.6. Without it, some servers answer 411.
        let headers = &mut granted.head.headers;
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    Ok(Signed { granted, body })
}

/// Whether requests of this method normally have a body.
fn wants_body(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PUT | Method::PATCH)
}

/// A signed head and its body as a request that is looked at and not sent.
pub(super) fn request(head: &Head, body: Body) -> Request<Body> {
    let mut request = Request::new(body);
    *request.method_mut() = head.method.clone();
    *request.uri_mut() = Uri::from(head.target.clone());
    *request.headers_mut() = head.headers.clone();
    request
}

/// Shows a request with its credentials masked.
pub(super) fn show(granted: &Granted, body: Body) -> Plan {
    let head = &granted.head;
    let secrets: Vec<&str> = granted
        .installed
        .credential()
        .map(|credential| {
            credential
                .secrets()
                .map(super::super::secret::Secret::expose)
                .collect()
        })
        .unwrap_or_default();
    let mask = |text: &str| {
        secrets
            .iter()
            .filter(|secret| !secret.is_empty())
            .fold(text.to_owned(), |text, secret| text.replace(secret, "…"))
    };
    let mut headers: Vec<_> = head
        .headers
        .iter()
        .map(
            |(name, value)| match (value.is_sensitive(), value.to_str()) {
                (false, Ok(text)) => (name.clone(), mask(text)),
                (true, Ok(text)) if *name == header::AUTHORIZATION => (name.clone(), masked(text)),
                (true, Ok(_)) | (_, Err(_)) => (name.clone(), "…".to_owned()),
            },
        )
        .collect();
    headers.sort_by(|one, other| one.0.as_str().cmp(other.0.as_str()));
    let origin = &granted.installed.origin;
    let body = match body {
        // Callers may repeat a secret in it.
        Body::Full(bytes) => {
            let text = String::from_utf8_lossy(&bytes);
            let shown = mask(&text);
            Some(if shown == text { bytes } else { shown.into() })
        }
        _ => None,
    };
    Plan {
        method: head.method.clone(),
        url: mask(&format!("{origin}{}", head.target)),
        headers,
        body,
    }
}

/// The scheme of a credential may be seen, the rest not.
fn masked(text: &str) -> String {
    match text.split_once(' ') {
        Some((scheme, _)) => format!("{scheme} …"),
        None => "…".to_owned(),
    }
}

/// Puts ours over the caller's.
fn add_ours(granted: &mut Granted) -> Result<(), Error> {
    let installed = &granted.installed;
    let credential = installed.credential()?;
    let headers = &mut granted.head.headers;
    headers.insert(header::HOST, installed.origin.host_header().clone());
    for (name, value) in &installed.headers {
        if !headers.contains_key(name) {
            headers.insert(name, value.clone());
        }
    }
    for (name, value) in &credential.headers {
        headers.insert(name, value.clone());
    }
    if let Some((name, key)) = &granted.idempotency {
        headers.insert(name, key.clone());
    }
    if let Some(fault) = granted.fault {
        headers.insert(FAULT, HeaderValue::from_static(fault.as_str()));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
