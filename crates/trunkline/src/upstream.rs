//! What is remembered of an upstream between calls: its health, its limits, and who waits for it.
//!
//! It outlives a reload of the settings, and all threads share it.

mod budget;
mod enter;
mod line;
mod permit;
mod lease;
mod view;
mod windows;

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use trunkline_connector::ConnectorName;
use trunkline_egress::{Clock, Origin};
use trunkline_limit::Nanos;
use trunkline_limit::breaker::{self, Breaker};
use trunkline_limit::concurrency::{self, Concurrency};
use trunkline_limit::keys::{Forgettable, Found, Keys};
use trunkline_limit::learned::{Amounts, Learned, Sent, Told};

pub(crate) use budget::RetryBudget;
pub(crate) use enter::{Attempt, Cause, Refused};
pub(crate) use lease::Sharing;
pub(crate) use permit::{Permit, Reach};
pub use view::{BreakerView, LaneView, LeftView, UpstreamView, WindowView};
pub(crate) use windows::Windows;

use line::Line;

/// So many scopes of an upstream's own limits are told apart; what comes beyond shares one.
const LANES_MAX: usize = 4096;

/// No word of an upstream holds for everything for longer; then it is asked again.
const HOLD_MAX: Duration = Duration::from_hours(1);

/// What is remembered of an upstream between calls.
#[derive(Debug)]
pub(crate) struct Upstream {
    pub(crate) connector: ConnectorName,
    clock: Clock,
    start: Instant,
    pub(crate) budget: RetryBudget,
    pub(crate) concurrency: Concurrency,
    /// Told when somebody leaves a seat for which others wait.
    room: Notify,
    /// Told when the settings have changed.
    changed: Notify,
    /// How often they have.
    changes: AtomicU64,
    /// Those who wait for a seat.
    seekers: AtomicU32,
    /// For calls that no narrower scope is known of.
    common: Arc<Lane>,
    lanes: Keys<String, Lane>,
    breakers: Mutex<Vec<(Origin, Arc<Breaker>)>>,
    /// Whose limits a request falls under, as answers to such requests said.
    buckets: Keys<String, BucketName>,
    /// Nothing goes before then, in nanoseconds: the upstream said so of everything.
    held_until: AtomicU64,
    counts: Counts,
}

/// Calls that one limit of the upstream's concerns, and those of them that wait.
#[derive(Debug, Default)]
pub(crate) struct Lane {
    line: Line,
    learned: Learned,
}

impl Lane {
    /// Learns what was told to a call that was sent then, and that was not counted here.
    pub(crate) fn learn(&self, at: Nanos, now: Nanos, told: &[Told]) {
        let amounts = Amounts::default();
        self.learned.answered(now, &Sent { amounts, at }, told);
    }
}

/// Whose limits a kind of request falls under; empty where nothing is known.
#[derive(Debug, Default)]
struct BucketName(Mutex<String>);

impl BucketName {
    fn name(&self) -> MutexGuard<'_, String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Forgettable for BucketName {
    /// The next answer tells it again.
    fn is_idle(&self, _: Nanos) -> bool {
        true
    }
}

/// What has been counted, over all threads.
#[derive(Debug, Default)]
struct Counts {
    waited: AtomicU64,
    refused: AtomicU64,
    suspended: AtomicU64,
}

impl Counts {
    fn refuse(&self, refused: &Refused) {
        let count = match refused {
            Refused::Suspended { .. } => &self.suspended,
            Refused::Changed => return,
            Refused::TooLate { .. } | Refused::TooMany { .. } => &self.refused,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }
}

/// How fast one operation's attempts may follow each other.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pacing {
    /// The connector's windows, then the operation's own.
    pub(crate) windows: Windows,
    /// How many of the windows are the connector's.
    pub(crate) common: usize,
    pub(crate) bounds: concurrency::Bounds,
    /// When it is left alone; `None`: never.
    pub(crate) breaking: Option<breaker::Policy>,
    /// Which of the upstream's words hold its attempts.
    pub(crate) heeds: Heeds,
    /// The lane of an operation with windows of its own: whoever waits for those waits apart.
    pub(crate) scope: Option<String>,
}

