//! A connector that promises by schema, an engine for it, and what is told of its replies.

use std::net::SocketAddr;
use std::sync::Arc;

use serde_json::Value;
use trunkline::connector::Connector;
use trunkline::{Call, Catalog, Error, Validate};

use crate::stand::{Stand, acme, config, post, settings_of, source};

/// What a thing is promised to be.
const THING: &str = r##"{
  "$ref": "parts.json#/$defs/Thing"
}"##;

const PARTS: &str = r##"{
  "$defs": {
    "Thing": {
      "type": "object",
      "required": ["id"],
      "properties": {
        "id": { "type": "integer" },
        "mail": { "type": "string", "format": "email" },
        "owner": { "type": "object", "required": ["name"], "properties": { "name": { "type": ["string", "null"] } } },
        "parts": { "type": "array", "items": { "$ref": "#/$defs/Thing" } }
      }
    }
  }
}"##;

const EVENT: &str =
    r#"{ "type": "object", "required": ["n"], "properties": { "n": { "type": "integer" } } }"#;

const REQUEST: &str = r#"{ "type": "object", "required": ["name"], "properties": { "name": { "type": "string" }, "size": { "type": "integer" } } }"#;

/// The connector `acme`, whose `things.create` promises a thing, events, and what it takes.
pub(super) fn connector() -> Arc<Connector> {
    with_schemas([
        ("thing", THING),
        ("parts", PARTS),
        ("event", EVENT),
        ("request", REQUEST),
    ])
}

/// The same with other schemas.
pub(super) fn with_schemas(schemas: [(&str, &str); 4]) -> Arc<Connector> {
    let mut files = acme("");
    for file in &mut files {
        file.text = file.text.replace(
            "required = [\"/id\", \"/owner/name\"]",
            "schema = \"thing.json\"\nevent_schema = \"event.json\"",
        );
        file.text = file.text.replace(
            "body = \"json\"\n\n[operations.inputs]\nname",
            "body = \"json\"\nrequest_schema = \"request.json\"\n\n[operations.inputs]\nname",
        );
    }
    for (name, text) in schemas {
        files.push(source(&format!("acme/schemas/{name}.json"), text));
    }
    Arc::new(Connector::load(files).expect("the connector is right"))
}

/// An engine whose calls of that connector go to `address`.
pub(super) fn stand(address: SocketAddr) -> Stand {
    stand_with(address, connector())
}

pub(super) fn stand_with(address: SocketAddr, connector: Arc<Connector>) -> Stand {
    let config = config(&settings_of("acme", address, ""));
    Stand::with_config(config, Catalog::of_one(connector))
}

/// `things.create` by its path, as a gateway gets it.
pub(super) fn create(validate: Validate) -> Call {
    let mut call = post("acme", "/things", r#"{"name": "lamp"}"#);
    call.options.validate = validate;
    call
}

/// An error and what it found, a line each.
pub(super) fn told(error: &Error) -> String {
    let mut lines = vec![format!("{}: {error}", error.kind().code())];
    if let Some(findings) = error.findings() {
        lines.extend(findings.shown.iter().map(ToString::to_string));
        lines.push(format!("{} in all", findings.total));
    }
    lines.join("\n")
}

/// The drift report, a line each.
pub(super) fn drift(stand: &Stand) -> String {
    let rows = stand.engine.drift().into_iter().map(|row| {
        let (part, change) = (row.part.as_str(), row.change.as_str());
        let (path, expected, found, count) = (row.path, row.expected, row.found, row.count);
        format!("{part} {path} {change}: {expected} -> {found}, {count}")
    });
    rows.collect::<Vec<_>>().join("\n")
}

/// How many replies were looked at, and how many of them were broken.
pub(super) fn looked_at(stand: &Stand) -> (u64, u64) {
    // What waits is looked at first.
    stand.engine.drift();
    let text = stand.engine.metrics().render();
    let count = |name: &str| {
        let lines = text.lines().filter(|line| line.starts_with(name));
        lines
            .filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok())
            .sum()
    };
    (
        count("trunkline_replies_checked_total{"),
        count("trunkline_replies_broken_total{"),
    )
}

/// Whether no text that a body had stands in what was told.
pub(super) fn says_nothing_of(told: &str, body: &Value) -> bool {
    match body {
        Value::String(text) => !told.contains(text.as_str()),
        Value::Array(items) => items.iter().all(|item| says_nothing_of(told, item)),
        Value::Object(fields) => fields.values().all(|value| says_nothing_of(told, value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
    }
}
