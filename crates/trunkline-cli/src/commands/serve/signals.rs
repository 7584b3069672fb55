//! What the operating system tells a running server.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::signal::unix::{Signal, SignalKind, signal};

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// End.
    Stop,
    /// Read everything anew.
    Reload,
}

/// The signals that a server listens to.
#[derive(Debug)]
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    /// Takes the signals over from now on.
    pub(super) fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    /// The next signal.
    pub(super) async fn next(&mut self) -> Asked {
        poll_fn(|cx| {
            if self.poll_stop(cx).is_ready() {
                return Poll::Ready(Asked::Stop);
            }
            self.hangup.poll_recv(cx).map(|_| Asked::Reload)
        })
        .await
    }

    /// Waits for the end of `work`, or for being asked to stop before that; whether it was asked.
    pub(super) async fn next_stop_or<F: Future + Unpin>(&mut self, work: &mut F) -> bool {
        poll_fn(|cx| {
            if Pin::new(&mut *work).poll(cx).is_ready() {
                return Poll::Ready(false);
            }
            self.poll_stop(cx).map(|()| true)
        })
        .await
    }

    fn poll_stop(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.terminate.poll_recv(cx).is_ready() || self.interrupt.poll_recv(cx).is_ready() {
            return Poll::Ready(());
        }
        Poll::Pending
    }
}
