//! A runtime of one thread that ends without waiting, so that it may be dropped anywhere.

use std::io;

use tokio::runtime::{Builder, EnterGuard, Handle, Runtime};

/// A runtime of one thread.
///
/// tokio's own waits for look-ups under way when it is dropped, and refuses to be dropped within
/// another runtime.
#[derive(Debug)]
pub(crate) struct Background {
    handle: Handle,
    runtime: Option<Runtime>,
}

impl Background {
    /// A runtime with timers and sockets.
    pub(crate) fn new() -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        Ok(Self {
            handle: runtime.handle().clone(),
            runtime: Some(runtime),
        })
    }

    /// A way to give it work from elsewhere.
    pub(crate) fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Makes it the one that new sockets belong to.
    pub(crate) fn enter(&self) -> EnterGuard<'_> {
        self.handle.enter()
    }

    /// Does this work on the present thread, and whatever else it is given meanwhile.
    pub(crate) fn run(self, work: impl Future<Output = ()>) {
        if let Some(runtime) = &self.runtime {
            runtime.block_on(work);
        }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
