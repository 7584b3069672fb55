//! Signs a request as its connector describes: parts of it, joined, under a key (RFC 2104). Pure.

#[cfg(test)]
mod tests;

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderName, HeaderValue};
use ring::{digest, hmac};
use trunkline_connector::Hmac;
use trunkline_connector::format::{
    HmacAlgorithm, HmacEncoding, HmacItem, SignedPath, TimestampForm,
};

use super::Signable;

/// A key, and what it signs how.
#[derive(Debug)]
pub(crate) struct Signer {
    spec: Hmac,
    key: hmac::Key,
    /// Headers that are always the same.
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Signer {
    pub(super) fn new(spec: &Hmac, secret: &str, headers: Vec<(HeaderName, HeaderValue)>) -> Self {
        let algorithm = match spec.algorithm {
            HmacAlgorithm::Sha256 => hmac::HMAC_SHA256,
            HmacAlgorithm::Sha512 => hmac::HMAC_SHA512,
            HmacAlgorithm::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        };
        Self {
            spec: spec.clone(),
            key: hmac::Key::new(algorithm, secret.as_bytes()),
            headers,
        }
    }

    pub(super) fn covers_body(&self) -> bool {
        let covered = |item: &HmacItem| matches!(item, HmacItem::Body | HmacItem::BodySha256);
        self.spec.payload.iter().any(covered)
    }

    /// The headers that prove this one attempt.
    pub(crate) fn sign(&self, request: &Signable<'_>) -> Vec<(HeaderName, HeaderValue)> {
        let spec = &self.spec;
        let timestamp = timestamp(spec.timestamp, request.now);
        let mut payload = Vec::new();
        for (place, item) in spec.payload.iter().enumerate() {
            if place != 0 {
                payload.extend_from_slice(spec.joined_by.as_bytes());
            }
            add(&mut payload, *item, (spec, request, &timestamp));
        }
        let tag = hmac::sign(&self.key, &payload);
        let signature = match spec.encoding {
            HmacEncoding::Hex => hex(tag.as_ref()),
            HmacEncoding::Base64 => STANDARD.encode(tag),
        };
        let signature = format!("{}{signature}", spec.signature_prefix);
        let mut headers = self.headers.clone();
        // Digits, letters and a prefix that was checked to be a header's value.
        headers.extend(value(timestamp).map(|value| (spec.timestamp_header.clone(), value)));
        headers.extend(value(signature).map(|mut value| {
            value.set_sensitive(true);
            (spec.signature_header.clone(), value)
        }));
        headers
    }
}

fn add(
    payload: &mut Vec<u8>,
    item: HmacItem,
    (spec, request, timestamp): (&Hmac, &Signable<'_>, &str),
) {
    match item {
        HmacItem::Method => payload.extend_from_slice(request.head.method.as_str().as_bytes()),
        HmacItem::Path => {
            payload.extend_from_slice(spec.signed_prefix.as_bytes());
            payload.extend_from_slice(match spec.signed_path {
                SignedPath::Path => request.head.target.path().as_bytes(),
                SignedPath::PathAndQuery => request.head.target.as_str().as_bytes(),
            });
        }
        HmacItem::Timestamp => payload.extend_from_slice(timestamp.as_bytes()),
        HmacItem::Body => payload.extend_from_slice(request.body),
        HmacItem::BodySha256 => payload.extend_from_slice(sha256_hex(request.body).as_bytes()),
        HmacItem::Host => payload.extend_from_slice(request.host.as_bytes()),
    }
}

fn value(text: String) -> Option<HeaderValue> {
    HeaderValue::try_from(text).ok()
}

fn timestamp(form: TimestampForm, now: SystemTime) -> String {
    let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    match form {
        TimestampForm::UnixS => since.as_secs().to_string(),
        TimestampForm::UnixMs => since.as_millis().to_string(),
        TimestampForm::Rfc3339 => {
            let seconds = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
            jiff::Timestamp::from_second(seconds)
                .map_or_else(|_| String::new(), |time| time.to_string())
        }
    }
}

/// A SHA-256 in lower-case hexadecimal digits.
pub(super) fn sha256_hex(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

/// Bytes in lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a `String` cannot go wrong.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
