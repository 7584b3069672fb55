//! What others ask the thread for, and how each is done.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::beat::RemoteClock;
use crate::cache::{self, CacheKey, Forget, Stored};
use crate::clock;
use crate::limit::{self, Taken};
use crate::link::{self, Link, Tools};
use crate::reason::{After, Purpose, Reason};
use crate::standing::{self, Board};

/// How long Redis may take for what no call waits for: keeping a value, a step of forgetting.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long forgetting may take in all.
const FORGET_MAX: Duration = Duration::from_secs(30);

/// What is asked. Where there will be no answer, the sender is dropped.
#[derive(Debug)]
pub(crate) enum Operation {
    Lease(limit::Ask, oneshot::Sender<Taken>),
    GiveBack(limit::Back, oneshot::Sender<u32>),
    Get {
        key: CacheKey,
        version: u8,
        answer: oneshot::Sender<Option<Bytes>>,
    },
    Forget(Forget, oneshot::Sender<u64>),
}

/// An operation, when it was asked for, and its place among those under way.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) operation: Operation,
    pub(crate) at: Instant,
    pub(crate) _place: OwnedSemaphorePermit,
}

/// A value that waits to be kept.
#[derive(Debug)]
pub(crate) struct QueuedPut {
    pub(crate) stored: Stored,
    /// When its call began.
    pub(crate) began: Instant,
    /// Of the bytes that may wait.
    pub(crate) _place: OwnedSemaphorePermit,
    pub(crate) fate: Fate,
}

/// Counts a value as dropped, wherever that happens, unless it was kept.
#[derive(Debug)]
pub(crate) struct Fate {
    board: Arc<Board>,
    is_kept: bool,
}

/// What all operations share.
#[derive(Debug, Clone)]
pub(crate) struct Desk {
    pub(crate) tools: Arc<Tools>,
    pub(crate) board: Arc<Board>,
}

impl Desk {
    pub(crate) async fn run(self, asked: Asked, mut link: Link) -> After {
        standing::count(&self.board.operations);
        let tools = &*self.tools;
        let deadline = asked.at + tools.time_limit;
        match asked.operation {
            Operation::Lease(ask, answer) => {
                let work = tools.limits.lease(&mut link.quick, &ask);
                let result = link::limited(deadline, work).await;
                self.answer(result, answer, Purpose::Limit)
            }
            Operation::GiveBack(back, answer) => {
                let work = tools.limits.give_back(&mut link.quick, &back);
                let result = link::limited(deadline, work).await;
                self.answer(result, answer, Purpose::Limit)
            }
            Operation::Get {
                key,
                version,
                answer,
            } => {
                let work = cache::get(&mut link.bulk, tools.names.value(&key), version);
                let result = link::limited(deadline, work).await;
                self.answer(result, answer, Purpose::Cache)
            }
            Operation::Forget(what, answer) => {
                let work = self.forget(&mut link, &what);
                let result = clock::before(asked.at + FORGET_MAX, work).await;
                let result = result.unwrap_or(Err(Reason::TimedOut));
                self.answer(result, answer, Purpose::Cache)
            }
        }
    }

    pub(crate) async fn put(
        self,
        mut put: QueuedPut,
        remote: RemoteClock,
        mut link: Link,
    ) -> After {
        standing::count(&self.board.operations);
        let tools = &*self.tools;
        let began_us = remote.at_least_at(put.began);
        let (bulk, stored) = (&mut link.bulk, &put.stored);
        let work = tools.values.put(bulk, &tools.names, stored, began_us);
        let result = link::limited(clock::now() + PATIENCE, work).await;
        match result {
            Ok(is_kept) => {
                put.fate.is_kept = is_kept;
                After::Good
            }
            Err(reason) => self.failed(&reason, Purpose::Cache),
        }
    }

    /// The others are told when the values are gone, so that none of them finds one and keeps it.
    async fn forget(&self, link: &mut Link, what: &Forget) -> Result<u64, Reason> {
        let (values, names) = (&self.tools.values, &self.tools.names);
        let patience = || clock::now() + PATIENCE;
        let barrier = values.raise_barrier(&mut link.quick, names, what);
        let mut removed = link::limited(patience(), barrier).await?;
        loop {
            let step = values.remove_some(&mut link.quick, names, what);
            let (some, is_more) = link::limited(patience(), step).await?;
            removed += some;
            if !is_more {
                break;
            }
        }
        let told = self.tools.stream.tell(&mut link.quick, what);
        link::limited(patience(), told).await?;
        Ok(removed)
    }

    fn answer<T>(
        &self,
        result: Result<T, Reason>,
        answer: oneshot::Sender<T>,
        purpose: Purpose,
    ) -> After {
        match result {
            Ok(value) => {
                // Whoever asked may have gone.
                drop(answer.send(value));
                After::Good
            }
            // First noted, then answered: whoever asks again finds it noted.
            Err(reason) => self.failed(&reason, purpose),
        }
    }

    fn failed(&self, reason: &Reason, purpose: Purpose) -> After {
        let counter = match reason {
            Reason::TimedOut => &self.board.timeouts,
            _ => &self.board.failures,
        };
        standing::count(counter);
        let after = reason.after(purpose);
        if matches!(after, After::Gone(_)) {
            self.board.away();
        }
        after
    }
}

impl Fate {
    /// Not kept so far.
    pub(crate) fn new(board: &Arc<Board>) -> Self {
        Self {
            board: Arc::clone(board),
            is_kept: false,
        }
    }
}

impl Drop for Fate {
    fn drop(&mut self) {
        if !self.is_kept {
            standing::count(&self.board.dropped_puts);
        }
    }
}
