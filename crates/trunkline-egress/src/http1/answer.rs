//! Reads the head of an answer, and settles how its body is delimited.
//!
//! Here a gateway is attacked: who makes it and the upstream disagree about where a body ends
//! has the next caller's answer in hand. So where RFC 9112 section 6.3 leaves a choice between
//! repairing a head and refusing it, it is refused.

use std::mem::MaybeUninit;

use bytes::{Buf as _, Bytes, BytesMut};
use http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING, UPGRADE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, Version};
use httparse::Status;
use trunkline_http1::body::Decoder;
use trunkline_http1::chunks::Extensions;
use trunkline_http1::fields::{self, FIELDS_MAX, Fate, Malformed, Places};
use trunkline_http1::value;

use crate::hop;

/// The head of an answer, at most.
const HEAD_BYTES_MAX: usize = 64 * 1024;

/// What the request was, as far as it decides whether the answer has a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// For the head alone.
    Head,
    /// For a tunnel, which we do not serve: it has no answer's body.
    Tunnel,
    /// For anything else.
    Any,
}

/// A head, and what it says of what follows.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) head: Response<()>,
    pub(super) body: Decoder,
    /// Whether the connection can serve another request afterwards.
    pub(super) keeps_alive: bool,
}

impl Asked {
    pub(super) fn with(method: &Method) -> Asked {
        if method == Method::HEAD {
            Asked::Head
        } else if method == Method::CONNECT {
            Asked::Tunnel
        } else {
            Asked::Any
        }
    }
}

/// Takes the head of an answer off the front of `buffer`; `None` if it is not all there yet.
///
/// Interim answers (RFC 9110 section 15.2) are skipped, except for 101, after which no HTTP
/// would follow.
pub(super) fn take(buffer: &mut BytesMut, asked: Asked) -> Result<Option<Answer>, Malformed> {
    loop {
        let Some(parsed) = parse(buffer)? else {
            return Ok(None);
        };
        let is_interim =
            parsed.status.is_informational() && parsed.status != StatusCode::SWITCHING_PROTOCOLS;
        if is_interim {
            buffer.advance(parsed.length);
            continue;
        }
        let bytes = buffer.split_to(parsed.length).freeze();
        return parsed.into_answer(&bytes, asked).map(Some);
    }
}

/// Whether it is worth another look at `bytes`, of which those before `from` were looked at: there
/// is a blank line now, or too much without one. A head that arrives byte by byte is so not parsed
/// anew with each.
pub(super) fn may_end(bytes: &[u8], from: usize) -> bool {
    if HEAD_BYTES_MAX <= bytes.len() {
        return true;
    }
    let tail = bytes.get(from.saturating_sub(3)..).unwrap_or_default();
    tail.windows(2).any(|pair| pair == b"\n\n") || tail.windows(3).any(|three| three == b"\n\r\n")
}

/// A head whose lines are still in the buffer.
struct Parsed {
    length: usize,
    status: StatusCode,
    version: Version,
    places: Places,
}

fn parse(bytes: &[u8]) -> Result<Option<Parsed>, Malformed> {
    const TOO_LARGE: Malformed = Malformed("its head is larger than 64 KiB");
    let mut lines = [const { MaybeUninit::uninit() }; FIELDS_MAX];
    let mut response = httparse::Response::new(&mut []);
    let parsed = httparse::ParserConfig::default()
        .parse_response_with_uninit_headers(&mut response, bytes, &mut lines)
        .map_err(fields::malformed)?;
    let length = match parsed {
        Status::Complete(length) if length <= HEAD_BYTES_MAX => length,
        Status::Partial if bytes.len() < HEAD_BYTES_MAX => return Ok(None),
        Status::Complete(_) | Status::Partial => return Err(TOO_LARGE),
    };
    let status = StatusCode::from_u16(response.code.unwrap_or_default())
        .map_err(|_| Malformed("its status is not between 100 and 999"))?;
    let version = match response.version {
        Some(1) => Version::HTTP_11,
        _ => Version::HTTP_10,
    };
    Ok(Some(Parsed {
        length,
        status,
        version,
        places: Places::of(bytes, response.headers),
    }))
}

impl Parsed {
    fn into_answer(self, bytes: &Bytes, asked: Asked) -> Result<Answer, Malformed> {
        let mut said = Said {
            status: self.status,
            ..Said::default()
        };
        let mut headers = self
            .places
            .cut(bytes, |name, value| said.note(name, value))?;
        said.tidy(&mut headers);
        let has_no_body = asked == Asked::Head
            || self.status.is_informational()
            || self.status == StatusCode::NO_CONTENT
            || self.status == StatusCode::NOT_MODIFIED;
        let body = said.framing(self.version)?;
        let is_tunnel = asked == Asked::Tunnel && self.status.is_success();
        let body = if has_no_body || is_tunnel {
            Decoder::length(0)
        } else {
            body
        };
        let ends_itself = !matches!(body, Decoder::UntilClose);
        let mut head = Response::new(());
        *head.status_mut() = self.status;
        *head.version_mut() = self.version;
        *head.headers_mut() = headers;
        Ok(Answer {
            head,
            body,
            keeps_alive: ends_itself && !is_tunnel && said.keeps_alive(self.version),
        })
    }
}

