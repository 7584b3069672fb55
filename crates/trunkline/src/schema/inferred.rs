//! What recorded answers show of a body, as a schema. It says what is known, not what is promised.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::finding;

/// What the same place looked like in several bodies.
#[derive(Debug, Default)]
struct Seen {
    kinds: BTreeSet<&'static str>,
    objects: usize,
    /// With how many objects had it.
    fields: Vec<(String, usize, Seen)>,
    /// The values of keys that are data.
    keyed: Option<Box<Seen>>,
    items: Option<Box<Seen>>,
}

/// The schema of bodies such as these; `None` where they say nothing.
pub(super) fn schema(bodies: &[Value]) -> Option<Value> {
    let mut seen = Seen::default();
    for body in bodies {
        seen.add(body);
    }
    let schema = seen.schema();
    (schema != json!({})).then_some(schema)
}

impl Seen {
    fn add(&mut self, value: &Value) {
        match value {
            // It may be anything at other times.
            Value::Null => {}
            Value::Bool(_) => {
                self.kinds.insert("boolean");
            }
            // A whole number may be one by chance.
            Value::Number(_) => {
                self.kinds.insert("number");
            }
            Value::String(_) => {
                self.kinds.insert("string");
            }
            Value::Array(values) => {
                self.kinds.insert("array");
                for value in values {
                    self.items.get_or_insert_default().add(value);
                }
            }
            Value::Object(fields) => {
                self.kinds.insert("object");
                self.objects += 1;
                for (name, value) in fields {
                    self.field(name).add(value);
                }
            }
        }
    }

    fn field(&mut self, name: &str) -> &mut Self {
        if !finding::is_name(name) {
            return self.keyed.get_or_insert_default();
        }
        let place = self.fields.iter().position(|(known, ..)| known == name);
        let place = place.unwrap_or_else(|| {
            self.fields.push((name.to_owned(), 0, Self::default()));
            self.fields.len() - 1
        });
        match self.fields.get_mut(place) {
            Some((_, count, seen)) => {
                *count += 1;
                seen
            }
            // It has just been found or pushed.
            None => self.keyed.get_or_insert_default(),
        }
    }

    fn schema(self) -> Value {
        let mut schema = Map::new();
        if !self.kinds.is_empty() {
            let kinds: Vec<&str> = self.kinds.into_iter().chain(["null"]).collect();
            schema.insert("type".to_owned(), kinds.into());
        }
        let mut required = Vec::new();
        let mut properties = Map::new();
        for (name, count, seen) in self.fields {
            if count == self.objects {
                required.push(name.clone());
            }
            properties.insert(name, seen.schema());
        }
        if !properties.is_empty() {
            schema.insert("properties".to_owned(), properties.into());
        }
        if !required.is_empty() {
            schema.insert("required".to_owned(), required.into());
        }
        if let Some(keyed) = self.keyed {
            schema.insert("additionalProperties".to_owned(), keyed.schema());
        }
        if let Some(items) = self.items {
            schema.insert("items".to_owned(), items.schema());
        }
        schema.into()
    }
}
