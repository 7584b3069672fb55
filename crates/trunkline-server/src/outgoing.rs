//! The body of an answer on its way to the caller.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use trunkline::{Error, ReplyBody};

use crate::framing::Finding;
use crate::pages::Records;
use crate::watch::{Closing, Watch};

/// A request that is being answered. Dropped, it says that it no longer is.
#[derive(Debug)]
pub(crate) struct Answering {
    watch: Rc<Watch>,
    number: u32,
}

impl Answering {
    /// Says that the next request is being answered on a connection.
    pub(crate) fn begin(watch: &Rc<Watch>) -> Self {
        Self {
            number: watch.begin(),
            watch: Rc::clone(watch),
        }
    }

    /// The connection it is answered on.
    pub(crate) fn watch(&self) -> &Watch {
        &self.watch
    }

    /// The refused shape that this request has, or one before it.
    pub(crate) fn finding(&self) -> Option<Finding> {
        self.watch
            .finding()
            .filter(|finding| finding.request <= self.number)
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.watch.end();
    }
}

/// The body of an answer. It ends cleanly only if its source did.
#[derive(Debug)]
pub(crate) struct Outgoing {
    source: Source,
    answering: Answering,
    /// What broke the source off, held until the caller has what came before.
    broken: Option<Error>,
}

#[derive(Debug)]
enum Source {
    /// Words of our own.
    Own(Bytes),
    /// An upstream's, piece by piece.
    Reply(ReplyBody),
    /// The records of a list, page by page.
    Records(Box<Records>),
}

impl Outgoing {
    /// A body of our own.
    pub(crate) fn own(bytes: impl Into<Bytes>, answering: Answering) -> Self {
        Self {
            source: Source::Own(bytes.into()),
            answering,
            broken: None,
        }
    }

    /// An upstream's body.
    pub(crate) fn reply(body: ReplyBody, answering: Answering) -> Self {
        Self {
            source: Source::Reply(body),
            answering,
            broken: None,
        }
    }

    /// The records of a list.
    pub(crate) fn records(records: Box<Records>, answering: Answering) -> Self {
        Self {
            source: Source::Records(records),
            answering,
            broken: None,
        }
    }

    /// Tells the caller that the body broke off, by breaking off the connection, once everything
    /// that came before is on its way.
    fn break_off(&mut self, error: Error) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if self.answering.watch().is_writing() {
            // The connection asks again when the caller has taken more.
            self.broken = Some(error);
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(error)))
    }
}

impl http_body::Body for Outgoing {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = self.get_mut();
        if let Some(error) = this.broken.take() {
            return this.break_off(error);
        }
        let frame = match &mut this.source {
            Source::Own(bytes) if bytes.is_empty() => return Poll::Ready(None),
            Source::Own(bytes) => return Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Source::Reply(body) => ready!(Pin::new(body).poll_frame(cx)),
            Source::Records(records) => {
                ready!(records.poll_lines(cx)).map(|lines| lines.map(Frame::data))
            }
        };
        match frame {
            Some(Ok(frame)) => {
                // hyper does not ask again behind trailers, or where it knows of the end.
                if frame.is_trailers() || this.is_end_stream() {
                    this.answering.watch().set_closing(Closing::Quiet);
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Some(Err(error)) => {
                // hyper drops what it has not written yet when a body fails; a pause lets it write.
                this.broken = Some(error);
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            None => {
                this.answering.watch().set_closing(Closing::Quiet);
                Poll::Ready(None)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.source {
            Source::Own(bytes) => bytes.is_empty(),
            Source::Reply(body) => self.broken.is_none() && body.is_end_stream(),
            Source::Records(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Own(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Source::Reply(body) => body.size_hint(),
            Source::Records(_) => SizeHint::new(),
        }
    }
}
