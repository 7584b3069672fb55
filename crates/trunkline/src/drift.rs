//! How replies come to differ from what is known of them: which fields appeared, vanished or
//! changed, how often, and since when.
//!
//! Replies are compared with the schema that they are promised to fit, or else with the answers
//! that were recorded when the connector was written. Only fields' names and kinds are kept, never
//! a value.

pub(crate) mod aside;
mod file;
pub(crate) mod look;
mod report;
pub(crate) mod watcher;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use crate::schema::Change;
pub use file::{FILE_NAME, read};

/// One difference, and how often it was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drifted {
    /// The connector.
    pub connector: String,
    /// The operation.
    pub operation: String,
    /// What it was seen in.
    pub part: Part,
    /// The field: JSON Pointer in which `*` stands for every item of a list and for keys that are
    /// data.
    pub path: String,
    /// What has become of it.
    pub change: Change,
    /// What was known of it, such as `a text`.
    pub expected: String,
    /// What it was when it was last seen, such as `a whole number`.
    pub found: String,
    /// In how many replies or events it was seen. Not every one is looked at.
    pub count: u64,
    /// When it was first seen (RFC 3339, UTC).
    pub first_seen: String,
    /// When it was last seen.
    pub last_seen: String,
}

/// What differences are seen in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// A reply's body.
    Reply,
    /// One event of a stream.
    Event,
}

impl Part {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reply => "reply",
            Self::Event => "event",
        }
    }
}

impl Drifted {
    /// What it is about: rows of the same place are one.
    fn place(&self) -> (&str, &str, Part, &str, Change) {
        let Self {
            connector,
            operation,
            part,
            path,
            change,
            ..
        } = self;
        (connector, operation, *part, path, *change)
    }

    /// Adds what was seen of the same later, or earlier. Within one second, `other` is later.
    fn add(&mut self, other: &Self) {
        self.count = self.count.saturating_add(other.count);
        if other.first_seen < self.first_seen {
            self.first_seen.clone_from(&other.first_seen);
        }
        if self.last_seen <= other.last_seen {
            self.last_seen.clone_from(&other.last_seen);
            self.expected.clone_from(&other.expected);
            self.found.clone_from(&other.found);
        }
    }
}
