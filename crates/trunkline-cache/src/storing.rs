//! The verdict whether an answer is remembered, and what of it: RFC 9111 §3.

use std::time::SystemTime;

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};

use crate::asking::RequestDirectives;
use crate::directive::{Directive, needed_by_cache};
use crate::freshness::{self, Control, FreshBy};
use crate::message::{Exchange, Policy, RequestHead, ResponseHead};
use crate::number;
use crate::stored::{Parts, Stored};
use crate::vary::{self, Names};

/// Why an answer is not remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotStored {
    /// The cache is off for this call.
    Off,
    /// The method is not one whose answers are kept; HEAD has no body, and only freshens.
    ///
    /// A POST with a fresh `Content-Location` would be legal (RFC 9110 §9.3.3), and is not
    /// kept: only an operation whose settings say that its POST merely asks is cached.
    Method,
    /// The status is one whose answer is no answer to the next caller.
    ///
    /// 1xx is not final; 304, 412 and 416 answer this caller's conditions or range; 206 is
    /// a part, and keeping parts, which is optional, would need every store to join them; RFC
    /// 6585 forbids 428, 429, 431 and 511.
    Status,
    /// The caller sent `no-store` (RFC 9111 §5.2.1.5).
    RequestNoStore,
    /// `no-store` (RFC 9111 §5.2.2.5).
    NoStore,
    /// `must-understand` with a status that is not understood (RFC 9111 §5.2.2.3).
    NotUnderstood,
    /// `private` (RFC 9111 §5.2.2.7).
    Private,
    /// `Vary: *`, or a `Vary` that cannot be read.
    Vary,
    /// The request had `Authorization`, and nothing allows sharing (RFC 9111 §3.5).
    Authorization,
    /// `Set-Cookie` on an answer of which nobody said how long it may be kept.
    SetCookie,
    /// Nothing says for how long, nor is the status one that is kept without that.
    NoFreshness,
    /// It is stale at once, and there is nothing to validate it by.
    NoUse,
}

impl NotStored {
    /// The word for it in `Cache-Status`.
    pub fn detail(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Method => "method",
            Self::Status => "status",
            Self::RequestNoStore => "request-no-store",
            Self::NoStore => "no-store",
            Self::NotUnderstood => "must-understand",
            Self::Private => "private",
            Self::Vary => "vary",
            Self::Authorization => "authorization",
            Self::SetCookie => "set-cookie",
            Self::NoFreshness => "no-freshness",
            Self::NoUse => "no-use",
        }
    }

    /// Whether the next answer at this key will most likely not be kept either.
    ///
    /// Then askers must not wait for each other ("hit-for-miss"): what the one gets, the next
    /// cannot use. What comes from one request alone says nothing, and an error's headers say
    /// nothing about the success that follows it, so remember it of successes only.
    pub fn is_lasting(self) -> bool {
        match self {
            Self::NoStore
            | Self::NotUnderstood
            | Self::Private
            | Self::Vary
            | Self::Authorization
            | Self::SetCookie
            | Self::NoFreshness
            | Self::NoUse => true,
            Self::Off | Self::Method | Self::Status | Self::RequestNoStore => false,
        }
    }
}

/// Decides whether an answer is remembered, and as what (RFC 9111 §3). `exchange` is asked only
/// where nothing else forbids it.
///
/// # `Set-Cookie`
///
/// RFC 9111 §7.3 allows to keep `Set-Cookie`. Here it is left out of what is kept, unless
/// the answer is marked for everybody with `public` or `s-maxage`: a cookie is mostly made for
/// one caller, and a session that is replayed to another is the worst thing a shared cache can
/// do. For the same reason an answer with `Set-Cookie` is not kept on a guess: it needs
/// freshness that the upstream or the settings named.
pub fn storable(
    policy: Policy,
    request: RequestHead<'_>,
    response: ResponseHead<'_>,
    exchange: impl FnOnce() -> Exchange,
) -> Result<Stored, NotStored> {
    refuse_by_kind(policy, request, response.status)?;
    let control = Control::read(response.headers);
    refuse_by_directive(&control, response.status)?;
    let Names::Listed(names) = vary::names(response.headers) else {
        return Err(NotStored::Vary);
    };
    let exchange = exchange();
    let mut headers = kept_fields(response.headers, &control);
    set_date(&mut headers, exchange.received_at);
    let stored = Stored::new(Parts {
        method: request.method.clone(),
        status: response.status,
        headers,
        vary: vary::values(names, request.headers),
        received_at: exchange.received_at,
        initial_age: freshness::initial_age(response.headers, exchange),
        explicit: policy.explicit(),
    });
    refuse_by_freshness(&stored, &control, response)?;
    let needs_leave = policy.explicit().is_none();
    if needs_leave && request.headers.contains_key(header::AUTHORIZATION) && !is_shared(&control) {
        return Err(NotStored::Authorization);
    }
    Ok(stored)
}

fn refuse_by_kind(
    policy: Policy,
    request: RequestHead<'_>,
    status: StatusCode,
) -> Result<(), NotStored> {
    if policy == Policy::Off {
        return Err(NotStored::Off);
    }
    if !policy.covers(request.method) || request.method == Method::HEAD {
        return Err(NotStored::Method);
    }
    if !may_keep_status(status) {
        return Err(NotStored::Status);
    }
    if RequestDirectives::read(request.headers).no_store() {
        return Err(NotStored::RequestNoStore);
    }
    Ok(())
}

