//! Whether a request shows the credential that the secrets' examples make: what a stand-in asks.

#[cfg(test)]
mod tests;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderName, HeaderValue, header};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use trunkline_connector::format::TimestampForm;
use trunkline_connector::{Auth, Connector};
use trunkline_egress::Head;
use url::form_urlencoded;

use super::{Maker, Proof, Signable, Tokening, Values};
use crate::secret::Secret;

/// Whether a request shows the credential that the secrets' examples make, in any way that the
/// connector knows. A signature is made again, for the time at which the request says it was made.
pub fn shows_example_credential(connector: &Connector, request: &Parts, body: &[u8]) -> bool {
    let example = |place: usize| {
        let spec = connector.secrets.get(place);
        Ok(spec.map(|spec| Secret::new(spec.example.as_str())))
    };
    let Ok(values) = Values::find(connector, example) else {
        return false;
    };
    let maker = Maker {
        connector,
        values: &values,
        tokening: &Tokening::MadeUp,
    };
    let ways = match &connector.auth {
        Auth::AnyOf(ways) => ways.as_slice(),
        way => std::slice::from_ref(way),
    };
    ways.iter().any(|way| {
        let proof = maker.make(way);
        proof.is_ok_and(|proof| is_shown(&proof, way, request, body))
    })
}

fn is_shown(proof: &Proof, way: &Auth, request: &Parts, body: &[u8]) -> bool {
    let has_all = |expected: &[(HeaderName, HeaderValue)]| {
        let has = |(name, value): &(HeaderName, HeaderValue)| {
            request.headers.get(name).is_some_and(|sent| sent == value)
        };
        expected.iter().all(has)
    };
    match (proof, way) {
        (Proof::Headers(expected), _) => has_all(expected),
        (Proof::Query { name, value }, _) => {
            let query = request.uri.query().unwrap_or_default();
            let mut fields = form_urlencoded::parse(query.as_bytes());
            fields.any(|(sent, text)| sent == name.as_str() && text == value.expose())
        }
        (Proof::Hmac(signer), Auth::Hmac(spec)) => {
            let time = text(request, &spec.timestamp_header);
            let time = time.and_then(|text| time_of(text, spec.timestamp));
            time.is_some_and(|now| signed(request, body, now, |one| has_all(&signer.sign(one))))
        }
        (Proof::Sigv4(sigv4), _) => {
            let time = text(request, &HeaderName::from_static("x-amz-date"));
            let time = time.and_then(time_of_aws);
            time.is_some_and(|now| signed(request, body, now, |one| has_all(&sigv4.sign(one))))
        }
        // Where secrets are examples, tokens are made up, and a made-up one is a header.
        (Proof::Hmac(_) | Proof::Token(_), _) => false,
    }
}

fn signed(
    request: &Parts,
    body: &[u8],
    now: SystemTime,
    mut is_right: impl FnMut(&Signable<'_>) -> bool,
) -> bool {
    let target = request.uri.path_and_query().cloned();
    let head = Head {
        method: request.method.clone(),
        target: target.unwrap_or(PathAndQuery::from_static("/")),
        headers: request.headers.clone(),
    };
    is_right(&Signable {
        head: &head,
        host: text(request, &header::HOST).unwrap_or_default(),
        body,
        now,
    })
}

fn text<'a>(request: &'a Parts, name: &HeaderName) -> Option<&'a str> {
    request.headers.get(name)?.to_str().ok()
}

fn time_of(text: &str, form: TimestampForm) -> Option<SystemTime> {
    let since = match form {
        TimestampForm::UnixS => Duration::from_secs(text.parse().ok()?),
        TimestampForm::UnixMs => Duration::from_millis(text.parse().ok()?),
        TimestampForm::Rfc3339 => return Some(text.parse::<Timestamp>().ok()?.into()),
    };
    UNIX_EPOCH.checked_add(since)
}

/// `20260131T235959Z`.
fn time_of_aws(text: &str) -> Option<SystemTime> {
    let time: DateTime = text.strip_suffix('Z')?.parse().ok()?;
    let time = TimeZone::UTC.to_timestamp(time).ok()?;
    Some(time.into())
}
