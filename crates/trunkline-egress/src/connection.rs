//! An open HTTP connection. HTTP/2 has tasks that drive it: they end when it is dropped.

use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use hyper::client::conn::http2;
use hyper::rt::{Executor, Timer};
use hyper_util::rt::TokioIo;
use tokio::task::JoinSet;

use crate::body::Outgoing;
use crate::clock::{Clock, Sleep};
use crate::http1::Exchange;
use crate::transport::Transport;

/// The head of an answer over HTTP/2, at most.
const HEAD_BYTES_MAX: u32 = 64 * 1024;

/// What an upstream may send ahead on one stream, and on all of a connection together. The second
/// is much more than the first, or a few callers who read slowly would hold up all the others.
const STREAM_WINDOW: u32 = 1024 * 1024;
const CONNECTION_WINDOW: u32 = 16 * 1024 * 1024;

/// What is buffered of one upload.
const SEND_BUFFER_MAX: usize = 128 * 1024;

/// How often an HTTP/2 connection with open streams is asked whether it is still there, and how
/// long it may take to answer. A connection that silently died would otherwise hold its streams
/// until each one's own limit.
const PING_EVERY: Duration = Duration::from_secs(30);
const PING_ANSWER_WITHIN: Duration = Duration::from_secs(15);

/// A connection that carries one exchange at a time. Whoever holds it drives it; dropping it
/// closes it at once.
pub(crate) struct Http1 {
    pub(crate) exchange: Exchange,
    /// The limit that is running, if any; lives here so that a call need not register a timer.
    pub(crate) timer: Sleep,
    /// When the connection was last known to be alive.
    pub(crate) last_seen: Instant,
    /// Whether it has served a request before.
    pub(crate) is_reused: bool,
}

/// A connection that carries many exchanges at once.
pub(crate) struct Http2 {
    sender: http2::SendRequest<Outgoing>,
    driven: Driven,
    streams: AtomicUsize,
    /// As many as the upstream allowed when last asked.
    streams_max: AtomicUsize,
    is_used: AtomicBool,
    last_used: Mutex<Instant>,
    /// Limits of streams that have ended, for the next ones.
    timers: Mutex<Vec<Sleep>>,
    clock: Clock,
    /// Every task of the connection, uploads included; dropped with it.
    _tasks: Arc<Mutex<JoinSet<()>>>,
}

/// hyper's side of the connection, until it has ended. Its driver and the pool share it.
type Driven = Arc<Mutex<Option<http2::Connection<TokioIo<Transport>, Outgoing, Tasks>>>>;

/// A place on an HTTP/2 connection; gives it back when dropped.
pub(crate) struct Stream {
    connection: Arc<Http2>,
    timer: Option<Sleep>,
    is_reused: bool,
}

impl Http1 {
    /// Takes a fresh stream for HTTP/1.1, which begins without a word.
    pub(crate) fn new(transport: Transport, clock: &Clock) -> Box<Http1> {
        let now = clock.now();
        Box::new(Http1 {
            exchange: Exchange::new(transport),
            timer: clock.sleep_until(now),
            last_seen: now,
            is_reused: false,
        })
    }
}

impl Http2 {
    /// Begins HTTP/2 on a fresh stream.
    pub(crate) async fn open(transport: Transport, clock: &Clock) -> hyper::Result<Arc<Http2>> {
        let tasks = Arc::new(Mutex::new(JoinSet::new()));
        let (sender, connection) = http2::Builder::new(Tasks(Arc::downgrade(&tasks)))
            .timer(BackgroundTimer(clock.clone()))
            .keep_alive_interval(PING_EVERY)
            .keep_alive_timeout(PING_ANSWER_WITHIN)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_send_buf_size(SEND_BUFFER_MAX)
            .max_header_list_size(HEAD_BYTES_MAX)
            .handshake(TokioIo::new(transport))
            .await?;
        let streams_max = AtomicUsize::new(connection.current_max_send_streams());
        let driven: Driven = Arc::new(Mutex::new(Some(connection)));
        lock(&tasks).spawn(Driver(Arc::clone(&driven)));
        Ok(Arc::new(Http2 {
            sender,
            driven,
            streams: AtomicUsize::new(0),
            streams_max,
            is_used: AtomicBool::new(false),
            last_used: Mutex::new(clock.now()),
            timers: Mutex::default(),
            clock: clock.clone(),
            _tasks: tasks,
        }))
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }

