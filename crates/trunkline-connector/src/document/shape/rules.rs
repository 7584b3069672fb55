//! Reads a JSON Schema, and names types and values as sentences do.

use serde_json::{Map, Value as Schema};

use crate::document::node::Value;

/// The keywords of one schema.
pub(super) type Rules = Map<String, Schema>;

/// What a value is for, in the words of our own types.
pub(super) fn about(rules: &Rules) -> Option<&str> {
    rules.get("description").and_then(Schema::as_str)
}

/// A list of the schema; empty where there is none.
pub(super) fn list_of<'s>(rules: &'s Rules, name: &str) -> &'s [Schema] {
    rules
        .get(name)
        .and_then(Schema::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default()
}

/// A table of the schema.
pub(super) fn table_of<'s>(rules: &'s Rules, name: &str) -> Option<&'s Rules> {
    rules.get(name).and_then(Schema::as_object)
}

/// The types that are allowed, without null.
pub(super) fn types_of(rules: &Rules) -> Vec<&str> {
    let one = rules.get("type").and_then(Schema::as_str);
    let several = list_of(rules, "type").iter().filter_map(Schema::as_str);
    one.into_iter()
        .chain(several)
        .filter(|name| *name != "null")
        .collect()
}

/// The only texts that are allowed, where the schema lists them.
pub(super) fn constants_of(rules: &Rules) -> Vec<&str> {
    let one = rules.get("const").and_then(Schema::as_str);
    one.into_iter()
        .chain(list_of(rules, "enum").iter().filter_map(Schema::as_str))
        .collect()
}

/// Whether a value is of a type of JSON Schema.
pub(super) fn is_of_type(value: &Value, name: &str) -> bool {
    match value {
        Value::Text(_) => name == "string",
        Value::Integer(_) => matches!(name, "integer" | "number"),
        Value::Float(value) => name == "number" && value.is_finite(),
        Value::Boolean(_) => name == "boolean",
        Value::List(_) => name == "array",
        Value::Table(_) => name == "object",
        Value::HugeInteger | Value::Datetime => false,
    }
}

/// A type as a sentence names it.
pub(super) fn type_in_words(name: &str) -> &'static str {
    match name {
        "string" => "a text",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "`true` or `false`",
        "array" => "a list",
        "object" => "a table",
        _ => "nothing",
    }
}

/// A value as a sentence names it.
pub(super) fn value_in_words(value: &Value) -> String {
    match value {
        Value::Text(text) => format!("the text {text:?}"),
        Value::Integer(value) => format!("the number {value}"),
        Value::Float(value) => format!("the number {value}"),
        Value::Boolean(value) => format!("`{value}`"),
        Value::HugeInteger => "a whole number beyond 64 bits".to_owned(),
        Value::Datetime => "a date or time".to_owned(),
        Value::List(_) => "a list".to_owned(),
        Value::Table(_) => "a table".to_owned(),
    }
}
