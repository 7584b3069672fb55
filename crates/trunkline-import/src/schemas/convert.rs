//! Schemas of OpenAPI 3.0 and 3.1 as JSON Schema 2020-12.
//!
//! What only people read (descriptions, titles, examples, defaults) is left out, and so is what
//! OpenAPI adds. Keywords whose values are not what JSON Schema says would make every schema
//! around them unusable, so they are left out too.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::{Schemas, table};
use crate::at::At;
use crate::report::{Loss, Report};
use crate::spec::{self, Fields};

/// Deeper ones get a name of their own: readers of JSON go 128 levels deep, and each of ours may
/// be three of theirs.
const DEPTH_MAX: usize = 24;

/// What a keyword's value is.
#[derive(Debug, Clone, Copy)]
enum Sort {
    Schema,
    Schemas,
    Named,
    Number,
    /// A number above 0.
    Step,
    Count,
    Text,
    Boolean,
    Texts,
    Any,
}

/// Keywords that are carried over where their value is of their sort.
const KEYWORDS: [(&str, Sort); 34] = [
    ("additionalProperties", Sort::Schema),
    ("allOf", Sort::Schemas),
    ("anyOf", Sort::Schemas),
    ("const", Sort::Any),
    ("contains", Sort::Schema),
    ("dependentSchemas", Sort::Named),
    ("else", Sort::Schema),
    ("exclusiveMaximum", Sort::Number),
    ("exclusiveMinimum", Sort::Number),
    ("format", Sort::Text),
    ("if", Sort::Schema),
    ("items", Sort::Schema),
    ("maxContains", Sort::Count),
    ("maxItems", Sort::Count),
    ("maxLength", Sort::Count),
    ("maxProperties", Sort::Count),
    ("maximum", Sort::Number),
    ("minContains", Sort::Count),
    ("minItems", Sort::Count),
    ("minLength", Sort::Count),
    ("minProperties", Sort::Count),
    ("minimum", Sort::Number),
    ("multipleOf", Sort::Step),
    ("not", Sort::Schema),
    ("oneOf", Sort::Schemas),
    ("patternProperties", Sort::Named),
    ("prefixItems", Sort::Schemas),
    ("properties", Sort::Named),
    ("propertyNames", Sort::Schema),
    ("required", Sort::Texts),
    ("then", Sort::Schema),
    ("unevaluatedItems", Sort::Schema),
    ("unevaluatedProperties", Sort::Schema),
    ("uniqueItems", Sort::Boolean),
];

/// Keywords that say nothing about values, in JSON Schema and in OpenAPI.
const SILENT: [&str; 19] = [
    "$comment",
    "$defs",
    "$schema",
    "contentEncoding",
    "contentMediaType",
    "contentSchema",
    "default",
    "definitions",
    "deprecated",
    "description",
    "example",
    "examples",
    "externalDocs",
    "id",
    "nullable",
    "readOnly",
    "title",
    "writeOnly",
    "xml",
];

const TYPES: [&str; 7] = [
    "array", "boolean", "integer", "null", "number", "object", "string",
];

impl<'d> Schemas<'d> {
    /// A schema with everything in it; what it refers to is converted later.
    pub(super) fn convert(&mut self, schema: &'d Value, at: &At<'_>, report: &mut Report) -> Value {
        self.schema(schema, at, (0, report))
    }

    fn schema(
        &mut self,
        schema: &'d Value,
        at: &At<'_>,
        (depth, report): (usize, &mut Report),
    ) -> Value {
        match schema {
            Value::Bool(takes) => Value::Bool(*takes),
            Value::Object(fields) if spec::reference_of(schema).is_some() => {
                self.reference(fields, at, (depth, report))
            }
            Value::Object(_) if DEPTH_MAX <= depth => {
                let index = self.define(schema, "nested", at.to_string());
                self.link(index)
            }
            Value::Object(fields) => self.keywords(fields, at, (depth, report)),
            Value::Null | Value::Number(_) | Value::String(_) | Value::Array(_) => {
                report.add(Loss::Malformed, at, "no schema");
                Value::Bool(true)
            }
        }
    }

    fn reference(
        &mut self,
        fields: &'d Fields,
        at: &At<'_>,
        (depth, report): (usize, &mut Report),
    ) -> Value {
        let reference = fields
            .get("$ref")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let found = self.refer(reference, at, report);
        let found = found.map_or(Value::Bool(true), |index| self.link(index));
        if !self.spec.keeps_siblings {
            // The standard ignores it there; whoever writes it means it.
            return if is_nullable(fields) {
                or_null(found)
            } else {
                found
            };
        }
        let beside = self.keywords(fields, at, (depth, report));
        match (beside, found) {
            (Value::Object(mut beside), Value::Object(found)) => {
                beside.extend(found);
                Value::Object(beside)
            }
            (beside, Value::Bool(_)) => beside,
            (_, found) => found,
        }
    }

