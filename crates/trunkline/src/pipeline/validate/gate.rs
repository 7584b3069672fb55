//! Lets a stream through event by event, each one once it is known to be as promised.

#[cfg(test)]
mod tests;

use std::io::{self, Write};
use std::mem;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use flate2::write::MultiGzDecoder;
use http::HeaderMap;

use super::{BYTES_MAX, Tap, kind_of_stream, too_much, too_strange, unreadable};
use crate::drift::look::Kind;
use crate::error::{Error, ErrorKind};
use crate::explain;
use crate::held::{self, Encoding};
use crate::schema::{self, Effort, Findings, Schema, TooMuch, Unread};
use crate::sse::{self, Parser};

/// The most text that is judged, or unpacked, before others have their turn.
const TURN_BYTES: usize = 64 * 1024;

/// How much of a packed stream is unpacked at once: it grows to the thousandfold at most.
const SLICE_BYTES: usize = 128;

/// The most values of one event.
const VALUES_MAX: usize = 200_000;

/// Holds a stream back until each event of it was judged. What has passed is the upstream's, byte
/// for byte.
#[derive(Debug)]
pub(crate) struct Gate {
    reader: Reader,
    /// Bytes that nobody has looked at.
    waiting: Bytes,
    /// Bytes of events that are not whole.
    held: BytesMut,
    has_ended: bool,
    /// Whether what came last was judged.
    has_finished: bool,
    /// Why the stream has to end, once what is good before has passed.
    refusal: Option<Error>,
}

/// What a gate has come to.
#[derive(Debug)]
pub(crate) enum Next {
    /// These bytes may pass.
    Pass(Bytes),
    /// There is more to do; others should have their turn first.
    Works,
    /// It needs more bytes.
    Wants,
    /// Everything has passed.
    Ended,
}

#[derive(Debug)]
enum Reader {
    Plain(Box<Judge>),
    Gzip(Box<MultiGzDecoder<Judge>>),
}

/// Judges events as their text comes.
#[derive(Debug)]
struct Judge {
    schema: Arc<Schema>,
    operation: Arc<str>,
    form: Form,
    /// Tells of the event that does not fit, where that is wanted.
    tap: Option<Tap>,
    /// Why the stream has to end.
    refusal: Option<Error>,
    /// How much has been unpacked in this turn.
    unpacked_bytes: usize,
}

#[derive(Debug)]
enum Form {
    Events(Parser),
    /// The line so far.
    Lines(Vec<u8>),
}

impl Gate {
    /// A gate for a stream with these headers.
    ///
    /// # Errors
    /// If the stream is compressed in a way that cannot be read.
    pub(super) fn new(
        schema: Arc<Schema>,
        operation: Arc<str>,
        headers: &HeaderMap,
        tap: Option<Tap>,
    ) -> Result<Self, Error> {
        let judge = Judge {
            schema,
            operation,
            form: match kind_of_stream(headers) {
                Kind::Events => Form::Events(Parser::new(BYTES_MAX)),
                Kind::Json | Kind::Other(_) | Kind::Lines | Kind::Event => Form::Lines(Vec::new()),
            },
            tap,
            refusal: None,
            unpacked_bytes: 0,
        };
        let reader = match held::encoding(headers) {
            Encoding::Plain => Reader::Plain(Box::new(judge)),
            Encoding::Gzip => Reader::Gzip(Box::new(MultiGzDecoder::new(judge))),
            Encoding::Unreadable => return Err(unreadable()),
        };
        Ok(Self {
            reader,
            waiting: Bytes::new(),
            held: BytesMut::new(),
            has_ended: false,
            has_finished: false,
            refusal: None,
        })
    }

    /// Takes the next bytes.
    pub(crate) fn push(&mut self, data: Bytes) {
        if self.waiting.is_empty() {
            self.waiting = data;
        } else {
            self.waiting = [&*self.waiting, &*data].concat().into();
        }
    }

    /// Nothing more comes.
    pub(crate) fn end(&mut self) {
        self.has_ended = true;
    }

    /// Does a part of the work that there is.
    ///
    /// # Errors
    /// [`ErrorKind::SchemaBroken`]; nothing may pass any more then.
    pub(crate) fn go_on(&mut self) -> Result<Next, Error> {
        if let Some(refusal) = self.refusal.take() {
            return Err(refusal);
        }
        if self.waiting.is_empty() {
            if !self.has_ended {
                return Ok(Next::Wants);
            }
            if !mem::replace(&mut self.has_finished, true) {
                self.finish()?;
            }
            return Ok(match self.held.split().freeze() {
                rest if rest.is_empty() => Next::Ended,
                rest => Next::Pass(rest),
            });
        }
        let passes = match &mut self.reader {
            Reader::Plain(judge) => {
                let piece = self.waiting.split_to(self.waiting.len().min(TURN_BYTES));
                let before = self.held.len();
                self.held.extend_from_slice(&piece);
                let (whole, judged) = judge.push(&piece);
                self.refusal = judged.err();
                if whole > 0 { before + whole } else { 0 }
            }
            Reader::Gzip(decoder) => {
                let (passes, judged) = unpack(decoder, &mut self.waiting, &mut self.held);
                self.refusal = judged.err();
                passes
            }
        };
        let passes = self.held.split_to(passes).freeze();
        if BYTES_MAX < self.held.len() && self.refusal.is_none() {
            self.refusal = Some(too_large());
        }
        if !passes.is_empty() {
            return Ok(Next::Pass(passes));
        }
        match self.refusal.take() {
            Some(refusal) => Err(refusal),
            None if self.waiting.is_empty() && !self.has_ended => Ok(Next::Wants),
            None => Ok(Next::Works),
        }
    }

