//! Sends a recorded body, piece by piece where it was a stream, and with the faults asked for.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http_body::{Frame, SizeHint};
use trunkline::connector::format::{BodyText, EventText};
use trunkline::{Clock, Fault};

/// Between two events of a slow stream.
const PACE: Duration = Duration::from_secs(1);

/// A recorded body on its way.
pub(super) struct Played {
    pieces: VecDeque<Bytes>,
    /// The length that is announced; `None` for streams.
    length: Option<u64>,
    ending: Ending,
    pause: Pause,
    clock: Clock,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Clean,
    /// Everything has been sent that is; the next thing is the end of the connection.
    Cut,
}

/// What lies between two pieces. Each is flushed before the next.
enum Pause {
    /// Nothing stands before the next piece.
    Over,
    /// The next piece comes when this one is on its way.
    Turn,
    /// The next piece comes after a while.
    Wait(Option<BoxFuture<'static, ()>>),
}

impl Played {
    /// The body of a recorded answer.
    pub(super) fn new(body: &BodyText, fault: Option<Fault>, clock: Clock) -> Self {
        let mut played = match body {
            // No answer is written in parts.
            BodyText::Empty | BodyText::Parts(_) => Self::whole(Bytes::new(), clock),
            BodyText::Json(text) => Self::whole(Bytes::from(text.trim().to_owned()), clock),
            BodyText::Form(text) | BodyText::Text(text) => {
                Self::whole(Bytes::from(text.clone()), clock)
            }
            BodyText::Events(events) => Self {
                pieces: events.iter().map(event).collect(),
                length: None,
                ending: Ending::Clean,
                pause: Pause::Over,
                clock,
            },
        };
        match fault {
            Some(Fault::Cut) => played.cut(),
            Some(Fault::Slow) if played.length.is_none() => played.pause = Pause::Wait(None),
            Some(_) | None => {}
        }
        played
    }

    /// A body that is sent in one piece.
    pub(super) fn whole(bytes: Bytes, clock: Clock) -> Self {
        let length = Some(bytes.len() as u64);
        let pieces = if bytes.is_empty() {
            VecDeque::new()
        } else {
            VecDeque::from([bytes])
        };
        Self {
            pieces,
            length,
            ending: Ending::Clean,
            pause: Pause::Over,
            clock,
        }
    }

    /// Keeps the first half.
    fn cut(&mut self) {
        self.ending = Ending::Cut;
        if self.length.is_none() {
            self.pieces.truncate(self.pieces.len().div_ceil(2));
        } else if let Some(all) = self.pieces.front_mut() {
            all.truncate(all.len() / 2);
        }
    }

    fn poll_pause(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.pause {
            Pause::Over => return Poll::Ready(()),
            Pause::Turn => {
                self.pause = Pause::Over;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            Pause::Wait(sleep) => {
                let sleep = sleep.get_or_insert_with(|| self.clock.sleep(PACE).boxed());
                std::task::ready!(sleep.poll_unpin(cx));
            }
        }
        self.pause = Pause::Wait(None);
        Poll::Ready(())
    }
}

impl http_body::Body for Played {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let this = self.get_mut();
        std::task::ready!(this.poll_pause(cx));
        if let Some(piece) = this.pieces.pop_front() {
            if matches!(this.pause, Pause::Over) {
                this.pause = Pause::Turn;
            }
            return Poll::Ready(Some(Ok(Frame::data(piece))));
        }
        Poll::Ready(match this.ending {
            Ending::Clean => None,
            Ending::Cut => Some(Err(io::Error::other("cut off as asked"))),
        })
    }

    fn is_end_stream(&self) -> bool {
        self.pieces.is_empty() && self.ending == Ending::Clean
    }

    fn size_hint(&self) -> SizeHint {
        match self.length {
            Some(length) => SizeHint::with_exact(length),
            None => SizeHint::default(),
        }
    }
}

/// One event as it stands on the wire.
fn event(event: &EventText) -> Bytes {
    let mut text = String::new();
    // Writing into a String cannot fail.
    if let Some(name) = &event.event {
        let _ = writeln!(text, "event: {name}");
    }
    for line in event.data.split('\n') {
        let _ = writeln!(text, "data: {line}");
    }
    text.push('\n');
    Bytes::from(text)
}
