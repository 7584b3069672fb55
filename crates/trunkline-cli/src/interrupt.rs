//! Ctrl-C and SIGTERM, for commands that can say how to go on where they were ended.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::engine;
use crate::exit::Exit;
use crate::failure::{Complaint, Failure};

/// What a command is told to end by.
#[derive(Debug)]
pub(crate) struct Interrupts {
    interrupt: Signal,
    terminate: Signal,
}

/// The command was told to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interrupted {
    /// By Ctrl-C.
    Interrupt,
    /// By SIGTERM.
    Terminate,
}

impl Interrupts {
    /// Takes the signals over from now on: they end nothing by themselves any more.
    pub(crate) fn listen() -> Result<Self, Failure> {
        let listen = |kind| signal(kind).map_err(|err| engine::no_start(&err));
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    /// Runs something to its end, unless the command is told to end before that.
    pub(crate) async fn or<F: Future>(&mut self, work: F) -> Result<F::Output, Interrupted> {
        let mut work = pin!(work);
        poll_fn(|cx| {
            if self.interrupt.poll_recv(cx).is_ready() {
                return Poll::Ready(Err(Interrupted::Interrupt));
            }
            if self.terminate.poll_recv(cx).is_ready() {
                return Poll::Ready(Err(Interrupted::Terminate));
            }
            work.as_mut().poll(cx).map(Ok)
        })
        .await
    }
}

impl From<Interrupted> for Failure {
    fn from(interrupted: Interrupted) -> Self {
        let (exit, message) = match interrupted {
            Interrupted::Interrupt => (Exit::Interrupted, "interrupted"),
            Interrupted::Terminate => (Exit::Terminated, "told to end by SIGTERM"),
        };
        Self::new(exit, Complaint::new(message))
    }
}