    fn link(&self, index: usize) -> Value {
        table(
            "$ref",
            Value::String(format!("#/$defs/{}", self.name_of(index))),
        )
    }

    fn keywords(
        &mut self,
        fields: &'d Fields,
        at: &At<'_>,
        (depth, report): (usize, &mut Report),
    ) -> Value {
        let mut made = Map::new();
        for (key, value) in fields {
            let at = at.key(key);
            match key.as_str() {
                "type" => types(value, &at, &mut made, report),
                "enum" => values(value, fields, &mut made),
                "pattern" => self.pattern(value, &at, &mut made, report),
                "discriminator" => report.add(Loss::Discriminator, &at, ""),
                "items" if value.is_array() => {
                    let items = self.keyword(value, Sort::Schemas, &at, (depth, report));
                    made.extend(items.map(|items| ("prefixItems".to_owned(), items)));
                }
                "exclusiveMinimum" | "exclusiveMaximum" if value.is_boolean() => {}
                "minimum" | "maximum" => bound(fields, key, &mut made),
                "$ref" => {}
                key if SILENT.contains(&key) || key.starts_with("x-") => {}
                key => {
                    let sort = KEYWORDS.iter().find(|(name, _)| *name == key);
                    let value = sort.and_then(|(_, sort)| {
                        self.keyword(value, *sort, &at, (depth, &mut *report))
                    });
                    match value {
                        Some(value) => {
                            made.insert(key.to_owned(), value);
                        }
                        None => report.add(Loss::Keyword, &at, key),
                    }
                }
            }
        }
        if fields.contains_key("discriminator") {
            loosen(&mut made);
        }
        let made = relax_required(made, fields);
        if is_nullable(fields) {
            nullable(made)
        } else {
            Value::Object(made)
        }
    }

    /// A keyword's value; `None` where it is not of its sort.
    fn keyword(
        &mut self,
        value: &'d Value,
        sort: Sort,
        at: &At<'_>,
        (depth, report): (usize, &mut Report),
    ) -> Option<Value> {
        let depth = depth + 1;
        match (sort, value) {
            (Sort::Schema, Value::Object(_) | Value::Bool(_)) => {
                Some(self.schema(value, at, (depth, report)))
            }
            (Sort::Schemas, Value::Array(items)) if !items.is_empty() => {
                let mut made = Vec::with_capacity(items.len());
                for (index, item) in items.iter().enumerate() {
                    made.push(self.schema(item, &at.index(index), (depth, &mut *report)));
                }
                Some(Value::Array(made))
            }
            (Sort::Named, Value::Object(fields)) => {
                let mut made = Map::with_capacity(fields.len());
                for (name, item) in fields {
                    let item = self.schema(item, &at.key(name), (depth, &mut *report));
                    made.insert(name.clone(), item);
                }
                Some(Value::Object(made))
            }
            (Sort::Number, Value::Number(_)) | (Sort::Boolean, Value::Bool(_)) => {
                Some(value.clone())
            }
            (Sort::Step, Value::Number(number)) => {
                let is_step = number.as_f64().is_some_and(|step| 0.0 < step);
                is_step.then(|| value.clone())
            }
            (Sort::Text, Value::String(_)) => Some(value.clone()),
            (Sort::Count, Value::Number(number)) => whole(number).map(Value::from),
            (Sort::Texts, Value::Array(items)) => {
                let mut seen = HashSet::new();
                let texts = items.iter().filter_map(Value::as_str);
                let texts = texts.filter(|text| seen.insert(*text));
                Some(texts.map(|text| Value::String(text.to_owned())).collect())
            }
            (Sort::Any, value) => Some(without_references(value)),
            _ => None,
        }
    }

    fn pattern(
        &mut self,
        value: &'d Value,
        at: &At<'_>,
        made: &mut Map<String, Value>,
        report: &mut Report,
    ) {
        match value.as_str() {
            Some(pattern) if self.is_pattern(pattern) => {
                made.insert("pattern".to_owned(), value.clone());
            }
            Some(pattern) => report.add(Loss::Pattern, at, pattern),
            None => report.add(Loss::Keyword, at, "pattern"),
        }
    }
}

fn is_nullable(fields: &Fields) -> bool {
    fields.get("nullable") == Some(&Value::Bool(true))
}

