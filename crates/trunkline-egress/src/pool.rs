//! Open connections, kept for the next request to the same origin.
//!
//! Each gateway thread has a pool of its own, so the one lock here is never contended there; it
//! is a lock at all so that the same code serves any runtime. It is held for a look-up in a map
//! keyed by a ready-made hash, and never over an `await`.
//!
//! HTTP/1.1 connections lie in a stack per origin: the one used last is the one most surely
//! alive, and those at the bottom age and are closed. HTTP/2 connections are shared; another is
//! opened when all are full, by one call while the others wait for it.

mod alarm;

use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use futures_util::future;
use rustc_hash::FxBuildHasher;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinSet;

use self::alarm::{Alarm, Bell};
use crate::clock::{self, Clock};
use crate::connection::{Http1, Http2, Stream};
use crate::origin::Origin;

/// How long an unused connection is kept. Most servers close after 60 s or more, and a connection
/// that we close first cannot be closed under a request.
pub(crate) const IDLE_MAX: Duration = Duration::from_secs(55);

/// How many unused connections are kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) idle_per_origin_max: usize,
    pub(crate) idle_max: usize,
}

/// How often aged connections are looked for.
const SWEEP_EVERY: Duration = Duration::from_secs(15);

/// The connections of one thread, or of one application.
pub(crate) struct Pool {
    clock: Clock,
    bounds: Bounds,
    alarm: Alarm,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    slots: HashMap<Origin, Slot, FxBuildHasher>,
    /// Unused connections in all slots.
    idle_count: usize,
    /// Closes aged connections; runs only while there are any.
    reaper: JoinSet<()>,
    is_reaping: bool,
}

/// What is open to one origin.
#[derive(Default)]
struct Slot {
    /// Unused, the most recently used last.
    #[expect(
        clippy::vec_box,
        reason = "a connection moves often, so only its pointer does"
    )]
    idle: Vec<Box<Http1>>,
    shared: Vec<Arc<Http2>>,
    /// Resolves when the HTTP/2 connection that is being opened is there; with an error when it
    /// could not be opened.
    opening: Option<watch::Receiver<bool>>,
    speaks_http2: bool,
}

/// A connection to send one request on.
pub(crate) enum Taken {
    Http1(Box<Http1>),
    Http2(Stream),
}

/// What to do where no connection is free.
pub(crate) enum Turn {
    /// One came free after all.
    Taken(Taken),
    /// Open one; others may be waiting for it.
    Open(Option<Opening>),
    /// Wait for the one that is being opened.
    Wait(watch::Receiver<bool>),
}

/// The one call that opens an HTTP/2 connection for many; dropping it lets the others try.
pub(crate) struct Opening {
    sender: watch::Sender<bool>,
}

impl Pool {
    pub(crate) fn new(clock: Clock) -> Arc<Pool> {
        Pool::bounded(clock, Bounds::default())
    }

    pub(crate) fn bounded(clock: Clock, bounds: Bounds) -> Arc<Pool> {
        Arc::new(Pool {
            clock,
            bounds,
            alarm: Alarm::default(),
            state: Mutex::default(),
        })
    }

    /// Takes a connection that is free and, as far as one can know, alive.
    pub(crate) fn take(&self, origin: &Origin, now: Instant) -> Option<Taken> {
        self.lock().take(&self.alarm, origin, now)
    }

    /// As [`Pool::take`]; where there is none, says whether to open one or to wait for another
    /// call that is at it.
    pub(crate) fn take_or_open(&self, origin: &Origin, now: Instant) -> Turn {
        let mut state = self.lock();
        if let Some(taken) = state.take(&self.alarm, origin, now) {
            return Turn::Taken(taken);
        }
        let Some(slot) = state.slots.get_mut(origin) else {
            return Turn::Open(None);
        };
        // Only for HTTP/2 does it pay to wait for somebody else's connection.
        if !slot.speaks_http2 {
            return Turn::Open(None);
        }
        // A closed channel is an opener that gave up.
        if let Some(opening) = &slot.opening
            && opening.has_changed().is_ok()
        {
            return Turn::Wait(opening.clone());
        }
        let (sender, receiver) = watch::channel(false);
        slot.opening = Some(receiver);
        Turn::Open(Some(Opening { sender }))
    }

    /// Keeps a connection whose exchange is over.
    pub(crate) fn put(self: &Arc<Pool>, origin: &Origin, mut connection: Box<Http1>) {
        connection.timer.rest();
        connection.exchange.rest();
        connection.is_reused = true;
        if !self.alarm.is_quiet(&mut connection) {
            return;
        }
        let mut guard = self.lock();
        let state = &mut *guard;
        let slot = match state.slots.get_mut(origin) {
            Some(slot) => slot,
            None => state.slots.entry(origin.clone()).or_default(),
        };
        slot.speaks_http2 = false;
        let has_room = slot.idle.len() < self.bounds.idle_per_origin_max
            && state.idle_count < self.bounds.idle_max;
        if has_room {
            slot.idle.push(connection);
            state.idle_count += 1;
        }
        self.reap(state);
    }

