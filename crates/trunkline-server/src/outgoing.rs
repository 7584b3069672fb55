//! The body of an answer on its way to the caller.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use trunkline::{Error, ReplyBody};

use crate::pages::Records;
use crate::tag::Tag;
use crate::watch::Watch;

/// A request that is being answered. Dropped, it says that it no longer is.
#[derive(Debug)]
pub(crate) struct Answering {
    watch: Rc<Watch>,
}

impl Answering {
    /// Says that the next request is being answered on a connection.
    pub(crate) fn begin(watch: &Rc<Watch>) -> Self {
        watch.begin();
        Self {
            watch: Rc::clone(watch),
        }
    }

    /// The connection it is answered on.
    pub(crate) fn watch(&self) -> &Watch {
        &self.watch
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        self.watch.end();
    }
}

/// The body of an answer. An error of it breaks the connection off.
#[derive(Debug)]
pub(crate) struct Outgoing {
    source: Source,
    tag: Tag,
    /// Dropped with the body, which is when the answer is over.
    _answering: Answering,
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
    /// What the answer says of its call.
    pub(crate) fn tag(&self) -> Tag {
        self.tag
    }

    /// A body of our own.
    pub(crate) fn own(bytes: impl Into<Bytes>, tag: Tag, answering: Answering) -> Self {
        Self {
            source: Source::Own(bytes.into()),
            tag,
            _answering: answering,
        }
    }

    /// An upstream's body.
    pub(crate) fn reply(body: ReplyBody, tag: Tag, answering: Answering) -> Self {
        Self {
            source: Source::Reply(body),
            tag,
            _answering: answering,
        }
    }

    /// The records of a list.
    pub(crate) fn records(records: Box<Records>, tag: Tag, answering: Answering) -> Self {
        Self {
            source: Source::Records(records),
            tag,
            _answering: answering,
        }
    }
}

impl http_body::Body for Outgoing {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        match &mut self.get_mut().source {
            Source::Own(bytes) if bytes.is_empty() => Poll::Ready(None),
            Source::Own(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Source::Reply(body) => Pin::new(body).poll_frame(cx),
            Source::Records(records) => {
                let lines = records.poll_lines(cx);
                lines.map(|lines| lines.map(|lines| lines.map(Frame::data)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.source {
            Source::Own(bytes) => bytes.is_empty(),
            Source::Reply(body) => body.is_end_stream(),
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
