//! Short ways for tests to write messages and times down.

use std::time::{Duration, SystemTime};

use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};

use crate::{
    Decision, Exchange, NotStored, Policy, RequestHead, ResponseHead, Stored, look, storable,
};

/// Some seconds after the moment at which samples are stored.
pub(crate) fn at(secs: i64) -> SystemTime {
    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let distance = Duration::from_secs(secs.unsigned_abs());
    if secs < 0 {
        start - distance
    } else {
        start + distance
    }
}

/// Reads lines of `Name: value`; `{-30}` in them is the date 30 seconds before the start.
pub(crate) fn headers(text: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (name, value) = line.split_once(':').expect("a field has a colon");
        headers.append(
            HeaderName::from_bytes(name.as_bytes()).expect("a name"),
            HeaderValue::from_str(&with_dates(value.trim())).expect("a value"),
        );
    }
    headers
}

fn with_dates(value: &str) -> String {
    let Some((before, rest)) = value.split_once('{') else {
        return value.to_owned();
    };
    let (secs, after) = rest.split_once('}').expect("a date ends");
    let date = httpdate::fmt_http_date(at(secs.parse().expect("seconds")));
    format!("{before}{date}{after}")
}

/// A request: a method and fields, `GET` if there is none.
pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) headers: HeaderMap,
}

impl Request {
    pub(crate) fn head(&self) -> RequestHead<'_> {
        RequestHead {
            method: &self.method,
            headers: &self.headers,
        }
    }
}

/// Reads a request: a first line without a colon is the method.
pub(crate) fn request(text: &str) -> Request {
    let (method, fields) = first_line(text);
    Request {
        method: method.map_or(Method::GET, |name| {
            Method::from_bytes(name.as_bytes()).expect("a method")
        }),
        headers: headers(fields),
    }
}

/// An answer: a status and fields, 200 if there is none.
pub(crate) struct Response {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
}

impl Response {
    pub(crate) fn head(&self) -> ResponseHead<'_> {
        ResponseHead {
            status: self.status,
            headers: &self.headers,
        }
    }
}

/// Reads an answer: a first line without a colon is the status.
pub(crate) fn response(text: &str) -> Response {
    let (status, fields) = first_line(text);
    Response {
        status: status.map_or(StatusCode::OK, |code| code.parse().expect("a status")),
        headers: headers(fields),
    }
}

fn first_line(text: &str) -> (Option<&str>, &str) {
    let text = text.trim();
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    if first.is_empty() || first.contains(':') {
        (None, text)
    } else {
        (Some(first.trim()), rest)
    }
}

/// An exchange that took no time.
pub(crate) fn exchange(secs: i64) -> Exchange {
    Exchange {
        sent_at: at(secs),
        received_at: at(secs),
    }
}

/// Stores an answer at the start, if it may be.
pub(crate) fn try_store(policy: Policy, asked: &str, answered: &str) -> Result<Stored, NotStored> {
    let answer = response(answered);
    storable(policy, request(asked).head(), answer.head(), || exchange(0))
}

/// Stores an answer to a plain GET at the start.
pub(crate) fn stored(answered: &str) -> Stored {
    try_store(Policy::Headers, "", answered).expect("the sample may be stored")
}

/// Looks among the answers so many seconds after the start.
pub(crate) fn looked(candidates: &[&Stored], asked: &str, secs: i64) -> Decision {
    let asked = request(asked);
    let candidates = candidates.iter().copied();
    look(Policy::Headers, asked.head(), candidates, at(secs))
}

/// A decision in a word: what tests compare.
pub(crate) fn word(decision: Decision) -> String {
    match decision {
        Decision::Serve(hit) => format!("serve {:?}", hit.kind),
        Decision::ServeStale(_) => "serve stale, ask meanwhile".to_owned(),
        Decision::Revalidate { why, .. } => format!("ask: {why:?}"),
        Decision::Fetch(why) => format!("fetch: {why:?}"),
        Decision::OnlyIfCached => "504".to_owned(),
    }
}
