//! Which of the kept answers are meant.

use crate::entry::Labels;
use crate::key::{Address, Key};

/// What a purge takes away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// What is kept for one key.
    Key(Key),
    /// What is kept of one resource, whoever's it is.
    Address(Address),
    /// The answers of one operation.
    Operation {
        /// The connector's name.
        connector: String,
        /// The operation's name.
        operation: String,
    },
    /// The answers of one connector.
    Connector(String),
    /// The answers that bear a tag, of whichever connector.
    Tag(String),
    /// All.
    All,
}

impl Selection {
    /// Whether it means all there is at a key of an address, without a look at the labels.
    pub(crate) fn means(&self, address: &Address, key: &Key) -> bool {
        match self {
            Self::Key(meant) => meant == key,
            Self::Address(meant) => meant == address,
            Self::All => true,
            Self::Operation { .. } | Self::Connector(_) | Self::Tag(_) => false,
        }
    }

    /// Whether it means the answers that are labelled so.
    pub(crate) fn means_labelled(&self, labels: &Labels) -> bool {
        match self {
            Self::Operation {
                connector,
                operation,
            } => *labels.connector == **connector && labels.operation.as_deref() == Some(operation),
            Self::Connector(connector) => *labels.connector == **connector,
            Self::Tag(tag) => labels.tags.iter().any(|held| **held == **tag),
            Self::Key(_) | Self::Address(_) | Self::All => false,
        }
    }
}
