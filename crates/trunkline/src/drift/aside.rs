//! Does what takes long on threads of its own, one at a time, so that neither other calls wait for
//! it nor their memory adds up.

use std::sync::Arc;
use std::thread;

use tokio::sync::{Semaphore, oneshot};

use super::watcher::STACK_BYTES;

/// Where it is done.
#[derive(Debug)]
pub(crate) struct Aside(Arc<Semaphore>);

impl Aside {
    pub(super) fn new() -> Self {
        Self(Arc::new(Semaphore::new(1)))
    }

    /// Does work when what came before is done; `None` where the system gives no thread, or where
    /// a bug of ours ends it. Dropped, it lets work that has begun come to its end.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let turn = Arc::clone(&self.0).acquire_owned().await.ok()?;
        let (sender, done) = oneshot::channel();
        let thread = thread::Builder::new()
            .name("judge".to_owned())
            .stack_size(STACK_BYTES);
        let begun = thread.spawn(move || {
            let outcome = work();
            drop(turn);
            // Whoever asked may have gone.
            sender.send(outcome).ok();
        });
        begun.ok()?;
        done.await.ok()
    }
}
