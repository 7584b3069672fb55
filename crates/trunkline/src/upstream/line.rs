//! Where calls wait that may not go yet: one stands at the head, the others behind it, by turns of
//! their callers.
//!
//! Only the head asks for its moment, so that no call takes a place before its caller's turn has
//! come. When it may go, or is given up, the next becomes the head. Nobody waits for a task of
//! anybody else's, and whoever is dropped has left the line.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;
use trunkline_limit::Nanos;
use trunkline_limit::fair::{Bounds, Fair, Refusal, WaiterId};

use crate::call::Caller;

/// A line of calls that wait.
#[derive(Debug, Default)]
pub(crate) struct Line {
    /// Whether somebody is at the head. Whoever finds it so stands in line.
    is_busy: AtomicBool,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    waiting: Fair<Caller, oneshot::Sender<()>>,
    has_head: bool,
}

/// A place in line.
#[derive(Debug)]
pub(crate) struct Place<'l> {
    line: &'l Line,
    caller: Caller,
    standing: Standing,
}

#[derive(Debug)]
enum Standing {
    Head,
    Behind {
        id: WaiterId,
        called: oneshot::Receiver<()>,
    },
}

impl Line {
    /// Whether somebody waits.
    pub(crate) fn is_busy(&self) -> bool {
        self.is_busy.load(Ordering::Acquire)
    }

    /// How many wait, the head included.
    pub(crate) fn waiting(&self) -> usize {
        let state = self.state();
        state.waiting.len() + usize::from(state.has_head)
    }

    /// How many behind the head go before a newcomer of this caller, at most: those of its own, and
    /// as many turns of the others. The head has its moment already.
    pub(crate) fn ahead_of(&self, caller: &Caller) -> usize {
        let state = self.state();
        let own = state.waiting.waiting_of(caller);
        let others = state.waiting.callers() - usize::from(own != 0);
        let by_turns = own + others.saturating_mul(own + 1);
        state.waiting.len().min(by_turns)
    }

    /// Stands in line until `deadline`.
    ///
    /// # Errors
    /// If as many wait as may.
    pub(crate) fn join(
        &self,
        caller: &Caller,
        deadline: Nanos,
        now: Nanos,
    ) -> Result<Place<'_>, Refusal> {
        let mut state = self.state();
        let standing = if state.has_head {
            let (sender, receiver) = oneshot::channel();
            let waiter = (sender, 1, deadline);
            let id = state
                .waiting
                .push(caller, waiter, &Bounds::default(), now)?;
            Standing::Behind {
                id,
                called: receiver,
            }
        } else {
            state.has_head = true;
            self.is_busy.store(true, Ordering::Release);
            Standing::Head
        };
        Ok(Place {
            line: self,
            caller: caller.clone(),
            standing,
        })
    }

    /// Makes the next of those that wait the head.
    fn go_on(&self, now: Nanos) {
        let mut state = self.state();
        while let Some(next) = state.waiting.pop(now) {
            // Whoever has left meanwhile does not hear it.
            if next.send(()).is_ok() {
                return;
            }
        }
        state.has_head = false;
        self.is_busy.store(false, Ordering::Release);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place<'_> {
    /// Waits until it is the head.
    pub(crate) async fn head(&mut self) {
        if let Standing::Behind { called, .. } = &mut self.standing {
            // Who called us has made us the head. That the sender is gone only means that the
            // deadline has passed, which the caller of this sees too.
            if called.await.is_ok() {
                self.standing = Standing::Head;
            } else {
                std::future::pending::<()>().await;
            }
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if let Standing::Behind { id, called } = &mut self.standing {
            let mut state = self.line.state();
            state.waiting.remove(&self.caller, *id);
            called.close();
            // It may have been called a moment before.
            if called.try_recv().is_err() {
                return;
            }
        }
        // The time is of no weight: who has waited too long finds that out by itself.
        self.line.go_on(Nanos::ZERO);
    }
}

#[cfg(test)]
mod tests;
