//! Records a stream while it is first sent, so that another attempt can send it again.

use std::fmt;
use std::future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http_body::{Body as _, Frame, SizeHint};

use super::{Body, BodyError};

/// A body that can be sent more than once, as long as its length keeps within a limit.
///
/// The first attempt streams: nothing waits for the body to be complete. What it took is kept
/// (as references to the same bytes), and a further attempt sends that first and then goes on
/// with the rest of the source, which the attempt before may not have reached.
#[derive(Debug)]
pub struct Replayable(Source);

#[derive(Debug)]
enum Source {
    Empty,
    Full(Bytes),
    Tape(Arc<Mutex<Tape>>),
}

/// A source and what has been taken from it.
struct Tape {
    source: Body,
    recorded: Vec<Bytes>,
    recorded_bytes: usize,
    recorded_bytes_max: usize,
    trailers: Option<HeaderMap>,
    state: State,
    /// The attempt that may take from the tape; earlier ones are cut off.
    attempt: u64,
    /// Whom to wake when the attempt is cut off.
    waker: Option<Waker>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Everything taken so far is recorded.
    Recording,
    /// Everything there is has been recorded.
    Complete,
    /// More than the limit was taken: this attempt is the last.
    Overrun,
    /// The last attempt has taken everything.
    Spent,
    /// The source gave an error.
    Broken,
}

/// Why a body cannot be had as a whole.
#[derive(Debug, thiserror::Error)]
pub enum GatherError {
    /// There is more of it than so many bytes.
    #[error("the body is larger than {0} bytes")]
    TooLarge(usize),
    /// Its source broke.
    #[error(transparent)]
    Broken(#[from] BodyError),
}

impl Replayable {
    /// Prepares `body` for several attempts, of which up to `bytes_max` bytes are kept.
    pub fn new(body: Body, bytes_max: usize) -> Replayable {
        if body.is_end_stream() {
            return Replayable(Source::Empty);
        }
        match body {
            Body::Empty => Replayable(Source::Empty),
            Body::Full(bytes) => Replayable(Source::Full(bytes)),
            source @ (Body::Stream(_) | Body::Replay(_)) => {
                Replayable(Source::Tape(Arc::new(Mutex::new(Tape {
                    source,
                    recorded: Vec::new(),
                    recorded_bytes: 0,
                    recorded_bytes_max: bytes_max,
                    trailers: None,
                    state: State::Recording,
                    attempt: 0,
                    waker: None,
                }))))
            }
        }
    }

    /// The bytes, where all of them are there.
    pub fn whole(&self) -> Option<&[u8]> {
        match &self.0 {
            Source::Empty => Some(&[]),
            Source::Full(bytes) => Some(bytes),
            Source::Tape(_) => None,
        }
    }

    /// Waits until all of it is there. For before the first attempt: what an attempt has taken is
    /// not gathered.
    ///
    /// # Errors
    ///
    /// [`GatherError`]. What is too large can be sent still; what broke cannot.
    pub async fn gather(&mut self, bytes_max: usize) -> Result<(), GatherError> {
        let Source::Tape(tape) = &self.0 else {
            return Ok(());
        };
        let mut source = {
            let mut tape = lock(tape);
            // Until all of it is there, nothing of it may be taken for the whole.
            tape.state = State::Broken;
            std::mem::take(&mut tape.source)
        };
        let mut taken = Taken::default();
        let announced = source.size_hint().lower();
        let mut is_too_large = usize::try_from(announced).is_ok_and(|bytes| bytes_max < bytes);
        while !is_too_large {
            let Some(frame) = future::poll_fn(|cx| Pin::new(&mut source).poll_frame(cx)).await
            else {
                self.0 = taken.into_source();
                return Ok(());
            };
            if let Ok(data) = frame?.into_data() {
                is_too_large = bytes_max < taken.push(data);
            }
        }
        lock(tape).put_back(taken, source);
        Err(GatherError::TooLarge(bytes_max))
    }

    /// Whether [`Replayable::attempt`] would give a body now.
    pub fn can_attempt(&self) -> bool {
        match &self.0 {
            Source::Empty | Source::Full(_) => true,
            Source::Tape(tape) => lock(tape).can_attempt(),
        }
    }

    /// The body for the next attempt; the one of the attempt before ends with an error.
    ///
    /// `None` when more than the limit has been taken, or the source broke.
    pub fn attempt(&mut self) -> Option<Body> {
        match &self.0 {
            Source::Empty => Some(Body::Empty),
            Source::Full(bytes) => Some(Body::Full(bytes.clone())),
            Source::Tape(tape) => {
                let mut locked = lock(tape);
                if !locked.can_attempt() {
                    return None;
                }
                locked.attempt += 1;
                let attempt = locked.attempt;
                let waker = locked.waker.take();
                drop(locked);
                if let Some(waker) = waker {
                    waker.wake();
                }
                Some(Body::Replay(Replay {
                    tape: Arc::clone(tape),
                    attempt,
                    sent: 0,
                    has_sent_trailers: false,
                }))
            }
        }
    }
}

/// What was gathered so far.
#[derive(Default)]
struct Taken {
    frames: Vec<Bytes>,
    bytes: usize,
}

impl Taken {
    /// How many bytes there are then.
    fn push(&mut self, data: Bytes) -> usize {
        self.bytes = self.bytes.saturating_add(data.len());
        self.frames.push(data);
        self.bytes
    }

