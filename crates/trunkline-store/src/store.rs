//! Answers in memory, within bounds, and how they are found, replaced and taken away.
//!
//! Three things must agree: the table (key → answers), the index (address → keys), and the
//! generations, by which late answers are refused. Who changes what the table has for a key holds
//! the index lock of its address; looking up takes no lock but the table's. Only the table evicts
//! without that lock, and says so afterwards: so the index may for a moment have too much, never
//! too little. Nobody holds two index locks at once, and what takes the table's own locks takes
//! nothing else meanwhile.

use std::collections::BTreeSet;
use std::fmt;
use std::hash::RandomState;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use quick_cache::sync::Cache;

use crate::bounds::{self, Bounds};
use crate::entry::{Entry, Slot};
use crate::generations::{Generations, Mark};
use crate::held::{Counts, Departed, Doorkeeper, Held, Passing, Scale};
use crate::key::{Address, Key};
use crate::room::{Room, Writing};
use crate::selection::Selection;
use crate::sharded::Sharded;

/// What is known of a key.
#[derive(Clone, Debug)]
pub enum Known {
    /// Nothing.
    Nothing,
    /// Answers to it were not worth keeping lately: askers should not wait for each other.
    Passing,
    /// These answers.
    Entries(Slot),
}

/// Why an answer was not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotKept {
    /// It is larger than one may be, or than there is room for.
    TooLarge,
    /// It was asked for before an invalidation or a purge that may have meant it.
    Outdated,
    /// What it should take the place of is not there any more.
    Gone,
    /// Its body was not as long as its head said.
    Incomplete,
}

impl fmt::Display for NotKept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLarge => "the answer is too large to keep",
            Self::Outdated => "the answer was asked for before an invalidation",
            Self::Gone => "the answer that it should replace is gone",
            Self::Incomplete => "the body of the answer is not as long as announced",
        })
    }
}

impl std::error::Error for NotKept {}

/// How much is kept, for metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Answers.
    pub entries: usize,
    /// Bytes of all, as they count for [`Bounds::bytes_max`].
    pub bytes: u64,
    /// Bytes of answers that are being written, which count there too.
    pub writing: u64,
    /// Keys whose answers are not worth keeping, or were not until lately.
    pub passing: usize,
}

type Index = BTreeSet<(Address, Key)>;

/// Answers in memory; for all threads.
#[derive(Debug)]
pub struct Store {
    table: Cache<Key, Held, Scale, RandomState, Doorkeeper>,
    index: Sharded<Index>,
    generations: Generations,
    counts: Arc<Counts>,
    entry_bytes_max: AtomicU64,
    writing: Arc<Writing>,
}

impl Store {
    /// An empty store.
    pub fn new(bounds: Bounds) -> Self {
        let counts = Arc::<Counts>::default();
        let store = Self {
            table: Cache::with_options(
                bounds::options(bounds),
                Scale,
                RandomState::new(),
                Doorkeeper(Arc::clone(&counts)),
            ),
            index: Sharded::default(),
            generations: Generations::new(),
            counts,
            entry_bytes_max: AtomicU64::new(0),
            writing: Arc::default(),
        };
        store.set_bounds(bounds);
        store
    }

    /// Sets other bounds, and lets go of what is too much.
    pub fn set_bounds(&self, bounds: Bounds) {
        self.table
            .set_capacity(bounds::room(bounds, self.table.num_shards()));
        self.writing.set_bytes_max(bounds::writing(bounds));
        self.entry_bytes_max.store(
            bounds.entry_bytes_max.min(self.slot_bytes_max()),
            Ordering::Relaxed,
        );
        // The table does not say what it let go of this time.
        for mut index in self.index.each() {
            index.retain(|(address, key)| self.holds(address, key));
        }
    }

    /// How large an answer may be: as bounded, or what fits into a part of the table.
    pub fn entry_bytes_max(&self) -> u64 {
        self.entry_bytes_max.load(Ordering::Relaxed)
    }

    /// What is known of a key; takes well under a microsecond.
    pub fn known(&self, key: &Key, now: Instant) -> Known {
        match self.table.get(key) {
            Some(Held::Entries(slot)) => Known::Entries(slot),
            Some(Held::Passing(passing)) if now < passing.until => Known::Passing,
            Some(Held::Passing(_)) | None => Known::Nothing,
        }
    }

