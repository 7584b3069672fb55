//! Takes from a caller's headers what must not go upstream.

use http::{HeaderMap, HeaderName, HeaderValue, header};

use crate::call;
use crate::credential::Proof;

/// Leaves what goes on. The only place that decides which of the caller's headers do.
///
/// `credentials` are the names of the connector's own. What `sign` puts in their place anyway, our
/// `Host` and the headers of `proof`, is left for it to replace.
pub(super) fn strip(headers: &mut HeaderMap, credentials: &[HeaderName], proof: Option<&Proof>) {
    let listed = listed_in_connection(headers);
    let is_replaced = |name: &HeaderName| {
        *name == header::HOST || proof.is_some_and(|proof| proof.replaces(name))
    };
    let stays = |name: &HeaderName| {
        !is_replaced(name)
            && (never_goes(name) || listed.contains(name) || credentials.contains(name))
    };
    let staying: Vec<HeaderName> = headers.keys().filter(|name| stays(name)).cloned().collect();
    for name in staying {
        headers.remove(name);
    }
    for (name, value) in headers.iter_mut() {
        if *name == header::ACCEPT_ENCODING {
            *value = readable_encoding(value);
        }
    }
}

/// Headers that never go on.
fn never_goes(name: &HeaderName) -> bool {
    let name = name.as_str();
    matches!(
        name,
        // Those of one connection: RFC 9110 section 7.6.1.
        "connection" | "keep-alive" | "proxy-connection" | "te" | "trailer" | "transfer-encoding"
            | "upgrade" | "expect" | "proxy-authorization" | "proxy-authenticate"
            | "http2-settings"
            // Credentials, in the shapes in which vendors' SDKs and proxies send them.
            | "authorization" | "authentication" | "auth" | "bearer" | "cookie" | "cookie2"
            | "apikey" | "api-token" | "auth-token" | "access-token" | "private-token"
            | "secret-key" | "api-secret" | "client-secret" | "x-apikey" | "x-api-token"
            | "x-auth" | "x-auth-key" | "x-token" | "x-jwt" | "x-authorization"
            | "x-vault-token" | "x-gitlab-token" | "x-figma-token" | "x-amz-security-token"
            | "x-functions-key" | "ocp-apim-subscription-key" | "x-access-key"
            | "x-api-key-id" | "x-app-key" | "x-rapidapi-key" | "cf-access-jwt-assertion"
    ) || has_shape(name)
        || call::is_ours(name)
}

/// Whether a name ends as the names of credentials do, whoever's they are.
fn has_shape(name: &str) -> bool {
    // The last word first: hardly any name has one of these.
    SHAPES.iter().any(|(word, before)| {
        let begins = name.strip_suffix(word);
        begins.is_some_and(|begins| before.iter().any(|before| begins.ends_with(before)))
    })
}

/// The last words of the names of credentials, and what stands before them.
const SHAPES: [(&str, &[&str]); 3] = [
    ("key", &["api-", "-api", "-secret-"]),
    (
        "token",
        &[
            "-auth-",
            "-access-",
            "-bearer-",
            "-session-",
            "-id-",
            "-private-",
        ],
    ),
    ("secret", &["-client-", "-api-"]),
];

/// Headers that the caller declares to concern this connection only.
fn listed_in_connection(headers: &HeaderMap) -> Vec<HeaderName> {
    let mut listed = Vec::new();
    // Cheaper than a look-up, for the few headers that a request has.
    if !headers.keys().any(|name| *name == header::CONNECTION) {
        return listed;
    }
    for value in headers.get_all(header::CONNECTION) {
        let names = value.as_bytes().split(|byte| *byte == b',');
        // The first two say how the connection ends and are no headers of this request.
        let names = names.map(<[u8]>::trim_ascii).filter(|name| {
            !name.eq_ignore_ascii_case(b"keep-alive") && !name.eq_ignore_ascii_case(b"close")
        });
        listed.extend(names.filter_map(|name| HeaderName::from_bytes(name).ok()));
    }
    listed
}

/// Whether a weight says "not at all" (RFC 9110 section 12.4.2).
fn is_zero(weight: &str) -> bool {
    let number = weight.strip_prefix("q=0").or(weight.strip_prefix("Q=0"));
    number.is_some_and(|rest| rest.bytes().all(|byte| matches!(byte, b'.' | b'0')))
}

/// Rules look into bodies, so only encodings that we can read are asked for.
fn readable_encoding(value: &HeaderValue) -> HeaderValue {
    let accepts_gzip = value.to_str().is_ok_and(|text| {
        text.split(',').any(|coding| {
            let mut parts = coding.split(';').map(str::trim);
            matches!(parts.next(), Some("gzip" | "*")) && !parts.next().is_some_and(is_zero)
        })
    });
    HeaderValue::from_static(if accepts_gzip { "gzip" } else { "identity" })
}

#[cfg(test)]
mod tests;
