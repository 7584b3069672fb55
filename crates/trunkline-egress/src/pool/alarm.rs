//! Watches unused connections, which have no task that would.
//!
//! One that the upstream closes, or sends something unasked on, rings; the reaper then closes it
//! at once. All have the same waker, so asking one anew exchanges nothing.

use std::sync::Arc;
use std::task::{Context, Wake, Waker};

use tokio::sync::Notify;

use crate::connection::Http1;

pub(super) struct Alarm {
    bell: Arc<Bell>,
    /// The bell's.
    waker: Waker,
}

#[derive(Default)]
pub(super) struct Bell(Notify);

impl Alarm {
    /// Whether `connection` can be used; as long as it lies unused, its bell rings when that
    /// changes.
    pub(super) fn is_quiet(&self, connection: &mut Http1) -> bool {
        let mut cx = Context::from_waker(&self.waker);
        connection.exchange.is_quiet(&mut cx)
    }

    pub(super) fn bell(&self) -> Arc<Bell> {
        Arc::clone(&self.bell)
    }
}

impl Default for Alarm {
    fn default() -> Alarm {
        let bell = Arc::new(Bell::default());
        Alarm {
            waker: Waker::from(Arc::clone(&bell)),
            bell,
        }
    }
}

impl Bell {
    /// Waits until it rings; at once if it rang since.
    pub(super) async fn rung(&self) {
        self.0.notified().await;
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Bell>) {
        self.0.notify_one();
    }

    fn wake_by_ref(self: &Arc<Bell>) {
        self.0.notify_one();
    }
}
