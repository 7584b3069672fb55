//! Finds fields that are there although no part of a schema speaks of them.
//!
//! Most schemas allow them, so that validators say nothing; they are how an API grows.

use std::collections::HashSet;
use std::ptr;

use serde_json::{Map, Value};

use super::documents::{Documents, Part};
use super::finding::{self, Change, Difference};
use super::{DIFFERENCES_MAX, Place, words};

/// The most values of a body that are looked at, and parts of a schema that are looked at for them.
const LOOKS_MAX: usize = 100_000;

/// The most parts of a schema that speak of one place.
const PARTS_MAX: usize = 256;

/// The keywords that add to what a schema says of the same place: one schema, or a list of them.
const ALSO: [&str; 6] = ["allOf", "anyOf", "oneOf", "if", "then", "else"];

/// Adds the fields of a body that the schema does not know.
pub(super) fn fields(place: &Place, body: &Value, differences: &mut Vec<Difference>) {
    let (part, documents) = match place {
        Place::Whole(schema) => (Some(Part::whole(schema)), None),
        Place::Within(documents, schema) => (documents.part(schema), Some(&**documents)),
    };
    let Some(part) = part else {
        return;
    };
    let mut walk = Walk {
        documents,
        differences,
        looks_left: LOOKS_MAX,
    };
    walk.value(&[part], body, "");
}

struct Walk<'s, 'd> {
    documents: Option<&'s Documents>,
    differences: &'d mut Vec<Difference>,
    looks_left: usize,
}

/// What the parts of a schema say of the fields of an object.
struct Fields<'s> {
    parts: Vec<Part<'s>>,
    /// Whether any of them speaks of fields at all.
    is_closed: bool,
}

impl<'s> Walk<'s, '_> {
    /// Looks at a value of which `parts` speak.
    fn value(&mut self, parts: &[Part<'s>], value: &Value, path: &str) {
        let Some(left) = self.looks_left.checked_sub(1) else {
            return;
        };
        self.looks_left = left;
        match value {
            Value::Object(object) => self.object(parts, object, path),
            Value::Array(items) => {
                let of_items = self.all(parts).below(&["items", "prefixItems"]);
                if of_items.is_empty() {
                    return;
                }
                let path = format!("{path}/*");
                for item in items {
                    self.value(&of_items, item, &path);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    fn object(&mut self, parts: &[Part<'s>], object: &Map<String, Value>, path: &str) {
        let all = self.all(parts);
        let others = all.below(&["additionalProperties", "unevaluatedProperties"]);
        for (name, value) in object {
            let segment = if finding::is_name(name) { name } else { "*" };
            let path = format!("{path}/{segment}");
            let known = all.field(name);
            if !known.is_empty() {
                self.value(&known, value, &path);
            } else if !others.is_empty() {
                self.value(&others, value, &path);
            } else if all.is_closed && self.differences.len() < DIFFERENCES_MAX {
                self.differences.push(Difference {
                    path,
                    change: Change::Appeared,
                    expected: "no such field".to_owned(),
                    found: words::kind_of(value).to_owned(),
                });
            }
        }
    }

    /// Every part that speaks of the same place as these, by reference or as one of several ways.
    fn all(&mut self, parts: &[Part<'s>]) -> Fields<'s> {
        let mut open: Vec<Part<'s>> = parts.to_vec();
        let mut seen = HashSet::new();
        let mut all = Vec::new();
        while let Some(part) = open.pop() {
            let Some(schema) = part.schema.as_object() else {
                continue;
            };
            if PARTS_MAX <= all.len() || !seen.insert(ptr::from_ref(schema)) {
                continue;
            }
            if let Some(Value::String(reference)) = schema.get("$ref") {
                open.extend(part.follow(reference, self.documents));
            }
            for keyword in ALSO {
                match schema.get(keyword) {
                    Some(Value::Array(ways)) => open.extend(ways.iter().map(|way| part.with(way))),
                    Some(way) => open.push(part.with(way)),
                    None => {}
                }
            }
            all.push(part);
        }
        self.looks_left = self.looks_left.saturating_sub(all.len());
        let speaks = |part: &Part<'_>| part.schema.get("properties").is_some();
        // What matches a pattern is known, and what is allowed in so many words is no news.
        let allows = |part: &Part<'_>| {
            part.schema.get("patternProperties").is_some()
                || part.schema.get("additionalProperties") == Some(&Value::Bool(true))
        };
        Fields {
            is_closed: all.iter().any(speaks) && !all.iter().any(allows),
            parts: all,
        }
    }
}

impl<'s> Fields<'s> {
    /// What is said of the field of this name.
    fn field(&self, name: &str) -> Vec<Part<'s>> {
        let said = self.parts.iter().filter_map(|part| {
            let schema = part.schema.get("properties")?.get(name)?;
            Some(part.with(schema))
        });
        said.collect()
    }

    /// The schemas under these keywords, one or a list of them.
    fn below(&self, keywords: &[&str]) -> Vec<Part<'s>> {
        let mut below = Vec::new();
        for part in &self.parts {
            for keyword in keywords {
                match part.schema.get(keyword) {
                    Some(Value::Array(schemas)) => {
                        below.extend(schemas.iter().map(|schema| part.with(schema)));
                    }
                    Some(schema @ Value::Object(_)) => below.push(part.with(schema)),
                    _ => {}
                }
            }
        }
        below
    }
}
