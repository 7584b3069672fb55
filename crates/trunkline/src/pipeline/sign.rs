//! Makes the request of one attempt: our credential over what the caller sent.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, header};
use trunkline_egress::{Body, Head};

use super::authorize::Granted;
use super::trail::Trail;
use crate::credential::{Proof, Signable, Token};
use crate::error::{Error, ErrorKind};
use crate::upstream::Permit;

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
///
/// `permit` says that the attempt may be sent; only [`pace`](super::pace) makes one.
pub(super) fn sign<'a>(
    granted: &'a mut Granted,
    trail: &mut Trail,
    permit: &mut Permit,
) -> Result<Signed<'a>, Error> {
    let signed = rehearse(granted, trail)?;
    permit.is_sent();
    Ok(signed)
}

/// The same of a request that is only shown.
pub(super) fn rehearse<'a>(
    granted: &'a mut Granted,
    trail: &mut Trail,
) -> Result<Signed<'a>, Error> {
    let Some(body) = granted.body.attempt() else {
        return Err(Error::new(
            ErrorKind::Internal,
            "a body that is gone was to be sent again",
        ));
    };
    trail.attempt_begins();
    add_ours(granted, trail)?;
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
    let installed = &granted.installed;
    let mask = |text: &str| installed.mask(text);
    let mut headers: Vec<_> = head
        .headers
        .iter()
        .map(
            |(name, value)| match (value.is_sensitive(), value.to_str()) {
                (false, Ok(text)) => (name.clone(), mask(text)),
                (true, Ok(text)) if *name == header::AUTHORIZATION => {
                    (name.clone(), masked(&mask(text)))
                }
                (true, Ok(_)) | (_, Err(_)) => (name.clone(), "…".to_owned()),
            },
        )
        .collect();
    headers.sort_by(|one, other| one.0.as_str().cmp(other.0.as_str()));
    let origin = &granted.origin;
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
///
/// `text` has no secret any more: one that stands there alone may have two words.
fn masked(text: &str) -> String {
    match text.split_once(' ') {
        Some((scheme, _)) => format!("{scheme} …"),
        None => "…".to_owned(),
    }
}

/// Puts ours over the caller's.
fn add_ours(granted: &mut Granted, trail: &Trail) -> Result<(), Error> {
    let installed = Arc::clone(&granted.installed);
    let own = granted.own_headers(&installed);
    let headers = &mut granted.head.headers;
    headers.insert(header::HOST, granted.origin.host_header().clone());
    for (name, value) in own.iter().chain(&installed.headers) {
        if !headers.contains_key(name) {
            headers.insert(name, value.clone());
        }
    }
    if let Some((name, key)) = &granted.idempotency {
        headers.insert(name, key.clone());
    }
    if let Some(fault) = granted.fault {
        headers.insert(FAULT, HeaderValue::from_static(fault.as_str()));
    }
    // Last but for the token that takes its place, since a signature may cover everything else.
    match granted.proof(&installed)? {
        None | Some(Proof::Query { .. }) => {}
        Some(Proof::Headers(ours)) => {
            for (name, value) in ours {
                granted.head.headers.insert(name, value.clone());
            }
        }
        Some(Proof::Token(_)) => {
            let token = granted.token.as_ref();
            let ours = token.map_or_else(Token::to_come, |token| token.authorization.clone());
            granted.head.headers.insert(header::AUTHORIZATION, ours);
        }
        Some(Proof::Hmac(signer)) => {
            let ours = signer.sign(&signable(granted, trail));
            put(&mut granted.head.headers, ours);
        }
        Some(Proof::Sigv4(sigv4)) => {
            let ours = sigv4.sign(&signable(granted, trail));
            put(&mut granted.head.headers, ours);
        }
    }
    if let Some(token) = &granted.own_token {
        let (name, value) = &**token;
        granted.head.headers.insert(name, value.clone());
    }
    Ok(())
}

/// Over the caller's, and over those of the attempt before.
fn put(headers: &mut HeaderMap, ours: Vec<(HeaderName, HeaderValue)>) {
    for (name, value) in ours {
        headers.insert(name, value);
    }
}

fn signable<'a>(granted: &'a Granted, trail: &Trail) -> Signable<'a> {
    Signable {
        head: &granted.head,
        host: granted.host(),
        // Where a signature covers it, `renew` has seen to it that it is all there; only a request
        // that is looked at and not sent may lack it, and its signature is masked.
        body: granted.body.whole().unwrap_or_default(),
        now: trail.wall(),
    }
}

#[cfg(test)]
mod tests;
