//! An answer as it is kept, and the variants of it that share a key.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use trunkline_cache::Stored;

use crate::key::Address;

/// More variants than this at one key are a sign that the upstream varies by what never recurs.
pub(crate) const VARIANTS_MAX: usize = 16;

/// What an entry takes beside what is counted: places in tables and lists, and their slack.
const OVERHEAD: usize = 384;

/// By what answers are found again when they are to go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels {
    /// The resource.
    pub address: Address,
    /// The connector's name.
    pub connector: Arc<str>,
    /// The operation's name, if the call is of one.
    pub operation: Option<Arc<str>>,
    /// The tags that the answer bears.
    pub tags: Box<[Box<str>]>,
}

/// A whole answer.
pub struct Entry {
    stored: Stored,
    body: Bytes,
    labels: Arc<Labels>,
    weight: u64,
}

impl Entry {
    /// An answer with its whole body.
    ///
    /// The body should own no more memory than it shows: a slice keeps all of what it is of.
    pub fn new(stored: Stored, body: Bytes, labels: Arc<Labels>) -> Self {
        let weight = weight_without_body(&stored, &labels).saturating_add(body.len() as u64);
        Self {
            stored,
            body,
            labels,
            weight,
        }
    }

    /// All but the body.
    pub fn stored(&self) -> &Stored {
        &self.stored
    }

    /// The whole body.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// By what it is found.
    pub fn labels(&self) -> &Arc<Labels> {
        &self.labels
    }

    /// About how many bytes it takes, all in all.
    pub fn weight(&self) -> u64 {
        self.weight
    }

    fn is_variant_of(&self, other: &Self) -> bool {
        self.stored.parts().vary == other.stored.parts().vary
    }
}

/// Bodies stay out: they are callers' data.
impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("stored", &self.stored)
            .field("body_bytes", &self.body.len())
            .field("labels", &self.labels)
            .finish_non_exhaustive()
    }
}

pub(crate) fn weight_without_body(stored: &Stored, labels: &Labels) -> u64 {
    let tags: usize = labels
        .tags
        .iter()
        .map(|tag| size_of::<Box<str>>() + tag.len())
        .sum();
    (OVERHEAD + size_of::<Labels>() + stored.size() + tags) as u64
}

/// What is kept for a key: one answer, or several that were negotiated.
///
/// It stays as it is while it is looked at, whatever is put or taken away meanwhile.
#[derive(Clone, Debug)]
pub struct Slot(Arc<Variants>);

#[derive(Debug)]
struct Variants {
    address: Address,
    weight: u64,
    entries: Vec<Arc<Entry>>,
}

impl Slot {
    /// The answers, the longest kept first; never none.
    pub fn entries(&self) -> &[Arc<Entry>] {
        &self.0.entries
    }

    pub(crate) fn address(&self) -> &Address {
        &self.0.address
    }

    pub(crate) fn weight(&self) -> u64 {
        self.0.weight
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub(crate) fn of(entry: Arc<Entry>) -> Self {
        Self::made(entry.labels.address, vec![entry])
    }

    /// With an answer more, in the place of what it makes old; the longest kept make room.
    pub(crate) fn with(&self, entry: Arc<Entry>, weight_max: u64) -> Self {
        let is_kept = |kept: &&Arc<Entry>| !kept.is_variant_of(&entry);
        let mut entries: Vec<_> = self.entries().iter().filter(is_kept).cloned().collect();
        entries.push(entry);
        let weight_of = |entries: &[Arc<Entry>]| entries.iter().map(|each| each.weight).sum();
        let mut weight: u64 = weight_of(&entries);
        while 1 < entries.len() && (VARIANTS_MAX < entries.len() || weight_max < weight) {
            entries.remove(0);
            weight = weight_of(&entries);
        }
        Self::made(*self.address(), entries)
    }

    /// With what is to stay; nothing if none is.
    pub(crate) fn retaining(&self, stays: impl Fn(&Arc<Entry>) -> bool) -> Option<Self> {
        let entries = self.entries().iter().filter(|entry| stays(entry));
        let entries: Vec<_> = entries.cloned().collect();
        (!entries.is_empty()).then(|| Self::made(*self.address(), entries))
    }

    fn made(address: Address, entries: Vec<Arc<Entry>>) -> Self {
        Self(Arc::new(Variants {
            address,
            weight: entries.iter().map(|entry| entry.weight).sum(),
            entries,
        }))
    }
}

#[cfg(test)]
mod tests;
