//! Time, as the thread that speaks to Redis sees and waits for it.

#![expect(
    clippy::disallowed_methods,
    reason = "this is the clock of a runtime of our own, which real sockets drive"
)]

use std::time::{Duration, Instant};

pub(crate) fn now() -> Instant {
    Instant::now()
}

pub(crate) async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}

pub(crate) async fn pause_until(moment: Instant) {
    tokio::time::sleep_until(moment.into()).await;
}

/// What comes of it, unless the moment comes first.
pub(crate) async fn before<F: Future>(moment: Instant, work: F) -> Option<F::Output> {
    tokio::time::timeout_at(moment.into(), work).await.ok()
}
