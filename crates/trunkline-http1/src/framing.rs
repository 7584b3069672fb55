//! Puts the framing on a body as it is written.

#[cfg(test)]
mod tests;

use bytes::Bytes;
use http::HeaderMap;
use http_body::Body;

use crate::line;
use crate::staged::Staged;

/// How the end of a body is marked (RFC 9112 section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// So many bytes are still to come; none for a message without a body.
    Length(u64),
    /// Each piece says its length, and an empty one is the end.
    Chunked,
    /// By the end of the connection, for those who know only HTTP/1.0.
    UntilClose,
}

/// What is known of the rest of a body when a piece of it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// There is none.
    Nothing,
    /// There may be more.
    Unknown,
}

/// How far a body has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// More is to come, or its end.
    Open,
    /// Its last byte is staged.
    Complete,
}

/// A body is not as long as its head says, which would make the rest of it the next message, or
/// the next message its rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrongLength(pub &'static str);

impl Rest {
    /// What a body knows of the rest of itself.
    pub fn of(body: &impl Body) -> Rest {
        if body.is_end_stream() {
            Rest::Nothing
        } else {
            Rest::Unknown
        }
    }
}

impl Framing {
    /// Stages a piece of the body.
    ///
    /// # Errors
    /// A body that is longer than it was said to be; nothing of the piece is staged then.
    pub fn stage(
        &mut self,
        staged: &mut Staged,
        data: Bytes,
        rest: Rest,
    ) -> Result<Progress, WrongLength> {
        let progress = match rest {
            Rest::Nothing => Progress::Complete,
            Rest::Unknown => Progress::Open,
        };
        match self {
            Framing::Length(left) => {
                *left = left
                    .checked_sub(data.len() as u64)
                    .ok_or(WrongLength("the body is longer than it was said to be"))?;
                staged.push(data, &[]);
                Ok(match left {
                    0 => Progress::Complete,
                    _ => Progress::Open,
                })
            }
            Framing::UntilClose => {
                staged.push(data, &[]);
                Ok(progress)
            }
            // An empty chunk would be the end.
            Framing::Chunked if data.is_empty() => Ok(Progress::Open),
            Framing::Chunked => {
                line::push_chunk_size(staged.gathered(), data.len());
                let end: &[u8] = match rest {
                    Rest::Nothing => b"\r\n0\r\n\r\n",
                    Rest::Unknown => b"\r\n",
                };
                staged.push(data, end);
                Ok(progress)
            }
        }
    }

    /// Stages the end of the body, with what is to follow it where that can be told.
    ///
    /// # Errors
    /// A body that is shorter than it was said to be.
    pub fn stage_end(
        &self,
        staged: &mut Staged,
        trailers: Option<&HeaderMap>,
    ) -> Result<(), WrongLength> {
        match self {
            Framing::Length(0) | Framing::UntilClose => Ok(()),
            Framing::Length(_) => Err(WrongLength("the body is shorter than it was said to be")),
            Framing::Chunked => {
                let out = staged.gathered();
                out.extend_from_slice(b"0\r\n");
                for (name, value) in trailers.into_iter().flatten() {
                    line::push_header(out, name, value);
                }
                out.extend_from_slice(b"\r\n");
                Ok(())
            }
        }
    }
}
