//! The properties of an object's schema, over all the schemas that it is made of.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::values;
use crate::spec::{self, Fields, Spec};

/// How deep alternatives and parts are followed.
const DEPTH_MAX: usize = 16;

/// The most properties that are collected.
const FIELDS_MAX: usize = 2_000;

/// The most schemas that are looked at: parts of parts can be more than there are.
const SCHEMAS_MAX: usize = 5_000;

/// The properties of an object.
#[derive(Debug, Default)]
pub(super) struct Collected<'d> {
    pub(super) list: Vec<Field<'d>>,
    /// It was made of alternatives.
    pub(super) has_alternatives: bool,
}

/// One property.
#[derive(Debug, Clone)]
pub(super) struct Field<'d> {
    pub(super) name: &'d str,
    pub(super) schema: &'d Value,
    pub(super) is_required: bool,
    pub(super) agreement: Agreement,
}

/// What alternatives say of a property that several of them have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Agreement {
    /// The same, or there is but one.
    Whole,
    /// The same kind of value.
    Kind,
    /// Other kinds of values.
    None,
}

/// Collects them. What only some alternatives need is not required.
pub(super) fn collect<'d>(spec: Spec<'d>, schema: Option<&'d Value>) -> Collected<'d> {
    let mut walk = Walk {
        spec,
        places: HashMap::new(),
        found: Collected::default(),
        open: HashSet::new(),
        left: SCHEMAS_MAX,
    };
    let required = schema
        .map(|schema| walk.schema(schema, 0))
        .unwrap_or_default();
    let mut found = walk.found;
    for field in &mut found.list {
        field.is_required = required.contains(field.name);
    }
    found
}

struct Walk<'d> {
    spec: Spec<'d>,
    places: HashMap<&'d str, usize>,
    found: Collected<'d>,
    /// Schemas that are being looked at, by where they stand in memory.
    open: HashSet<usize>,
    /// How many more schemas are looked at.
    left: usize,
}

impl<'d> Walk<'d> {
    /// Adds a schema's properties; gives what it requires.
    fn schema(&mut self, schema: &'d Value, depth: usize) -> HashSet<&'d str> {
        let followed = self.spec.follow(schema).ok();
        let Some(fields) = followed.and_then(Value::as_object) else {
            return HashSet::new();
        };
        let place = std::ptr::from_ref(fields).addr();
        if DEPTH_MAX <= depth || self.left == 0 || !self.open.insert(place) {
            return HashSet::new();
        }
        self.left -= 1;
        let required = self.object(fields, depth);
        self.open.remove(&place);
        required
    }

    fn object(&mut self, fields: &'d Fields, depth: usize) -> HashSet<&'d str> {
        let own = spec::items(fields, "required")
            .iter()
            .filter_map(Value::as_str);
        let mut required: HashSet<&str> = own.collect();
        for (name, schema) in spec::entries(fields, "properties") {
            if !is_read_only(self.spec, schema) {
                self.add(name, schema);
            }
        }
        for part in spec::items(fields, "allOf") {
            required.extend(self.schema(part, depth + 1));
        }
        for key in ["oneOf", "anyOf"] {
            let alternatives = spec::items(fields, key);
            self.found.has_alternatives |= 1 < alternatives.len();
            let mut common: Option<HashSet<&str>> = None;
            for alternative in alternatives {
                let needed = self.schema(alternative, depth + 1);
                common = Some(match common {
                    None => needed,
                    Some(before) => before.intersection(&needed).copied().collect(),
                });
            }
            required.extend(common.unwrap_or_default());
        }
        required
    }

    fn add(&mut self, name: &'d str, schema: &'d Value) {
        if let Some(field) = self
            .places
            .get(name)
            .and_then(|place| self.found.list.get_mut(*place))
        {
            if field.schema != schema {
                let kinds = [field.schema, schema].map(|schema| values::kind_of(self.spec, schema));
                let agreement = match kinds {
                    [ours, theirs] if ours == theirs => Agreement::Kind,
                    _ => Agreement::None,
                };
                field.agreement = field.agreement.max(agreement);
            }
            return;
        }
        if name.is_empty() || FIELDS_MAX <= self.found.list.len() {
            return;
        }
        self.places.insert(name, self.found.list.len());
        self.found.list.push(Field {
            name,
            schema,
            is_required: false,
            agreement: Agreement::Whole,
        });
    }
}

/// What the API alone sets is no input.
fn is_read_only<'d>(spec: Spec<'d>, schema: &'d Value) -> bool {
    let says = |schema: &Value| schema.get("readOnly") == Some(&Value::Bool(true));
    says(schema) || spec.follow(schema).is_ok_and(says)
}