/// What the headers say of the body's end and of the connection's.
#[derive(Default)]
struct Said {
    status: StatusCode,
    length: Option<u64>,
    /// How often it was given.
    lengths: usize,
    coding: Option<Coding>,
    closes: bool,
    stays: bool,
    /// Headers that a `Connection` lists as concerning it only.
    listed: Vec<HeaderName>,
}

/// What `Transfer-Encoding` says.
///
/// Without a `TE` of ours, `chunked` is all that an upstream may use (RFC 9112 section 7.4).
/// What else was done to a body we could neither undo nor, this being between us and the
/// upstream only, pass on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Coding {
    Chunked,
    /// From HTTP/1.1 before 1999, and still sent: no coding, and no length either.
    Identity,
}

impl Said {
    fn note(&mut self, name: &HeaderName, value: &HeaderValue) -> Result<Fate, Malformed> {
        if name == CONTENT_LENGTH {
            self.note_length(value)?;
        } else if name == TRANSFER_ENCODING {
            self.note_coding(value)?;
        } else if name == CONNECTION && value.as_bytes().eq_ignore_ascii_case(b"keep-alive") {
            // So nearly all servers say that say anything.
            self.stays = true;
        } else if name == CONNECTION {
            self.closes |= value::has_token(value, "close");
            self.stays |= value::has_token(value, "keep-alive");
            self.listed.extend(hop::listed(value));
        }
        Ok(if hop::is_hop(name) && !self.is_change(name) {
            Fate::Dropped
        } else {
            Fate::Kept
        })
    }

    /// Whether a header says to which protocol the connection changes.
    fn is_change(&self, name: &HeaderName) -> bool {
        self.status == StatusCode::SWITCHING_PROTOCOLS && name == UPGRADE
    }

    /// RFC 9112 section 6.3, item 5: the same length several times is one length.
    fn note_length(&mut self, value: &HeaderValue) -> Result<(), Malformed> {
        for member in value.as_bytes().split(|byte| *byte == b',') {
            let length = value::parse_length(member.trim_ascii())
                .ok_or(Malformed("its `content-length` is not a length"))?;
            match self.length {
                Some(known) if known != length => return Err(Malformed("it has two lengths")),
                Some(_) | None => self.length = Some(length),
            }
            self.lengths += 1;
        }
        Ok(())
    }

    fn note_coding(&mut self, value: &HeaderValue) -> Result<(), Malformed> {
        let name = value.as_bytes().trim_ascii();
        let coding = if name.eq_ignore_ascii_case(b"chunked") {
            Coding::Chunked
        } else if name.eq_ignore_ascii_case(b"identity") {
            Coding::Identity
        } else {
            return Err(Malformed(
                "its transfer coding is not `chunked`, and was not asked for",
            ));
        };
        if self.coding.replace(coding).is_some() {
            return Err(Malformed("it has two transfer codings"));
        }
        Ok(())
    }

    /// Removes what was listed, and leaves one length where it was given several times: who is
    /// next may be less lenient.
    fn tidy(&self, headers: &mut HeaderMap) {
        for name in self.listed.iter().filter(|name| !self.is_change(name)) {
            headers.remove(name);
        }
        if let Some(length) = self.length
            && 1 < self.lengths
        {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        }
    }

    /// RFC 9112 section 6.3, items 3 to 8.
    fn framing(&self, version: Version) -> Result<Decoder, Malformed> {
        match (self.coding, self.length) {
            (Some(_), Some(_)) => Err(Malformed("it has a length and a transfer coding")),
            (Some(_), None) if version == Version::HTTP_10 => Err(Malformed(
                "it has a transfer coding, which HTTP/1.0 has not",
            )),
            (Some(Coding::Chunked), None) => Ok(Decoder::chunked(Extensions::PassedOver)),
            (None, Some(length)) => Ok(Decoder::length(length)),
            (Some(Coding::Identity) | None, None) => Ok(Decoder::UntilClose),
        }
    }

    /// RFC 9112 section 9.3.
    fn keeps_alive(&self, version: Version) -> bool {
        !self.closes && (version == Version::HTTP_11 || self.stays)
    }
}

#[cfg(test)]
mod tests;
