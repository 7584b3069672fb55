//! HTTP/1.1 as we speak it to callers (RFC 9112).
//!
//! A [`Conversation`] is driven by whoever serves the connection: it has no task, no timer and no
//! channel of its own. One request is answered at a time; what is sent ahead waits in the buffer.
//!
//! - [`scan`] finds where a head ends and what frames its body, [`head`] makes a request of it.
//! - [`incoming`] is a request's body, which is read as it is wanted.
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

use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http::{Request, Response, StatusCode};
use tokio::io::{AsyncRead as _, ReadBuf};
use trunkline_http1::body::{Decoded, Decoder};
use trunkline_http1::wire::Wire;

pub(crate) use trunkline_http1::fields::Malformed;

pub(crate) use self::head::{Stop, TARGET_BYTES_MAX};
pub(crate) use self::incoming::Incoming;

use self::answer::{Asked, CONTINUE};
use self::head::Expects;
use self::incoming::{Giver, Wish};
use self::scan::Scan;
use self::sending::Sending;
use crate::outgoing::Outgoing;
use crate::socket::Watched;
use crate::watch::{Closing, Place, Watch};

/// Room for one read of a request at first. Most requests fit, body and all.
const READ_BYTES_MIN: usize = 4 * 1024;

/// Bodies up to this size are handed on whole if they lie behind their head.
const WHOLE_BYTES_MAX: u64 = 64 * 1024;

/// So much of a body that nobody wants is read if it has come already.
const UNWANTED_BYTES_MAX: usize = 256 * 1024;

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

/// The body of the request under way.
enum Upload {
    /// It was read to its end.
    Read,
    /// It is read as it is wanted.
    Wanted(Wanted),
    /// The rest of it is not read, so nobody knows where another request would begin.
    Left,
}

struct Wanted {
    giver: Giver,
    decoder: Decoder,
    expects: Expects,
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
        if let Err(malformed) = read_ahead(&found.body, &self.wire.buffer) {
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

    /// The body of a request, whole if it is there.
    fn take_body(&mut self, mut decoder: Decoder, expects: Expects) -> Incoming {
        let length = decoder.size_hint().exact();
        let there = self.wire.buffer.len() as u64;
        if length.is_some_and(|length| length <= there.min(WHOLE_BYTES_MAX)) {
            self.upload = Upload::Read;
            let whole = match decoder.decode(&mut self.wire.buffer) {
                Ok(Decoded::Data(whole)) => whole,
                Ok(_) | Err(_) => Bytes::new(),
            };
            return Incoming::whole(whole);
        }
        let (giver, incoming) = incoming::pipe(length);
        self.upload = Upload::Wanted(Wanted {
            giver,
            decoder,
            expects,
        });
        incoming
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

    /// Settles what becomes of a body that nobody wants any more. What has come of it is read, which
    /// may be all, and then the connection can go on.
    fn let_go_of_body(&mut self, cx: &mut Context<'_>) {
        let Upload::Wanted(wanted) = &mut self.upload else {
            return;
        };
        if !wanted.giver.is_untaken() {
            return;
        }
        let mut left = UNWANTED_BYTES_MAX;
        let read = loop {
            match wanted.decoder.decode(&mut self.wire.buffer) {
                Ok(Decoded::Data(piece)) => left = left.saturating_sub(piece.len()),
                Ok(Decoded::Trailers(_) | Decoded::End) => break true,
                // Who waits to be told to send it sends nothing of it.
                Ok(Decoded::More) if left > 0 && wanted.expects == Expects::Nothing => {
                    match self.wire.poll_read(cx) {
                        Poll::Ready(Ok(count)) if count > 0 => {}
                        Poll::Pending | Poll::Ready(_) => break false,
                    }
                }
                Ok(Decoded::More) | Err(_) => break false,
            }
        };
        if read {
            self.upload = Upload::Read;
            self.watch.read(Place::Between);
        } else {
            self.upload = Upload::Left;
            self.watch.reads_no_more();
        }
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

    /// Reads the body as far as it is wanted.
    fn read_body(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        while let Upload::Wanted(wanted) = &mut self.upload {
            match wanted.giver.poll_wish(cx) {
                Poll::Pending => break,
                Poll::Ready(Wish::Nothing) => {
                    self.let_go_of_body(cx);
                    break;
                }
                Poll::Ready(Wish::More) => {}
            }
            match wanted.decoder.decode(&mut self.wire.buffer) {
                Ok(Decoded::Data(piece)) => {
                    wanted.expects = Expects::Nothing;
                    wanted.giver.give(piece);
                    if wanted.decoder.has_ended() {
                        self.end_body();
                    }
                }
                Ok(Decoded::Trailers(_) | Decoded::End) => self.end_body(),
                Ok(Decoded::More) => {
                    self.ask_for_body(cx)?;
                    match self.wire.poll_read(cx)? {
                        Poll::Pending => break,
                        Poll::Ready(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                        Poll::Ready(_) => self.watch.read(Place::Body),
                    }
                }
                Err(malformed) => {
                    self.watch.set_finding(malformed);
                    self.watch.reads_no_more();
                    if let Upload::Wanted(wanted) =
                        std::mem::replace(&mut self.upload, Upload::Left)
                    {
                        wanted.giver.break_off(malformed);
                    }
                }
            }
        }
        Ok(())
    }

    /// Tells a caller that waits for it that its body is wanted.
    fn ask_for_body(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        // Behind the head of an answer there is nothing to be said.
        if self.stage != Stage::Asked {
            return Ok(());
        }
        if let Upload::Wanted(wanted) = &mut self.upload
            && wanted.expects == Expects::Continue
        {
            wanted.expects = Expects::Nothing;
            self.sending.say(CONTINUE);
        }
        self.sending.poll_said(cx, self.wire.stream.socket())
    }

    fn end_body(&mut self) {
        if let Upload::Wanted(wanted) = std::mem::replace(&mut self.upload, Upload::Read) {
            wanted.giver.end();
        }
        self.watch.read(Place::Between);
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

/// Looks at what there is of a body in chunks, so that one that is malformed at first sight does
/// not begin to go to an upstream.
fn read_ahead(decoder: &Decoder, there: &BytesMut) -> Result<(), Malformed> {
    if !matches!(decoder, Decoder::Chunked(_)) || there.is_empty() {
        return Ok(());
    }
    let (mut decoder, mut there) = (decoder.clone(), there.clone());
    while matches!(decoder.decode(&mut there)?, Decoded::Data(_)) {}
    Ok(())
}

fn broken_off(err: &io::Error) -> Ended {
    tracing::debug!(error = %err, "a connection broke off");
    Ended::BrokenOff
}
