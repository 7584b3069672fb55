//! Values that processes share, what they can be forgotten by, and the forgetting.
//!
//! A value has labels. For each there is an index in Redis, a sorted set of the values that have it,
//! which is how they are found to be removed. For each that was forgotten lately there is a barrier,
//! the moment when: a value whose call began before it is not kept. That is how forgetting also holds
//! for answers that are still on their way.

use std::time::Duration;

use bytes::Bytes;
use redis::aio::MultiplexedConnection;
use redis::{RedisResult, Script};

use crate::names::{Label, Names};

/// The longest that a call may have taken whose answer is kept; barriers last as long.
const CALL_MAX: Duration = Duration::from_mins(10);

/// What is kept for less is not kept: Redis counts in these.
pub(crate) const KEEP_MIN: Duration = Duration::from_millis(1);

/// The longest that a value is kept.
const KEEP_MAX: Duration = Duration::from_hours(366 * 24);

/// The most tags of a value.
pub(crate) const TAGS_MAX: usize = 64;

/// What `cache/remove.lua` removes at once.
const STEP: u64 = 256;

/// What a value is kept under; a hash of whatever tells it from others.
pub type CacheKey = [u8; 16];

/// A value to be kept.
#[derive(Debug, Clone)]
pub struct Put<'a> {
    /// The value.
    pub value: Bytes,
    /// For how long, at most a year.
    pub keep: Duration,
    /// How long ago the call began that brought it. If since then anything was forgotten that it has
    /// a label of, or if that is more than ten minutes, it is not kept.
    pub age: Duration,
    /// What it can be forgotten by.
    pub labels: Labels<'a>,
}

/// What a value can be forgotten by.
#[derive(Debug, Clone, Copy)]
pub struct Labels<'a> {
    /// A hash of the address that was called.
    pub address: [u8; 16],
    /// The connector.
    pub connector: &'a str,
    /// The operation, if the connector names it.
    pub operation: Option<&'a str>,
    /// Up to 64 more.
    pub tags: &'a [String],
}

/// What is to be forgotten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Forget {
    /// One value.
    Key(CacheKey),
    /// What came from one address.
    Address([u8; 16]),
    /// What one operation brought.
    Operation {
        /// Its connector.
        connector: String,
        /// Its name.
        operation: String,
    },
    /// What one connector brought.
    Connector(String),
    /// What has a tag.
    Tag(String),
    /// Everything.
    All,
}

/// The scripts for it.
#[derive(Debug)]
pub(crate) struct Scripts {
    put: Script,
    barrier: Script,
    remove: Script,
}

/// A value as it is sent.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) key: CacheKey,
    pub(crate) version: u8,
    pub(crate) value: Bytes,
    pub(crate) keep: Duration,
    /// The key's own is not among them.
    pub(crate) labels: Vec<Label>,
}

impl Scripts {
    /// `clock` is the beginning of each script that sets `now`.
    pub(crate) fn new(clock: &str) -> Self {
        Self {
            put: Script::new(&[clock, include_str!("cache/put.lua")].concat()),
            barrier: Script::new(&[clock, include_str!("cache/barrier.lua")].concat()),
            remove: Script::new(include_str!("cache/remove.lua")),
        }
    }

    /// Whether it was kept; `began_us` is when the call began, by Redis's clock.
    pub(crate) async fn put(
        &self,
        connection: &mut MultiplexedConnection,
        names: &Names,
        stored: &Stored,
        began_us: u64,
    ) -> RedisResult<bool> {
        let mut call = self.put.prepare_invoke();
        call.key(names.value(&stored.key));
        call.key(names.barrier(&Label::key(&stored.key)));
        for label in &stored.labels {
            call.key(names.barrier(label));
        }
        for label in &stored.labels {
            call.key(names.index(label));
        }
        call.arg(with_version(stored.version, &stored.value));
        call.arg(millis(stored.keep.min(KEEP_MAX))).arg(began_us);
        call.arg(&stored.key).arg(stored.labels.len() + 1);
        call.arg(micros(CALL_MAX));
        call.invoke_async(connection).await
    }

    /// From its answer on, no value is kept whose call began before. Says how many were removed.
    pub(crate) async fn raise_barrier(
        &self,
        connection: &mut MultiplexedConnection,
        names: &Names,
        what: &Forget,
    ) -> RedisResult<u64> {
        let mut call = self.barrier.prepare_invoke();
        call.key(names.barrier(&Label::of(what)));
        if let Forget::Key(key) = what {
            call.key(names.value(key));
        }
        call.arg(millis(CALL_MAX));
        call.invoke_async(connection).await
    }

    /// Removes a bounded number of values. Says how many there were, and whether there may be more.
    pub(crate) async fn remove_some(
        &self,
        connection: &mut MultiplexedConnection,
        names: &Names,
        what: &Forget,
    ) -> RedisResult<(u64, bool)> {
        let mut call = self.remove.prepare_invoke();
        call.key(names.index(&Label::of(what))).arg(names.values());
        let (found, removed): (u64, u64) = call.invoke_async(connection).await?;
        Ok((removed, STEP <= found))
    }
}

/// The value of a key, if it is of this version.
pub(crate) async fn get(
    connection: &mut MultiplexedConnection,
    key: Vec<u8>,
    version: u8,
) -> RedisResult<Option<Bytes>> {
    let found: Option<Vec<u8>> = redis::cmd("GET").arg(key).query_async(connection).await?;
    Ok(found.and_then(|found| without_version(version, found)))
}

fn with_version(version: u8, value: &[u8]) -> Vec<u8> {
    let mut all = Vec::with_capacity(1 + value.len());
    all.push(version);
    all.extend_from_slice(value);
    all
}

/// The value, if it was written by the same version.
fn without_version(version: u8, found: Vec<u8>) -> Option<Bytes> {
    if found.first() != Some(&version) {
        return None;
    }
    Some(Bytes::from(found).slice(1..))
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
