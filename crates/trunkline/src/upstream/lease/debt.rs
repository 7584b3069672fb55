//! What this process has spent of a shared window by itself, and has yet to tell Redis.
//!
//! The bucket in Redis refills while nobody asks it. If what goes meanwhile were not charged to it, a
//! Redis that comes and goes would hand out each time what had gone already.
//!
//! Of an outage that is longer than the bucket takes to refill, only the last counts: then the bucket
//! is full but for what is owed, and what is owed comes back as the process's part of it does.

use std::time::Duration;

use trunkline_limit::Nanos;
use trunkline_redis::{Account, Apart};

/// What was spent, in tokens from the beginning.
#[derive(Debug)]
pub(super) struct Debt {
    account: Account,
    spent: u64,
    /// As much of it is charged, or has come back by itself.
    charged: u64,
    /// As much of it Redis may know of.
    told: u64,
    /// When the next token comes back by itself.
    fades_at: Nanos,
    /// In which outage the last was spent.
    outage: u64,
}

/// How what is owed comes back by itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fading {
    /// Which outage this is.
    pub(super) outage: u64,
    /// How long nothing does: no less than the bucket in Redis takes to refill.
    pub(super) after: Duration,
    /// How long each token takes from then on.
    pub(super) each: Duration,
}

impl Debt {
    /// None so far.
    pub(super) fn new(account: Account) -> Self {
        Self {
            account,
            spent: 0,
            charged: 0,
            told: 0,
            fades_at: Nanos::ZERO,
            outage: 0,
        }
    }

    /// Adds what goes now.
    pub(super) fn spend(&mut self, tokens: u32, now: Nanos, fading: Fading) {
        if self.spent == self.charged || self.outage != fading.outage {
            self.outage = fading.outage;
            self.fades_at = now.plus(fading.after);
        }
        self.fade(now, fading.each);
        self.spent = self.spent.saturating_add(tokens.into());
    }

    /// Takes back what did not go after all, unless Redis may know of it already.
    pub(super) fn unspend(&mut self, tokens: u32) {
        let spent = self.spent.saturating_sub(tokens.into());
        if self.told.max(self.charged) <= spent {
            self.spent = spent;
        }
    }

    /// What Redis has to be told.
    pub(super) fn tell(&mut self) -> Apart {
        self.told = self.spent;
        Apart {
            account: self.account,
            spent: self.spent,
            charged: self.charged,
        }
    }

    /// Redis has charged what it was told.
    pub(super) fn charged(&mut self, told: Apart) {
        self.charged = self.charged.max(told.spent);
    }

    fn fade(&mut self, now: Nanos, each: Duration) {
        let since = now.since(self.fades_at).as_nanos();
        let faded = u64::try_from(since / each.as_nanos().max(1)).unwrap_or(u64::MAX);
        self.charged = self.charged.saturating_add(faded).min(self.spent);
        let each = u64::try_from(each.as_nanos()).unwrap_or(u64::MAX);
        let time = Duration::from_nanos(each.saturating_mul(faded));
        self.fades_at = self.fades_at.plus(time);
    }
}

#[cfg(test)]
mod tests;