    /// Shares a new HTTP/2 connection, and takes the first place on it.
    pub(crate) fn share(
        self: &Arc<Pool>,
        origin: &Origin,
        connection: Arc<Http2>,
        opening: Option<Opening>,
    ) -> Option<Stream> {
        let stream = connection.join();
        let mut state = self.lock();
        let slot = state.slots.entry(origin.clone()).or_default();
        slot.speaks_http2 = true;
        slot.shared.push(connection);
        if let Some(opening) = opening {
            slot.opening = None;
            opening.sender.send_replace(true);
        }
        self.reap(&mut state);
        stream
    }

    /// Gives out no more places on a connection; it ends with the last of its streams.
    pub(crate) fn retire(&self, origin: &Origin, connection: &Arc<Http2>) {
        if let Some(slot) = self.lock().slots.get_mut(origin) {
            slot.shared
                .retain(|shared| !Arc::ptr_eq(shared, connection));
        }
    }

    /// Starts the reaper if it is not running.
    fn reap(self: &Arc<Pool>, state: &mut State) {
        if state.is_reaping {
            return;
        }
        // Outside of a runtime there is nobody to run it; the next connection starts it.
        let Ok(runtime) = Handle::try_current() else {
            return;
        };
        state.is_reaping = true;
        while state.reaper.try_join_next().is_some() {}
        let reaper = Reaper {
            pool: Arc::downgrade(self),
            bell: self.alarm.bell(),
            is_done: false,
        };
        state
            .reaper
            .spawn_on(reaper.run(self.clock.clone()), &runtime);
    }

    /// Closes what is dead or aged; says whether anything is left.
    fn sweep(&self, now: Instant) -> Left {
        let mut state = self.lock();
        state.slots.retain(|_, slot| slot.sweep(&self.alarm, now));
        state.idle_count = state.slots.values().map(|slot| slot.idle.len()).sum();
        if state.slots.is_empty() {
            state.is_reaping = false;
            return Left::Nothing;
        }
        Left::Something
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Bounds {
    fn default() -> Bounds {
        Bounds {
            idle_per_origin_max: 256,
            idle_max: 1024,
        }
    }
}

impl State {
    fn take(&mut self, alarm: &Alarm, origin: &Origin, now: Instant) -> Option<Taken> {
        let slot = self.slots.get_mut(origin)?;
        let before = slot.idle.len();
        let taken = slot.take(alarm, now);
        self.idle_count -= before - slot.idle.len();
        taken
    }
}

enum Left {
    Nothing,
    Something,
}

/// Closes aged connections from time to time, and dead ones at once, as long as there are any.
struct Reaper {
    pool: Weak<Pool>,
    bell: Arc<Bell>,
    is_done: bool,
}

impl Reaper {
    async fn run(mut self, clock: Clock) {
        loop {
            let next = clock::later(clock.now(), SWEEP_EVERY);
            let sleep = clock.sleep_in_background_until(next);
            future::select(sleep, pin!(self.bell.rung())).await;
            let Some(pool) = self.pool.upgrade() else {
                return;
            };
            match pool.sweep(clock.now()) {
                Left::Nothing => {
                    self.is_done = true;
                    return;
                }
                Left::Something => {}
            }
        }
    }
}

impl Drop for Reaper {
    fn drop(&mut self) {
        // Stopped from outside, with its runtime: the next connection starts another.
        if !self.is_done
            && let Some(pool) = self.pool.upgrade()
        {
            pool.lock().is_reaping = false;
        }
    }
}

impl Slot {
    fn take(&mut self, alarm: &Alarm, now: Instant) -> Option<Taken> {
        self.shared.retain(|shared| !shared.is_closed());
        if let Some(stream) = self.shared.iter().find_map(Http2::join) {
            return Some(Taken::Http2(stream));
        }
        while let Some(mut connection) = self.idle.pop() {
            if !has_aged(connection.last_seen, now) && alarm.is_quiet(&mut connection) {
                return Some(Taken::Http1(connection));
            }
        }
        None
    }

    fn sweep(&mut self, alarm: &Alarm, now: Instant) -> bool {
        self.idle.retain_mut(|connection| {
            !has_aged(connection.last_seen, now) && alarm.is_quiet(connection)
        });
        self.shared.retain(|connection| {
            let has_aged = connection
                .idle_since()
                .is_some_and(|since| has_aged(since, now));
            !connection.is_closed() && !has_aged
        });
        let is_opening = self
            .opening
            .as_ref()
            .is_some_and(|opening| opening.has_changed().is_ok());
        is_opening || !self.idle.is_empty() || !self.shared.is_empty()
    }
}

fn has_aged(last_seen: Instant, now: Instant) -> bool {
    IDLE_MAX < now.saturating_duration_since(last_seen)
}
