//! `schemas/components.json`: every schema that operations name, each once, so that a schema may
//! contain itself.

mod convert;
mod cycles;

use std::collections::HashMap;

use regex::Regex;
use serde_json::{Map, Value};

use crate::at::At;
use crate::names::{self, Unique};
use crate::report::{Loss, Report};
use crate::spec::{self, Spec};

/// The file.
pub(crate) const FILE: &str = "components.json";

/// The dialect that it is written in.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// Up to here it is written for people, one value a line; beyond, one schema a line.
const PRETTY_BYTES_MAX: usize = 256 << 10;

/// Larger files are not read as part of a connector.
const FILE_BYTES_MAX: usize = 15 << 20;

/// The schemas of one connector.
#[derive(Debug)]
pub(crate) struct Schemas<'d> {
    spec: Spec<'d>,
    definitions: Vec<Definition<'d>>,
    /// Definitions by where their source stands in memory, which is the same for every reference
    /// to it, however it is written.
    places: HashMap<usize, usize>,
    names: Unique,
    /// Whether a pattern is a regular expression; most stand in a document many times.
    patterns: HashMap<&'d str, bool>,
    /// How many definitions have been converted.
    converted: usize,
}

/// One schema with a name of its own.
#[derive(Debug)]
struct Definition<'d> {
    name: String,
    source: &'d Value,
    /// JSON Pointer to the source, for reports.
    at: String,
    value: Value,
}

impl<'d> Schemas<'d> {
    pub(crate) fn new(spec: Spec<'d>) -> Self {
        Self {
            spec,
            definitions: Vec::new(),
            places: HashMap::new(),
            names: Unique::default(),
            patterns: HashMap::new(),
            converted: 0,
        }
    }

    /// The text by which an operation names a schema: `components.json#/$defs/Pet`. A schema
    /// without a name of its own gets one. `None` where it says nothing, or leads nowhere.
    pub(crate) fn name(
        &mut self,
        schema: &'d Value,
        at: &At<'_>,
        name: &str,
        report: &mut Report,
    ) -> Option<String> {
        let index = match spec::reference_of(schema) {
            Some(reference) => self.refer(reference, at, report)?,
            None if says_nothing(schema) => return None,
            None => self.define(schema, name, at.to_string()),
        };
        Some(format!("{FILE}#/$defs/{}", self.name_of(index)))
    }

