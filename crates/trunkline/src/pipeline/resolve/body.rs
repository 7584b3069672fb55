//! The body of a call by name: bytes, or parts and files that are read while they are sent.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::fs;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http::HeaderValue;
use http_body::{Frame, SizeHint};
use tokio::io::{AsyncRead as _, ReadBuf};
use trunkline_connector::compose::{ComposedBody, FileContent, PART_END, Part, closing};
use trunkline_egress::{Body, BodyError};

use crate::call::Files;
use crate::error::{Error, ErrorKind};

/// What is read of a file at once.
const READ_BYTES: usize = 64 * 1024;

/// A composed body, with the files that the call brings, and what it is.
///
/// # Errors
/// [`ErrorKind::BadInput`], if a file cannot be read.
pub(crate) fn of(composed: ComposedBody, files: &Files) -> Result<(HeaderValue, Body), Error> {
    match composed {
        ComposedBody::Bytes {
            content_type,
            bytes,
        } => Ok((content_type, Body::Full(Bytes::from(bytes)))),
        ComposedBody::File { content_type, file } => {
            let mut pieces = Pieces::default();
            pieces.push_file(&file, files)?;
            Ok((content_type, pieces.into_body()))
        }
        ComposedBody::Multipart(parts) => {
            let boundary = format!("trunkline-{:032x}", fastrand::u128(..));
            let content_type = format!("multipart/form-data; boundary={boundary}");
            let content_type = HeaderValue::try_from(content_type).map_err(|_| {
                Error::new(ErrorKind::Internal, "a boundary cannot be a header's value")
            })?;
            Ok((content_type, multipart(parts, &boundary, files)?))
        }
    }
}

fn multipart(parts: Vec<Part>, boundary: &str, files: &Files) -> Result<Body, Error> {
    let mut pieces = Pieces::default();
    for part in parts {
        pieces.push_bytes(&part.head(boundary));
        match part.content {
            FileContent::Bytes(bytes) => pieces.push_bytes(&bytes),
            FileContent::Named(name) => pieces.push_file(&name, files)?,
        }
        pieces.push_bytes(PART_END);
    }
    pieces.push_bytes(&closing(boundary));
    Ok(pieces.into_body())
}

/// Bytes and files, one after another.
#[derive(Default)]
struct Pieces {
    before: VecDeque<Piece>,
    /// Bytes behind the last file.
    last: BytesMut,
}

enum Piece {
    Bytes(Bytes),
    /// A file, and how much of it is still to be sent: as much as it had when the call was made.
    File(tokio::fs::File, u64),
}

impl Pieces {
    fn push_bytes(&mut self, bytes: &[u8]) {
        self.last.extend_from_slice(bytes);
    }

    fn push_file(&mut self, name: &str, files: &Files) -> Result<(), Error> {
        let unreadable = |reason: String| {
            Error::new(
                ErrorKind::BadInput,
                format!("the file `{name}` cannot be read: {reason}"),
            )
        };
        let path = files
            .get(name)
            .ok_or_else(|| unreadable("the call does not bring it".to_owned()))?;
        // Looked at first: whoever opens a pipe waits for its other end.
        let found = fs::metadata(path).map_err(|err| unreadable(err.to_string()))?;
        if !found.is_file() {
            return Err(unreadable("it is no file".to_owned()));
        }
        let file = fs::File::open(path).map_err(|err| unreadable(err.to_string()))?;
        let before = self.last.split().freeze();
        if !before.is_empty() {
            self.before.push_back(Piece::Bytes(before));
        }
        let file = tokio::fs::File::from_std(file);
        self.before.push_back(Piece::File(file, found.len()));
        Ok(())
    }

    fn into_body(mut self) -> Body {
        let last = self.last.freeze();
        if self.before.is_empty() {
            return Body::Full(last);
        }
        self.before.push_back(Piece::Bytes(last));
        Body::stream(Reading {
            pieces: self.before,
            space: BytesMut::new(),
        })
    }
}

/// Pieces on their way out.
struct Reading {
    pieces: VecDeque<Piece>,
    space: BytesMut,
}

impl Reading {
    fn length(&self) -> u64 {
        let lengths = self.pieces.iter().map(|piece| match piece {
            Piece::Bytes(bytes) => bytes.len() as u64,
            Piece::File(_, left) => *left,
        });
        lengths.sum()
    }
}

impl http_body::Body for Reading {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = &mut *self;
        while let Some(piece) = this.pieces.front_mut() {
            let (file, left) = match piece {
                Piece::Bytes(bytes) => {
                    let bytes = std::mem::take(bytes);
                    this.pieces.pop_front();
                    if bytes.is_empty() {
                        continue;
                    }
                    return Poll::Ready(Some(Ok(Frame::data(bytes))));
                }
                Piece::File(file, left) => (file, left),
            };
            if *left == 0 {
                this.pieces.pop_front();
                continue;
            }
            let wanted = usize::try_from(*left).unwrap_or(READ_BYTES).min(READ_BYTES);
            this.space.resize(wanted, 0);
            let mut buffer = ReadBuf::new(&mut this.space);
            let read = ready!(Pin::new(file).poll_read(cx, &mut buffer));
            let count = buffer.filled().len();
            if let Err(err) = read {
                return Poll::Ready(Some(Err(BodyError::Source(Box::new(err)))));
            }
            if count == 0 {
                let shorter = "a file became shorter while it was sent";
                return Poll::Ready(Some(Err(BodyError::Source(shorter.into()))));
            }
            *left -= count as u64;
            let bytes = this.space.split_to(count).freeze();
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        self.length() == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length())
    }
}
