//! Takes kept answers away.

use trunkline_connector::ConnectorName;
use trunkline_redis::{Forget, Forgotten};
use trunkline_store::{Address, Selection};

use super::Cache;
use crate::error::{Error, ErrorKind};

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
                    .with_hint("a key has 64 hexadecimal digits")
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
    pub(crate) async fn purge(&self, purge: &Purge) -> Result<u64, Error> {
        let selection = purge.selection()?;
        let Some(redis) = &self.redis else {
            return Ok(self.store().purge(&selection) as u64);
        };
        let told = redis.forget(&forget(&selection)).await;
        let removed = self.store().purge(&selection) as u64;
        if told.is_ok() {
            return Ok(removed);
        }
        let message = format!(
            "{removed} answers are gone from this process, and Redis cannot be asked for the others"
        );
        Err(Error::new(ErrorKind::SharedStoreAway, message)
            .with_hint("ask again when Redis is back; other processes still have theirs"))
    }

    /// What was changed at the upstream is not served any more.
    pub(crate) fn invalidate(&self, address: &Address) {
        self.store().invalidate(address);
        if let Some(redis) = &self.redis {
            let redis = redis.clone();
            let forget = Forget::Address(*address.as_bytes());
            // Whoever waits for the answer does not wait for this. Other processes hear of it within
            // a second; what cannot be told to them lives no longer than it may.
            #[expect(
                clippy::disallowed_methods,
                reason = "Redis has a time limit of its own"
            )]
            tokio::spawn(async move { redis.forget(&forget).await.ok() });
        }
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
