//! A clock for tests: it stands still until it is moved, and says who waits for it.

use std::collections::BTreeMap;
use std::fmt;
use std::future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant, SystemTime};

/// Moves the [`Clock`](super::Clock) that was made with it.
#[derive(Clone, Debug)]
pub struct ManualClock(Timeline);

impl ManualClock {
    pub(super) fn new(timeline: Timeline) -> ManualClock {
        ManualClock(timeline)
    }

    /// Moves time on, and wakes everyone whose deadline has come.
    pub fn advance(&self, duration: Duration) {
        let woken = {
            let mut state = self.0.lock();
            state.now = super::later(state.now, duration);
            state.wall = state.wall.checked_add(duration).unwrap_or(state.wall);
            let now = state.now;
            let mut woken = Vec::new();
            while let Some(entry) = state.sleepers.first_entry() {
                if now < entry.key().0 {
                    break;
                }
                woken.push(entry.remove().waker);
            }
            woken
        };
        for waker in woken {
            waker.wake();
        }
    }

    /// Resolves when somebody sleeps: the time until the earliest of their deadlines.
    pub async fn sleeping(&self) -> Duration {
        self.sleeping_within(Duration::MAX).await
    }

    /// Resolves when somebody sleeps who is to be woken within `longest`: the time until then.
    ///
    /// Longer limits that merely stand by, such as an idle limit, are then not mistaken for the
    /// wait that a test is about.
    pub async fn sleeping_within(&self, longest: Duration) -> Duration {
        future::poll_fn(|cx| {
            let mut state = self.0.lock();
            let now = state.now;
            let earliest = state
                .sleepers
                .iter()
                .find(|(_, sleeping)| sleeping.audience == Audience::Foreground)
                .map(|((deadline, _), _)| deadline.saturating_duration_since(now));
            match earliest {
                Some(wait) if wait <= longest => Poll::Ready(wait),
                Some(_) | None => {
                    state.watchers.push(cx.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }
}

/// Who a sleep is for: one that a test waits for, or housekeeping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Audience {
    Foreground,
    Background,
}

/// The time that a manual clock and its sleepers share.
#[derive(Clone)]
pub(super) struct Timeline(Arc<Mutex<State>>);

struct State {
    now: Instant,
    wall: SystemTime,
    /// By deadline, then by sleeper.
    sleepers: BTreeMap<(Instant, u64), Sleeping>,
    sleepers_made: u64,
    /// Tests that wait for somebody to sleep.
    watchers: Vec<Waker>,
}

struct Sleeping {
    waker: Waker,
    audience: Audience,
}

impl Timeline {
    #[expect(
        clippy::disallowed_methods,
        reason = "an `Instant` can only be had from the machine"
    )]
    pub(super) fn new() -> Timeline {
        Timeline(Arc::new(Mutex::new(State {
            now: Instant::now(),
            // A round date in 2026, so that a test's expectations can be read.
            wall: SystemTime::UNIX_EPOCH + Duration::from_secs(1_780_000_000),
            sleepers: BTreeMap::new(),
            sleepers_made: 0,
            watchers: Vec::new(),
        })))
    }

    pub(super) fn now(&self) -> Instant {
        self.lock().now
    }

    pub(super) fn wall(&self) -> SystemTime {
        self.lock().wall
    }

    pub(super) fn sleeper(&self, audience: Audience) -> Sleeper {
        let mut state = self.lock();
        state.sleepers_made += 1;
        Sleeper {
            timeline: self.clone(),
            id: state.sleepers_made,
            audience,
            registered: None,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Timeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timeline").finish_non_exhaustive()
    }
}

/// One sleep on a manual clock.
pub(super) struct Sleeper {
    timeline: Timeline,
    id: u64,
    audience: Audience,
    registered: Option<Instant>,
}

impl Sleeper {
    pub(super) fn poll(&mut self, deadline: Instant, cx: &mut Context<'_>) -> Poll<()> {
        self.forget();
        let watchers = {
            let mut state = self.timeline.lock();
            if deadline <= state.now {
                return Poll::Ready(());
            }
            let sleeping = Sleeping {
                waker: cx.waker().clone(),
                audience: self.audience,
            };
            state.sleepers.insert((deadline, self.id), sleeping);
            std::mem::take(&mut state.watchers)
        };
        self.registered = Some(deadline);
        for watcher in watchers {
            watcher.wake();
        }
        Poll::Pending
    }

    pub(super) fn forget(&mut self) {
        if let Some(deadline) = self.registered.take() {
            self.timeline.lock().sleepers.remove(&(deadline, self.id));
        }
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        self.forget();
    }
}