    /// As [`Schemas::name`], for one of several schemas.
    pub(crate) fn name_any(
        &mut self,
        schemas: &[(&'d Value, String)],
        name: &str,
        report: &mut Report,
    ) -> Option<String> {
        if let [(schema, at)] = schemas {
            return self.name(schema, &At::Pointer(at), name, report);
        }
        let mut references = Vec::new();
        for (schema, at) in schemas {
            let named = self.name(schema, &At::Pointer(at), name, report)?;
            let reference = named.strip_prefix(FILE).unwrap_or_default().to_owned();
            if !references.contains(&reference) {
                references.push(reference);
            }
        }
        if let [only] = references.as_slice() {
            return Some(format!("{FILE}{only}"));
        }
        let name = self.names.give(names::of_schema(name));
        let any = references
            .into_iter()
            .map(|reference| table("$ref", Value::String(reference)));
        let value = table("anyOf", Value::Array(any.collect()));
        let text = format!("{FILE}#/$defs/{name}");
        self.definitions.push(Definition {
            name,
            source: &Value::Null,
            at: String::new(),
            value,
        });
        Some(text)
    }

    /// The file's text; nothing where no operation names a schema.
    pub(crate) fn into_text(mut self, report: &mut Report) -> Option<String> {
        while let Some(definition) = self.definitions.get(self.converted) {
            let (source, at) = (definition.source, definition.at.clone());
            if definition.value.is_null() {
                let value = self.convert(source, &At::Pointer(&at), report);
                if let Some(definition) = self.definitions.get_mut(self.converted) {
                    definition.value = value;
                }
            }
            self.converted += 1;
        }
        let mut definitions: Vec<(String, Value)> = Vec::new();
        for cut in cycles::cut(&mut self.definitions) {
            report.add(Loss::Cycle, &At::Pointer(&cut), "");
        }
        for definition in self.definitions {
            definitions.push((definition.name, definition.value));
        }
        definitions.sort_by(|left, right| left.0.cmp(&right.0));
        (!definitions.is_empty()).then(|| text_of(definitions, report))
    }

    /// The definition that a reference leads to.
    fn refer(&mut self, reference: &'d str, at: &At<'_>, report: &mut Report) -> Option<usize> {
        let Some(found) = self.spec.find(reference) else {
            report.add(Loss::Reference, at, reference);
            return None;
        };
        let pointer = reference.trim_start_matches('#');
        let name = pointer
            .strip_prefix("/components/schemas/")
            .unwrap_or(pointer);
        let name = name.replace("~1", "/").replace("~0", "~");
        let name = name.trim_start_matches('/').replace('/', ".");
        Some(self.define(found, &name, pointer.to_owned()))
    }

    /// The definition of a schema that stands somewhere in the document.
    fn define(&mut self, source: &'d Value, name: &str, at: String) -> usize {
        let place = std::ptr::from_ref(source).addr();
        if let Some(index) = self.places.get(&place) {
            return *index;
        }
        let index = self.definitions.len();
        self.definitions.push(Definition {
            name: self.names.give(names::of_schema(name)),
            source,
            at,
            value: Value::Null,
        });
        self.places.insert(place, index);
        index
    }

    fn name_of(&self, index: usize) -> &str {
        self.definitions
            .get(index)
            .map_or("", |definition| &definition.name)
    }

    /// Whether a pattern can be read.
    fn is_pattern(&mut self, pattern: &'d str) -> bool {
        *self
            .patterns
            .entry(pattern)
            .or_insert_with(|| is_pattern(pattern))
    }
}

/// Whether a text is a regular expression. Those that look around, which our own library does not
/// know, are read as if they did not.
fn is_pattern(text: &str) -> bool {
    let plain = ["(?=", "(?!", "(?<=", "(?<!"]
        .iter()
        .fold(text.to_owned(), |text, opening| {
            text.replace(opening, "(?:")
        });
    Regex::new(&plain).is_ok()
}

/// Whether every value fits.
fn says_nothing(schema: &Value) -> bool {
    match schema {
        Value::Bool(takes) => *takes,
        Value::Object(fields) => fields.is_empty(),
        Value::Null | Value::Number(_) | Value::String(_) | Value::Array(_) => true,
    }
}

fn table(key: &str, value: Value) -> Value {
    Value::Object(Map::from_iter([(key.to_owned(), value)]))
}

fn text_of(definitions: Vec<(String, Value)>, report: &mut Report) -> String {
    let mut lines: Vec<String> = Vec::with_capacity(definitions.len());
    let mut size = 0;
    let mut whole = Map::new();
    for (name, value) in definitions {
        let mut text = value.to_string();
        if FILE_BYTES_MAX < size + text.len() {
            report.add(Loss::SchemaSize, &At::Pointer(""), &name);
            "true".clone_into(&mut text);
        }
        size += text.len() + name.len() + 10;
        lines.push(format!("    {}: {text}", Value::String(name.clone())));
        if size <= PRETTY_BYTES_MAX {
            whole.insert(name, value);
        }
    }
    if size <= PRETTY_BYTES_MAX {
        let file = Map::from_iter([
            ("$schema".to_owned(), Value::String(DIALECT.to_owned())),
            ("$defs".to_owned(), Value::Object(whole)),
        ]);
        let text = serde_json::to_string_pretty(&file);
        return text.unwrap_or_default() + "\n";
    }
    let lines = lines.join(",\n");
    format!("{{\n  \"$schema\": \"{DIALECT}\",\n  \"$defs\": {{\n{lines}\n  }}\n}}\n")
}
