//! Writes the head of an answer, and settles how its body is delimited. Pure.

#[cfg(test)]
mod tests;

use http::header::{CONNECTION, CONTENT_LENGTH, DATE, TRAILER, TRANSFER_ENCODING};
use http::response::Parts;
use http::{HeaderMap, HeaderName, Method, StatusCode, Version};
use trunkline_http1::framing::Framing;
use trunkline_http1::{line, value};

use crate::coarse_clock::Date;
use crate::tag::Tag;

/// What says that a caller may send its body (RFC 9110 section 15.2.1).
pub(super) const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// What is to be known of a request for its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) version: Version,
    pub(super) scope: Scope,
    pub(super) takes_trailers: bool,
    pub(super) keeps_alive: bool,
}

/// What of an answer is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// The head alone.
    Head,
    /// All of it.
    Whole,
}

/// What the head that was written commits us to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) framing: Framing,
    /// Whether the connection can serve another request afterwards.
    pub(super) keeps_alive: bool,
}

impl Default for Asked {
    fn default() -> Self {
        Self {
            version: Version::HTTP_11,
            scope: Scope::Whole,
            takes_trailers: false,
            keeps_alive: true,
        }
    }
}

impl Scope {
    pub(super) fn of(method: &Method) -> Self {
        if *method == Method::HEAD {
            Self::Head
        } else {
            Self::Whole
        }
    }
}

/// Appends the head of an answer whose body has this length, where it is known.
///
/// Headers go out as they are, except for those that frame the body (RFC 9112 section 6). A
/// `Content-Length` stays where there is no body that could contradict it: in an answer to HEAD,
/// and in a 304.
pub(super) fn write(
    out: &mut Vec<u8>,
    head: &Parts,
    length: Option<u64>,
    asked: Asked,
    (tag, date): (Tag, &Date),
) -> Written {
    let delimiter = Delimiter::of(head, length, asked);
    let keeps_alive = asked.keeps_alive
        && delimiter != Delimiter::Close
        && head.status != StatusCode::SWITCHING_PROTOCOLS;
    out.reserve(256);
    write_status(out, asked.version, head.status);
    let said = write_headers(out, &head.headers, delimiter);
    tag.write(out);
    let keeps_alive = keeps_alive && said.connection != ConnectionLine::Closes;
    match delimiter {
        Delimiter::Length(length) => line::push_content_length(out, length),
        Delimiter::Chunks => out.extend_from_slice(b"transfer-encoding: chunked\r\n"),
        Delimiter::Nothing | Delimiter::Elsewhere | Delimiter::Close => {}
    }
    // RFC 9112 section 9.3: HTTP/1.1 goes on unless it says otherwise, HTTP/1.0 ends.
    if keeps_alive && asked.version == Version::HTTP_10 {
        out.extend_from_slice(b"connection: keep-alive\r\n");
    } else if !keeps_alive && said.connection == ConnectionLine::Absent {
        out.extend_from_slice(b"connection: close\r\n");
    }
    if !said.date {
        out.extend_from_slice(b"date: ");
        out.extend_from_slice(date.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"\r\n");
    let framing = match delimiter {
        Delimiter::Length(length) if asked.scope == Scope::Whole => Framing::Length(length),
        Delimiter::Chunks => Framing::Chunked,
        Delimiter::Close => Framing::UntilClose,
        Delimiter::Length(_) | Delimiter::Nothing | Delimiter::Elsewhere => Framing::Length(0),
    };
    Written {
        framing,
        keeps_alive,
    }
}

/// What the head says of the body's end (RFC 9110 section 8.6, RFC 9112 section 6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Delimiter {
    /// Nothing, and it must not: there can be no body.
    Nothing,
    /// What it says already, if anything, for an answer that is not this one.
    Elsewhere,
    Length(u64),
    Chunks,
    /// Nothing: the connection's end is the body's.
    Close,
}

