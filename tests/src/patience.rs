//! Waits for what tells nobody that it has come, by asking again, and not for ever.

use std::thread;
use std::time::{Duration, Instant};

use crate::PATIENCE;

/// Between two questions, so that asking leaves the machine to what is asked about.
const PAUSE: Duration = Duration::from_millis(2);

/// Asks until there is an answer; `what` is asked for.
#[track_caller]
pub fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let deadline = now() + PATIENCE;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(now() < deadline, "{what}: not within {PATIENCE:?}");
        thread::park_timeout(PAUSE);
    }
}

/// The time, where a rate or a wait is what is measured.
#[expect(clippy::disallowed_methods, reason = "what is measured is real time")]
pub fn now() -> Instant {
    Instant::now()
}
