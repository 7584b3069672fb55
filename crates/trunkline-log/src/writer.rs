//! Carries what the shards hold into the file, a step at a time. The thread around it only waits.

use std::fmt;
use std::mem;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use crate::batch::Batch;
use crate::error::{Error, ErrorKind};
use crate::place::{Identity, Place};
use crate::shard::Shards;
use crate::store::{Limits, Pruned, Store};

/// The wait after the first failure; each further one doubles it.
const RETRY_FIRST: Duration = Duration::from_millis(250);

/// The longest wait after a failure.
const RETRY_MAX: Duration = Duration::from_secs(10);

/// Another process may hold the file this often in a row before it is called a problem.
const LOCKED_MAX: u32 = 2;

/// After so many new rows it is looked whether old ones must go.
const PRUNE_EVERY_ROWS: u64 = 1_000;

/// After so long it is looked whether rows have become too old.
const PRUNE_EVERY: Duration = Duration::from_mins(1);

/// How often the last entries are tried to be written.
const LAST_TRIES: u32 = 3;

/// Where the log is kept, and how much of it.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The data folder. It is made with the first entry, as is the file in it.
    pub folder: PathBuf,
    /// How long a call is kept.
    pub keep: Duration,
    /// The most bytes that the file may have, at least 256 KiB. A journal of a few megabytes stands
    /// beside it while it is written.
    pub bytes_max: u64,
}

/// Something that whoever runs the log should know.
#[derive(Debug)]
#[non_exhaustive]
pub enum Notice<'a> {
    /// The log cannot be written. It is tried again by itself, and not spoken of again until it works.
    Problem(&'a Error),
    /// The file was damaged. It was renamed, and a new one begins.
    MovedAside {
        /// What was found.
        problem: &'a Error,
        /// Where it is now.
        to: &'a Path,
    },
    /// The log can be written again.
    Recovered {
        /// How many entries were dropped so far, for whatever reason.
        dropped: u64,
    },
}

/// What became of the entries so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Entries that are in the file, or were.
    pub written: u64,
    /// Entries that were not kept.
    pub dropped: u64,
    /// Problems that were spoken of.
    pub problems: u64,
}

/// The same, while it is counted.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) written: AtomicU64,
    pub(crate) dropped: Arc<AtomicU64>,
    pub(crate) problems: AtomicU64,
}

/// When the next step is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    /// There was something to do: look again in a moment.
    Busy,
    /// It did not work: try again after this long.
    Retry(Duration),
    /// There was nothing to do.
    Idle,
}