    /// Takes a place if the upstream allows another stream. Called under the pool's lock.
    pub(crate) fn join(self: &Arc<Http2>) -> Option<Stream> {
        let streams = self.streams.load(Ordering::Acquire);
        if self.is_closed() || self.streams_max() <= streams {
            return None;
        }
        self.streams.fetch_add(1, Ordering::AcqRel);
        let timer = lock(&self.timers).pop();
        Some(Stream {
            connection: Arc::clone(self),
            timer,
            is_reused: false,
        })
    }

    fn streams_max(&self) -> usize {
        // Never waits: the driver may hold this lock while it drops a body that, in the end,
        // wants the pool's.
        if let Ok(driven) = self.driven.try_lock()
            && let Some(connection) = &*driven
        {
            let allowed = connection.current_max_send_streams();
            self.streams_max.store(allowed, Ordering::Release);
        }
        self.streams_max.load(Ordering::Acquire)
    }

    /// Since when no stream has been open; `None` while one is.
    pub(crate) fn idle_since(&self) -> Option<Instant> {
        let is_idle = self.streams.load(Ordering::Acquire) == 0;
        is_idle.then(|| *lock(&self.last_used))
    }
}

impl Stream {
    /// A handle of its own, since sending wants one mutably.
    pub(crate) fn sender(&self) -> http2::SendRequest<Outgoing> {
        self.connection.sender.clone()
    }

    /// A request is about to be sent.
    pub(crate) fn note_use(&mut self) {
        self.is_reused = self.connection.is_used.swap(true, Ordering::AcqRel);
    }

    /// Whether the connection had been used before this request.
    pub(crate) fn is_reused(&self) -> bool {
        self.is_reused
    }

    pub(crate) fn connection(&self) -> &Arc<Http2> {
        &self.connection
    }

    pub(crate) fn timer(&mut self) -> &mut Sleep {
        let clock = &self.connection.clock;
        self.timer
            .get_or_insert_with(|| clock.sleep_until(clock.now()))
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        *lock(&self.connection.last_used) = self.connection.clock.now();
        if let Some(mut timer) = self.timer.take() {
            timer.rest();
            lock(&self.connection.timers).push(timer);
        }
        self.connection.streams.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Drives an HTTP/2 connection, locked for each poll, and lets go of it in the end: requests that
/// still wait in it are then handed back.
struct Driver(Driven);

impl Future for Driver {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut driven = lock(&self.0);
        let Some(connection) = &mut *driven else {
            return Poll::Ready(());
        };
        if let Err(err) = ready!(Pin::new(connection).poll(cx)) {
            tracing::trace!(error = %err, "a connection ended");
        }
        let ended = driven.take();
        // Not under the lock: what is dropped may want the pool's.
        drop(driven);
        drop(ended);
        Poll::Ready(())
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        // Stopped from outside, with its runtime.
        let ended = lock(&self.0).take();
        drop(ended);
    }
}

/// Starts the tasks that hyper asks for, as long as the connection they are for is there.
#[derive(Clone)]
struct Tasks(Weak<Mutex<JoinSet<()>>>);

impl<F> Executor<F> for Tasks
where
    F: Future<Output = ()> + Send + 'static,
{
    fn execute(&self, future: F) {
        // Without the connection there is nothing left to do: the future is dropped.
        if let Some(tasks) = self.0.upgrade() {
            let mut tasks = lock(&tasks);
            while tasks.try_join_next().is_some() {}
            tasks.spawn(future);
        }
    }
}

/// Our clock for hyper's pings.
struct BackgroundTimer(Clock);

struct BackgroundSleep(Sleep);

impl Timer for BackgroundTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn hyper::rt::Sleep>> {
        self.sleep_until(self.0.after(duration))
    }

    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn hyper::rt::Sleep>> {
        Box::pin(BackgroundSleep(self.0.sleep_in_background_until(deadline)))
    }

    fn now(&self) -> Instant {
        self.0.now()
    }

    fn reset(&self, sleep: &mut Pin<Box<dyn hyper::rt::Sleep>>, deadline: Instant) {
        if let Some(mut sleep) = sleep.as_mut().downcast_mut_pin::<BackgroundSleep>() {
            sleep.0.reset(deadline);
        }
    }
}

impl Future for BackgroundSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(cx)
    }
}

impl hyper::rt::Sleep for BackgroundSleep {}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Http1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http1")
            .field("last_seen", &self.last_seen)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Http2 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http2")
            .field("streams", &self.streams)
            .finish_non_exhaustive()
    }
}
