//! What callers hold: they ask from any runtime, the thread answers.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use bytes::Bytes;
use ring::rand::{SecureRandom, SystemRandom};
use tokio::runtime;
use tokio::sync::mpsc::{self, Sender};
use tokio::sync::{Semaphore, oneshot};

use crate::address::Address;
use crate::beat::Beat;
use crate::cache::{self, CacheKey, Forget, KEEP_MIN, Put, Stored, TAGS_MAX};
use crate::clock;
use crate::heard::{Forgotten, Stream};
use crate::limit::{self, Account, Apart, Lease, Leased, Unspent};
use crate::link::Tools;
use crate::names::{self, Label, Names};
use crate::operation::{Asked, Desk, Fate, Operation, QueuedPut};
use crate::options::{self, Options};
use crate::owner::{Notice, Owner};
use crate::standing::{Board, Counts, Standing};

/// The most operations that are under way at the same time.
pub(crate) const ROOM: usize = 1_024;

/// The most values that wait to be kept.
const PUTS_MAX: usize = 256;

/// The most bytes that they have.
const PUT_BYTES_MAX: usize = 16 << 20;

/// What sets `now` in scripts.
const CLOCK: &str = include_str!("clock.lua");

/// Redis is of no use just now: away, too slow, or too busy. Do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the shared Redis is away")]
pub struct Away;

/// What processes share. A clone is the same; with the last one the thread ends.
#[derive(Clone)]
pub struct Redis {
    asks: Sender<Asked>,
    puts: Sender<QueuedPut>,
    room: Arc<Semaphore>,
    put_room: Arc<Semaphore>,
    desk: Desk,
    accounts: Arc<AtomicU64>,
    value_version: u8,
    value_bytes_max: usize,
}

impl Redis {
    /// Begins to connect, on a thread of its own, and does not wait for it. Until there is a
    /// connection Redis is away. `tell` hears what changes, `on_forget` what other processes forget;
    /// both are called on that thread and must neither block nor panic.
    ///
    /// For `rediss://` the process needs a provider of cryptography: where none was chosen, it is
    /// ring from then on.
    ///
    /// # Errors
    ///
    /// If the system gives no thread, or `root_certificates` are none. Nothing else is an error: it
    /// is told.
    pub fn start(
        address: &Address,
        options: Options,
        tell: impl FnMut(Notice) + Send + 'static,
        on_forget: impl FnMut(Forgotten) + Send + 'static,
    ) -> io::Result<Self> {
        let (asks, asked) = mpsc::channel(ROOM);
        let (puts, put) = mpsc::channel(PUTS_MAX);
        let redis = Self {
            asks,
            puts,
            room: Arc::new(Semaphore::new(ROOM)),
            put_room: Arc::new(Semaphore::new(PUT_BYTES_MAX)),
            desk: Desk {
                tools: Arc::new(tools(&options)?),
                board: Arc::new(Board::new()),
            },
            accounts: Arc::default(),
            value_version: options.value_version,
            value_bytes_max: options.value_bytes_max.min(PUT_BYTES_MAX),
        };
        let owner = Owner {
            target: options::target(address, &options)?,
            desk: redis.desk.clone(),
            asks: asked,
            puts: put,
            tell: Box::new(tell),
            on_forget: Box::new(on_forget),
            told: Vec::new(),
            last: None,
        };
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        thread::Builder::new()
            .name("redis".to_owned())
            .spawn(move || {
                runtime.block_on(owner.work());
                // A look-up of a name may still be under way, and is not waited for.
                runtime.shutdown_background();
            })?;
        Ok(redis)
    }

    /// Somebody who may spend of a bucket without asking: see [`Apart`](crate::Apart).
    pub fn account(&self) -> Account {
        Account(self.accounts.fetch_add(1, Ordering::Relaxed))
    }

    /// Takes tokens from a shared bucket.
    ///
    /// # Errors
    ///
    /// [`Away`], at once or within the time limit. Tokens may have been taken all the same; they come
    /// back as the bucket refills. What was spent apart may have been charged; it is once, if it is
    /// told again.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped, tokens that are taken are lost until the bucket refills.
    pub async fn lease(&self, lease: Lease<'_>) -> Result<Leased, Away> {
        let sharing = || self.desk.board.sharing();
        if lease.rate.capacity < lease.at_least {
            return Ok(Leased::never(sharing()));
        }
        let ask = limit::Ask {
            key: self.names().bucket(lease.bucket),
            rate: lease.rate,
            want: lease.want,
            at_least: lease.at_least.get(),
            apart: lease.apart.map(|apart| self.told(apart)),
        };
        let taken = self.ask(|answer| Operation::Lease(ask, answer)).await?;
        Ok(Leased::of(taken, sharing()))
    }

