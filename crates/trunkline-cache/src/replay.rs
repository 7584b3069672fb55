//! Shapes a stored answer for the caller: its conditions, its range, its age (RFC 9111 §4.3.2).

use std::time::SystemTime;

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode};

use crate::look::Hit;
use crate::message::RequestHead;
use crate::number::{self, Digits};
use crate::stored::Stored;
use crate::tag::{self, Tag};

/// Which part of a stored answer the caller gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// All of it.
    Whole,
    /// All but the body: the caller sent HEAD.
    HeadOnly,
    /// 304: the caller has it already.
    NotModified,
    /// 206: these bytes of the body, both ends included.
    Part {
        /// The first byte, from 0.
        first: u64,
        /// The last byte.
        last: u64,
        /// The length of the whole body.
        length: u64,
    },
    /// 416: the body has no such bytes.
    NotSatisfiable {
        /// The length of the whole body.
        length: u64,
    },
}

impl Shape {
    /// Decides it; `body_length` is `None` while the body is still being read.
    ///
    /// The caller's `If-None-Match` beats `If-Modified-Since` (RFC 9110 §13.2.2). Several
    /// ranges are answered with the whole, which RFC 9110 §14.2 allows: hardly anyone asks for
    /// them, and many small ones are an attack.
    pub fn of(request: RequestHead<'_>, stored: &Stored, body_length: Option<u64>) -> Self {
        if is_known_to_caller(request, stored) {
            return Self::NotModified;
        }
        if request.method == Method::HEAD {
            return Self::HeadOnly;
        }
        let may_be_part = request.method == Method::GET
            && stored.status() == StatusCode::OK
            && request.has_any(&[header::RANGE]);
        if !may_be_part {
            return Self::Whole;
        }
        match (request.headers.get(header::RANGE), body_length) {
            (Some(range), Some(length)) if if_range_holds(request.headers, stored) => {
                part(range.as_bytes(), length).unwrap_or(Self::Whole)
            }
            _ => Self::Whole,
        }
    }

    /// The status that goes with it.
    pub fn status(self, stored: &Stored) -> StatusCode {
        match self {
            Self::Whole | Self::HeadOnly => stored.status(),
            Self::NotModified => StatusCode::NOT_MODIFIED,
            Self::Part { .. } => StatusCode::PARTIAL_CONTENT,
            Self::NotSatisfiable { .. } => StatusCode::RANGE_NOT_SATISFIABLE,
        }
    }
}

impl Stored {
    /// The header fields of the answer: those stored, `Age`, and what the shape adds.
    ///
    /// `Cache-Status` is not among them, see [`Hit::cache_status`].
    pub fn replay(&self, shape: Shape, hit: &Hit, body_length: Option<u64>) -> HeaderMap {
        let mut headers = self.headers().clone();
        match shape {
            Shape::Whole | Shape::HeadOnly => {
                if let Some(length) = body_length.filter(|_| has_body(self.status())) {
                    set_length(&mut headers, length);
                }
            }
            Shape::NotModified => {
                for name in OF_THE_BODY {
                    headers.remove(name);
                }
                // RFC 9110 §15.4.5: of use only where there is no tag.
                if headers.contains_key(header::ETAG) {
                    headers.remove(header::LAST_MODIFIED);
                }
            }
            Shape::Part {
                first,
                last,
                length,
            } => {
                let size = last.saturating_sub(first).saturating_add(1);
                headers.insert(header::CONTENT_LENGTH, HeaderValue::from(size));
                set_content_range(&mut headers, &format!("bytes {first}-{last}/{length}"));
            }
            Shape::NotSatisfiable { length } => {
                headers = headers_of_416(headers);
                set_content_range(&mut headers, &format!("bytes */{length}"));
            }
        }
        let age = Digits::of(number::whole_seconds(hit.age).into()).value();
        headers.insert(header::AGE, age);
        headers
    }
}

/// Fields that a 304 does without, since they speak of the body (RFC 9110 §15.4.5).
const OF_THE_BODY: [HeaderName; 5] = [
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::CONTENT_ENCODING,
    header::CONTENT_LANGUAGE,
    header::CONTENT_RANGE,
];

fn has_body(status: StatusCode) -> bool {
    status != StatusCode::NO_CONTENT && status != StatusCode::RESET_CONTENT
}

