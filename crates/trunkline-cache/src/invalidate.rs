//! Says which stored answers a change at the upstream outdates: RFC 9111 §4.4.

use http::header::{self, HeaderMap};
use http::{Method, Uri};
use url::Url;

use crate::message::{Policy, ResponseHead};

/// The addresses whose stored answers must go, or be validated before they serve again.
///
/// After an answer that is no error (2xx or 3xx) to a method that is not known to be safe,
/// these are the target, and what `Location` and `Content-Location` name if it has the same
/// origin: another's answers must not be thrown out by whoever likes. `target` is the
/// absolute address; if it is relative, it stands alone.
///
/// A POST that [`Policy::ExplicitPost`] declares to ask only changes nothing.
pub fn invalidates(
    policy: Policy,
    method: &Method,
    target: &Uri,
    response: ResponseHead<'_>,
) -> Vec<Uri> {
    let only_asks = matches!(policy, Policy::ExplicitPost(_)) && method == Method::POST;
    let succeeded = response.status.is_success() || response.status.is_redirection();
    if only_asks || is_safe(method) || !succeeded {
        return Vec::new();
    }
    let mut addresses = vec![target.clone()];
    let Ok(base) = Url::parse(&target.to_string()) else {
        return addresses;
    };
    for name in [header::LOCATION, header::CONTENT_LOCATION] {
        for address in named(response.headers, &name, &base) {
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
    }
    addresses
}

fn named(headers: &HeaderMap, name: &header::HeaderName, base: &Url) -> Vec<Uri> {
    let same_origin = |line: &header::HeaderValue| {
        let mut url = base.join(line.to_str().ok()?).ok()?;
        url.set_fragment(None);
        (url.origin() == base.origin()).then_some(url)
    };
    headers
        .get_all(name)
        .iter()
        .filter_map(same_origin)
        .filter_map(|url| url.as_str().parse().ok())
        .collect()
}

/// The methods registered as safe; one that is not known invalidates (RFC 9111 §4.4).
fn is_safe(method: &Method) -> bool {
    const SAFE: [&str; 8] = [
        "GET", "HEAD", "OPTIONS", "TRACE", "QUERY", "PROPFIND", "REPORT", "SEARCH",
    ];
    SAFE.contains(&method.as_str())
}

#[cfg(test)]
mod tests;
