//! Every connector there is: those compiled in, and the operator's own, which win.

use std::sync::Arc;

use trunkline_connector::document::{Problem, Source};
use trunkline_connector::{Connector, builtin, words};

/// Every connector there is, sorted by name.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    entries: Vec<Entry>,
}

/// One connector and where it comes from.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The connector.
    pub connector: Arc<Connector>,
    /// Where it comes from.
    pub origin: Provenance,
}

/// Where a connector comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provenance {
    /// It is compiled in.
    Builtin,
    /// It is the operator's own.
    Folder,
    /// It is the operator's own and stands in for a built-in one of the same name.
    Overrides,
}

impl Provenance {
    /// The word that listings show.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Builtin => "built-in",
            Self::Folder => "own",
            Self::Overrides => "overrides built-in",
        }
    }
}

impl Catalog {
    /// The built-in connectors and the operator's own, each given as its files.
    ///
    /// # Errors
    /// Every problem of every file at once.
    pub fn load(own: Vec<Vec<Source>>) -> Result<Self, Vec<Problem>> {
        let mut entries = Vec::new();
        let mut problems = Vec::new();
        for files in own {
            match Connector::load(files) {
                Ok(connector) => entries.push(Entry {
                    connector: Arc::new(connector),
                    origin: Provenance::Folder,
                }),
                Err(found) => problems.extend(found),
            }
        }
        match builtin::load() {
            Ok(connectors) => entries.extend(connectors.into_iter().map(|connector| Entry {
                connector: Arc::new(connector),
                origin: Provenance::Builtin,
            })),
            Err(found) => problems.extend(found),
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        // The sort is stable, so the operator's own stands before the built-in of its name.
        entries.sort_by_key(|entry| entry.connector.name);
        entries.dedup_by(|later, first| {
            let is_same = later.connector.name == first.connector.name;
            if is_same {
                first.origin = Provenance::Overrides;
            }
            is_same
        });
        Ok(Self { entries })
    }

    /// One connector and no other.
    pub fn of_one(connector: Arc<Connector>) -> Self {
        Self {
            entries: vec![Entry {
                connector,
                origin: Provenance::Folder,
            }],
        }
    }

    /// Every entry, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// The connector of that name.
    pub fn find(&self, name: &str) -> Option<&Entry> {
        self.entries
            .iter()
            .find(|entry| entry.connector.name.as_str() == name)
    }

    /// The name that is closest to one that does not exist.
    pub fn suggest(&self, name: &str) -> Option<&str> {
        words::nearest(
            name,
            self.entries
                .iter()
                .map(|entry| entry.connector.name.as_str()),
        )
    }
}
