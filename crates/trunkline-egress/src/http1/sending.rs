//! A request on its way out, from its head to the last byte of its body.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Body as _, Frame};
use tokio::io::AsyncWrite;
use trunkline_http1::framing::{Framing, Progress, Rest};
use trunkline_http1::staged::Staged;

use super::fault::{Fault, Unwritable};
use super::head;
use crate::Head;
use crate::body::Outgoing;

/// How often is written before somebody else gets a turn. A source and an upstream that never
/// pause would otherwise keep us from seeing an early answer.
const WRITES_PER_TURN: u32 = 16;

/// What is being sent on a connection, if anything.
#[derive(Debug)]
pub(super) struct Sending {
    /// Kept until it is sent: as long as nothing was written, it can go over another connection
    /// instead.
    body: Option<Outgoing>,
    staged: Staged,
    framing: Framing,
    stage: Stage,
    /// Whether something was taken of a body that streams.
    has_taken: bool,
    has_written: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The body may have more.
    Open,
    /// The last byte is staged.
    Complete,
    /// The last byte is written.
    Sent,
    /// The rest will not be sent.
    Stopped,
}

impl Sending {
    /// For a connection on which nothing was sent yet.
    pub(super) fn idle() -> Sending {
        Sending {
            body: None,
            staged: Staged::default(),
            framing: Framing::Length(0),
            stage: Stage::Sent,
            has_taken: false,
            has_written: false,
        }
    }

    /// Begins to send; nothing is written before [`Sending::poll`]. Says whether the request
    /// lets the connection live on.
    pub(super) fn begin(&mut self, head: &Head, body: Outgoing) -> Result<bool, Unwritable> {
        self.staged.clear();
        let written = head::write(self.staged.gathered(), head, &body)?;
        self.framing = written.framing;
        self.has_taken = false;
        self.has_written = false;
        self.stage = Stage::Open;
        if self.framing == Framing::Length(0) {
            self.stage = Stage::Complete;
        } else if let Some(bytes) = body.whole() {
            // Shared, not taken: the body stays whole.
            self.staged.push(bytes.clone(), &[]);
            self.stage = Stage::Complete;
        }
        self.body = Some(body);
        Ok(written.keeps_alive)
    }

    /// Sends as much as can be sent now.
    pub(super) fn poll<W: AsyncWrite + Unpin>(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut W,
    ) -> Poll<Result<(), Fault>> {
        for _ in 0..WRITES_PER_TURN {
            if self.is_over() {
                return Poll::Ready(Ok(()));
            }
            let gathered = self.poll_gather(cx)?;
            if self.staged.is_empty() {
                ready!(Pin::new(&mut *stream).poll_flush(cx))?;
                ready!(gathered);
                self.end(Stage::Sent);
                return Poll::Ready(Ok(()));
            }
            ready!(self.staged.poll_write(cx, stream))?;
            self.has_written = true;
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// Whether nothing more will be sent.
    pub(super) fn is_over(&self) -> bool {
        matches!(self.stage, Stage::Sent | Stage::Stopped)
    }

    /// Whether the request was sent to its last byte.
    pub(super) fn is_sent(&self) -> bool {
        self.stage == Stage::Sent
    }

    /// Whether a byte of the request was written.
    pub(super) fn has_written(&self) -> bool {
        self.has_written
    }

    /// Sends nothing more: the upstream does not take it.
    pub(super) fn stop(&mut self) {
        self.end(Stage::Stopped);
    }

    /// The body as it was given, if nothing was taken of it nor of its head written.
    pub(super) fn take_back(&mut self) -> Option<Outgoing> {
        if self.has_written || self.has_taken {
            return None;
        }
        self.stage = Stage::Stopped;
        self.body.take()
    }

    fn end(&mut self, stage: Stage) {
        self.stage = stage;
        self.body = None;
        self.staged.clear();
    }

    /// Stages what the body has ready; pending while more must be waited for.
    fn poll_gather(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        while self.stage == Stage::Open && self.staged.has_room() {
            let Some(body) = &mut self.body else {
                break;
            };
            let frame = ready!(Pin::new(body).poll_frame(cx));
            self.has_taken = true;
            match frame {
                Some(Ok(frame)) => self.stage_frame(frame)?,
                Some(Err(err)) => return Poll::Ready(Err(Fault::Body(err))),
                None => self.stage_end()?,
            }
        }
        Poll::Ready(Ok(()))
    }

    fn stage_frame(&mut self, frame: Frame<Bytes>) -> Result<(), Fault> {
        match frame.into_data() {
            Ok(data) => self.stage_data(data),
            // What else a frame can be is nothing to us.
            Err(_) => Ok(()),
        }
    }

    fn stage_data(&mut self, data: Bytes) -> Result<(), Fault> {
        let rest = self.body.as_ref().map_or(Rest::Nothing, Rest::of);
        let progress = self.framing.stage(&mut self.staged, data, rest)?;
        if progress == Progress::Complete {
            self.stage = Stage::Complete;
        }
        Ok(())
    }

    fn stage_end(&mut self) -> Result<(), Fault> {
        self.framing.stage_end(&mut self.staged, None)?;
        self.stage = Stage::Complete;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
