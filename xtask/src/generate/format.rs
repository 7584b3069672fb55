//! The page that describes the files of a connector, told from the same schemas that check them.

use std::fmt::Write as _;

use serde_json::Value;
use trunkline_connector::schema;

use crate::generate::{Generated, MARK};

/// Every kind of file, then everything that they are made of.
pub(crate) fn page() -> Generated {
    let files = [
        ("connector.toml", schema::connector()),
        ("operations/RESOURCE.toml", schema::operations()),
        ("examples/CASE.toml", schema::example()),
    ];
    let mut text = format!(
        "{MARK}\n\n# Connector files\n\nHow to write one: [connectors](../guide/connectors.md).\n"
    );
    for (file, schema) in &files {
        write_part(&mut text, file, schema);
    }
    let mut told: Vec<&str> = Vec::new();
    for (_, schema) in &files {
        for (name, part) in schema["definitions"].as_object().into_iter().flatten() {
            if !told.contains(&name.as_str()) {
                told.push(name);
                write_part(&mut text, &title(name), part);
            }
        }
    }
    Generated {
        path: "docs/reference/connector-format.md".into(),
        text,
    }
}

fn write_part(text: &mut String, title: &str, part: &Value) {
    let mut lines = vec![format!("\n## {title}\n"), sentence(part)];
    if let Some(alternatives) = part["oneOf"].as_array() {
        lines.push(String::new());
        lines.extend(alternatives.iter().map(alternative));
    } else if part["properties"].is_object() {
        lines.push("\n| key | type | needed | meaning |\n| --- | --- | --- | --- |".into());
        lines.extend(keys(part).map(|key| key.row()));
    }
    for line in lines {
        text.push_str(&line);
        text.push('\n');
    }
}

/// One key of a table.
struct Key<'a> {
    name: &'a str,
    schema: &'a Value,
    needed: bool,
}

impl Key<'_> {
    fn row(&self) -> String {
        let Self {
            name,
            schema,
            needed,
        } = self;
        let needed = if *needed { "yes" } else { "" };
        format!(
            "| `{name}` | {} | {needed} | {} |",
            kind(schema),
            sentence(schema).replace('|', "\\|")
        )
    }
}

fn keys(part: &Value) -> impl Iterator<Item = Key<'_>> {
    let needed = |name: &str| {
        part["required"]
            .as_array()
            .is_some_and(|all| all.iter().any(|one| one == name))
    };
    let properties = part["properties"].as_object().into_iter().flatten();
    properties.map(move |(name, schema)| Key {
        name,
        schema,
        needed: needed(name),
    })
}

/// One of several shapes: a word, or a table that is told apart by its `kind` or its only key.
fn alternative(shape: &Value) -> String {
    if let Some(word) = shape["const"].as_str() {
        return format!("- `\"{word}\"`: {}", sentence(shape));
    }
    let tag = keys(shape).find_map(|key| Some((key.name, key.schema["const"].as_str()?)));
    let label = match tag {
        Some((name, word)) => format!("{name} = \"{word}\""),
        None => keys(shape).map(|key| key.name).collect::<String>() + " = …",
    };
    let mut item = format!("- `{{ {label} }}`: {}", sentence(shape));
    for key in keys(shape).filter(|key| key.schema.get("const").is_none()) {
        let needed = if key.needed { "" } else { ", may be left out" };
        let about = sentence(key.schema);
        let about = if about.is_empty() {
            String::new()
        } else {
            format!(": {about}")
        };
        // Writing to a text cannot go wrong.
        let _written = write!(
            item,
            "\n  - `{}` ({}{needed}){about}",
            key.name,
            kind(key.schema)
        );
    }
    item
}

/// What a value is, in words, with links to the parts that have a heading of their own.
fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"]
        .as_str()
        .and_then(|path| path.rsplit('/').next())
    {
        let title = title(name);
        return format!("[{}](#{})", title.to_lowercase(), anchor(&title));
    }
    let shapes = [&schema["allOf"], &schema["anyOf"]];
    let inner = shapes
        .into_iter()
        .filter_map(Value::as_array)
        .flatten()
        .find(|shape| shape["type"] != "null");
    if let Some(inner) = inner {
        return kind(inner);
    }
    match type_name(schema) {
        Some("array") => format!("list of {}", kind(&schema["items"])),
        Some("object") if schema["additionalProperties"].is_object() => {
            format!("table of {}", kind(&schema["additionalProperties"]))
        }
        Some("object") => "table".into(),
        Some("string") => "text".into(),
        Some("integer") => integer(schema),
        Some("boolean") => "`true` or `false`".into(),
        Some(other) => other.to_owned(),
        None => "any value".into(),
    }
}

fn type_name(schema: &Value) -> Option<&str> {
    let of_several = |types: &'_ Vec<Value>| types.iter().position(|name| name != "null");
    match &schema["type"] {
        Value::Array(types) => of_several(types).and_then(|place| types.get(place)?.as_str()),
        name => name.as_str(),
    }
}

fn integer(schema: &Value) -> String {
    match (schema["minimum"].as_u64(), schema["maximum"].as_u64()) {
        (Some(least), Some(most)) if least == most => format!("{least}"),
        (Some(least), Some(most)) => format!("{least} to {most}"),
        _ => "whole number".into(),
    }
}

/// The description, on one line.
fn sentence(schema: &Value) -> String {
    schema["description"]
        .as_str()
        .unwrap_or_default()
        .replace('\n', " ")
}

/// `WaitSource` becomes `Wait source`; what a section is called does not need that word.
fn title(name: &str) -> String {
    let mut title = String::new();
    for (place, letter) in name.trim_end_matches("Section").chars().enumerate() {
        if 0 < place && letter.is_uppercase() {
            title.push(' ');
        }
        title.extend(if place == 0 {
            vec![letter]
        } else {
            letter.to_lowercase().collect()
        });
    }
    title
}

fn anchor(title: &str) -> String {
    title.to_lowercase().replace(' ', "-")
}

#[cfg(test)]
mod tests;
