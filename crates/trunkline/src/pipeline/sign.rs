//! Makes the request of one attempt: what the caller sent, less its credentials, with ours.

use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, header};
use trunkline_connector::Connector;
use trunkline_egress::Body;

use super::authorize::Granted;
use super::record::Record;
use crate::call;
use crate::error::{Error, ErrorKind};

/// The header by which the sandbox is told what to do wrong.
const FAULT: HeaderName = HeaderName::from_static("trunkline-sandbox");

/// The request of one attempt.
pub(super) struct Signed(Request<Body>);

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
pub(super) fn sign(granted: &mut Granted, record: &mut Record) -> Result<Signed, Error> {
    let Some(body) = granted.body.attempt() else {
        return Err(Error::new(
            ErrorKind::Internal,
            "a body that is gone was to be sent again",
        ));
    };
    record.attempt_begins();
    let mut headers = headers(granted)?;
    if matches!(body, Body::Empty) && wants_body(&granted.method) {
        // RFC 9110 section 8.6. Without it, some servers answer 411.
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    let mut request = Request::new(body);
    *request.method_mut() = granted.method.clone();
    *request.uri_mut() = Uri::from(granted.path_and_query.clone());
    *request.headers_mut() = headers;
    Ok(Signed(request))
}

/// Whether requests of this method normally have a body.
fn wants_body(method: &Method) -> bool {
    matches!(*method, Method::POST | Method::PUT | Method::PATCH)
}

impl Signed {
    pub(super) fn into_request(self) -> Request<Body> {
        self.0
    }
}

/// Shows a request with its credentials masked.
pub(super) fn show(granted: &Granted, signed: Signed) -> Plan {
    let (head, body) = signed.0.into_parts();
    let secrets: Vec<&str> = granted
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
    let origin = &granted.installed().origin;
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
        method: head.method,
        url: mask(&format!("{origin}{}", head.uri)),
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

/// One pass over what the caller sent, then what we add. The only place that decides which of the
/// caller's headers go upstream.
fn headers(granted: &Granted) -> Result<HeaderMap, Error> {
    let installed = granted.installed();
    let credential = granted.credential()?;
    let listed = listed_in_connection(&granted.headers);
    let mut headers = HeaderMap::with_capacity(granted.headers.len() + 4);
    for (name, value) in &granted.headers {
        if stays(name) || is_listed(&listed, name) || is_declared(&installed.connector, name) {
            continue;
        }
        if *name == header::ACCEPT_ENCODING {
            headers.insert(name, readable_encoding(value));
        } else {
            headers.append(name, value.clone());
        }
    }
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
    Ok(headers)
}

/// Headers that never go on.
fn stays(name: &HeaderName) -> bool {
    matches!(
        name.as_str(),
        // Those of one connection: RFC 9110 section 7.6.1.
        "host" | "connection" | "keep-alive" | "proxy-connection" | "te" | "trailer"
            | "transfer-encoding" | "upgrade" | "expect" | "proxy-authorization"
            | "proxy-authenticate"
            // Credentials, in every shape in which vendors' SDKs send them.
            | "authorization" | "cookie" | "cookie2" | "x-api-key" | "api-key" | "apikey"
            | "x-apikey" | "x-api-token" | "api-token" | "x-auth-token" | "x-auth-key"
            | "x-access-token" | "private-token" | "x-goog-api-key" | "x-amz-security-token"
            | "x-functions-key" | "x-shopify-access-token" | "ocp-apim-subscription-key"
            | "xi-api-key"
            | "x-authorization"
            | "x-auth"
            | "x-token"
            | "x-vault-token"
            | "x-gitlab-token"
            | "x-figma-token"
            | "x-api-secret"
            | "api-secret"
            | "x-client-secret"
            | "x-access-key"
            | "x-api-key-id"
            | "x-app-key"
            | "x-rapidapi-key" | "dd-api-key"
    ) || call::is_ours(name)
}

fn is_declared(connector: &Connector, name: &HeaderName) -> bool {
    connector.credential_headers.contains(name)
}

/// Headers that the caller declares to concern this connection only. Ours are added afterwards, so
/// such a list cannot take them away.
fn listed_in_connection(headers: &HeaderMap) -> Vec<&str> {
    let mut listed = Vec::new();
    // Cheaper than a look-up, for the few headers that a request has.
    if !headers.keys().any(|name| *name == header::CONNECTION) {
        return listed;
    }
    for value in headers.get_all(header::CONNECTION) {
        for name in value.to_str().unwrap_or_default().split(',').map(str::trim) {
            if !name.eq_ignore_ascii_case("keep-alive") && !name.eq_ignore_ascii_case("close") {
                listed.push(name);
            }
        }
    }
    listed
}

fn is_listed(listed: &[&str], name: &HeaderName) -> bool {
    listed
        .iter()
        .any(|listed| name.as_str().eq_ignore_ascii_case(listed))
}

/// Rules look into bodies, so only encodings that we can read are asked for.
fn readable_encoding(value: &HeaderValue) -> HeaderValue {
    let accepts_gzip = value.to_str().is_ok_and(|text| {
        text.split(',').any(|coding| {
            let mut parts = coding.split(';').map(str::trim);
            matches!(parts.next(), Some("gzip" | "*"))
                && !matches!(parts.next(), Some("q=0" | "q=0.0"))
        })
    });
    HeaderValue::from_static(if accepts_gzip { "gzip" } else { "identity" })
}

#[cfg(test)]
mod tests;
