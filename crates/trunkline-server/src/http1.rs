//! HTTP/1.1 as we speak it to callers (RFC 9112).
//!
//! A [`Conversation`] is driven by whoever serves the connection: it has no task, no timer and no
//! channel of its own. One request is answered at a time; what is sent ahead waits in the buffer.
//!
//! - [`scan`] finds where a head ends and what frames its body, [`head`] makes a request of it.
//! - [`upload`] reads a request's body as it is wanted, [`incoming`] is how it is passed on.
//! - [`sending`] writes an answer, whose head is by [`answer`]. What upstreams are spoken to with as
//!   well is in `trunkline-http1`.
//!
//! A caller that closes its side has left, and its call ends at once. So somebody always reads:
//! the body, or behind it.

mod answer;
mod head;
mod incoming;
mod scan;
mod sending;
mod upload;

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use tokio::io::{AsyncRead as _, ReadBuf};
use trunkline_http1::wire::Wire;

pub(crate) use trunkline_http1::fields::Malformed;

pub(crate) use self::head::{Stop, TARGET_BYTES_MAX};
pub(crate) use self::incoming::Incoming;

use self::answer::Asked;
use self::head::Expects;
use self::scan::Scan;
use self::sending::Sending;
use self::upload::Upload;
use crate::outgoing::Outgoing;
use crate::socket::Watched;
use crate::watch::{Closing, Place, Watch};

/// Room for one read of a request at first. Most requests fit, body and all.
const READ_BYTES_MIN: usize = 4 * 1024;

/// How much of a head is taken.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HeadLimits {
    /// The most headers.
    pub(crate) headers: usize,
    /// The most bytes of headers.
    pub(crate) header_bytes: usize,
}

impl HeadLimits {
    /// The most bytes of a head. The door judges by the same settings and knows more; this is for
    /// what is so large that it never gets there.
    fn head_bytes(self) -> usize {
        self.header_bytes.saturating_mul(2)
    }

    /// The most headers of a head, likewise.
    fn header_lines(self) -> usize {
        self.headers.saturating_mul(2)
    }
}

/// How a conversation came to its end.
#[derive(Debug)]
pub(crate) enum Ended {
    /// One of the two wanted no more, and the other was told.
    Done,
    /// The last answer says that the connection is to be part of something else.
    Changed,
    /// What came is no request, and the caller does not know it yet. With what there is of it.
    NoRequest(Stop, Bytes),
    /// The caller left, or an answer broke off; it has to see that.
    BrokenOff,
}

/// A connection on which requests are answered by `S`.
pub(crate) struct Conversation<S, C> {
    wire: Wire<Watched>,
    watch: Rc<Watch>,
    limits: HeadLimits,
    answerer: S,
    /// The answer that is being found. Its place outlives it: the next one goes there.
    call: Pin<Box<Option<C>>>,
    scan: Scan,
    upload: Upload,
    sending: Sending,
    asked: Asked,
    stage: Stage,
    /// Whether this request is the last.
    is_last: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// A request is waited for.
    Idle,
    /// Its answer is waited for.
    Asked,
    /// Its answer is being sent.
    Answering,
    /// Its answer is sent, and somebody still wants the rest of its body.
    Answered,
}

