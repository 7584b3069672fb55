//! What a process says of itself to the others, and learns of them and of Redis's clock by it.

use std::time::{Duration, Instant};

use redis::aio::MultiplexedConnection;
use redis::{RedisResult, Script};

use crate::clock;
use crate::names::Names;

/// What is left in Redis of processes that have all ended goes after this long.
const LEFT_BEHIND: Duration = Duration::from_hours(7 * 24);

/// By how much our clock may run ahead of Redis's between two beats.
const DRIFT_MAX: Duration = Duration::from_millis(1);

/// The script for it.
#[derive(Debug)]
pub(crate) struct Beat {
    script: Script,
    /// Tells this process from others.
    id: String,
    /// Processes of which nothing was heard for this long are not counted.
    heard_within: Duration,
}

/// What was learned.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Learned {
    /// Processes, this one included.
    pub(crate) sharing: u32,
    pub(crate) clock: RemoteClock,
}

/// A moment by Redis's clock, and one by ours that was not before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RemoteClock {
    us: u64,
    seen: Instant,
}

impl Beat {
    /// `clock` is the beginning of the script, which sets `now`.
    pub(crate) fn new(clock: &str, id: String, heard_within: Duration) -> Self {
        Self {
            script: Script::new(&[clock, include_str!("beat/beat.lua")].concat()),
            id,
            heard_within,
        }
    }

    /// What tells this process from others.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) async fn send(
        &self,
        connection: &mut MultiplexedConnection,
        names: &Names,
    ) -> RedisResult<Learned> {
        let mut call = self.script.prepare_invoke();
        call.key(names.processes()).key(names.forgotten());
        call.arg(&self.id).arg(millis(self.heard_within));
        call.arg(millis(LEFT_BEHIND));
        let (sharing, us) = call.invoke_async(connection).await?;
        let seen = clock::now();
        let clock = RemoteClock { us, seen };
        Ok(Learned { sharing, clock })
    }
}

impl RemoteClock {
    /// Microseconds since 1970 by Redis's clock, when it was `moment` here, or a little earlier.
    pub(crate) fn at_least_at(&self, moment: Instant) -> u64 {
        let later = micros(moment.saturating_duration_since(self.seen));
        let earlier = micros(self.seen.saturating_duration_since(moment));
        let at = self.us.saturating_add(later).saturating_sub(earlier);
        at.saturating_sub(micros(DRIFT_MAX))
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
