//! The running report: what was seen so far, so much and no more.

use std::collections::BTreeMap;
use std::mem;
use std::sync::Arc;

use trunkline_connector::ConnectorName;

use super::{Drifted, Part};
use crate::schema::{Change, Difference};

/// The most differences of one operation that are remembered.
pub(super) const PLACES_MAX: usize = 200;

/// What was seen so far.
#[derive(Debug, Default)]
pub(super) struct Report {
    operations: BTreeMap<(ConnectorName, Arc<str>), BTreeMap<Place, Seen>>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    part: Part,
    path: String,
    change: Change,
}

#[derive(Debug)]
struct Seen {
    expected: String,
    found: String,
    count: u64,
    /// How many of them have not been written down.
    unsaved: u64,
    first: String,
    last: String,
}

impl Report {
    /// Counts what differed in one body. Of too many, those that were not seen for the longest go.
    pub(super) fn add(
        &mut self,
        (connector, operation): (ConnectorName, &Arc<str>),
        part: Part,
        differences: Vec<Difference>,
        now: &str,
    ) {
        if differences.is_empty() {
            return;
        }
        let key = (connector, Arc::clone(operation));
        let places = self.operations.entry(key).or_default();
        for difference in differences {
            let place = Place {
                part,
                path: difference.path,
                change: difference.change,
            };
            if PLACES_MAX <= places.len() && !places.contains_key(&place) {
                drop_oldest(places);
            }
            let seen = places.entry(place).or_insert_with(|| Seen {
                expected: String::new(),
                found: String::new(),
                count: 0,
                unsaved: 0,
                first: now.to_owned(),
                last: String::new(),
            });
            seen.expected = difference.expected;
            seen.found = difference.found;
            seen.count += 1;
            seen.unsaved += 1;
            now.clone_into(&mut seen.last);
        }
    }

    /// Everything, sorted.
    pub(super) fn all(&self) -> Vec<Drifted> {
        self.rows(|seen| seen.count)
    }

    /// What has not been written down, sorted.
    pub(super) fn unsaved(&self) -> Vec<Drifted> {
        self.rows(|seen| seen.unsaved)
    }

    /// These have been written down.
    pub(super) fn saved(&mut self, rows: &[Drifted]) {
        for (key, places) in &mut self.operations {
            for (place, seen) in places.iter_mut().filter(|(_, seen)| seen.unsaved > 0) {
                let is_it = |row: &&Drifted| {
                    row.connector == key.0.as_str()
                        && *row.operation == *key.1
                        && row.part == place.part
                        && row.path == place.path
                        && row.change == place.change
                };
                let saved = rows.iter().find(is_it).map_or(0, |row| row.count);
                seen.unsaved = seen.unsaved.saturating_sub(saved);
            }
        }
    }

    fn rows(&self, count: impl Fn(&Seen) -> u64) -> Vec<Drifted> {
        let mut rows = Vec::new();
        for ((connector, operation), places) in &self.operations {
            for (place, seen) in places {
                let count = count(seen);
                if count == 0 {
                    continue;
                }
                rows.push(Drifted {
                    connector: connector.to_string(),
                    operation: operation.to_string(),
                    part: place.part,
                    path: place.path.clone(),
                    change: place.change,
                    expected: seen.expected.clone(),
                    found: seen.found.clone(),
                    count,
                    first_seen: seen.first.clone(),
                    last_seen: seen.last.clone(),
                });
            }
        }
        rows
    }
}

fn drop_oldest(places: &mut BTreeMap<Place, Seen>) {
    let oldest = places
        .iter()
        .min_by(|one, other| one.1.last.cmp(&other.1.last));
    if let Some(place) = oldest.map(|(place, _)| place.clone()) {
        places.remove(&place);
    }
}

/// Adds rows to others, one per place, sorted, and no more of an operation than are remembered.
pub(super) fn merge(mut rows: Vec<Drifted>, more: &[Drifted]) -> Vec<Drifted> {
    rows.extend_from_slice(more);
    // A stable sort: of rows that were seen in the same second, the later one stays behind.
    rows.sort_by(|one, other| one.place().cmp(&other.place()));
    let mut merged: Vec<Drifted> = Vec::new();
    for row in rows {
        match merged.last_mut() {
            Some(last) if last.place() == row.place() => last.add(&row),
            Some(_) | None => merged.push(row),
        }
    }
    let mut kept = Vec::new();
    let mut of_one: Vec<Drifted> = Vec::new();
    for row in merged {
        let is_other = of_one.first().is_some_and(|first| {
            (&first.connector, &first.operation) != (&row.connector, &row.operation)
        });
        if is_other {
            kept.extend(latest(mem::take(&mut of_one)));
        }
        of_one.push(row);
    }
    kept.extend(latest(of_one));
    kept
}

/// Those of one operation that were seen last.
fn latest(mut rows: Vec<Drifted>) -> Vec<Drifted> {
    if PLACES_MAX < rows.len() {
        rows.sort_by(|one, other| other.last_seen.cmp(&one.last_seen));
        rows.truncate(PLACES_MAX);
        rows.sort_by(|one, other| one.place().cmp(&other.place()));
    }
    rows
}