    fn finish(&mut self) -> Result<(), Error> {
        match &mut self.reader {
            Reader::Plain(judge) => judge.finish(),
            Reader::Gzip(decoder) => {
                let written = decoder.try_finish();
                let judge = decoder.get_mut();
                refused(judge, written)?;
                judge.finish()
            }
        }
    }

    /// How many bytes wait; at least one where there is still something to say.
    pub(crate) fn held_bytes(&self) -> usize {
        self.held.len() + self.waiting.len() + usize::from(self.refusal.is_some())
    }
}

/// Unpacks a turn's worth of `waiting` into `held`. Returns how many bytes of `held` belong to
/// events that are whole: packed ones, so that it is known only where a slice ends.
fn unpack(
    decoder: &mut MultiGzDecoder<Judge>,
    waiting: &mut Bytes,
    held: &mut BytesMut,
) -> (usize, Result<(), Error>) {
    let mut passes = 0;
    decoder.get_mut().unpacked_bytes = 0;
    while !waiting.is_empty() && decoder.get_ref().unpacked_bytes < TURN_BYTES {
        let slice = waiting.split_to(waiting.len().min(SLICE_BYTES));
        held.extend_from_slice(&slice);
        // It keeps what it has unpacked for a while, if it is not asked for.
        let written = decoder.write_all(&slice).and_then(|()| decoder.flush());
        let judge = decoder.get_mut();
        if let Err(refusal) = refused(judge, written) {
            return (passes, Err(refusal));
        }
        // An event may begin in the middle of a slice, so all of it waits.
        if judge.is_between() {
            passes = held.len();
        }
    }
    (passes, Ok(()))
}

/// Why unpacked text was refused, or what was wrong with how it was packed.
fn refused(judge: &mut Judge, written: io::Result<()>) -> Result<(), Error> {
    let Err(err) = written else {
        return Ok(());
    };
    Err(judge.refusal.take().unwrap_or_else(|| {
        let message = "the upstream's answer is not packed as it says";
        Error::new(ErrorKind::UpstreamMalformed, message).with_source(err)
    }))
}

impl Judge {
    /// Judges what these bytes complete. Returns how many of them belong to events that are whole
    /// and good.
    fn push(&mut self, text: &[u8]) -> (usize, Result<(), Error>) {
        let mut whole = 0;
        let mut seen = 0;
        for line in text.split_inclusive(|byte| matches!(byte, b'\n' | b'\r')) {
            seen += line.len();
            if let Err(refusal) = self.piece(line) {
                return (whole, Err(refusal));
            }
            if self.is_between() {
                whole = seen;
            }
        }
        (whole, Ok(()))
    }

    /// Takes a line or a part of one.
    fn piece(&mut self, piece: &[u8]) -> Result<(), Error> {
        match &mut self.form {
            Form::Events(parser) => {
                for event in parser.push(piece).map_err(|_| too_large())? {
                    self.judge(event.data.as_bytes())?;
                }
            }
            Form::Lines(line) => {
                line.extend_from_slice(piece);
                if BYTES_MAX < line.len() {
                    return Err(too_large());
                }
                if piece.ends_with(b"\n") {
                    let line = mem::take(line);
                    self.judge(&line)?;
                }
            }
        }
        Ok(())
    }

    /// What comes last may lack its end, and readers take it nevertheless.
    fn finish(&mut self) -> Result<(), Error> {
        match &mut self.form {
            Form::Events(_) => self.piece(b"\n\n"),
            Form::Lines(_) => self.piece(b"\n"),
        }
    }

    /// Whether no event has begun that is not whole.
    fn is_between(&self) -> bool {
        match &self.form {
            Form::Events(parser) => parser.is_between_events(),
            Form::Lines(line) => line.is_empty(),
        }
    }

    fn judge(&mut self, data: &[u8]) -> Result<(), Error> {
        let data = data.trim_ascii();
        if data.is_empty() || data == sse::END_MARK.as_bytes() {
            return Ok(());
        }
        let findings = match schema::read(data, VALUES_MAX) {
            Ok(event) => self.schema.findings(&event, Effort::Short),
            Err(Unread::NotJson) => Ok(Some(Findings::one("", "JSON", "something else"))),
            Err(Unread::TooMany) => Err(TooMuch),
            Err(Unread::TooStrange) => return Err(too_strange("the event")),
        };
        let findings = findings.map_err(|TooMuch| too_much("the event"))?;
        match findings {
            None => Ok(()),
            Some(findings) => {
                if let Some(mut tap) = self.tap.take() {
                    tap.saw(&Bytes::copy_from_slice(data));
                    tap.ended();
                }
                let message = findings.broken_promise(&self.operation, "event");
                Err(Error::new(ErrorKind::SchemaBroken, message)
                    .with_hint(explain::remedy(ErrorKind::SchemaBroken))
                    .with_findings(findings))
            }
        }
    }
}

/// Takes what a compressed stream unfolds into.
impl Write for Judge {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.unpacked_bytes += text.len();
        match self.push(text).1 {
            Ok(()) => Ok(text.len()),
            Err(error) => {
                self.refusal = Some(error);
                Err(io::Error::other("refused"))
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn too_large() -> Error {
    let message = format!("an event is larger than {BYTES_MAX} bytes and cannot be checked");
    Error::new(ErrorKind::ReplyTooLarge, message)
}
