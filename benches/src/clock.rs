//! Time as it passes: measuring it is what this crate is for.
#![expect(
    clippy::disallowed_methods,
    reason = "a measurement is of real time, and nothing here decides what the product does"
)]

use std::future::Future;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// When something began.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Began(Instant);

impl Began {
    /// It begins now.
    pub(crate) fn now() -> Self {
        Self(Instant::now())
    }

    /// How long ago that was.
    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// Waits, on a thread that has nothing else to do.
pub(crate) fn pause(duration: Duration) {
    std::thread::sleep(duration);
}

/// Waits, as a task among others.
pub(crate) async fn wait(duration: Duration) {
    tokio::time::sleep(duration).await;
}

/// Gives up on what does not end in time. `what` completes "… within 5s".
pub(crate) async fn within<F: Future>(limit: Duration, what: &str, work: F) -> Result<F::Output> {
    let limited = tokio::time::timeout(limit, work).await;
    limited.with_context(|| format!("{what} within {limit:?}"))
}