impl Delimiter {
    fn of(head: &Parts, length: Option<u64>, asked: Asked) -> Self {
        match length {
            _ if head.status.is_informational() || head.status == StatusCode::NO_CONTENT => {
                Self::Nothing
            }
            _ if head.status == StatusCode::NOT_MODIFIED => Self::Elsewhere,
            // The body of an answer to HEAD is empty whatever its length would be.
            Some(0) | None if asked.scope == Scope::Head => Self::Elsewhere,
            Some(_) if asked.scope == Scope::Head && head.headers.contains_key(CONTENT_LENGTH) => {
                Self::Elsewhere
            }
            Some(length) => Self::Length(length),
            None => match declared(&head.headers) {
                Some(length) => Self::Length(length),
                None if asked.version == Version::HTTP_10 => Self::Close,
                None => Self::Chunks,
            },
        }
    }
}

/// The length that an answer declares whose body does not know it.
fn declared(headers: &HeaderMap) -> Option<u64> {
    let mut lengths = headers.get_all(CONTENT_LENGTH).iter();
    match (lengths.next(), lengths.next()) {
        (Some(length), None) => value::parse_length(length.as_bytes()),
        _ => None,
    }
}

fn write_status(out: &mut Vec<u8>, version: Version, status: StatusCode) {
    if version == Version::HTTP_11 && status == StatusCode::OK {
        out.extend_from_slice(b"HTTP/1.1 200 OK\r\n");
        return;
    }
    out.extend_from_slice(if version == Version::HTTP_10 {
        b"HTTP/1.0 "
    } else {
        b"HTTP/1.1 "
    });
    out.extend_from_slice(status.as_str().as_bytes());
    out.push(b' ');
    // It may be empty, but there are parsers that do not know.
    let reason = status.canonical_reason().unwrap_or("Unknown");
    out.extend_from_slice(reason.as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// The `Connection` that was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum ConnectionLine {
    #[default]
    Absent,
    Closes,
    /// It says something else.
    Other,
}

/// What the headers say that were written.
#[derive(Debug, Clone, Copy, Default)]
struct Said {
    date: bool,
    connection: ConnectionLine,
}

fn write_headers(out: &mut Vec<u8>, headers: &HeaderMap, delimiter: Delimiter) -> Said {
    let mut said = Said::default();
    for (name, value) in headers {
        match *name {
            CONTENT_LENGTH if delimiter != Delimiter::Elsewhere => continue,
            TRANSFER_ENCODING => continue,
            TRAILER if delimiter != Delimiter::Chunks => continue,
            DATE => said.date = true,
            CONNECTION => {
                if value::has_token(value, "close") {
                    said.connection = ConnectionLine::Closes;
                } else if said.connection == ConnectionLine::Absent {
                    said.connection = ConnectionLine::Other;
                }
            }
            _ => {}
        }
        line::push_header(out, name, value);
    }
    said
}

/// Those of `trailers` that the head has announced, so that who reads them knows what they are, and
/// that mean nothing where a message is framed, routed, allowed or kept (RFC 9110 section 6.5.1).
pub(super) fn announced(head: &HeaderMap, trailers: HeaderMap) -> HeaderMap {
    let is_announced = |name: &HeaderName| {
        let mut lists = head.get_all(TRAILER).iter();
        lists.any(|list| value::has_token(list, name.as_str()))
    };
    let mut name = None;
    let mut kept = HeaderMap::new();
    for (next, value) in trailers {
        name = next.or(name);
        let may_follow = |name: &&HeaderName| !belongs_to_a_head(name) && is_announced(name);
        if let Some(name) = name.as_ref().filter(may_follow) {
            kept.append(name, value);
        }
    }
    kept
}

/// Whether a header is for the head alone. Those by which we speak are.
fn belongs_to_a_head(name: &HeaderName) -> bool {
    let name = name.as_str();
    name.starts_with("trunkline-")
        || matches!(
            name,
            "age"
                | "authorization"
                | "cache-control"
                | "cdn-cache-control"
                | "connection"
                | "content-disposition"
                | "content-encoding"
                | "content-length"
                | "content-location"
                | "content-range"
                | "content-type"
                | "date"
                | "expires"
                | "host"
                | "keep-alive"
                | "location"
                | "max-forwards"
                | "pragma"
                | "proxy-authenticate"
                | "proxy-authorization"
                | "retry-after"
                | "set-cookie"
                | "te"
                | "trailer"
                | "transfer-encoding"
                | "upgrade"
                | "vary"
                | "www-authenticate"
        )
}
