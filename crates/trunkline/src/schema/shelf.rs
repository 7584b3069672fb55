//! A connector's schemas, each made ready once, when it is first asked for. Where they grow too
//! large together, those that were not asked for the longest make room.

use std::collections::HashSet;
use std::ptr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rustc_hash::FxHashMap;
use serde_json::Value;
use trunkline_connector::{Connector, SchemaRef};

use super::documents::{Documents, Part};
use super::{Formats, Place, Schema, SchemaError};

/// The most values in all schemas that are ready, counted as they are written. A value takes about
/// 100 bytes then, so that this is about 150 MB: some fifteen schemas that each reach everything
/// that a very large API has, or every schema of a usual one.
const VALUES_MAX: usize = 1_500_000;

/// A schema that is ready, or why it cannot be.
pub(super) type Made = Result<Arc<Schema>, SchemaError>;

/// A connector's schemas.
#[derive(Debug)]
pub(super) struct Shelf {
    documents: Arc<Documents>,
    kept: Mutex<Kept>,
    values_max: usize,
}

#[derive(Debug, Default)]
struct Kept {
    slots: FxHashMap<SchemaRef, Slot>,
    /// How often any was asked for.
    asked: u64,
    values: usize,
}

#[derive(Debug)]
struct Slot {
    made: Arc<OnceLock<Made>>,
    values: usize,
    asked: u64,
}

impl Shelf {
    pub(super) fn new(connector: Arc<Connector>) -> Self {
        Self::with_room_for(connector, VALUES_MAX)
    }

    pub(super) fn with_room_for(connector: Arc<Connector>, values_max: usize) -> Self {
        Self {
            documents: Arc::new(Documents::new(connector)),
            kept: Mutex::default(),
            values_max,
        }
    }

    /// A schema, made ready now if it is not.
    pub(super) fn get(&self, schema: &SchemaRef) -> Made {
        let slot = self.known(schema).unwrap_or_else(|| self.add(schema));
        // Nobody who wants another schema waits for this one.
        let made = slot.get_or_init(|| {
            let place = Place::Within(Arc::clone(&self.documents), schema.clone());
            Schema::compile(place, Formats::Noted).map(Arc::new)
        });
        made.clone()
    }

    fn known(&self, schema: &SchemaRef) -> Option<Arc<OnceLock<Made>>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.asked += 1;
        let asked = kept.asked;
        let slot = kept.slots.get_mut(schema)?;
        slot.asked = asked;
        Some(Arc::clone(&slot.made))
    }

    fn add(&self, schema: &SchemaRef) -> Arc<OnceLock<Made>> {
        let values = self.reach(schema);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        while self.values_max < kept.values + values && kept.drop_oldest() {}
        let asked = kept.asked;
        let slot = kept.slots.entry(schema.clone());
        let is_new = matches!(slot, std::collections::hash_map::Entry::Vacant(_));
        let slot = slot.or_insert_with(|| Slot {
            made: Arc::default(),
            values,
            asked,
        });
        let made = Arc::clone(&slot.made);
        if is_new {
            kept.values += values;
        }
        made
    }

    /// How many values a schema has, those that it refers to included.
    fn reach(&self, schema: &SchemaRef) -> usize {
        let mut open: Vec<Part<'_>> = self.documents.part(schema).into_iter().collect();
        let mut seen = HashSet::new();
        let mut values = 0;
        while let Some(part) = open.pop() {
            if !seen.insert(ptr::from_ref(part.schema)) {
                continue;
            }
            values += 1;
            match part.schema {
                Value::Object(fields) => {
                    open.extend(fields.values().map(|value| part.with(value)));
                    if let Some(Value::String(reference)) = fields.get("$ref") {
                        open.extend(part.follow(reference, Some(&self.documents)));
                    }
                }
                Value::Array(items) => open.extend(items.iter().map(|item| part.with(item))),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
            }
        }
        values
    }
}

impl Kept {
    /// Lets go of what was not asked for the longest, if there is anything.
    fn drop_oldest(&mut self) -> bool {
        let oldest = self.slots.iter().min_by_key(|(_, slot)| slot.asked);
        let Some(schema) = oldest.map(|(schema, _)| schema.clone()) else {
            return false;
        };
        if let Some(slot) = self.slots.remove(&schema) {
            self.values = self.values.saturating_sub(slot.values);
        }
        true
    }
}

#[cfg(test)]
impl Shelf {
    /// How many are ready or being made so.
    pub(super) fn len(&self) -> usize {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.slots.len()
    }
}