    /// Remembers until then that answers at the key are not worth waiting for ("hit for miss").
    ///
    /// What is kept there is worth more, and stays.
    pub fn remember_passing(&self, key: Key, address: Address, until: Instant) {
        let mut index = self.index.lock(address.as_bytes());
        if self.slot(&address, &key).is_some() {
            return;
        }
        let passing = Held::Passing(Arc::new(Passing { address, until }));
        let departed = self.set(&mut index, key, passing);
        drop(index);
        self.forget(departed);
    }

    /// A moment in the life of an address: take it before the upstream is asked.
    pub fn mark(&self, address: &Address) -> Mark {
        self.generations.mark(*address)
    }

    /// Keeps an answer, in the place of the one that has the same `Vary` fields.
    ///
    /// # Errors
    ///
    /// [`NotKept::TooLarge`], or [`NotKept::Outdated`], also if the mark is another address's.
    pub fn put(&self, key: Key, entry: Arc<Entry>, mark: Mark) -> Result<(), NotKept> {
        self.change(key, entry, mark, Ok)
    }

    /// Keeps an answer in the place of another, and of what has the same `Vary` fields.
    ///
    /// # Errors
    ///
    /// As [`Store::put`], and [`NotKept::Gone`]: somebody put a newer one meanwhile, took the
    /// other away for a reason, or it had to make room.
    pub fn replace(
        &self,
        key: Key,
        old: &Arc<Entry>,
        entry: Arc<Entry>,
        mark: Mark,
    ) -> Result<(), NotKept> {
        self.change(key, entry, mark, |slot| {
            let slot = slot.filter(|slot| has(slot, old)).ok_or(NotKept::Gone)?;
            Ok(slot.retaining(|kept| !Arc::ptr_eq(kept, old)))
        })
    }

    /// Lets go of one answer; says whether it was there.
    pub fn remove(&self, key: &Key, old: &Arc<Entry>) -> bool {
        let address = old.labels().address;
        let mut index = self.index.lock(address.as_bytes());
        let Some(slot) = self.slot(&address, key).filter(|slot| has(slot, old)) else {
            return false;
        };
        let rest = slot.retaining(|kept| !Arc::ptr_eq(kept, old));
        let departed = self.leave(&mut index, *key, address, rest);
        drop(index);
        self.forget(departed);
        true
    }

    /// Lets go of all that is kept of a resource, whoever's it is; says how many answers.
    ///
    /// What is asked for meanwhile is outdated.
    pub fn invalidate(&self, address: &Address) -> usize {
        let mut index = self.index.lock(address.as_bytes());
        self.generations.outdate(address);
        let first = (*address, Key::FIRST);
        let last = (*address, Key::LAST);
        let keys: Vec<_> = index.range(first..=last).map(|(_, key)| *key).collect();
        let removed = keys.into_iter().map(|key| {
            index.remove(&(*address, key));
            self.take(address, &key)
        });
        removed.sum()
    }

    /// Lets go of what is selected; says how many answers.
    ///
    /// What is asked for meanwhile is outdated: of [`Selection::Address`] that of the address,
    /// else all, since an answer's labels are not known before it comes. Once this has returned,
    /// nothing put with an earlier mark appears. Goes through all that is kept, but for an address.
    pub fn purge(&self, selection: &Selection) -> usize {
        if let Selection::Address(address) = selection {
            return self.invalidate(address);
        }
        // Before the locks: who puts either sees it, or is seen.
        self.generations.outdate_all();
        let mut removed = 0;
        for mut index in self.index.each() {
            let mut departed = Departed::default();
            for (address, key) in index.clone() {
                if selection.means(&address, &key) {
                    index.remove(&(address, key));
                    removed += self.take(&address, &key);
                    continue;
                }
                let Some(slot) = self.slot(&address, &key) else {
                    continue;
                };
                let rest = slot.retaining(|entry| !selection.means_labelled(entry.labels()));
                let stay = rest.as_ref().map_or(0, |rest| rest.entries().len());
                if stay < slot.entries().len() {
                    removed += slot.entries().len() - stay;
                    departed
                        .0
                        .append(&mut self.leave(&mut index, key, address, rest).0);
                }
            }
            drop(index);
            self.forget(departed);
        }
        removed
    }

    /// How much is kept.
    pub fn figures(&self) -> Figures {
        Figures {
            entries: self.counts.entries(),
            bytes: self.table.weight(),
            writing: self.writing.bytes(),
            passing: self.counts.passing(),
        }
    }