fn types(value: &Value, at: &At<'_>, made: &mut Map<String, Value>, report: &mut Report) {
    let is_type = |value: &&Value| value.as_str().is_some_and(|name| TYPES.contains(&name));
    let kept = match value {
        Value::Array(items) => {
            let mut kept: Vec<Value> = Vec::new();
            for item in items.iter().filter(is_type) {
                if !kept.contains(item) {
                    kept.push(item.clone());
                }
            }
            Some(Value::Array(kept))
                .filter(|kept| kept.as_array().map(Vec::len) == Some(items.len()))
        }
        single => Some(single.clone()).filter(|single| is_type(&single)),
    };
    match kept {
        Some(kept) => {
            made.insert("type".to_owned(), kept);
        }
        None => report.add(Loss::Keyword, at, value.to_string()),
    }
}

fn values(value: &Value, fields: &Fields, made: &mut Map<String, Value>) {
    let mut seen = HashSet::new();
    let mut values: Vec<Value> = Vec::new();
    for item in value.as_array().into_iter().flatten() {
        let item = without_references(item);
        if seen.insert(item.to_string()) {
            values.push(item);
        }
    }
    if is_nullable(fields) && !values.is_empty() && !values.contains(&Value::Null) {
        values.push(Value::Null);
    }
    if !values.is_empty() {
        made.insert("enum".to_owned(), Value::Array(values));
    }
}

/// `minimum: 0, exclusiveMinimum: true` is `exclusiveMinimum: 0` from draft 6 on.
fn bound(fields: &Fields, key: &str, made: &mut Map<String, Value>) {
    let Some(value) = fields.get(key).filter(|value| value.is_number()) else {
        return;
    };
    let exclusive = match key {
        "minimum" => "exclusiveMinimum",
        _ => "exclusiveMaximum",
    };
    let is_exclusive = fields.get(exclusive) == Some(&Value::Bool(true));
    let key = if is_exclusive { exclusive } else { key };
    made.insert(key.to_owned(), value.clone());
}

/// A discriminator tells alternatives apart that may all fit; without it, one that fits is enough.
fn loosen(made: &mut Map<String, Value>) {
    if let Some(alternatives) = made.remove("oneOf") {
        made.entry("anyOf").or_insert(alternatives);
    }
}

/// Requests and replies share schemas: what one of the two may lack is not required.
fn relax_required(mut made: Map<String, Value>, fields: &Fields) -> Map<String, Value> {
    let is_one_way = |name: &Value| {
        let name = name.as_str().unwrap_or_default();
        let property = fields.get("properties").and_then(|known| known.get(name));
        ["readOnly", "writeOnly"]
            .iter()
            .any(|key| property.and_then(|property| property.get(*key)) == Some(&Value::Bool(true)))
    };
    if let Some(Value::Array(required)) = made.get_mut("required") {
        required.retain(|name| !is_one_way(name));
        if required.is_empty() {
            made.remove("required");
        }
    }
    made
}

/// A schema that also takes null, as `nullable` of 3.0 says.
fn nullable(mut made: Map<String, Value>) -> Value {
    let null = Value::String("null".to_owned());
    let types = match made.get("type") {
        // It takes null already.
        None if made.is_empty() => return Value::Object(made),
        None => return or_null(Value::Object(made)),
        Some(Value::Array(names)) if names.contains(&null) => names.clone(),
        Some(Value::Array(names)) => names.iter().cloned().chain([null]).collect(),
        Some(name) => vec![name.clone(), null],
    };
    made.insert("type".to_owned(), Value::Array(types));
    let is_combined = ["allOf", "anyOf", "oneOf"]
        .iter()
        .any(|key| made.contains_key(*key));
    if is_combined {
        return or_null(Value::Object(made));
    }
    Value::Object(made)
}

fn or_null(schema: Value) -> Value {
    let null = table("type", Value::String("null".to_owned()));
    match schema {
        // Takes anything, null too.
        Value::Bool(true) => Value::Bool(true),
        Value::Object(mut made) if made.len() == 1 && made.contains_key("anyOf") => {
            if let Some(Value::Array(alternatives)) = made.get_mut("anyOf") {
                alternatives.push(null);
            }
            Value::Object(made)
        }
        schema => table("anyOf", Value::Array(vec![schema, null])),
    }
}

fn whole(number: &serde_json::Number) -> Option<u64> {
    let whole = number.as_u64();
    // `10.0` is a whole number to JSON Schema.
    whole.or_else(|| number.to_string().strip_suffix(".0")?.parse().ok())
}

/// A value as it is, except that nothing in it looks like a reference.
fn without_references(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(key, _)| *key != "$ref");
            kept.map(|(key, value)| (key.clone(), without_references(value)))
                .collect()
        }
        Value::Array(items) => items.iter().map(without_references).collect(),
        single => single.clone(),
    }
}