    fn into_source(mut self) -> Source {
        if self.bytes == 0 {
            return Source::Empty;
        }
        match self.frames.pop() {
            Some(only) if self.frames.is_empty() => Source::Full(only),
            last => {
                let mut all = BytesMut::with_capacity(self.bytes);
                for frame in self.frames.iter().chain(&last) {
                    all.extend_from_slice(frame);
                }
                Source::Full(all.freeze())
            }
        }
    }
}

/// One attempt at sending a [`Replayable`].
pub struct Replay {
    tape: Arc<Mutex<Tape>>,
    attempt: u64,
    /// Recorded frames that this attempt has sent.
    sent: usize,
    has_sent_trailers: bool,
}

type Polled = Poll<Option<Result<Frame<Bytes>, BodyError>>>;

impl Replay {
    pub(super) fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Polled {
        let this = &mut *self;
        let mut tape = lock(&this.tape);
        if tape.attempt != this.attempt {
            return Poll::Ready(Some(Err(BodyError::CutOff)));
        }
        if let Some(bytes) = tape.recorded.get(this.sent) {
            this.sent += 1;
            return Poll::Ready(Some(Ok(Frame::data(bytes.clone()))));
        }
        if matches!(tape.state, State::Complete | State::Spent) {
            let trailers = tape.trailers.as_ref().filter(|_| !this.has_sent_trailers);
            this.has_sent_trailers = true;
            return Poll::Ready(trailers.map(|trailers| Ok(Frame::trailers(trailers.clone()))));
        }
        let polled = Pin::new(&mut tape.source).poll_frame(cx);
        if polled.is_pending() {
            tape.waker = Some(cx.waker().clone());
        }
        match ready!(polled) {
            None => {
                tape.finish();
                Poll::Ready(None)
            }
            Some(Err(err)) => {
                tape.state = State::Broken;
                tape.recorded = Vec::new();
                Poll::Ready(Some(Err(err)))
            }
            Some(Ok(frame)) => {
                if let Some(bytes) = frame.data_ref() {
                    tape.record(bytes);
                    this.sent = tape.recorded.len();
                } else if let Some(trailers) = frame.trailers_ref() {
                    tape.trailers = Some(trailers.clone());
                    this.has_sent_trailers = true;
                    tape.finish();
                }
                Poll::Ready(Some(Ok(frame)))
            }
        }
    }

    pub(super) fn is_end_stream(&self) -> bool {
        let tape = lock(&self.tape);
        let has_sent_all = self.sent == tape.recorded.len();
        match tape.state {
            State::Complete | State::Spent => {
                has_sent_all && (self.has_sent_trailers || tape.trailers.is_none())
            }
            State::Recording | State::Overrun | State::Broken => {
                has_sent_all && tape.source.is_end_stream()
            }
        }
    }

    pub(super) fn size_hint(&self) -> SizeHint {
        let tape = lock(&self.tape);
        let left: usize = tape.recorded.iter().skip(self.sent).map(Bytes::len).sum();
        let left = left as u64;
        let source = match tape.state {
            State::Complete | State::Spent => SizeHint::with_exact(0),
            State::Recording | State::Overrun | State::Broken => tape.source.size_hint(),
        };
        let mut hint = SizeHint::new();
        hint.set_lower(source.lower().saturating_add(left));
        if let Some(upper) = source.upper() {
            hint.set_upper(upper.saturating_add(left));
        }
        hint
    }
}

impl Tape {
    /// Puts back what was taken and not sent.
    fn put_back(&mut self, taken: Taken, source: Body) {
        self.recorded = taken.frames;
        self.recorded_bytes = taken.bytes;
        self.source = source;
        self.state = State::Recording;
    }

    fn can_attempt(&self) -> bool {
        match self.state {
            State::Recording | State::Complete => true,
            State::Overrun | State::Spent | State::Broken => false,
        }
    }

    fn record(&mut self, bytes: &Bytes) {
        if self.state != State::Recording {
            return;
        }
        self.recorded_bytes = self.recorded_bytes.saturating_add(bytes.len());
        if self.recorded_bytes_max < self.recorded_bytes {
            self.state = State::Overrun;
            self.recorded = Vec::new();
        } else {
            self.recorded.push(bytes.clone());
        }
    }

    fn finish(&mut self) {
        match self.state {
            State::Recording => self.state = State::Complete,
            State::Overrun => self.state = State::Spent,
            State::Complete | State::Spent | State::Broken => {}
        }
    }
}

fn lock(tape: &Mutex<Tape>) -> MutexGuard<'_, Tape> {
    tape.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Tape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tape")
            .field("recorded_bytes", &self.recorded_bytes)
            .field("state", &self.state)
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replay")
            .field("attempt", &self.attempt)
            .field("sent", &self.sent)
            .finish_non_exhaustive()
    }
}
