//! Reads the body of a request, as far as somebody wants it.

use std::io;
use std::mem;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use trunkline_http1::body::{Decoded, Decoder};
use trunkline_http1::fields::Malformed;

use super::answer::CONTINUE;
use super::head::Expects;
use super::incoming::{self, Giver, Incoming, Wish};
use super::{Conversation, Stage};
use crate::watch::Place;

/// Bodies up to this size are handed on whole if they lie behind their head.
const WHOLE_BYTES_MAX: u64 = 64 * 1024;

/// So much of a body that nobody wants is read if it has come already.
const UNWANTED_BYTES_MAX: usize = 256 * 1024;

/// The body of the request under way.
pub(super) enum Upload {
    /// It was read to its end.
    Read,
    /// It is read as it is wanted.
    Wanted(Wanted),
    /// The rest of it is not read, so nobody knows where another request would begin.
    Left,
}

pub(super) struct Wanted {
    giver: Giver,
    decoder: Decoder,
    pub(super) expects: Expects,
}

impl<S, C> Conversation<S, C> {
    /// The body of a request, whole if it is there.
    pub(super) fn take_body(&mut self, mut decoder: Decoder, expects: Expects) -> Incoming {
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

    /// Settles what becomes of a body that nobody wants any more. What has come of it is read, which
    /// may be all, and then the connection can go on.
    pub(super) fn let_go_of_body(&mut self, cx: &mut Context<'_>) {
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

    /// Reads the body as far as it is wanted.
    pub(super) fn read_body(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
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
                    if let Upload::Wanted(wanted) = mem::replace(&mut self.upload, Upload::Left) {
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
        if let Upload::Wanted(wanted) = mem::replace(&mut self.upload, Upload::Read) {
            wanted.giver.end();
        }
        self.watch.read(Place::Between);
    }
}

/// Looks at what there is of a body in chunks, so that one that is malformed at first sight does
/// not begin to go to an upstream.
pub(super) fn read_ahead(decoder: &Decoder, there: &BytesMut) -> Result<(), Malformed> {
    if !matches!(decoder, Decoder::Chunked(_)) || there.is_empty() {
        return Ok(());
    }
    let (mut decoder, mut there) = (decoder.clone(), there.clone());
    while matches!(decoder.decode(&mut there)?, Decoded::Data(_)) {}
    Ok(())
}