    /// Room for an answer while it is written; none yet.
    pub(crate) fn room_to_write(&self) -> Room {
        self.writing.room()
    }

    pub(crate) fn is_current(&self, mark: &Mark) -> bool {
        self.generations.is_current(mark)
    }

    /// Whether there is something at the key that who saw this has not seen.
    pub(crate) fn has_news(&self, key: &Key, seen: &Known) -> bool {
        match (self.table.peek(key), seen) {
            (Some(Held::Entries(slot)), Known::Entries(seen)) => !slot.is(seen),
            (Some(Held::Entries(_)), Known::Nothing | Known::Passing) => true,
            (Some(Held::Passing(_)) | None, _) => false,
        }
    }
}

fn has(slot: &Slot, entry: &Arc<Entry>) -> bool {
    slot.entries().iter().any(|kept| Arc::ptr_eq(kept, entry))
}

impl Store {
    /// Puts an entry beside what `beside` leaves of what is there.
    fn change(
        &self,
        key: Key,
        entry: Arc<Entry>,
        mark: Mark,
        beside: impl FnOnce(Option<Slot>) -> Result<Option<Slot>, NotKept>,
    ) -> Result<(), NotKept> {
        if self.entry_bytes_max() < entry.weight() {
            return Err(NotKept::TooLarge);
        }
        let address = entry.labels().address;
        let mut index = self.index.lock(address.as_bytes());
        if mark.address != address || !self.is_current(&mark) {
            return Err(NotKept::Outdated);
        }
        let slot = match beside(self.slot(&address, &key))? {
            Some(slot) => slot.with(entry, self.slot_bytes_max()),
            None => Slot::of(entry),
        };
        let held = Held::Entries(slot);
        let departed = self.set(&mut index, key, held.clone());
        drop(index);
        // The table refuses what it has no room for, and takes away what was there.
        let is_refused = departed.0.iter().any(|(_, gone)| gone.is(&held));
        self.forget(departed);
        if is_refused {
            return Err(NotKept::TooLarge);
        }
        Ok(())
    }

    fn slot_bytes_max(&self) -> u64 {
        bounds::slot_bytes_max(self.table.shard_capacity())
    }

    fn slot(&self, address: &Address, key: &Key) -> Option<Slot> {
        match self.table.peek(key)? {
            Held::Entries(slot) => Some(slot).filter(|slot| slot.address() == address),
            Held::Passing(_) => None,
        }
    }

    fn holds(&self, address: &Address, key: &Key) -> bool {
        let held = self.table.peek(key);
        held.is_some_and(|held| held.address() == address)
    }

    fn set(&self, index: &mut Index, key: Key, held: Held) -> Departed {
        let mut departed = Departed::default();
        index.insert((*held.address(), key));
        self.counts.came(&held);
        self.table.insert_with_lifecycle(key, held, &mut departed);
        departed
    }

    /// Leaves this of what was there.
    fn leave(&self, index: &mut Index, key: Key, address: Address, rest: Option<Slot>) -> Departed {
        if let Some(rest) = rest {
            return self.set(index, key, Held::Entries(rest));
        }
        index.remove(&(address, key));
        self.take(&address, &key);
        Departed::default()
    }

    /// Takes out of the table what it has for the key, if it is of this address.
    fn take(&self, address: &Address, key: &Key) -> usize {
        let taken = self.table.remove_if(key, |held| held.address() == address);
        taken.map_or(0, |(_, held)| {
            self.counts.left(&held);
            held.entries()
        })
    }

    /// Takes out of the index what the table has dropped, unless it came back meanwhile.
    ///
    /// One lock at a time, and none held before.
    fn forget(&self, departed: Departed) {
        for (key, held) in &departed.0 {
            let mut index = self.index.lock(held.address().as_bytes());
            if !self.holds(held.address(), key) {
                index.remove(&(*held.address(), *key));
            }
        }
    }

    /// What is in the table and what is in the index, sorted.
    #[cfg(test)]
    pub(crate) fn contents(&self) -> (Index, Index) {
        let held = self.table.iter();
        let indexed = self.index.each().flat_map(|index| index.clone());
        (
            held.map(|(key, held)| (*held.address(), key)).collect(),
            indexed.collect(),
        )
    }
}

#[cfg(test)]
mod tests;
