//! Takes kept answers away.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustc_hash::FxHashMap;
use trunkline_connector::ConnectorName;
use trunkline_egress::Clock;
use trunkline_redis::{Forget, Forgotten, Redis};
use trunkline_store::{Address, Selection};

use super::Cache;
use crate::error::{Error, ErrorKind};

/// When more addresses are to be forgotten than this, everything is.
const FORGETTING_MAX: usize = 4096;

/// How long to wait before it is asked again.
const FORGET_EVERY: Duration = Duration::from_secs(1);

/// Which kept answers are taken away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purge {
    /// All.
    All,
    /// What is kept under this key, in hexadecimal.
    Key(String),
    /// Those of a connector.
    Connector(ConnectorName),
    /// Those of an operation.
    Operation {
        /// Its connector.
        connector: ConnectorName,
        /// Its name.
        operation: String,
    },
    /// Those that bear a tag.
    Tag(String),
}

impl Purge {
    fn selection(&self) -> Result<Selection, Error> {
        Ok(match self {
            Self::All => Selection::All,
            Self::Key(text) => Selection::Key(text.parse().map_err(|_| {
                let message = format!("`{text}` is no key of a kept answer");
                Error::new(ErrorKind::BadInput, message)
                    .with_hint("a key has 32 hexadecimal digits")
            })?),
            Self::Connector(connector) => Selection::Connector(connector.to_string()),
            Self::Operation {
                connector,
                operation,
            } => Selection::Operation {
                connector: connector.to_string(),
                operation: operation.clone(),
            },
            Self::Tag(tag) => Selection::Tag(tag.clone()),
        })
    }
}

impl Cache {
    /// Takes answers away, here and, where several processes share them, everywhere. Says how many
    /// were here.
    ///
    /// # Errors
    /// [`ErrorKind::BadInput`]; [`ErrorKind::SharedStoreAway`], if the others cannot be told.
    pub(crate) async fn purge(&self, purge: &Purge, clock: &Clock) -> Result<u64, Error> {
        let selection = purge.selection()?;
        let Some(redis) = &self.redis else {
            return Ok(self.store().purge(&selection) as u64);
        };
        let told = redis.forget(&forget(&selection)).await;
        let removed = self.store().purge(&selection) as u64;
        if told.is_ok() {
            return Ok(removed);
        }
        // Else it would bring them back.
        self.have_forgotten(redis, &everything(), clock);
        let message = format!(
            "{removed} answers are gone from this process, and Redis cannot be asked for the others"
        );
        Err(Error::new(ErrorKind::SharedStoreAway, message)
            .with_hint("other processes have theirs until Redis is back, which then forgets all"))
    }

    /// What was changed at the upstream is not served any more.
    ///
    /// Whoever waits for the answer does not wait for Redis; until it has forgotten, nothing of the
    /// address is taken from there.
    pub(crate) fn invalidate(&self, address: &Address, clock: &Clock) {
        if let Some(redis) = &self.redis {
            self.have_forgotten(redis, address, clock);
        }
        self.store().invalidate(address);
    }

    fn have_forgotten(&self, redis: &Redis, address: &Address, clock: &Clock) {
        let Some(address) = self.forgetting.begin(*address) else {
            return;
        };
        let forget = if address == everything() {
            Forget::All
        } else {
            Forget::Address(*address.as_bytes())
        };
        let (redis, clock) = (redis.clone(), clock.clone());
        let forgetting = Arc::downgrade(&self.forgetting);
        #[expect(
            clippy::disallowed_methods,
            reason = "it ends when Redis has forgotten, or nobody asks this cache any more"
        )]
        tokio::spawn(async move {
            while let Some(changes) = forgetting.upgrade().and_then(|all| all.changes(&address)) {
                let told = redis.forget(&forget).await.is_ok();
                let Some(all) = forgetting.upgrade() else {
                    break;
                };
                if told {
                    all.end(&address, changes);
                } else {
                    drop(all);
                    clock.sleep(FORGET_EVERY).await;
                }
            }
        });
    }

    /// Whether Redis may still have what was changed since.
    pub(super) fn is_forgetting(&self, address: &Address) -> bool {
        self.forgetting.is_about(address)
    }

    /// Another process has taken answers away.
    pub(crate) fn heard(store: &trunkline_store::Store, forgotten: Forgotten) {
        let selection = match forgotten {
            Forgotten::Everything => Selection::All,
            Forgotten::Only(forget) => selection(forget),
        };
        store.purge(&selection);
    }
}

/// The addresses that Redis has yet to forget.
#[derive(Debug, Default)]
pub(super) struct Forgetting {
    /// How often each was changed since. Whoever tells Redis of one does so until it has heard of the
    /// last change.
    changes: Mutex<FxHashMap<Address, u64>>,
}

impl Forgetting {
    /// The address to tell Redis of; `None` where somebody is at it already.
    fn begin(&self, address: Address) -> Option<Address> {
        let mut all = lock(&self.changes);
        let has_room = all.len() < FORGETTING_MAX || all.contains_key(&address);
        let address = if has_room { address } else { everything() };
        let changes = all.entry(address).or_default();
        *changes += 1;
        (*changes == 1).then_some(address)
    }

    /// How often an address was changed that is to be forgotten.
    fn changes(&self, address: &Address) -> Option<u64> {
        lock(&self.changes).get(address).copied()
    }

    /// Redis has forgotten what an address had before it was changed again after so many changes.
    fn end(&self, address: &Address, told: u64) {
        let mut all = lock(&self.changes);
        if all.get(address) == Some(&told) {
            all.remove(address);
        }
    }

    fn is_about(&self, address: &Address) -> bool {
        let all = lock(&self.changes);
        all.contains_key(address) || all.contains_key(&everything())
    }
}

/// Stands for all addresses. No resource has it: it is a digest of nothing.
fn everything() -> Address {
    [0; 16].into()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn forget(selection: &Selection) -> Forget {
    match selection {
        Selection::Key(key) => Forget::Key(*key.as_bytes()),
        Selection::Address(address) => Forget::Address(*address.as_bytes()),
        Selection::Operation {
            connector,
            operation,
        } => Forget::Operation {
            connector: connector.clone(),
            operation: operation.clone(),
        },
        Selection::Connector(connector) => Forget::Connector(connector.clone()),
        Selection::Tag(tag) => Forget::Tag(tag.clone()),
        Selection::All => Forget::All,
    }
}

fn selection(forget: Forget) -> Selection {
    match forget {
        Forget::Key(bytes) => Selection::Key(bytes.into()),
        Forget::Address(bytes) => Selection::Address(bytes.into()),
        Forget::Operation {
            connector,
            operation,
        } => Selection::Operation {
            connector,
            operation,
        },
        Forget::Connector(connector) => Selection::Connector(connector),
        Forget::Tag(tag) => Selection::Tag(tag),
        Forget::All => Selection::All,
    }
}

#[cfg(test)]
mod tests;
