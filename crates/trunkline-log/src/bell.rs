//! How the writer's thread sleeps, and who wakes it.
//!
//! While there is something to do the thread looks by itself every now and then, and nobody needs
//! to wake it: adding an entry then is a look at one flag. Only when there has been nothing does it
//! sleep until called, and whoever adds the first entry calls it, with a system call.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

#[derive(Debug, Default)]
pub(crate) struct Bell {
    /// Whether the thread sleeps until somebody calls it. What was added is looked at after this is
    /// set, behind the same lock under which it is added: whoever adds later sees the flag.
    is_asleep: AtomicBool,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    is_called: bool,
    life: Life,
    /// How often somebody asked for everything to be written.
    asked: u64,
    /// Up to which of these requests it was.
    answered: u64,
}

/// How far the thread's life has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Life {
    #[default]
    Open,
    /// It is to end.
    Closing,
    /// It has ended.
    Over,
}

/// What is asked of the thread when it begins a turn.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Turn {
    pub(crate) is_closing: bool,
    asked: u64,
}

/// Says that the thread has ended, however it ends.
#[derive(Debug)]
pub(crate) struct AtEnd<'a>(pub(crate) &'a Bell);

impl Bell {
    /// There is something to do.
    pub(crate) fn wake(&self) {
        if self.is_asleep.load(Ordering::Relaxed) && self.is_asleep.swap(false, Ordering::Relaxed) {
            self.state().is_called = true;
            self.changed.notify_all();
        }
    }

    pub(crate) fn turn(&self) -> Turn {
        let state = self.state();
        Turn {
            is_closing: state.life == Life::Closing,
            asked: state.asked,
        }
    }

    /// Everything was written that was there when the turn began.
    pub(crate) fn answer(&self, turn: Turn) {
        self.state().answered = turn.asked;
        self.changed.notify_all();
    }

    /// Waits for this long, or until more is asked than in this turn.
    pub(crate) fn pause(&self, turn: Turn, longest: Duration) {
        drop(self.wait(longest, |state| !state.asks_more(turn)));
    }

    /// Sleeps until somebody calls, but not where there is something to do after all.
    pub(crate) fn sleep(&self, turn: Turn, longest: Duration, is_idle: impl Fn() -> bool) {
        self.is_asleep.store(true, Ordering::Relaxed);
        if is_idle() {
            drop(self.wait(longest, |state| !state.is_called && !state.asks_more(turn)));
        }
        self.is_asleep.store(false, Ordering::Relaxed);
        self.state().is_called = false;
    }

    /// Asks for everything to be written, and waits. Whether it was.
    pub(crate) fn ask(&self, within: Duration) -> bool {
        let mut state = self.state();
        state.asked += 1;
        let asked = state.asked;
        drop(state);
        self.changed.notify_all();
        let is_waiting = |state: &State| state.answered < asked && state.life != Life::Over;
        asked <= self.wait(within, is_waiting).answered
    }

    /// Asks the thread to end, and waits. Whether it has.
    pub(crate) fn close(&self, within: Duration) -> bool {
        let mut state = self.state();
        if state.life == Life::Open {
            state.life = Life::Closing;
        }
        drop(state);
        self.changed.notify_all();
        self.wait(within, |state| state.life != Life::Over).life == Life::Over
    }

    #[cfg(test)]
    pub(crate) fn is_asleep(&self) -> bool {
        self.is_asleep.load(Ordering::Relaxed)
    }

    fn wait(&self, longest: Duration, while_so: impl Fn(&State) -> bool) -> MutexGuard<'_, State> {
        let waited = self
            .changed
            .wait_timeout_while(self.state(), longest, |state| while_so(state));
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn asks_more(&self, turn: Turn) -> bool {
        turn.asked < self.asked || (self.life == Life::Closing && !turn.is_closing)
    }
}

impl Drop for AtEnd<'_> {
    fn drop(&mut self) {
        self.0.state().life = Life::Over;
        self.0.changed.notify_all();
    }
}

#[cfg(test)]
mod tests;
