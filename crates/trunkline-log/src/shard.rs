//! Where a thread that makes calls puts them down.

use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::batch::Batch;
use crate::bell::Bell;
use crate::entry::Entry;

/// One thread's part of the log, so that threads do not wait for each other.
#[derive(Debug)]
pub struct Shard {
    tray: Mutex<Tray>,
    bell: Arc<Bell>,
    dropped: Arc<AtomicU64>,
}

#[derive(Debug, Default)]
struct Tray {
    batch: Batch,
    /// Whether nobody will come any more for what is put down.
    is_sealed: bool,
}

/// All shards of a log.
#[derive(Debug)]
pub(crate) struct Shards {
    roll: Mutex<Roll>,
    bell: Arc<Bell>,
    dropped: Arc<AtomicU64>,
}

#[derive(Debug, Default)]
struct Roll {
    shards: Vec<Arc<Shard>>,
    is_sealed: bool,
}

impl Shard {
    /// Adds a call to the log. Where there is no room, it is dropped and counted.
    pub fn add(&self, entry: &Entry<'_>) {
        let added = {
            let mut tray = self.tray();
            !tray.is_sealed && tray.batch.add(entry).is_ok()
        };
        if added {
            self.bell.wake();
        } else {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Takes what was added, and leaves an empty batch.
    fn take(&self, empty: &mut Batch) {
        mem::swap(&mut self.tray().batch, empty);
    }

    fn tray(&self) -> MutexGuard<'_, Tray> {
        self.tray.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shards {
    pub(crate) fn new(bell: Arc<Bell>, dropped: Arc<AtomicU64>) -> Self {
        Self {
            roll: Mutex::default(),
            bell,
            dropped,
        }
    }

    /// A new one. It is forgotten when its owner has dropped it.
    pub(crate) fn open(&self) -> Arc<Shard> {
        let mut roll = self.roll();
        let tray = Tray {
            batch: Batch::default(),
            is_sealed: roll.is_sealed,
        };
        let shard = Arc::new(Shard {
            tray: Mutex::new(tray),
            bell: Arc::clone(&self.bell),
            dropped: Arc::clone(&self.dropped),
        });
        roll.shards.push(Arc::clone(&shard));
        shard
    }

    /// Moves what was added from every shard to `full`, and leaves batches of `spare` there.
    pub(crate) fn collect(&self, full: &mut Vec<Batch>, spare: &mut Vec<Batch>) {
        self.roll().shards.retain(|shard| {
            // Asked first: an owner who adds something and goes has then been heard.
            let is_owned = 1 < Arc::strong_count(shard);
            let mut batch = spare.pop().unwrap_or_default();
            shard.take(&mut batch);
            if batch.is_empty() {
                spare.push(batch);
            } else {
                full.push(batch);
            }
            is_owned
        });
    }

    pub(crate) fn are_empty(&self) -> bool {
        let roll = self.roll();
        let mut trays = roll.shards.iter().map(|shard| shard.tray());
        trays.all(|tray| tray.batch.is_empty())
    }

    /// Gives back the memory of busier times.
    pub(crate) fn shrink(&self) {
        for shard in &self.roll().shards {
            shard.tray().batch.shrink();
        }
    }

    /// From now on everything that is added is dropped and counted.
    pub(crate) fn seal(&self) {
        let mut roll = self.roll();
        roll.is_sealed = true;
        for shard in &roll.shards {
            shard.tray().is_sealed = true;
        }
    }

    fn roll(&self) -> MutexGuard<'_, Roll> {
        self.roll.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
