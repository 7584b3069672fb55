//! A body as a connection takes it, seen from the side that waits for the answer.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body::{Frame, SizeHint};

use super::{Body, BodyError};
use crate::clock::Clock;

/// What a connection sends: a body, and for one that streams a note of how far it has come.
///
/// Bodies that are all there have no note, so that most calls allocate nothing for it.
#[derive(Debug)]
pub(crate) struct Outgoing {
    body: Body,
    upload: Option<Arc<Upload>>,
}

/// How far a streaming body has come. Shared by the connection and the side that waits.
#[derive(Debug)]
pub(crate) struct Upload {
    clock: Clock,
    started: Instant,
    /// When the last frame was taken, or the end: nanoseconds since `started`.
    taken_after_nanos: AtomicU64,
    /// Whether the connection wants more than the source has ready.
    is_starved: AtomicBool,
    is_over: AtomicBool,
    has_failed: AtomicBool,
    is_cut: AtomicBool,
    waker: Mutex<Option<Waker>>,
}

impl Outgoing {
    pub(crate) fn new(body: Body, clock: &Clock) -> Outgoing {
        let upload = match &body {
            Body::Empty | Body::Full(_) => None,
            Body::Stream(_) | Body::Replay(_) => Some(Arc::new(Upload::new(clock.clone()))),
        };
        Outgoing { body, upload }
    }

    pub(crate) fn upload(&self) -> Option<Arc<Upload>> {
        self.upload.clone()
    }

    /// The body, if it is all there.
    pub(crate) fn whole(&self) -> Option<&Bytes> {
        match &self.body {
            Body::Full(bytes) => Some(bytes),
            Body::Empty | Body::Stream(_) | Body::Replay(_) => None,
        }
    }
}

impl Upload {
    fn new(clock: Clock) -> Upload {
        Upload {
            started: clock.now(),
            clock,
            taken_after_nanos: AtomicU64::new(0),
            is_starved: AtomicBool::new(false),
            is_over: AtomicBool::new(false),
            has_failed: AtomicBool::new(false),
            is_cut: AtomicBool::new(false),
            waker: Mutex::new(None),
        }
    }

    /// Since when the upstream is the one that is waited for: when the connection last took
    /// something from the body. `now` while the source keeps everybody waiting.
    pub(crate) fn waits_for_upstream_since(&self, now: Instant) -> Instant {
        if self.is_starved.load(Ordering::Relaxed) {
            return now;
        }
        let nanos = self.taken_after_nanos.load(Ordering::Relaxed);
        self.started + Duration::from_nanos(nanos)
    }

    /// Whether the connection has no more use for the body.
    pub(crate) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Acquire)
    }

    /// Whether the body ended with an error of its own.
    pub(crate) fn has_failed(&self) -> bool {
        self.has_failed.load(Ordering::Acquire)
    }

    /// Ends the body with an error, at once if the connection waits for its next frame.
    pub(crate) fn cut(&self) {
        self.is_cut.store(true, Ordering::Release);
        if let Some(waker) = self
            .waker
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
        {
            waker.wake();
        }
    }

    fn note_progress(&self) {
        let nanos = self
            .clock
            .now()
            .saturating_duration_since(self.started)
            .as_nanos();
        let nanos = u64::try_from(nanos).unwrap_or(u64::MAX);
        self.taken_after_nanos.store(nanos, Ordering::Relaxed);
    }

    fn note_waker(&self, waker: &Waker) {
        *self.waker.lock().unwrap_or_else(PoisonError::into_inner) = Some(waker.clone());
    }
}

impl http_body::Body for Outgoing {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let this = &mut *self;
        let Some(upload) = &this.upload else {
            return Pin::new(&mut this.body).poll_frame(cx);
        };
        // The waker first: a cut between the two is then seen here or wakes us.
        upload.note_waker(cx.waker());
        if upload.is_cut.load(Ordering::Acquire) {
            return Poll::Ready(Some(Err(BodyError::CutOff)));
        }
        let polled = loop {
            match Pin::new(&mut this.body).poll_frame(cx) {
                // A caller's trailers could be anything, its credentials too, and no API wants any.
                Poll::Ready(Some(Ok(frame))) if frame.is_trailers() => {}
                polled => break polled,
            }
        };
        upload
            .is_starved
            .store(polled.is_pending(), Ordering::Relaxed);
        match &polled {
            Poll::Ready(Some(Ok(_)) | None) => upload.note_progress(),
            Poll::Ready(Some(Err(_))) => upload.has_failed.store(true, Ordering::Release),
            Poll::Pending => {}
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Outgoing {
    fn drop(&mut self) {
        if let Some(upload) = &self.upload {
            upload.is_over.store(true, Ordering::Release);
        }
    }
}
