//! What tells kept answers apart: who asks, for which resource, in which form.

use std::borrow::Cow;

use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, header};
use percent_encoding::percent_decode_str;
use trunkline_cache::Policy;
use trunkline_egress::Origin;
use trunkline_store::{Address, Key, KeyMaker, Naming};

use crate::call::Caller;
use crate::installed::Keeping;

/// What is asked of the cache.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    pub(crate) policy: Policy,
    pub(crate) key: Key,
    /// For what is hardly ever asked: its address.
    pub(crate) resource: KeyMaker,
}

/// What the key of a call is made of, besides its resource.
pub(crate) struct Asker<'a> {
    /// Of the credential, with all that the settings add to each request.
    pub(crate) identity: &'a [u8; 16],
    /// What the call shows of who makes it, as a number.
    pub(crate) presents: u8,
    /// How the answer is judged, as a number: what one lets pass another may refuse.
    pub(crate) validate: u8,
    pub(crate) caller: &'a Caller,
    /// The token of somebody who has signed in at the API.
    pub(crate) own_token: Option<&'a [u8]>,
    pub(crate) headers: &'a HeaderMap,
    /// What is asked by, where that is no address alone.
    pub(crate) body: Option<&'a [u8]>,
}

/// Where a resource is.
pub(crate) struct Resource<'a> {
    pub(crate) connector: &'a str,
    pub(crate) origin: &'a Origin,
    pub(crate) target: &'a PathAndQuery,
}

impl Question {
    /// What this asker wants of a resource.
    pub(crate) fn new(
        naming: Naming,
        resource: &Resource<'_>,
        asker: &Asker<'_>,
        (policy, keeping): (Policy, Option<&Keeping>),
    ) -> Self {
        let mut names = resource_names(naming, resource, keeping);
        add_asker(&mut names, asker, (policy, keeping));
        Self {
            policy,
            key: names.key(),
            resource: names.into_resource(),
        }
    }

    /// Names the resource, whoever asks for it.
    pub(crate) fn address(&self) -> Address {
        self.resource.address()
    }
}

/// Names a resource, whoever asks for it. `keeping` says which part of the query matters.
pub(super) fn address(
    naming: Naming,
    resource: &Resource<'_>,
    keeping: Option<&Keeping>,
) -> Address {
    resource_names(naming, resource, keeping).address()
}

fn add_asker(
    maker: &mut KeyMaker,
    asker: &Asker<'_>,
    (policy, keeping): (Policy, Option<&Keeping>),
) {
    maker
        .add(asker.identity)
        .add(&[asker.presents, asker.validate]);
    match asker.caller {
        Caller::Anyone => maker.add(b""),
        Caller::Listener(connector) => maker.add(b"listener").add(connector.as_str().as_bytes()),
        Caller::Named(name) => maker.add(b"named").add(name.as_bytes()),
    };
    maker.add_optional(asker.own_token);
    match keeping.and_then(|keeping| keeping.headers.as_ref()) {
        Some(chosen) => {
            for name in chosen {
                add_header(maker, name, asker.headers);
            }
        }
        None => add_unchosen(maker, policy, asker.headers),
    }
    if let Some(body) = asker.body {
        let kind = asker.headers.get(header::CONTENT_TYPE);
        maker
            .add_optional(kind.map(http::HeaderValue::as_bytes))
            .add(body);
    }
}

fn resource_names(naming: Naming, resource: &Resource<'_>, keeping: Option<&Keeping>) -> KeyMaker {
    let Resource {
        connector,
        origin,
        target,
    } = resource;
    let scheme: &[u8] = if origin.is_tls() { b"s" } else { b"" };
    let mut maker = KeyMaker::new(naming);
    maker
        .add(connector.as_bytes())
        .add(scheme)
        .add(origin.host().as_bytes())
        .add(&origin.port().to_be_bytes());
    match keeping.and_then(|keeping| keeping.query.as_deref()) {
        None => {
            maker.add(target.as_str().as_bytes());
        }
        Some(chosen) => {
            maker.add(target.path().as_bytes());
            for part in chosen_parts(target.query().unwrap_or_default(), chosen) {
                maker.add(part.as_bytes());
            }
        }
    }
    maker.end_resource();
    maker
}