/// A 416 has no body of the stored answer, so little of its head is true of it.
fn headers_of_416(stored: HeaderMap) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for name in [header::DATE, header::ETAG, header::VARY] {
        for value in stored.get_all(&name) {
            headers.append(&name, value.clone());
        }
    }
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(0));
    headers
}

/// Says how long the body is, unless that is said already.
fn set_length(headers: &mut HeaderMap, length: u64) {
    let digits = Digits::of(length);
    let mut said = headers
        .iter()
        .filter(|(name, _)| **name == header::CONTENT_LENGTH);
    let is_said = said
        .next()
        .is_some_and(|(_, said)| said.as_bytes() == digits.as_bytes());
    if !is_said || said.next().is_some() {
        headers.insert(header::CONTENT_LENGTH, digits.value());
    }
}

fn set_content_range(headers: &mut HeaderMap, text: &str) {
    if let Ok(value) = HeaderValue::from_str(text) {
        headers.insert(header::CONTENT_RANGE, value);
    }
}

/// RFC 9111 §4.3.2, RFC 9110 §13.1.2 and §13.1.3: whether the caller's condition holds.
fn is_known_to_caller(request: RequestHead<'_>, stored: &Stored) -> bool {
    let reads = request.method == Method::GET || request.method == Method::HEAD;
    // RFC 9110 §13.2.1: conditions are for what would have succeeded.
    let has_condition = || request.has_any(&[header::IF_NONE_MATCH, header::IF_MODIFIED_SINCE]);
    if !reads || !stored.status().is_success() || !has_condition() {
        return false;
    }
    if request.headers.contains_key(header::IF_NONE_MATCH) {
        let lines: Vec<_> = request
            .headers
            .get_all(header::IF_NONE_MATCH)
            .iter()
            .collect();
        return tag::lists(&lines, Tag::of(stored.headers()));
    }
    let Some(since) = number::only_date(request.headers, header::IF_MODIFIED_SINCE) else {
        return false;
    };
    changed_at(stored) <= since
}

/// RFC 9111 §4.3.2: without `Last-Modified`, the time of the answer bounds that of the change.
fn changed_at(stored: &Stored) -> SystemTime {
    number::only_date(stored.headers(), header::LAST_MODIFIED).unwrap_or(stored.date())
}

/// RFC 9110 §13.1.5: whether the range is wanted of this version.
fn if_range_holds(request: &HeaderMap, stored: &Stored) -> bool {
    let mut lines = request.get_all(header::IF_RANGE).iter();
    let Some(condition) = lines.next() else {
        return true;
    };
    if lines.next().is_some() {
        return false;
    }
    if let Some(date) = number::date(condition) {
        let changed = number::only_date(stored.headers(), header::LAST_MODIFIED);
        // RFC 9110 §8.8.2.2: a date is a strong validator only if it lies before the answer's.
        return changed == Some(date) && date < stored.date();
    }
    match (Tag::read(condition.as_bytes()), Tag::of(stored.headers())) {
        (Some(asked), Some(tag)) => asked.equals_strongly(tag),
        (Some(_) | None, _) => false,
    }
}

/// RFC 9110 §14.1.2: one range of bytes; `None` if it is to be passed over.
fn part(range: &[u8], length: u64) -> Option<Shape> {
    let (unit, spec) = range.split_at_checked(6)?;
    if !unit.eq_ignore_ascii_case(b"bytes=") {
        return None;
    }
    let spec = std::str::from_utf8(number::trimmed(spec)).ok()?;
    let (first, last) = spec.split_once('-')?;
    let shape = |first: u64, last: u64| Shape::Part {
        first,
        last,
        length,
    };
    if first.is_empty() {
        let wanted = position(last)?;
        if wanted == 0 || length == 0 {
            return Some(Shape::NotSatisfiable { length });
        }
        return Some(shape(length.saturating_sub(wanted), length - 1));
    }
    let first = position(first)?;
    let last = if last.is_empty() {
        u64::MAX
    } else {
        position(last)?
    };
    if last < first {
        return None;
    }
    if length <= first {
        return Some(Shape::NotSatisfiable { length });
    }
    Some(shape(first, last.min(length - 1)))
}

/// Digits only; more than fit count as the largest.
fn position(text: &str) -> Option<u64> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(text.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests;