/// Whether an answer with this status may be kept at all: see [`NotStored::Status`].
pub fn may_keep_status(status: StatusCode) -> bool {
    !status.is_informational()
        && !matches!(
            status.as_u16(),
            206 | 304 | 412 | 416 | 428 | 429 | 431 | 511
        )
}

fn refuse_by_directive(control: &Control, status: StatusCode) -> Result<(), NotStored> {
    let directives = &control.directives;
    // RFC 9111 §5.2.2.3: who understands the status passes over the `no-store` beside it.
    let must_understand = directives.has(Directive::MustUnderstand);
    if must_understand && !is_understood(status) {
        return Err(NotStored::NotUnderstood);
    }
    if directives.has(Directive::NoStore) && !must_understand {
        return Err(NotStored::NoStore);
    }
    if directives.has(Directive::Private) {
        return Err(NotStored::Private);
    }
    Ok(())
}

fn refuse_by_freshness(
    stored: &Stored,
    control: &Control,
    response: ResponseHead<'_>,
) -> Result<(), NotStored> {
    let is_told = match stored.lifetime().1 {
        FreshBy::SharedMaxAge | FreshBy::MaxAge | FreshBy::Expires | FreshBy::Explicit => true,
        FreshBy::Heuristic | FreshBy::Nothing => false,
    };
    let sets_cookie = response.headers.contains_key(header::SET_COOKIE);
    if sets_cookie && !is_told && !is_for_everybody(control) {
        return Err(NotStored::SetCookie);
    }
    let may_be_stored = is_told
        || control.directives.has(Directive::Public)
        || freshness::is_heuristically_cacheable(response.status);
    if !may_be_stored {
        return Err(NotStored::NoFreshness);
    }
    if stored.is_worth_keeping() {
        return Ok(());
    }
    Err(match stored.lifetime().1 {
        FreshBy::Nothing => NotStored::NoFreshness,
        FreshBy::SharedMaxAge
        | FreshBy::MaxAge
        | FreshBy::Expires
        | FreshBy::Explicit
        | FreshBy::Heuristic => NotStored::NoUse,
    })
}

/// RFC 9111 §3.5: what allows to keep the answer to a request with `Authorization`.
fn is_shared(control: &Control) -> bool {
    is_for_everybody(control) || control.directives.has(Directive::MustRevalidate)
}

fn is_for_everybody(control: &Control) -> bool {
    control.directives.has(Directive::Public) || control.directives.s_maxage.is_some()
}

/// The final statuses of RFC 9110, whose rules for caching are kept here.
fn is_understood(status: StatusCode) -> bool {
    matches!(
        status.as_u16(),
        200..=205 | 300..=303 | 305 | 307 | 308 | 400..=417 | 421 | 422 | 426 | 500..=505
    )
}

/// The fields of an answer that may be kept (RFC 9111 §3.1).
///
/// Values are copied: those of an answer are slices of the buffer it was read into, which would
/// stay in memory with them.
pub(crate) fn kept_fields(response: &HeaderMap, control: &Control) -> HeaderMap {
    let of_connection = connection_options(response);
    let keeps_cookies = is_for_everybody(control);
    let is_kept = |name: &HeaderName| {
        let sets_cookie = *name == header::SET_COOKIE || name.as_str() == "set-cookie2";
        !NEVER_KEPT.contains(&name.as_str())
            && !of_connection.contains(name)
            && !control.directives.withheld.contains(name)
            && (keeps_cookies || !sets_cookie)
    };
    let mut headers = HeaderMap::with_capacity(response.keys_len() + ADDED);
    for (name, value) in response {
        if is_kept(name)
            && let Ok(mut copy) = HeaderValue::from_bytes(value.as_bytes())
        {
            copy.set_sensitive(value.is_sensitive());
            headers.append(name.clone(), copy);
        }
    }
    headers
}

/// The fields that `Connection` declares to be the connection's.
///
/// A field by which the cache works cannot be one: RFC 9110 §7.6.1 forbids to declare one that
/// is meant for all recipients.
fn connection_options(response: &HeaderMap) -> Vec<HeaderName> {
    response
        .get_all(header::CONNECTION)
        .iter()
        .flat_map(|line| line.as_bytes().split(|byte| *byte == b','))
        .filter_map(|part| HeaderName::from_bytes(number::trimmed(part)).ok())
        .filter(|name| !needed_by_cache(name))
        .collect()
}

/// Whoever serves what is kept adds to its fields; without room for that, each copy is built anew.
const ADDED: usize = 8;

/// Fields of one connection or one proxy, and `Age`, which is counted from then on.
const NEVER_KEPT: [&str; 11] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authenticate",
    "proxy-authentication-info",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "age",
];

/// RFC 9110 §6.6.1: an answer without a (readable) date gets that of its arrival.
pub(crate) fn set_date(headers: &mut HeaderMap, received_at: SystemTime) {
    if number::only_date(headers, header::DATE).is_some() {
        return;
    }
    headers.remove(header::DATE);
    if let Some(date) = number::date_value(received_at) {
        headers.insert(header::DATE, date);
    }
}

#[cfg(test)]
mod tests;
