//! Operations: parameters in the body and in forms become bodies, replies get content types.

use serde_json::{Map, Value, json};

use super::schema;
use crate::spec::{self, Fields};

/// Keywords of a parameter that say what its value may be.
const OF_VALUE: [&str; 17] = [
    "type",
    "format",
    "items",
    "default",
    "maximum",
    "exclusiveMaximum",
    "minimum",
    "exclusiveMinimum",
    "maxLength",
    "minLength",
    "pattern",
    "maxItems",
    "minItems",
    "uniqueItems",
    "enum",
    "multipleOf",
    "x-nullable",
];

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data";

/// What operations take from the document around them.
pub(super) struct Upgrade<'d> {
    root: &'d Fields,
}

impl<'d> Upgrade<'d> {
    pub(super) fn new(root: &'d Fields) -> Self {
        Self { root }
    }

    pub(super) fn paths(&self) -> Value {
        let paths = spec::entries(self.root, "paths").map(|(path, item)| {
            let Some(fields) = item.as_object() else {
                return (path.clone(), item.clone());
            };
            let shared = spec::items(fields, "parameters");
            let made = fields.iter().filter(|(key, _)| *key != "parameters");
            let made = made.map(|(key, value)| match value.as_object() {
                Some(operation) if !key.starts_with("x-") => {
                    (key.clone(), self.operation(operation, shared))
                }
                _ => (key.clone(), schema(value)),
            });
            (path.clone(), Value::Object(made.collect()))
        });
        Value::Object(paths.collect())
    }

    fn operation(&self, operation: &Fields, shared: &[Value]) -> Value {
        let own = spec::items(operation, "parameters");
        let mut parameters = Vec::new();
        let mut form: Vec<&Fields> = Vec::new();
        let mut body = None;
        for parameter in own.iter().chain(shared) {
            let found = self.resolve(parameter);
            match found
                .and_then(|fields| fields.get("in"))
                .and_then(Value::as_str)
            {
                Some("body") => body = body.or(found),
                Some("formData") => form.extend(found),
                Some(_) => parameters.extend(found.map(self::parameter)),
                None => parameters.push(schema(parameter)),
            }
        }
        let mut made: Map<String, Value> = operation
            .iter()
            .filter(|(key, _)| {
                !["parameters", "responses", "consumes", "produces"].contains(&key.as_str())
            })
            .map(|(key, value)| (key.clone(), value.clone()))
            .collect();
        made.insert("parameters".to_owned(), Value::Array(parameters));
        let consumes = self.media(operation, "consumes");
        if let Some(body) = body {
            made.insert("requestBody".to_owned(), self::body(body, &consumes));
        } else if !form.is_empty() {
            made.insert("requestBody".to_owned(), form_body(&form, &consumes));
        }
        if let Some(responses) = operation.get("responses") {
            let produces = self.media(operation, "produces");
            made.insert(
                "responses".to_owned(),
                responses_of(Some(responses), &produces),
            );
        }
        Value::Object(made)
    }

