//! The beginning of an answer's body, held back so that rules can look into it.

use std::io::Read;
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use flate2::read::MultiGzDecoder;
use http::{HeaderMap, header};
use http_body_util::BodyExt as _;
use serde_json::Value;
use trunkline_egress::Clock;
use trunkline_egress::clock::Elapsed;

use crate::source::{Broken, Source};

/// How large a body may be that is looked into.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sizes {
    /// As it is sent: longer ones pass unread.
    pub(crate) sent: usize,
    /// Behind its compression, whatever it claims to unfold into.
    pub(crate) unfolded: usize,
}

impl Sizes {
    pub(crate) const LITTLE: Self = Self {
        sent: 64 * 1024,
        unfolded: 1024 * 1024,
    };
    pub(crate) const WHOLE: Self = Self {
        sent: 32 * 1024 * 1024,
        unfolded: 32 * 1024 * 1024,
    };
}

/// A body of which perhaps a part was read.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) first: Bytes,
    /// Boxed, because they are rare and this is moved often.
    pub(crate) trailers: Option<Box<HeaderMap>>,
    /// What has not been read; `None` where all of it was.
    pub(crate) rest: Option<Source>,
    encoding: Encoding,
}

/// How a body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// As it is.
    Plain,
    /// Packed with gzip.
    Gzip,
    /// In a way that we cannot read.
    Unreadable,
}

impl Held {
    /// A body that passes unread.
    pub(crate) fn nothing(body: Source) -> Self {
        Self {
            first: Bytes::new(),
            trailers: None,
            rest: Some(body),
            encoding: Encoding::Unreadable,
        }
    }

    /// A body that is all there.
    pub(crate) fn whole(body: Bytes, headers: &HeaderMap) -> Self {
        Self {
            first: body,
            trailers: None,
            rest: None,
            encoding: encoding(headers),
        }
    }

    /// Reads up to about `bytes_max`, for as long as `clock` has not come to `until`. What has not
    /// come by then passes unread.
    pub(crate) async fn read(
        mut body: Source,
        headers: &HeaderMap,
        bytes_max: usize,
        (clock, until): (&Clock, Instant),
    ) -> Result<Self, Broken> {
        let encoding = encoding(headers);
        let mut first = BytesMut::new();
        let mut trailers = None;
        loop {
            let frame = match clock.limit(Some(until), body.frame()).await {
                Ok(Some(frame)) => frame,
                Ok(None) => break,
                Err(Elapsed) => {
                    return Ok(Self {
                        first: first.freeze(),
                        trailers,
                        rest: Some(body),
                        encoding,
                    });
                }
            };
            match frame?.into_data() {
                Ok(data) => first.extend_from_slice(&data),
                Err(frame) => trailers = frame.into_trailers().ok().map(Box::new),
            }
            if bytes_max < first.len() {
                return Ok(Self {
                    first: first.freeze(),
                    trailers,
                    rest: Some(body),
                    encoding,
                });
            }
        }
        Ok(Self {
            first: first.freeze(),
            trailers,
            rest: None,
            encoding,
        })
    }

    /// The body as JSON, where all of it was read, is no more than `bytes_max`, and is JSON.
    pub(crate) fn json(&self, bytes_max: usize) -> Option<Value> {
        serde_json::from_slice(&self.text(bytes_max)?).ok()
    }

    /// The body as it is behind its encoding, where all of it was read and is no more than
    /// `bytes_max`.
    pub(crate) fn text(&self, bytes_max: usize) -> Option<Bytes> {
        if self.rest.is_some() {
            return None;
        }
        unfold(self.encoding, &self.first, bytes_max)
    }
}

/// What a body says behind its encoding, where that is no more than `bytes_max`.
pub(crate) fn unfold(encoding: Encoding, packed: &Bytes, bytes_max: usize) -> Option<Bytes> {
    let text = match encoding {
        Encoding::Plain => packed.clone(),
        Encoding::Gzip => {
            let mut text = Vec::new();
            // Several packages one behind the other are one body (RFC 1952 section 2.2).
            MultiGzDecoder::new(&**packed)
                .take(bytes_max as u64 + 1)
                .read_to_end(&mut text)
                .ok()?;
            text.into()
        }
        Encoding::Unreadable => return None,
    };
    Some(text).filter(|text| text.len() <= bytes_max)
}

/// As much of it as has come, up to about `bytes_max`.
pub(crate) fn unfold_some(encoding: Encoding, packed: &Bytes, bytes_max: usize) -> Option<Bytes> {
    match encoding {
        Encoding::Plain => Some(packed.clone()),
        Encoding::Gzip => {
            let mut text = Vec::new();
            // What is cut off ends in an error, and what came before it stands in `text`.
            MultiGzDecoder::new(&**packed)
                .take(bytes_max as u64)
                .read_to_end(&mut text)
                .ok();
            Some(text.into())
        }
        Encoding::Unreadable => None,
    }
}

/// Only encodings that `sign` lets upstreams use can be read.
pub(crate) fn encoding(headers: &HeaderMap) -> Encoding {
    match headers
        .get(header::CONTENT_ENCODING)
        .map(http::HeaderValue::as_bytes)
    {
        None | Some(b"identity" | b"") => Encoding::Plain,
        Some(b"gzip" | b"x-gzip") => Encoding::Gzip,
        Some(_) => Encoding::Unreadable,
    }
}
