//! A window that several processes keep to together: its bucket is in Redis, and what is taken from
//! it is spent here.
//!
//! Tokens are taken many at a time, so that not every call asks Redis. Hence all processes together
//! may come to exceed a window by what each has taken and not spent, a lease: at most a quarter of a
//! second's worth, and no more than its share of a quarter of the bucket. What is not spent within a
//! second is worth nothing any more.
//!
//! While Redis is away, each process keeps to its part of the window by itself, in a bucket that holds
//! no more than its part of what was left in Redis when it was asked last. What goes meanwhile is told
//! Redis with the next lease and charged there before any is given: see [`debt`].

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use trunkline_limit::gcra::Bucket;
use trunkline_limit::{Nanos, Rate};
use trunkline_redis::{Lease, Redis, SharedRate, Standing};

use self::debt::{Debt, Fading};
use crate::config::Limit;

mod debt;

/// How long tokens that were taken may be spent.
const LEASE_FOR: Duration = Duration::from_secs(1);

/// A lease is at most what comes back in this time.
const LEASE_WORTH: Duration = Duration::from_millis(250);

/// How long each process goes by its part after a question that had no answer.
const PARTED_FOR: Duration = Duration::from_secs(1);

/// What goes without asking counts in full for this much longer than the bucket takes to refill: so
/// much apart processes may find that Redis is away, and that it is back.
const APART_MAX: Duration = Duration::from_secs(5);

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
    /// This process's part, for while Redis is away.
    part: Arc<Bucket>,
    lease: Mutex<Held>,
    /// What was spent of the part.
    debt: Arc<Mutex<Debt>>,
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
    /// `None` for a rate that Redis cannot count. What was spent of the one `before` it is owed still.
    pub(super) fn new(
        sharing: &Sharing,
        (bucket, limit): (&str, &Limit),
        part: &Arc<Bucket>,
        before: Option<&Self>,
    ) -> Option<Self> {
        let new_debt = || Arc::new(Mutex::new(Debt::new(sharing.redis.account())));
        let (capacity, refill, period) = limit.parts();
        Some(Self {
            sharing: sharing.clone(),
            bucket: bucket.as_bytes().to_vec(),
            rate: SharedRate::new(capacity, refill, period).ok()?,
            limit: limit.clone(),
            part: Arc::clone(part),
            lease: Mutex::default(),
            debt: before.map_or_else(new_debt, |before| Arc::clone(&before.debt)),
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
        let processes = self.processes();
        let (capacity, refill, period) = self.limit.parts();
        let part = NonZeroU32::new(capacity.get() / processes).unwrap_or(NonZeroU32::MIN);
        let slower = Rate::new(part, refill, period.saturating_mul(processes.get()));
        slower.unwrap_or(self.limit.rate)
    }

    fn processes(&self) -> NonZeroU32 {
        let processes = match self.sharing.redis.standing() {
            Standing::Up { sharing } => NonZeroU32::new(sharing),
            Standing::Away { sharing, .. } => sharing
                .and_then(NonZeroU32::new)
                .or(self.sharing.processes)
                .or(Some(PROCESSES)),
        };
        processes.unwrap_or(NonZeroU32::MIN)
    }

    /// Notes what went of the part, at its rate.
    pub(super) fn owe(&self, weight: NonZeroU32, part: &Rate, now: Nanos) {
        let fading = Fading {
            outage: self.sharing.redis.counts().times_away,
            after: self.limit.rate.refilled_in().saturating_add(APART_MAX),
            each: part.refilled_in() / part.capacity().max(1),
        };
        self.debt().spend(weight.get(), now, fading);
    }

    /// Notes that it did not go after all.
    pub(super) fn owe_less(&self, weight: NonZeroU32) {
        self.debt().unspend(weight.get());
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
        let told = self.debt().tell();
        let lease = Lease {
            bucket: &self.bucket,
            rate: self.rate,
            want: self.lease_size(),
            at_least: weight,
            apart: Some(told),
        };
        let leased = self.sharing.redis.lease(lease).await;
        if let Ok(leased) = &leased {
            self.debt().charged(told);
            self.lower_part(leased.left, now);
        }
        match leased {
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

    /// Leaves in the part no more than belongs to it of what is left in Redis.
    fn lower_part(&self, left: u32, now: Nanos) {
        let (part, ours) = (self.part(), left.div_ceil(self.processes().get()));
        let surplus = self.part.available(&part, now).saturating_sub(ours);
        if let Some(surplus) = NonZeroU32::new(surplus) {
            // If a call takes of it just now, there is less already.
            self.part.reserve(&part, now, surplus, Duration::ZERO);
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

    fn debt(&self) -> MutexGuard<'_, Debt> {
        self.debt.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.lease.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