/// Which of an upstream's words hold further attempts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Heeds {
    /// None.
    #[default]
    Nothing,
    /// Refusals that say for how long: nobody has declared whose limits they are of.
    Refusals,
    /// All that its answers tell of limits, as its connector declares it.
    Limits,
}

/// How often the settings had changed at some moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Changes(u64);

/// How long a call waits for its turn where nothing else is said.
const WAIT_MAX: Duration = Duration::from_secs(30);

impl Pacing {
    pub(crate) fn wait_max(&self) -> Duration {
        self.windows.wait_max().unwrap_or(WAIT_MAX)
    }
}

impl Upstream {
    pub(crate) fn new(connector: ConnectorName, clock: &Clock) -> Self {
        let start = clock.now();
        Self {
            connector,
            clock: clock.clone(),
            start,
            budget: RetryBudget::new(start),
            concurrency: Concurrency::default(),
            room: Notify::new(),
            changed: Notify::new(),
            changes: AtomicU64::new(0),
            seekers: AtomicU32::new(0),
            common: Arc::default(),
            lanes: Keys::new(LANES_MAX),
            breakers: Mutex::default(),
            buckets: Keys::new(LANES_MAX),
            held_until: AtomicU64::new(0),
            counts: Counts::default(),
        }
    }

    /// The breaker of one of its hosts. Those of hosts that nobody calls any more are forgotten.
    pub(crate) fn breaker(&self, origin: &Origin) -> Arc<Breaker> {
        let mut breakers = self.breakers();
        if let Some((_, known)) = breakers.iter().find(|(known, _)| known == origin) {
            return Arc::clone(known);
        }
        breakers.retain(|(_, breaker)| 1 < Arc::strong_count(breaker));
        let breaker = Arc::<Breaker>::default();
        breakers.push((origin.clone(), Arc::clone(&breaker)));
        breaker
    }

    fn breakers(&self) -> MutexGuard<'_, Vec<(Origin, Arc<Breaker>)>> {
        self.breakers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The lane of a scope; of none, the common one.
    pub(crate) fn lane(&self, scope: Option<&str>) -> Arc<Lane> {
        match scope {
            None => Arc::clone(&self.common),
            Some(scope) => self.lanes.find(scope, self.now()).into_state(),
        }
    }

    /// Has all who wait look anew: there are other settings by now.
    pub(crate) fn tell_changed(&self) {
        // First, so that whoever is not woken sees it.
        self.changes.fetch_add(1, Ordering::SeqCst);
        self.changed.notify_waiters();
    }

    /// How often the settings have changed. Whoever takes this first and looks at them then has at
    /// least those of this many changes.
    pub(crate) fn changes(&self) -> Changes {
        Changes(self.changes.load(Ordering::SeqCst))
    }

    /// The bucket that answers to such requests named.
    pub(crate) fn bucket_of(&self, route: &str) -> Option<String> {
        let known = self.buckets.find(route, self.now()).into_state();
        Some(known.name().clone()).filter(|name| !name.is_empty())
    }

    /// An answer to such a request named this bucket.
    pub(crate) fn note_bucket(&self, route: &str, bucket: String) {
        let known = self.buckets.find(route, self.now());
        // Of routes for which there is no room, nothing is remembered.
        if let Found::Own(known) = known {
            *known.name() = bucket;
        }
    }

    /// Lets nothing go before then.
    pub(crate) fn hold(&self, now: Nanos, until: Nanos) {
        let until = until.min(now.plus(HOLD_MAX));
        self.held_until
            .fetch_max(until.as_nanos(), Ordering::Relaxed);
    }

    /// Before then nothing goes.
    fn held_until(&self) -> Nanos {
        Nanos::from_nanos(self.held_until.load(Ordering::Relaxed))
    }

    pub(crate) fn now(&self) -> Nanos {
        self.at(self.clock.now())
    }

    /// A moment as limits count it.
    pub(crate) fn at(&self, moment: Instant) -> Nanos {
        Nanos::since_start(moment.saturating_duration_since(self.start))
    }

    /// A moment as clocks count it.
    fn instant(&self, moment: Nanos) -> Instant {
        self.start + Duration::from_nanos(moment.as_nanos())
    }
}

impl Forgettable for Lane {
    fn is_idle(&self, now: Nanos) -> bool {
        !self.line.is_busy() && self.learned.is_idle(now)
    }
}
