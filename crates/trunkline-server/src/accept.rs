//! Takes connections in and hands each to the thread that has the fewest.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::task::JoinSet;
use trunkline::{CallId, Clock, Error, ErrorKind};

use crate::listener::Listener;
use crate::problem;
use crate::site::Site;
use crate::socket::Socket;
use crate::tally::Tally;
use crate::threads::{Arrival, Message, Presence, Thread};

/// Wait after the system could not give us a connection, most often for want of file descriptors.
const PAUSE: Duration = Duration::from_millis(100);

/// Refusals that may be under way at once; further connections are closed without a word.
const REFUSALS_MAX: usize = 64;

/// How long a caller has to read that it was refused.
const REFUSAL_TIME: Duration = Duration::from_secs(2);

/// What every acceptor needs.
#[derive(Debug)]
pub(crate) struct Hall {
    /// The threads that carry calls.
    pub(crate) threads: Vec<Thread>,
    /// Every place where we listen.
    pub(crate) sites: Arc<[Site]>,
    /// The most connections that may be open at once.
    pub(crate) connections_max: usize,
    /// What was refused.
    pub(crate) tally: Arc<Tally>,
    /// The time.
    pub(crate) clock: Clock,
}

/// Accepts at the place number `site`. Dropped, it closes the place.
pub(crate) async fn accept(listener: Listener, site: usize, hall: Arc<Hall>) {
    let mut refusals = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = refusals.join_next() => continue,
        };
        let socket = match accepted {
            Ok(socket) => socket,
            // The caller went away while it waited.
            Err(err) if err.kind() == io::ErrorKind::ConnectionAborted => continue,
            Err(err) => {
                tracing::warn!(error = %err, "no connection could be accepted");
                hall.clock.sleep(PAUSE).await;
                continue;
            }
        };
        if let Some(refused) = hall.admit(socket, site)
            && refusals.len() < REFUSALS_MAX
        {
            let (clock, call_id) = (hall.clock.clone(), hall.call_id());
            refusals.spawn(refuse(refused, clock, call_id));
        }
    }
}

impl Hall {
    /// Hands a connection on, or back where there is no room for it.
    fn admit(&self, socket: Socket, site: usize) -> Option<Socket> {
        let open: usize = self.threads.iter().map(Thread::open).sum();
        if self.connections_max <= open {
            self.tally.refused(ErrorKind::Overloaded);
            return Some(socket);
        }
        let thread = self.threads.iter().min_by_key(|thread| thread.open())?;
        let listener = &self.sites.get(site)?.open;
        let presence = Presence::new(thread, listener);
        match socket.release() {
            Ok(socket) => thread.tell(Message::Serve(Arrival {
                socket,
                site,
                presence,
            })),
            Err(err) => tracing::warn!(error = %err, "a connection could not be handed on"),
        }
        None
    }

    fn call_id(&self) -> CallId {
        CallId::new(self.clock.wall(), fastrand::u128(..))
    }
}

/// Says that there is no room, and waits a little for the caller to have read it.
async fn refuse(mut socket: Socket, clock: Clock, call_id: CallId) {
    let error = Error::new(
        ErrorKind::Overloaded,
        "as many connections are open as are allowed",
    )
    .with_retry_after(Duration::from_secs(1));
    let answer = problem::message(&error, call_id);
    let farewell = async {
        socket.write_all(&answer).await?;
        socket.shutdown().await?;
        let mut space = [0; 1024];
        while socket.read(&mut space).await? > 0 {}
        io::Result::Ok(())
    };
    // Whether the caller was there to read it makes no difference.
    clock
        .limit(Some(clock.after(REFUSAL_TIME)), farewell)
        .await
        .ok();
}