impl<S, C> Conversation<S, C>
where
    S: FnMut(Request<Incoming>) -> C,
    C: Future<Output = Response<Outgoing>>,
{
    /// A conversation on a new connection.
    pub(crate) fn new(stream: Watched, watch: Rc<Watch>, limits: HeadLimits, answerer: S) -> Self {
        Self {
            wire: Wire::new(stream, READ_BYTES_MIN),
            watch,
            limits,
            answerer,
            call: Box::pin(None),
            scan: Scan::new(),
            upload: Upload::Read,
            sending: Sending::new(),
            asked: Asked::default(),
            stage: Stage::Idle,
            is_last: false,
        }
    }

    /// Has it end after the answer under way.
    pub(crate) fn finish(&mut self) {
        self.is_last = true;
    }

    /// The connection, and what was read of it and not used.
    pub(crate) fn into_parts(self) -> (Watched, Bytes) {
        (self.wire.stream, self.wire.buffer.freeze())
    }

    /// Answers requests until there are no more.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Ended> {
        loop {
            match self.stage {
                Stage::Idle if self.is_last => return Poll::Ready(Ended::Done),
                Stage::Idle => {
                    if let Err(ended) = ready!(self.poll_request(cx)) {
                        return Poll::Ready(ended);
                    }
                }
                Stage::Asked => {
                    let call = self.call.as_mut().as_pin_mut();
                    match call.map(|call| call.poll(cx)) {
                        Some(Poll::Ready(response)) => self.begin_answer(response, cx),
                        Some(Poll::Pending) => return self.attend(cx),
                        // There is a call in this stage.
                        None => return Poll::Ready(Ended::BrokenOff),
                    }
                }
                Stage::Answering => match self.sending.poll(cx, &mut self.wire.stream) {
                    Poll::Ready(Ok(())) => {
                        if let Some(ended) = self.end_answer(cx) {
                            return Poll::Ready(ended);
                        }
                    }
                    Poll::Ready(Err(broken)) => {
                        tracing::debug!(error = %broken, "an answer broke off");
                        return Poll::Ready(Ended::BrokenOff);
                    }
                    Poll::Pending => return self.attend(cx),
                },
                Stage::Answered => match self.upload {
                    Upload::Read => self.stage = Stage::Idle,
                    Upload::Left => return Poll::Ready(Ended::Done),
                    Upload::Wanted(_) => {
                        let attended = self.attend(cx);
                        if attended.is_ready() || matches!(self.upload, Upload::Wanted(_)) {
                            return attended;
                        }
                    }
                },
            }
        }
    }

    /// Waits for a request and begins to answer it.
    fn poll_request(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Ended>> {
        loop {
            let buffer = &mut self.wire.buffer;
            if !buffer.is_empty() {
                let found = match self.scan.find_end(buffer) {
                    Ok(found) => found,
                    Err(malformed) => return Poll::Ready(Err(self.stop(malformed.into()))),
                };
                let head_bytes_max = self.limits.head_bytes();
                let headers_max = self.limits.header_lines();
                match found {
                    Some(found)
                        if found.bytes <= head_bytes_max && self.scan.headers() <= headers_max =>
                    {
                        return Poll::Ready(self.begin(found));
                    }
                    None if buffer.len() <= head_bytes_max
                        && self.scan.headers() <= headers_max => {}
                    Some(_) | None => return Poll::Ready(Err(self.stop(Stop::TooLarge))),
                }
                if self.scan.has_begun() {
                    self.watch.read(Place::Head);
                } else {
                    // Empty lines before a request are nothing to keep.
                    buffer.clear();
                    self.scan.forget_seen();
                }
            }
            match ready!(self.wire.poll_read(cx)) {
                Ok(0) => return Poll::Ready(Err(Ended::Done)),
                Ok(_) => {}
                Err(err) => return Poll::Ready(Err(broken_off(&err))),
            }
        }
    }

    fn stop(&mut self, stop: Stop) -> Ended {
        Ended::NoRequest(stop, self.wire.buffer.split().freeze())
    }

    /// Begins to answer the request whose head was found.
    fn begin(&mut self, found: scan::Found) -> Result<(), Ended> {
        let bytes = self.wire.buffer.split_to(found.bytes).freeze();
        let head = match head::parse(&bytes, self.scan.lines()) {
            Ok(head) => head,
            Err(stop) => return Err(Ended::NoRequest(stop, bytes)),
        };
        if let Err(malformed) = upload::read_ahead(&found.body, &self.wire.buffer) {
            return Err(Ended::NoRequest(malformed.into(), bytes));
        }
        self.asked = head.asked;
        let incoming = self.take_body(found.body, head.expects);
        self.watch.read(match self.upload {
            Upload::Read => Place::Between,
            Upload::Wanted(_) | Upload::Left => Place::Body,
        });
        let request = head.request.map(|()| incoming);
        self.call.set(Some((self.answerer)(request)));
        self.stage = Stage::Asked;
        Ok(())
    }

    fn begin_answer(&mut self, response: Response<Outgoing>, cx: &mut Context<'_>) {
        self.call.set(None);
        self.let_go_of_body(cx);
        let has_known_end = match &self.upload {
            Upload::Read => true,
            // Who was not told to send it may send another request in its place.
            Upload::Wanted(wanted) => wanted.expects == Expects::Nothing,
            Upload::Left => false,
        };
        self.asked.keeps_alive &= has_known_end && !self.is_last;
        let date = self.watch.date();
        let closing = self.sending.begin(response, self.asked, &date);
        self.watch.set_closing(closing);
        self.stage = Stage::Answering;
    }

    /// The answer is sent. Says how the conversation ended, if it has.
    fn end_answer(&mut self, cx: &mut Context<'_>) -> Option<Ended> {
        self.watch.set_closing(Closing::Quiet);
        self.watch.flushed();
        if self.sending.status() == StatusCode::SWITCHING_PROTOCOLS {
            return Some(Ended::Changed);
        }
        self.is_last |= !self.sending.keeps_alive();
        self.sending.rest();
        self.wire.rest();
        self.let_go_of_body(cx);
        self.stage = Stage::Answered;
        None
    }

    /// Reads what the caller still sends as far as it is wanted, and notices when it leaves. Ready
    /// only then.
    fn attend(&mut self, cx: &mut Context<'_>) -> Poll<Ended> {
        let read = self.read_body(cx);
        if let Err(err) = read.and_then(|()| self.read_behind(cx)) {
            return Poll::Ready(broken_off(&err));
        }
        if self.watch.is_to_look() && self.wire.stream.has_left(cx) {
            return Poll::Ready(Ended::BrokenOff);
        }
        Poll::Pending
    }

    /// Reads behind a request that is read, where nothing is to be found but its caller's end, or
    /// the next.
    fn read_behind(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        if !matches!(self.upload, Upload::Read) || !self.wire.buffer.is_empty() {
            return Ok(());
        }
        let mut few = [0; 64];
        let mut few = ReadBuf::new(&mut few);
        if Pin::new(&mut self.wire.stream)
            .poll_read(cx, &mut few)?
            .is_ready()
        {
            if few.filled().is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.wire.buffer.extend_from_slice(few.filled());
            self.watch.read(Place::Between);
        }
        Ok(())
    }
}

fn broken_off(err: &io::Error) -> Ended {
    tracing::debug!(error = %err, "a connection broke off");
    Ended::BrokenOff
}