    /// Gives back tokens that will not be spent, but only as many as no span of time can come to hold
    /// too much by: them less what the bucket has refilled since they were taken, and none if its
    /// settings are others by now.
    ///
    /// # Errors
    ///
    /// [`Away`], at once or within the time limit. The tokens come back as the bucket refills.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped, they may or may not be given back. Nothing must be given back twice.
    pub async fn give_back(&self, unspent: Unspent<'_>) -> Result<(), Away> {
        let back = limit::Back {
            key: self.names().bucket(unspent.bucket),
            rate: unspent.rate,
            tokens: unspent.tokens,
            taken_at_us: u64::try_from(unspent.taken_at.as_micros()).unwrap_or(u64::MAX),
        };
        let give_back = |answer| Operation::GiveBack(back, answer);
        self.ask(give_back).await.map(|_whole_tokens| ())
    }

    /// The value that is kept under a key, if there is one of this version.
    ///
    /// # Errors
    ///
    /// [`Away`], at once or within the time limit.
    ///
    /// # Cancel safety
    ///
    /// It may be dropped.
    pub async fn get(&self, key: &CacheKey) -> Result<Option<Bytes>, Away> {
        let (key, version) = (*key, self.value_version);
        let get = |answer| Operation::Get {
            key,
            version,
            answer,
        };
        self.ask(get).await
    }

    /// Keeps a value, some time later, or not: if Redis is away, too many wait, the value is too
    /// large, or it was forgotten before it came. What is not kept is counted.
    pub fn put(&self, key: &CacheKey, put: Put<'_>) {
        // What is not handed over counts itself, here and there.
        if let Some(queued) = self.queued(key, put) {
            drop(self.puts.try_send(queued));
        }
    }

    /// Removes values, and tells the other processes, in this order. Says how many were removed. From
    /// then on no value is kept whose call began before, by whichever process.
    ///
    /// # Errors
    ///
    /// [`Away`], at once or within half a minute. Some values may have been removed, and the other
    /// processes not told: it has to be asked for again.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped, it goes on by itself.
    pub async fn forget(&self, what: &Forget) -> Result<u64, Away> {
        let what = what.clone();
        self.ask(|answer| Operation::Forget(what, answer)).await
    }

    /// Whether Redis is there, and how many processes share it.
    pub fn standing(&self) -> Standing {
        self.desk.board.standing()
    }

    /// What was asked of Redis so far.
    pub fn counts(&self) -> Counts {
        self.desk.board.counts()
    }

    fn told(&self, apart: Apart) -> limit::Told {
        let process = self.desk.tools.beat.id();
        limit::Told {
            key: self.names().apart(process, apart.account.0),
            spent: apart.spent,
            charged: apart.charged,
        }
    }

    fn names(&self) -> &Names {
        &self.desk.tools.names
    }

    async fn ask<T>(
        &self,
        operation: impl FnOnce(oneshot::Sender<T>) -> Operation,
    ) -> Result<T, Away> {
        if self.desk.board.is_away() {
            return Err(Away);
        }
        let place = Arc::clone(&self.room).try_acquire_owned();
        let (answer, answered) = oneshot::channel();
        let asked = Asked {
            operation: operation(answer),
            at: clock::now(),
            _place: place.map_err(|_| Away)?,
        };
        self.asks.try_send(asked).map_err(|_| Away)?;
        answered.await.map_err(|_| Away)
    }

    /// A value as it is handed over, if it may be kept.
    fn queued(&self, key: &CacheKey, put: Put<'_>) -> Option<QueuedPut> {
        let fate = Fate::new(&self.desk.board);
        let is_fit = put.value.len() <= self.value_bytes_max
            && put.labels.tags.len() <= TAGS_MAX
            && KEEP_MIN <= put.keep;
        if !is_fit || self.desk.board.is_away() {
            return None;
        }
        let bytes = u32::try_from(put.value.len()).ok()?;
        let place = Arc::clone(&self.put_room).try_acquire_many_owned(bytes);
        Some(QueuedPut {
            stored: Stored {
                key: *key,
                version: self.value_version,
                value: put.value,
                keep: put.keep,
                labels: Label::all_of(&put.labels),
            },
            began: clock::now().checked_sub(put.age)?,
            _place: place.ok()?,
            fate,
        })
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis")
            .field("standing", &self.standing())
            .field("counts", &self.counts())
            .finish_non_exhaustive()
    }
}

fn tools(options: &Options) -> io::Result<Tools> {
    let mut id = [0; 16];
    let filled = SystemRandom::new().fill(&mut id);
    filled.map_err(|_| io::Error::other("the system gives no random numbers"))?;
    let id = names::hex(&id);
    let names = Names::new(&options.prefix);
    Ok(Tools {
        time_limit: options.time_limit,
        limits: limit::Scripts::new(CLOCK),
        values: cache::Scripts::new(CLOCK),
        stream: Stream::new(&names, &id),
        beat: Beat::new(CLOCK, id, options.heard_within),
        names,
    })
}

#[cfg(test)]
mod tests;