/// Adds the headers that may choose what is answered, where nobody says which do: `Stripe-Account` and
/// its like choose whose it is.
///
/// By the headers, `Vary` says it of what HTTP itself has; of others an upstream that counts on
/// `Authorization` to keep its answers apart (RFC 9111 section 3.5) may say nothing.
fn add_unchosen(maker: &mut KeyMaker, policy: Policy, headers: &HeaderMap) {
    let is_said = |name: &HeaderName| policy == Policy::Headers && is_of_http(name);
    let names = headers
        .keys()
        .filter(|name| may_choose(name) && !is_said(name));
    let mut names: Vec<_> = names.collect();
    names.sort_unstable_by(|one, other| one.as_str().cmp(other.as_str()));
    for name in names {
        maker.add(name.as_str().as_bytes());
        add_header(maker, name, headers);
    }
}

fn add_header(maker: &mut KeyMaker, name: &HeaderName, headers: &HeaderMap) {
    for line in headers.get_all(name) {
        maker.add_optional(Some(line.as_bytes()));
    }
    // Ends the lines of one field.
    maker.add_optional(None);
}

/// Whether a header is one of HTTP's own by which answers are negotiated.
pub(super) fn is_of_http(name: &HeaderName) -> bool {
    let text = name.as_str();
    text.starts_with("accept")
        || text.starts_with("if-")
        || text.starts_with("sec-")
        || text == "te"
}

/// Whether a header may choose what is answered: not those that say how the request came, or which
/// are for caches and for whoever traces calls.
fn may_choose(name: &HeaderName) -> bool {
    const NEVER: [HeaderName; 13] = [
        header::HOST,
        header::USER_AGENT,
        header::CONNECTION,
        header::CONTENT_LENGTH,
        header::CACHE_CONTROL,
        header::PRAGMA,
        header::RANGE,
        header::IF_RANGE,
        header::IF_NONE_MATCH,
        header::IF_MODIFIED_SINCE,
        header::REFERER,
        header::ORIGIN,
        header::DATE,
    ];
    !NEVER.contains(name) && !is_trace(name.as_str())
}

/// Whether a header is for whoever traces or counts calls. Whole names, since an API may have one of
/// its own that only begins so.
fn is_trace(name: &str) -> bool {
    matches!(
        name,
        "x-request-id"
            | "x-client-request-id"
            | "traceparent"
            | "tracestate"
            | "baggage"
            | "sentry-trace"
            | "x-b3-traceid"
            | "x-b3-spanid"
            | "x-b3-parentspanid"
            | "x-b3-sampled"
            | "x-b3-flags"
            // What Stripe's SDKs, and those that Stainless makes, say of themselves.
            | "x-stripe-client-user-agent"
            | "x-stripe-client-telemetry"
            | "x-stainless-lang"
            | "x-stainless-package-version"
            | "x-stainless-os"
            | "x-stainless-arch"
            | "x-stainless-runtime"
            | "x-stainless-runtime-version"
            | "x-stainless-async"
            | "x-stainless-retry-count"
            | "x-stainless-timeout"
            | "x-stainless-read-timeout"
            | "x-stainless-helper-method"
            | "x-stainless-raw-response"
    )
}

/// The fields of a query that matter, by name; those of one name stay in their order.
fn chosen_parts<'q>(query: &'q str, chosen: &[String]) -> Vec<&'q str> {
    let name_of = |part: &'q str| -> Cow<'q, str> {
        let name = part.split('=').next().unwrap_or_default();
        percent_decode_str(name).decode_utf8_lossy()
    };
    let parts = query.split('&').map(|part| (name_of(part), part));
    let mut parts: Vec<_> = parts
        .filter(|(name, _)| chosen.iter().any(|chosen| **chosen == **name))
        .collect();
    parts.sort_by(|one, other| one.0.cmp(&other.0));
    parts.into_iter().map(|(_, part)| part).collect()
}

#[cfg(test)]
mod tests;