    /// A parameter, its reference followed.
    fn resolve(&self, parameter: &'d Value) -> Option<&'d Fields> {
        let Some(reference) = spec::reference_of(parameter) else {
            return parameter.as_object();
        };
        let name = reference
            .strip_prefix("#/parameters/")?
            .replace("~1", "/")
            .replace("~0", "~");
        self.root.get("parameters")?.get(&name)?.as_object()
    }

    /// Content types, by default as the document says.
    fn media(&self, operation: &'d Fields, key: &str) -> Vec<&'d str> {
        let own = spec::items(operation, key);
        let all = if own.is_empty() {
            spec::items(self.root, key)
        } else {
            own
        };
        all.iter().filter_map(Value::as_str).collect()
    }

    /// Shared parameters, but for those that are bodies.
    pub(super) fn parameters(&self) -> Value {
        let parameters = spec::entries(self.root, "parameters");
        let parameters = parameters
            .filter_map(|(name, value)| Some((name.clone(), parameter(value.as_object()?))));
        Value::Object(parameters.collect())
    }

    /// Shared responses.
    pub(super) fn responses(&self, responses: Option<&Value>) -> Value {
        let produces = spec::items(self.root, "produces")
            .iter()
            .filter_map(Value::as_str);
        responses_of(responses, &produces.collect::<Vec<_>>())
    }
}

/// Responses, their bodies in every content type that is named.
fn responses_of(responses: Option<&Value>, produces: &[&str]) -> Value {
    let responses = responses.and_then(Value::as_object).into_iter().flatten();
    let made = responses.map(|(status, response)| {
        let Some(body) = response.get("schema") else {
            return (status.clone(), schema(response));
        };
        let is_file = body.get("type").and_then(Value::as_str) == Some("file");
        let media: &[&str] = match (produces, is_file) {
            (_, true) => &["application/octet-stream"],
            ([], false) => &[JSON],
            (produces, false) => produces,
        };
        let body = schema(body);
        let content = media
            .iter()
            .map(|media| ((*media).to_owned(), json!({ "schema": body })));
        let made = json!({
            "description": response.get("description"),
            "headers": response.get("headers"),
            "content": content.collect::<Map<_, _>>(),
        });
        (status.clone(), made)
    });
    Value::Object(made.collect())
}

/// A parameter whose value has a schema of its own.
fn parameter(fields: &Fields) -> Value {
    let is_of_value = |key: &String| OF_VALUE.contains(&key.as_str());
    let kept = fields
        .iter()
        .filter(|(key, _)| !is_of_value(key) && *key != "collectionFormat");
    let mut made: Map<String, Value> = kept
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    made.insert("schema".to_owned(), value_schema(fields));
    let (style, explodes) = match spec::text(fields, "collectionFormat") {
        Some("multi") => ("form", true),
        Some("ssv") => ("spaceDelimited", false),
        Some("pipes") => ("pipeDelimited", false),
        _ => ("form", false),
    };
    let is_query = spec::text(fields, "in") == Some("query");
    if is_query && spec::text(fields, "type") == Some("array") {
        made.insert("style".to_owned(), json!(style));
        made.insert("explode".to_owned(), json!(explodes));
    }
    Value::Object(made)
}

fn value_schema(fields: &Fields) -> Value {
    let of_value = fields
        .iter()
        .filter(|(key, _)| OF_VALUE.contains(&key.as_str()));
    let of_value = of_value.map(|(key, value)| (key.clone(), value.clone()));
    schema(&Value::Object(of_value.collect()))
}

fn body(fields: &Fields, consumes: &[&str]) -> Value {
    let body = fields.get("schema").map(schema);
    let media = if consumes.is_empty() {
        &[JSON]
    } else {
        consumes
    };
    let content = media
        .iter()
        .map(|media| ((*media).to_owned(), json!({ "schema": body })));
    json!({
        "description": fields.get("description"),
        "required": fields.get("required"),
        "content": content.collect::<Map<_, _>>(),
    })
}

fn form_body(fields: &[&Fields], consumes: &[&str]) -> Value {
    let is_file = |fields: &&&Fields| spec::text(fields, "type") == Some("file");
    let has_file = fields.iter().any(|fields| is_file(&fields));
    let has_form = consumes.contains(&FORM) || !consumes.contains(&MULTIPART);
    let media = if has_form && !has_file {
        FORM
    } else {
        MULTIPART
    };
    let named = fields
        .iter()
        .filter_map(|fields| Some((spec::text(fields, "name")?, *fields)));
    let mut properties = Map::new();
    let mut required = Vec::new();
    let mut encoding = Map::new();
    for (name, fields) in named {
        let mut value = value_schema(fields);
        if let (Some(about), Value::Object(value)) = (fields.get("description"), &mut value) {
            value.insert("description".to_owned(), about.clone());
        }
        properties.insert(name.to_owned(), value);
        if fields.get("required") == Some(&Value::Bool(true)) {
            required.push(name);
        }
        let explodes = spec::text(fields, "collectionFormat") == Some("multi");
        encoding.insert(name.to_owned(), json!({ "explode": explodes }));
    }
    json!({ "content": { media: {
        "schema": { "type": "object", "properties": properties, "required": required },
        "encoding": encoding,
    } } })
}
