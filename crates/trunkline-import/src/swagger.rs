//! Swagger 2.0, written anew as OpenAPI 3.0, so that everything else knows one form.

mod operation;

use serde_json::{Map, Value, json};

use crate::report::Report;
use crate::spec::{self, Fields};

/// Where things stand in a document of version 2, and where in one of version 3.
const PLACES: [(&str, &str); 4] = [
    ("/definitions", "/components/schemas"),
    ("/responses", "/components/responses"),
    ("/parameters", "/components/parameters"),
    ("/securityDefinitions", "/components/securitySchemes"),
];

/// Whether a document is of version 2.
pub(crate) fn is_version_2(value: &Value) -> bool {
    let version = value.get("swagger").and_then(spec::text_of);
    version.is_some_and(|version| version.starts_with("2."))
}

/// The same document in version 3.0.
pub(crate) fn upgrade(value: &Value) -> Value {
    let empty = Fields::new();
    let root = value.as_object().unwrap_or(&empty);
    let upgrade = operation::Upgrade::new(root);
    let mut made = json!({
        "openapi": "3.0.3",
        "servers": servers(root),
        "paths": upgrade.paths(),
        "components": {
            "schemas": root.get("definitions").map(schema),
            "responses": upgrade.responses(root.get("responses")),
            "parameters": upgrade.parameters(),
            "securitySchemes": security_schemes(root),
        },
    });
    for key in ["info", "security", "tags", "externalDocs"] {
        if let (Some(value), Value::Object(made)) = (root.get(key), &mut made) {
            made.insert(key.to_owned(), value.clone());
        }
    }
    made
}

/// Names places as the document itself does.
pub(crate) fn rename_places(report: &mut Report) {
    report.rename_places(|at| {
        let found = PLACES.iter().find_map(|(old, new)| {
            let rest = at
                .strip_prefix(new)
                .filter(|rest| rest.is_empty() || rest.starts_with('/'))?;
            Some(format!("{old}{rest}"))
        });
        found.unwrap_or_else(|| at.to_owned())
    });
}

fn servers(root: &Fields) -> Vec<Value> {
    let base = spec::text(root, "basePath").unwrap_or_default();
    let Some(host) = spec::text(root, "host") else {
        return vec![json!({ "url": if base.is_empty() { "/" } else { base } })];
    };
    let schemes = spec::items(root, "schemes")
        .iter()
        .filter_map(Value::as_str);
    let mut schemes: Vec<&str> = schemes.collect();
    // With encryption first; where nothing is said, it is tried.
    schemes.sort_by_key(|scheme| *scheme != "https");
    let scheme = schemes.first().copied().unwrap_or("https");
    vec![json!({ "url": format!("{scheme}://{host}{base}") })]
}

fn security_schemes(root: &Fields) -> Value {
    let schemes = spec::entries(root, "securityDefinitions").map(|(name, scheme)| {
        let made = match scheme.get("type").and_then(Value::as_str) {
            Some("basic") => json!({ "type": "http", "scheme": "basic" }),
            Some("oauth2") => {
                let flow = match scheme.get("flow").and_then(Value::as_str) {
                    Some("application") => "clientCredentials",
                    Some("accessCode") => "authorizationCode",
                    Some("password") => "password",
                    _ => "implicit",
                };
                json!({ "type": "oauth2", "flows": { flow: scheme } })
            }
            _ => scheme.clone(),
        };
        (name.clone(), made)
    });
    Value::Object(schemes.collect())
}

/// A schema, or anything with schemas in it, with references as version 3 has them.
pub(super) fn schema(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut made = Map::with_capacity(fields.len());
            for (key, value) in fields {
                match (key.as_str(), value) {
                    ("$ref", Value::String(text)) => {
                        made.insert(key.clone(), Value::String(reference(text)));
                    }
                    ("x-nullable", value) => {
                        made.insert("nullable".to_owned(), value.clone());
                    }
                    (_, value) => {
                        made.insert(key.clone(), schema(value));
                    }
                }
            }
            Value::Object(made)
        }
        Value::Array(items) => items.iter().map(schema).collect(),
        single => single.clone(),
    }
}

fn reference(text: &str) -> String {
    let renamed = PLACES.iter().find_map(|(old, new)| {
        let rest = text.strip_prefix('#')?.strip_prefix(old)?;
        rest.starts_with('/').then(|| format!("#{new}{rest}"))
    });
    renamed.unwrap_or_else(|| text.to_owned())
}
