//! An answer on its way out, from its head to the last byte of its body.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::TRAILER;
use http::{HeaderMap, Response, StatusCode};
use http_body::{Body as _, Frame};
use tokio::io::AsyncWrite;
use trunkline::Error;
use trunkline_http1::framing::{Framing, Progress, Rest, WrongLength};
use trunkline_http1::staged::Staged;

use super::answer::{self, Asked};
use crate::coarse_clock::Date;
use crate::outgoing::Outgoing;
use crate::watch::Closing;

/// How often is written before somebody else gets a turn.
const WRITES_PER_TURN: u32 = 16;

/// What is being sent on a connection, if anything.
#[derive(Debug)]
pub(super) struct Sending {
    staged: Staged,
    /// Until its last byte is staged.
    body: Option<Outgoing>,
    framing: Framing,
    status: StatusCode,
    keeps_alive: bool,
    /// The head, where it announces trailers that the caller reads.
    announces: Option<Box<HeaderMap>>,
    /// What broke the body off, until the caller has what came before.
    broken: Option<Broken>,
}

/// Why an answer is not sent to its end.
#[derive(Debug)]
pub(super) enum Broken {
    /// The caller cannot be written to.
    Io(io::Error),
    /// The body broke off.
    Body(Error),
    /// The body has not the length that it was said to have.
    Length(WrongLength),
}

impl Sending {
    /// For a connection on which nothing was sent yet.
    pub(super) fn new() -> Self {
        Self {
            staged: Staged::default(),
            body: None,
            framing: Framing::Length(0),
            status: StatusCode::OK,
            keeps_alive: true,
            announces: None,
            broken: None,
        }
    }

    /// Begins to send an answer; nothing is written before [`Sending::poll`]. Says how the
    /// connection is to be closed if it ends before the answer does.
    pub(super) fn begin(
        &mut self,
        answer: Response<Outgoing>,
        asked: Asked,
        date: &Date,
    ) -> Closing {
        let (head, body) = answer.into_parts();
        let length = if body.is_end_stream() {
            Some(0)
        } else {
            body.size_hint().exact()
        };
        let written = answer::write(
            self.staged.gathered(),
            &head,
            length,
            asked,
            (body.tag(), date),
        );
        self.framing = written.framing;
        self.keeps_alive = written.keeps_alive;
        self.status = head.status;
        let announces = asked.takes_trailers
            && self.framing == Framing::Chunked
            && head.headers.contains_key(TRAILER);
        self.announces = announces.then(|| Box::new(head.headers));
        // Dropped where there is nothing to send: then it has ended.
        self.body = (self.framing != Framing::Length(0)).then_some(body);
        match self.framing {
            Framing::UntilClose => Closing::Reset,
            Framing::Length(_) | Framing::Chunked => Closing::Quiet,
        }
    }

    /// The answer's status.
    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    /// Whether the answer lets the connection live on.
    pub(super) fn keeps_alive(&self) -> bool {
        self.keeps_alive
    }

    /// Gives room back that was needed only once, now that all is sent.
    pub(super) fn rest(&mut self) {
        self.staged.clear();
    }

    /// Has something said before the answer.
    pub(super) fn say(&mut self, bytes: &[u8]) {
        self.staged.gathered().extend_from_slice(bytes);
    }

    /// Writes what was [said](Sending::say), as far as that goes without waiting.
    pub(super) fn poll_said<W: AsyncWrite + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut W,
    ) -> io::Result<()> {
        while !self.staged.is_empty() {
            if self.staged.poll_write(cx, stream)?.is_pending() {
                break;
            }
        }
        Ok(())
    }

    /// Sends as much as can be sent now; ready when all is.
    pub(super) fn poll<W: AsyncWrite + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut W,
    ) -> Poll<Result<(), Broken>> {
        for _ in 0..WRITES_PER_TURN {
            let gathered = self.poll_gather(cx);
            if self.staged.is_empty() {
                ready!(gathered);
                return Poll::Ready(match self.broken.take() {
                    Some(broken) => Err(broken),
                    None => Ok(()),
                });
            }
            ready!(self.staged.poll_write(cx, stream)).map_err(Broken::Io)?;
            if gathered.is_pending() && self.staged.is_empty() {
                // Who has the rest of the body wakes us.
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Stages what the body has ready; pending while more must be waited for.
    fn poll_gather(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while let Some(body) = &mut self.body
            && self.staged.has_room()
        {
            let frame = ready!(Pin::new(body).poll_frame(cx));
            let progress = match frame {
                Some(Ok(frame)) => self.stage(frame),
                Some(Err(error)) => Err(Broken::Body(error)),
                None => self.stage_end(None),
            };
            match progress {
                Ok(Progress::Open) => {}
                Ok(Progress::Complete) => self.body = None,
                Err(broken) => {
                    self.body = None;
                    self.broken = Some(broken);
                }
            }
        }
        Poll::Ready(())
    }

    fn stage(&mut self, frame: Frame<Bytes>) -> Result<Progress, Broken> {
        match frame.into_data() {
            Ok(data) => {
                let rest = self.body.as_ref().map_or(Rest::Nothing, Rest::of);
                let progress = self.framing.stage(&mut self.staged, data, rest);
                progress.map_err(Broken::Length)
            }
            Err(frame) => self.stage_end(frame.into_trailers().ok()),
        }
    }

    fn stage_end(&mut self, trailers: Option<HeaderMap>) -> Result<Progress, Broken> {
        let trailers = match (&self.announces, trailers) {
            (Some(head), Some(trailers)) => Some(answer::announced(head, trailers)),
            _ => None,
        };
        let staged = self.framing.stage_end(&mut self.staged, trailers.as_ref());
        staged.map(|()| Progress::Complete).map_err(Broken::Length)
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(err) => err.fmt(f),
            Self::Body(error) => error.fmt(f),
            Self::Length(wrong) => f.write_str(wrong.0),
        }
    }
}
