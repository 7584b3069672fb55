//! The log as a whole: the thread that writes it, and what others may ask of it.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime};

use crate::bell::{AtEnd, Bell};
use crate::shard::{Shard, Shards};
use crate::writer::{Counts, Notice, Pace, Settings, Tally, Writer};

/// How long entries are collected before they are written together.
const COLLECT: Duration = Duration::from_millis(50);

/// How often it is looked whether rows have become too old, where no calls are made.
const IDLE_MAX: Duration = Duration::from_hours(1);

/// How long a log that is dropped may take to write what it still has.
const CLOSE_WITHIN: Duration = Duration::from_secs(2);

/// The log of calls. Dropped, it first writes what it still has, for at most two seconds.
pub struct CallLog {
    bell: Arc<Bell>,
    shards: Arc<Shards>,
    tally: Arc<Tally>,
}

impl CallLog {
    /// Begins a log. `now` is asked for the time, `tell` is told what goes wrong, both on the log's
    /// own thread.
    ///
    /// # Errors
    /// If the system gives no thread. Nothing else is an error: it is told.
    pub fn start(
        settings: Settings,
        now: impl Fn() -> SystemTime + Send + 'static,
        tell: impl FnMut(Notice<'_>) + Send + 'static,
    ) -> io::Result<Self> {
        let bell = Arc::new(Bell::default());
        let tally = Arc::new(Tally::default());
        let shards = Shards::new(Arc::clone(&bell), Arc::clone(&tally.dropped));
        let shards = Arc::new(shards);
        let log = Self {
            bell: Arc::clone(&bell),
            shards: Arc::clone(&shards),
            tally: Arc::clone(&tally),
        };
        let thread = thread::Builder::new().name("call-log".to_owned());
        thread.spawn(move || {
            let _end = AtEnd(&bell);
            let writer = Writer::new(settings, Arc::clone(&shards), tally, Box::new(tell));
            work(writer, &bell, &shards, now);
        })?;
        Ok(log)
    }

    /// A place to put entries down, for one thread.
    pub fn shard(&self) -> Arc<Shard> {
        self.shards.open()
    }

    /// What became of the entries so far.
    pub fn counts(&self) -> Counts {
        self.tally.counts()
    }

    /// Waits until everything that was added before has been written. Whether none of it waits any
    /// more; what was dropped is in the counts.
    pub fn flush(&self, within: Duration) -> bool {
        self.bell.ask(within)
    }

    /// Writes what there is and ends. Whether this was done in time; otherwise it goes on by itself.
    /// What is added afterwards, or cannot be written, is dropped and counted.
    pub fn close(&self, within: Duration) -> bool {
        self.bell.close(within)
    }
}

impl fmt::Debug for CallLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallLog")
            .field("counts", &self.counts())
            .finish_non_exhaustive()
    }
}

impl Drop for CallLog {
    fn drop(&mut self) {
        self.close(CLOSE_WITHIN);
    }
}

/// Works until it is told to end.
fn work(mut writer: Writer, bell: &Bell, shards: &Shards, now: impl Fn() -> SystemTime) {
    loop {
        let turn = bell.turn();
        if turn.is_closing {
            return writer.finish(now());
        }
        let pace = writer.step(now());
        match pace {
            Pace::Busy | Pace::Idle => bell.answer(turn),
            Pace::Retry(_) => {}
        }
        match pace {
            Pace::Retry(wait) => bell.pause(turn, wait),
            Pace::Busy => bell.pause(turn, COLLECT),
            Pace::Idle => {
                writer.shrink();
                bell.sleep(turn, IDLE_MAX, || shards.are_empty());
                bell.pause(turn, COLLECT);
            }
        }
    }
}

#[cfg(test)]
mod tests;