/// Whoever is told what happens.
pub(crate) type Tell = Box<dyn FnMut(Notice<'_>) + Send>;

/// Writes the log.
pub(crate) struct Writer {
    settings: Settings,
    place: Place,
    shards: Arc<Shards>,
    store: Option<Store>,
    /// Which file was opened last.
    identity: Option<Identity>,
    /// Taken from the shards, not yet written.
    pending: Vec<Batch>,
    /// Empty ones.
    spare: Vec<Batch>,
    tally: Arc<Tally>,
    tell: Tell,
    failures: u32,
    /// What was spoken of last, until it works again.
    problem: Option<ErrorKind>,
    rows_since_prune: u64,
    /// `None` as long as there is more to remove.
    pruned_at: Option<SystemTime>,
}

impl Writer {
    pub(crate) fn new(
        settings: Settings,
        shards: Arc<Shards>,
        tally: Arc<Tally>,
        tell: Tell,
    ) -> Self {
        Self {
            place: Place::new(&settings.folder),
            settings,
            shards,
            store: None,
            identity: None,
            pending: Vec::new(),
            spare: Vec::new(),
            tally,
            tell,
            failures: 0,
            problem: None,
            rows_since_prune: 0,
            pruned_at: None,
        }
    }

    /// Writes what there is, and removes a little of what is too much.
    pub(crate) fn step(&mut self, now: SystemTime) -> Pace {
        match self.try_step(now) {
            Ok(pace) => pace,
            Err(err) => self.failed(err),
        }
    }

    /// Writes what there is for the last time. What cannot be written is dropped.
    pub(crate) fn finish(mut self, now: SystemTime) {
        self.shards.seal();
        for _ in 0..LAST_TRIES {
            if self.step(now) == Pace::Idle {
                break;
            }
        }
        self.shards.collect(&mut self.pending, &mut self.spare);
        self.drop_pending();
    }

    /// Gives back the memory of busier times.
    pub(crate) fn shrink(&mut self) {
        for batch in &mut self.spare {
            batch.shrink();
        }
        self.shards.shrink();
    }

    fn try_step(&mut self, now: SystemTime) -> Result<Pace, Error> {
        // What could not be written before comes first, so that the order stays.
        let mut is_written = self.write_pending()?;
        self.shards.collect(&mut self.pending, &mut self.spare);
        is_written |= self.write_pending()?;
        let pruned = self.prune(now)?;
        self.failures = 0;
        if is_written {
            self.works();
        }
        Ok(if is_written || pruned == Pruned::ThereIsMore {
            Pace::Busy
        } else {
            Pace::Idle
        })
    }

    /// Whether there was something to write.
    fn write_pending(&mut self) -> Result<bool, Error> {
        if self.pending.is_empty() {
            return Ok(false);
        }
        let pending = mem::take(&mut self.pending);
        let written = self.open().and_then(|store| store.write(&pending));
        self.pending = pending;
        written?;
        let rows = self.clear_pending();
        self.tally.written.fetch_add(rows, Ordering::Relaxed);
        self.rows_since_prune += rows;
        Ok(true)
    }

    /// The file, which may have been removed since the last time.
    fn open(&mut self) -> Result<&mut Store, Error> {
        let store = match self.store.take() {
            Some(store) if store.is_in_place() => store,
            moved => {
                drop(moved);
                self.open_anew()?
            }
        };
        Ok(self.store.insert(store))
    }

    fn open_anew(&mut self) -> Result<Store, Error> {
        let identity = self.place.claim();
        let identity = identity.map_err(|err| Error::io(err, self.place.file()))?;
        self.identity = Some(identity);
        Store::open(&self.place, identity)
    }

    /// Removes what is too old or too much, where it is time to look.
    fn prune(&mut self, now: SystemTime) -> Result<Pruned, Error> {
        let is_there = self.store.is_some() || matches!(self.place.identity(), Ok(Some(_)));
        if !is_there || !self.must_prune(now) {
            return Ok(Pruned::Enough);
        }
        let oldest = now.checked_sub(self.settings.keep);
        // More than came in, so that it catches up.
        let rows_max = 2 * self.rows_since_prune.max(PRUNE_EVERY_ROWS);
        let limits = Limits {
            oldest_ms: oldest.map_or(i64::MIN, unix_ms),
            bytes_max: self.settings.bytes_max,
            rows_max: i64::try_from(rows_max).unwrap_or(i64::MAX),
        };
        let pruned = self.open()?.prune(limits)?;
        self.rows_since_prune = 0;
        self.pruned_at = (pruned == Pruned::Enough).then_some(now);
        Ok(pruned)
    }

    fn must_prune(&self, now: SystemTime) -> bool {
        let Some(pruned_at) = self.pruned_at else {
            return true;
        };
        // The clock may have been set back.
        let since = now.duration_since(pruned_at);
        let since = since.unwrap_or_else(|err| err.duration());
        PRUNE_EVERY <= since || PRUNE_EVERY_ROWS <= self.rows_since_prune
    }

    /// Notes what is in the way, and decides when to try again.
    fn failed(&mut self, err: Error) -> Pace {
        self.failures = self.failures.saturating_add(1);
        match err.kind() {
            ErrorKind::Locked if self.failures <= LOCKED_MAX => {}
            ErrorKind::Locked | ErrorKind::DiskFull => self.speak_of(&err),
            ErrorKind::Unusable | ErrorKind::NewerVersion => {
                self.store = None;
                self.speak_of(&err);
            }
            ErrorKind::Unexpected => {
                // Perhaps it is the entries, which would then be in the way for ever.
                self.drop_pending();
                self.store = None;
                self.speak_of(&err);
            }
            ErrorKind::Damaged => self.set_aside(&err),
        }
        Pace::Retry(retry_after(self.failures))
    }

    fn set_aside(&mut self, damaged: &Error) {
        self.store = None;
        let Some(identity) = self.identity else {
            return;
        };
        match self.place.set_aside(identity) {
            Ok(Some(to)) => {
                self.problem = Some(ErrorKind::Damaged);
                self.tally.problems.fetch_add(1, Ordering::Relaxed);
                (self.tell)(Notice::MovedAside {
                    problem: damaged,
                    to: &to,
                });
            }
            // Another process was faster, and has said so.
            Ok(None) => {}
            Err(err) => self.speak_of(&Error::io(err, self.place.file())),
        }
    }

    fn speak_of(&mut self, err: &Error) {
        if self.problem != Some(err.kind()) {
            self.problem = Some(err.kind());
            self.tally.problems.fetch_add(1, Ordering::Relaxed);
            (self.tell)(Notice::Problem(err));
        }
    }

    fn works(&mut self) {
        if self.problem.take().is_some() {
            let dropped = self.tally.dropped.load(Ordering::Relaxed);
            (self.tell)(Notice::Recovered { dropped });
        }
    }

    fn drop_pending(&mut self) {
        let rows = self.clear_pending();
        self.tally.dropped.fetch_add(rows, Ordering::Relaxed);
    }

    /// How many entries there were.
    fn clear_pending(&mut self) -> u64 {
        let mut rows = 0;
        for mut batch in self.pending.drain(..) {
            rows += batch.len();
            batch.clear();
            self.spare.push(batch);
        }
        u64::try_from(rows).unwrap_or(u64::MAX)
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer")
            .field("settings", &self.settings)
            .field("problem", &self.problem)
            .finish_non_exhaustive()
    }
}

impl Tally {
    pub(crate) fn counts(&self) -> Counts {
        Counts {
            written: self.written.load(Ordering::Relaxed),
            dropped: self.dropped.load(Ordering::Relaxed),
            problems: self.problems.load(Ordering::Relaxed),
        }
    }
}

/// How long to wait after so many failures in a row.
fn retry_after(failures: u32) -> Duration {
    let doubled = 1_u32
        .checked_shl(failures.saturating_sub(1))
        .unwrap_or(u32::MAX);
    RETRY_FIRST.saturating_mul(doubled).min(RETRY_MAX)
}

fn unix_ms(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    let ms = since.map_or(0, |since| since.as_millis());
    i64::try_from(ms).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
