//! Lets a stream through event by event, each one once it is known to be as promised.

#[cfg(test)]
mod tests;

use std::io::{self, Write};
use std::mem;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use flate2::write::MultiGzDecoder;
use http::HeaderMap;
use serde_json::Value;

use super::{BYTES_MAX, Tap, kind_of_stream, unreadable};
use crate::drift::look::Kind;
use crate::error::{Error, ErrorKind};
use crate::explain;
use crate::held::{self, Encoding};
use crate::schema::{Findings, Schema};
use crate::sse::{self, Parser};

/// Holds a stream back until each event of it was judged. What has passed is the upstream's, byte
/// for byte.
#[derive(Debug)]
pub(crate) struct Gate {
    reader: Reader,
    /// Bytes of events that are not whole.
    held: BytesMut,
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
        };
        let reader = match held::encoding(headers) {
            Encoding::Plain => Reader::Plain(Box::new(judge)),
            Encoding::Gzip => Reader::Gzip(Box::new(MultiGzDecoder::new(judge))),
            Encoding::Unreadable => return Err(unreadable()),
        };
        Ok(Self {
            reader,
            held: BytesMut::new(),
        })
    }

    /// Takes the next bytes, and gives those that may pass now; perhaps none.
    ///
    /// # Errors
    /// [`ErrorKind::SchemaBroken`]; nothing may pass any more then.
    pub(crate) fn push(&mut self, mut data: Bytes) -> Result<Bytes, Error> {
        let passes = match &mut self.reader {
            Reader::Plain(judge) => judge.push(&data)?,
            Reader::Gzip(decoder) => {
                // It keeps what it has unpacked for a while, if it is not asked for.
                let written = decoder.write_all(&data).and_then(|()| decoder.flush());
                let judge = decoder.get_mut();
                refused(judge, written)?;
                // An event may begin in the middle of a piece, so all of it waits.
                if judge.is_between() { data.len() } else { 0 }
            }
        };
        let rest = data.split_off(passes);
        if passes > 0 && !self.held.is_empty() {
            self.held.extend_from_slice(&data);
            data = self.held.split().freeze();
        }
        self.held.extend_from_slice(&rest);
        if BYTES_MAX < self.held.len() {
            return Err(too_large());
        }
        Ok(data)
    }

    /// The stream has ended. Gives what may still pass.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub(crate) fn finish(&mut self) -> Result<Bytes, Error> {
        match &mut self.reader {
            Reader::Plain(judge) => judge.finish()?,
            Reader::Gzip(decoder) => {
                let written = decoder.try_finish();
                let judge = decoder.get_mut();
                refused(judge, written)?;
                judge.finish()?;
            }
        }
        Ok(self.held.split().freeze())
    }

    /// How many bytes wait.
    pub(crate) fn held_bytes(&self) -> usize {
        self.held.len()
    }
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
    /// Judges what these bytes complete. Returns how many of them belong to events that are whole.
    fn push(&mut self, text: &[u8]) -> Result<usize, Error> {
        let mut whole = 0;
        let mut seen = 0;
        for line in text.split_inclusive(|byte| matches!(byte, b'\n' | b'\r')) {
            seen += line.len();
            self.piece(line)?;
            if self.is_between() {
                whole = seen;
            }
        }
        Ok(whole)
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
        let findings = match serde_json::from_slice::<Value>(data) {
            Ok(event) => self.schema.findings(&event),
            Err(_) => Some(Findings::one("", "JSON", "something else")),
        };
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
        match self.push(text) {
            Ok(_) => Ok(text.len()),
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
