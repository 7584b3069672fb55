//! Signs a request as AWS wants it. Pure.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use http::{HeaderName, HeaderValue, header};
use percent_encoding::{AsciiSet, percent_decode_str, percent_encode, utf8_percent_encode};
use ring::hmac;

use super::hmac::{hex, sha256_hex};
use super::{RESERVED, Signable};
use crate::secret::Secret;

const DATE: HeaderName = HeaderName::from_static("x-amz-date");
const CONTENT_SHA256: HeaderName = HeaderName::from_static("x-amz-content-sha256");
const SECURITY_TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");

/// What is encoded in a path, whose slashes stay.
const RESERVED_IN_PATH: &AsciiSet = &RESERVED.remove(b'/');

/// An account's key and where it signs for.
#[derive(Debug)]
pub(crate) struct Sigv4 {
    pub(super) access_key: Secret,
    pub(super) secret_key: Secret,
    pub(super) session_token: Option<Secret>,
    pub(super) region: String,
    pub(super) service: String,
}

impl Sigv4 {
    /// The headers that prove this one attempt.
    pub(crate) fn sign(&self, request: &Signable<'_>) -> Vec<(HeaderName, HeaderValue)> {
        let time = time(request.now);
        let body = sha256_hex(request.body);
        let mut ours = vec![(DATE, time.clone()), (CONTENT_SHA256, body.clone())];
        if let Some(token) = &self.session_token {
            ours.push((SECURITY_TOKEN, token.expose().to_owned()));
        }
        let signed = signed_headers(request, &ours);
        let authorization = self.authorization(request, &signed, (&time, &body));
        ours.push((header::AUTHORIZATION, authorization));
        let headers = ours.into_iter().filter_map(|(name, text)| {
            // Secrets were checked to fit into a header; everything else is letters and digits.
            let mut value = HeaderValue::try_from(text).ok()?;
            value.set_sensitive(name == header::AUTHORIZATION || name == SECURITY_TOKEN);
            Some((name, value))
        });
        headers.collect()
    }

    fn authorization(
        &self,
        request: &Signable<'_>,
        signed: &BTreeMap<&str, String>,
        (time, body): (&str, &str),
    ) -> String {
        let day = time.get(..8).unwrap_or_default();
        let names: Vec<&str> = signed.keys().copied().collect();
        let names = names.join(";");
        let scope = format!("{day}/{}/{}/aws4_request", self.region, self.service);
        let canonical = self.canonical(request, signed, (&names, body));
        let to_sign = format!(
            "AWS4-HMAC-SHA256\n{time}\n{scope}\n{}",
            sha256_hex(canonical.as_bytes())
        );
        let signature = hex(keyed(&self.key(day), to_sign.as_bytes()).as_ref());
        let access_key = self.access_key.expose();
        format!(
            "AWS4-HMAC-SHA256 Credential={access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
        )
    }

    /// The request in the one form that both sides write it in.
    fn canonical(
        &self,
        request: &Signable<'_>,
        signed: &BTreeMap<&str, String>,
        (names, body): (&str, &str),
    ) -> String {
        let headers = signed
            .iter()
            .map(|(name, value)| format!("{name}:{value}\n"));
        let headers: String = headers.collect();
        let target = &request.head.target;
        format!(
            "{}\n{}\n{}\n{headers}\n{names}\n{body}",
            request.head.method,
            self.path(target.path()),
            query(target.query().unwrap_or_default()),
        )
    }

    /// Every service but S3 resolves the path, and wants it encoded once more than it is sent.
    fn path(&self, path: &str) -> String {
        if self.service == "s3" {
            let plain: Vec<u8> = percent_decode_str(path).collect();
            return percent_encode(&plain, RESERVED_IN_PATH).to_string();
        }
        utf8_percent_encode(&resolved(path), RESERVED_IN_PATH).to_string()
    }

    fn key(&self, day: &str) -> hmac::Tag {
        let secret = format!("AWS4{}", self.secret_key.expose());
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let tag = hmac::sign(&key, day.as_bytes());
        let tag = keyed(&tag, self.region.as_bytes());
        let tag = keyed(&tag, self.service.as_bytes());
        keyed(&tag, b"aws4_request")
    }
}

fn keyed(key: &hmac::Tag, data: &[u8]) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key.as_ref()), data)
}

/// What the signature covers: the host, our own headers, and those of the request's that services
/// refuse where they are not signed.
fn signed_headers<'a>(
    request: &'a Signable<'_>,
    ours: &'a [(HeaderName, String)],
) -> BTreeMap<&'a str, String> {
    let is_signed = |name: &HeaderName| {
        matches!(name.as_str(), "content-type" | "content-md5")
            || name.as_str().starts_with("x-amz-")
    };
    let headers = &request.head.headers;
    let mut signed = BTreeMap::new();
    for name in headers.keys().filter(|name| is_signed(name)) {
        let values = headers.get_all(name).iter();
        let values = values.map(|value| in_one_form(&String::from_utf8_lossy(value.as_bytes())));
        signed.insert(name.as_str(), values.collect::<Vec<_>>().join(","));
    }
    // Last: those of the attempt before may still be there.
    let ours = ours
        .iter()
        .map(|(name, value)| (name.as_str(), value.clone()));
    signed.extend(ours);
    signed.insert("host", request.host.to_owned());
    signed
}

/// A header's value without spaces around it and with single ones within.
fn in_one_form(value: &str) -> String {
    value.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}

/// A path without `.` and `..` (RFC 3986 section 5.2.4) and without empty segments.
fn resolved(path: &str) -> String {
    let mut segments = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            segment => segments.push(segment),
        }
    }
    let is_folder = path.ends_with('/') || path.ends_with("/.") || path.ends_with("/..");
    let slash = if is_folder && !segments.is_empty() {
        "/"
    } else {
        ""
    };
    format!("/{}{slash}", segments.join("/"))
}

/// The fields of a query, sorted, each written in one way.
fn query(query: &str) -> String {
    let fields = query.split('&').filter(|field| !field.is_empty());
    let mut fields: Vec<(String, String)> = fields
        .map(|field| {
            let (name, value) = field.split_once('=').unwrap_or((field, ""));
            (again(name), again(value))
        })
        .collect();
    fields.sort();
    let fields: Vec<String> = fields
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    fields.join("&")
}

fn again(text: &str) -> String {
    // Services read a plus sign in a query as a space, as forms do.
    let spaced = text.replace('+', " ");
    let plain: Vec<u8> = percent_decode_str(&spaced).collect();
    percent_encode(&plain, RESERVED).to_string()
}

/// `20260131T235959Z`.
fn time(now: SystemTime) -> String {
    let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = i64::try_from(since.as_secs()).unwrap_or(i64::MAX);
    let time = jiff::Timestamp::from_second(seconds).map(|time| time.to_string());
    time.unwrap_or_default().replace(['-', ':'], "")
}
