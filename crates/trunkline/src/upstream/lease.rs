//! A window that several processes keep to together: its bucket is in Redis, and what is taken from
//! it is spent here.
//!
//! Tokens are taken many at a time, so that not every call asks Redis. Hence all processes together
//! may come to exceed a window by what each has taken and not spent, a lease: at most a quarter of a
//! second's worth, and no more than its share of a quarter of the bucket. What is not spent within a
//! second is worth nothing any more.
//!
//! While Redis is away, each process keeps to its part of the window by itself, in a bucket that was
//! charged all along, so that it is not full just then.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use trunkline_limit::{Nanos, Rate};
use trunkline_redis::{Lease, Redis, SharedRate, Standing};

use crate::config::Limit;

/// How long tokens that were taken may be spent.
const LEASE_FOR: Duration = Duration::from_secs(1);

/// A lease is at most what comes back in this time.
const LEASE_WORTH: Duration = Duration::from_millis(250);

/// How long each process goes by its part after a question that had no answer.
const PARTED_FOR: Duration = Duration::from_secs(1);

/// How many processes there are thought to be where nobody knows.
const PROCESSES: NonZeroU32 = NonZeroU32::new(2).unwrap();

/// How Redis is shared.
#[derive(Debug, Clone)]
pub(crate) struct Sharing {
    pub(crate) redis: Redis,
    /// How many processes there are, for while Redis does not tell.
    pub(crate) processes: Option<NonZeroU32>,
}

/// A window that several processes keep to together.
#[derive(Debug)]
pub(super) struct SharedWindow {
    sharing: Sharing,
    /// The bucket's name, the same in every process.
    bucket: Vec<u8>,
    rate: SharedRate,
    limit: Limit,
    lease: Mutex<Held>,
    /// Redis is not asked before then, in nanoseconds.
    parted_until: AtomicU64,
}

/// What was taken and not spent.
#[derive(Debug, Default)]
struct Held {
    tokens: u32,
    until: Nanos,
}

/// What came of asking for more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// There are some now.
    More,
    /// There are none for so long.
    After(Duration),
    /// Redis is away.
    Away,
}

impl SharedWindow {
    /// `None` for a rate that Redis cannot count.
    pub(super) fn new(sharing: &Sharing, bucket: &str, limit: &Limit) -> Option<Self> {
        let (capacity, refill, period) = limit.parts();
        Some(Self {
            sharing: sharing.clone(),
            bucket: bucket.as_bytes().to_vec(),
            rate: SharedRate::new(capacity, refill, period).ok()?,
            limit: limit.clone(),
            lease: Mutex::default(),
            parted_until: AtomicU64::new(0),
        })
    }

    /// Whether Redis is asked just now.
    pub(super) fn is_up(&self, now: Nanos) -> bool {
        let parted_until = Nanos::from_nanos(self.parted_until.load(Ordering::Relaxed));
        parted_until <= now && matches!(self.sharing.redis.standing(), Standing::Up { .. })
    }

    /// Redis is there and does not answer for this window: it is left alone for a moment.
    pub(super) fn part_ways(&self, now: Nanos) {
        let until = now.plus(PARTED_FOR).as_nanos();
        self.parted_until.store(until, Ordering::Relaxed);
        tracing::warn!(
            limit = %self.limit.name,
            "Redis gives no answer for a limit; each process keeps to its part of it for a moment"
        );
    }

    /// This process's part of the window, for while Redis is away.
    pub(super) fn part(&self) -> Rate {
        let processes = match self.sharing.redis.standing() {
            Standing::Up { sharing } => NonZeroU32::new(sharing),
            Standing::Away { sharing, .. } => sharing
                .and_then(NonZeroU32::new)
                .or(self.sharing.processes)
                .or(Some(PROCESSES)),
        };
        let processes = processes.unwrap_or(NonZeroU32::MIN);
        let (capacity, refill, period) = self.limit.parts();
        let part = NonZeroU32::new(capacity.get() / processes).unwrap_or(NonZeroU32::MIN);
        let slower = Rate::new(part, refill, period.saturating_mul(processes.get()));
        slower.unwrap_or(self.limit.rate)
    }

    fn has(&self, weight: NonZeroU32, now: Nanos) -> bool {
        let held = self.held();
        now < held.until && weight.get() <= held.tokens
    }

    /// Spends what was taken, if there is enough of it.
    pub(super) fn spend(&self, weight: NonZeroU32, now: Nanos) -> bool {
        let mut held = self.held();
        if held.until <= now || held.tokens < weight.get() {
            return false;
        }
        held.tokens -= weight.get();
        true
    }

    /// Puts back what was spent in vain at that moment, while it is still worth something: a crowd
    /// that finds no connection must not come back all at once.
    pub(super) fn unspend(&self, weight: NonZeroU32, now: Nanos, spent: Nanos) {
        let mut held = self.held();
        if now < held.until.min(spent.plus(LEASE_FOR)) {
            held.tokens = held.tokens.saturating_add(weight.get());
        }
    }

    /// Takes more, for a call of this weight and those behind it, if there is too little.
    pub(super) async fn more(&self, weight: NonZeroU32, now: Nanos) -> Asked {
        if self.has(weight, now) {
            return Asked::More;
        }
        let lease = Lease {
            bucket: &self.bucket,
            rate: self.rate,
            want: self.lease_size(),
            at_least: weight,
        };
        match self.sharing.redis.lease(lease).await {
            Ok(leased) if leased.granted != 0 => {
                let mut held = self.held();
                if held.until <= now {
                    held.tokens = 0;
                }
                held.tokens = held.tokens.saturating_add(leased.granted);
                held.until = now.plus(LEASE_FOR);
                Asked::More
            }
            Ok(leased) => Asked::After(leased.retry_after),
            Err(_) => {
                if self.is_up(now) {
                    self.part_ways(now);
                }
                Asked::Away
            }
        }
    }

    /// How many tokens are taken at once.
    fn lease_size(&self) -> u32 {
        let sharing = match self.sharing.redis.standing() {
            Standing::Up { sharing } => sharing.max(1),
            Standing::Away { .. } => return 1,
        };
        let (capacity, refill, period) = self.limit.parts();
        let worth = u128::from(refill.get()) * LEASE_WORTH.as_nanos() / period.as_nanos().max(1);
        let share = capacity.get() / 4 / sharing;
        u32::try_from(worth).unwrap_or(u32::MAX).min(share).max(1)
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.lease.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
