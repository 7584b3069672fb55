//! Takes from a caller's headers what must not go upstream.

use http::{HeaderMap, HeaderName, HeaderValue, header};
use trunkline_connector::Connector;

use crate::call;
use crate::installed::Credential;

/// Leaves what goes on. The only place that decides which of the caller's headers do.
///
/// What `sign` puts in their place anyway, our `Host` and the headers of `credential`, is left for
/// it to replace.
pub(super) fn strip(headers: &mut HeaderMap, connector: &Connector, credential: &Credential) {
    let listed = listed_in_connection(headers);
    let is_replaced = |name: &HeaderName| {
        *name == header::HOST || credential.headers.iter().any(|(ours, _)| ours == name)
    };
    let stays = |name: &HeaderName| {
        !is_replaced(name)
            && (never_goes(name)
                || listed.contains(name)
                || connector.credential_headers.contains(name))
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
    matches!(
        name.as_str(),
        // Those of one connection: RFC 9110 section 7.6.1.
        "connection" | "keep-alive" | "proxy-connection" | "te" | "trailer"
            | "transfer-encoding" | "upgrade" | "expect" | "proxy-authorization"
            | "proxy-authenticate"
            // Credentials, in every shape in which vendors' SDKs send them.
            | "authorization" | "cookie" | "cookie2" | "x-api-key" | "api-key" | "apikey"
            | "x-apikey" | "x-api-token" | "api-token" | "x-auth-token" | "x-auth-key"
            | "x-access-token" | "private-token" | "x-goog-api-key" | "x-amz-security-token"
            | "x-functions-key" | "x-shopify-access-token" | "ocp-apim-subscription-key"
            | "xi-api-key" | "x-authorization" | "x-auth" | "x-token" | "x-vault-token"
            | "x-gitlab-token" | "x-figma-token" | "x-api-secret" | "api-secret"
            | "x-client-secret" | "x-access-key" | "x-api-key-id" | "x-app-key"
            | "x-rapidapi-key" | "dd-api-key"
    ) || call::is_ours(name)
}

/// Headers that the caller declares to concern this connection only.
fn listed_in_connection(headers: &HeaderMap) -> Vec<HeaderName> {
    let mut listed = Vec::new();
    // Cheaper than a look-up, for the few headers that a request has.
    if !headers.keys().any(|name| *name == header::CONNECTION) {
        return listed;
    }
    for value in headers.get_all(header::CONNECTION) {
        let names = value.to_str().unwrap_or_default().split(',').map(str::trim);
        // The first two say how the connection ends and are no headers of this request.
        let names = names.filter(|name| {
            !name.eq_ignore_ascii_case("keep-alive") && !name.eq_ignore_ascii_case("close")
        });
        listed.extend(names.filter_map(|name| HeaderName::try_from(name).ok()));
    }
    listed
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
