//! Fetches an address that somebody else chose, without being tricked into calling another.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body_util::BodyExt as _;
use trunkline_egress::address;
use trunkline_egress::{Body, Clock, Egress, Head, Limits, Origin, Received, SendError};
use url::{Host, Url};

use crate::error::{Error, ErrorKind};
use crate::explain;
use crate::failure;

/// How often a fetch may be sent on.
const REDIRECTS_MAX: usize = 5;

/// What to tell somebody who was refused.
const PUBLIC_ONLY: &str = "only public addresses are fetched, whatever `egress.allow` says";

/// How to fetch.
#[derive(Debug, Clone, Copy)]
pub struct FetchOptions {
    /// The largest body that is accepted.
    pub bytes_max: usize,
    /// For everything together.
    pub timeout: Duration,
}

impl Default for FetchOptions {
    fn default() -> Self {
        Self {
            bytes_max: 2 * 1024 * 1024,
            timeout: Duration::from_secs(30),
        }
    }
}

/// What was fetched.
#[derive(Debug, Clone)]
pub struct Fetched {
    /// The address it came from in the end.
    pub url: Url,
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its whole body.
    pub body: Bytes,
}

pub(crate) async fn fetch(
    egress: &Egress,
    clock: &Clock,
    url: &str,
    options: FetchOptions,
) -> Result<Fetched, Error> {
    let mut url = parse(url)?;
    let limits = Limits {
        connect: options.timeout,
        first_byte: options.timeout,
        idle: options.timeout,
        deadline: Some(clock.now() + options.timeout),
    };
    for _ in 0..=REDIRECTS_MAX {
        let response = exchange(egress, &url, &limits).await?;
        let Some(next) = redirect(&url, response.status(), response.headers())? else {
            return read(url, response, options.bytes_max).await;
        };
        url = next;
    }
    Err(Error::new(
        ErrorKind::TooManyRedirects,
        format!("there were more than {REDIRECTS_MAX} redirects"),
    )
    .with_hint(explain::remedy(ErrorKind::TooManyRedirects)))
}

/// Text checks serve early and plain errors; the decision falls on the address about to be dialled.
fn parse(text: &str) -> Result<Url, Error> {
    let bad = |message: &str| {
        Error::new(ErrorKind::BadUrl, message)
            .with_hint("allowed are absolute http and https addresses")
    };
    let url = Url::parse(text.trim()).map_err(|_| bad("this is no absolute address"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(bad(&format!(
            "addresses of the scheme `{}` are not fetched",
            url.scheme()
        )));
    }
    judge(url)
}

fn judge(mut url: Url) -> Result<Url, Error> {
    let refused = |message: &str| {
        Error::new(ErrorKind::AddressRefused, message.to_owned()).with_hint(PUBLIC_ONLY)
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused(
            "an address with a user name or password is not fetched",
        ));
    }
    if let Some(Host::Domain(name)) = url.host()
        && (address::is_local_host(name) || address::metadata_host(name).is_some())
    {
        return Err(refused(
            "the address names this machine or a cloud's metadata service",
        ));
    }
    url.set_fragment(None);
    Ok(url)
}

async fn exchange(
    egress: &Egress,
    url: &Url,
    limits: &Limits,
) -> Result<http::Response<Received>, Error> {
    let origin = Origin::from_url(url).map_err(|err| {
        // It is an address, and one that nobody may call.
        Error::new(ErrorKind::AddressRefused, err.to_string()).with_hint(PUBLIC_ONLY)
    })?;
    let target = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let target = PathAndQuery::try_from(target)
        .map_err(|err| Error::new(ErrorKind::BadUrl, err.to_string()))?;
    let mut head = Head::get(target);
    let headers = &mut head.headers;
    headers.insert(header::HOST, origin.host_header().clone());
    headers.insert(header::ACCEPT, HeaderValue::from_static("*/*"));
    headers.insert(
        header::ACCEPT_ENCODING,
        HeaderValue::from_static("identity"),
    );
    headers.insert(
        header::USER_AGENT,
        HeaderValue::from_static("trunkline-fetch"),
    );
    let sent = egress.send(&origin, &head, Body::Empty, limits).await;
    sent.map_err(|err| failed(err, origin.host_header().to_str().unwrap_or_default()))
}

/// No setting opens an address here, so none is named.
fn failed(error: SendError, host: &str) -> Error {
    let error = failure::of_send(error, host);
    match error.kind() {
        ErrorKind::AddressRefused => error.with_hint(PUBLIC_ONLY),
        _ => error,
    }
}

/// Where an answer sends us, judged like the first address. From https never back to http.
fn redirect(from: &Url, status: StatusCode, headers: &HeaderMap) -> Result<Option<Url>, Error> {
    if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let Some(location) = headers.get(header::LOCATION) else {
        return Ok(None);
    };
    let refused = |message: &str| {
        Error::new(
            ErrorKind::AddressRefused,
            format!("a redirect was not followed: {message}"),
        )
    };
    let next = location
        .to_str()
        .ok()
        .and_then(|location| from.join(location).ok())
        .ok_or_else(|| refused("it names no address"))?;
    match (from.scheme(), next.scheme()) {
        ("https", "http") => Err(refused("it leaves encryption")),
        (_, "http" | "https") => judge(next).map(Some),
        _ => Err(refused("it has another scheme than http and https")),
    }
}

async fn read(
    url: Url,
    response: http::Response<Received>,
    bytes_max: usize,
) -> Result<Fetched, Error> {
    let (head, mut body) = response.into_parts();
    let too_large = || {
        Error::new(
            ErrorKind::ReplyTooLarge,
            format!("the body is larger than {bytes_max} bytes"),
        )
        .with_hint("raise the limit if you want so much (`--max-bytes`)")
    };
    let declared = head
        .headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|declared| (bytes_max as u64) < declared) {
        return Err(too_large());
    }
    let mut all = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(failure::of_receive)?;
        if let Ok(data) = frame.into_data() {
            all.extend_from_slice(&data);
        }
        if bytes_max < all.len() {
            return Err(too_large());
        }
    }
    Ok(Fetched {
        url,
        status: head.status,
        headers: head.headers,
        body: all.freeze(),
    })
}

#[cfg(test)]
mod tests;
