//! What the document says of errors: which statuses there are, and where their bodies say why.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use trunkline_connector::format::InputKind;

use crate::draft::{Errors, Outcome, Secret};
use crate::outline::Outlined;
use crate::spec::{self, Fields, Spec};

/// Statuses whose meaning is the same everywhere: class, what happened, what to do.
const GENERAL: [(&str, &str, &str, &str); 4] = [
    (
        "401",
        "auth_dead",
        "does not accept the credential",
        "check {variables}",
    ),
    (
        "403",
        "caller_error",
        "does not allow this with the credential",
        "check what the credential is allowed to do",
    ),
    (
        "404",
        "caller_error",
        "has nothing there, or does not show it with this credential",
        "check ids and names in the call",
    ),
    (
        "429",
        "rate_limited",
        "was asked too often",
        "ask less often",
    ),
];

/// Where error bodies keep their message, the usual place first.
const MESSAGES: [&str; 10] = [
    "/error/message",
    "/message",
    "/error_description",
    "/errors/0/message",
    "/detail",
    "/error",
    "/errors/0/detail",
    "/errorMessage",
    "/title",
    "/msg",
];

/// Where they keep their code.
const CODES: [&str; 8] = [
    "/error/code",
    "/error/type",
    "/code",
    "/errors/0/code",
    "/error_code",
    "/errorCode",
    "/type",
    "/error",
];

/// What the document says of errors.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) outcomes: Vec<Outcome>,
    pub(crate) errors: Errors,
    pub(crate) has_retry_after: bool,
}

pub(crate) fn find(
    spec: Spec<'_>,
    operations: &[Outlined<'_>],
    (title, secrets): (&str, &[Secret]),
) -> Found {
    let mut statuses: BTreeSet<&str> = BTreeSet::new();
    let mut places: BTreeMap<usize, &Value> = BTreeMap::new();
    let mut has_retry_after = false;
    for operation in operations {
        for (status, response) in spec::entries(operation.fields, "responses") {
            let is_error = status.starts_with(['4', '5']) || status == "default";
            let Some(fields) = spec.follow(response).ok().and_then(Value::as_object) else {
                continue;
            };
            if !is_error {
                continue;
            }
            statuses.insert(status);
            let mut headers = spec::entries(fields, "headers");
            has_retry_after |= headers.any(|(name, _)| name.eq_ignore_ascii_case("retry-after"));
            if let Some(schema) = json_schema(fields) {
                // Most operations share a few schemas.
                let schema = spec.follow(schema).unwrap_or(schema);
                places.insert(std::ptr::from_ref(schema).addr(), schema);
            }
        }
    }
    let schemas: Vec<&Value> = places.into_values().collect();
    let has = |pointer: &str| schemas.iter().any(|schema| has_text(spec, schema, pointer));
    let keep = |pointers: &[&str]| -> Vec<String> {
        pointers
            .iter()
            .filter(|it| has(it))
            .map(|it| (*it).to_owned())
            .collect()
    };
    let message = keep(&MESSAGES);
    let mut code = keep(&CODES);
    code.retain(|pointer| !message.contains(pointer));
    Found {
        outcomes: outcomes(&statuses, title, secrets),
        errors: Errors { message, code },
        has_retry_after,
    }
}

fn outcomes(statuses: &BTreeSet<&str>, title: &str, secrets: &[Secret]) -> Vec<Outcome> {
    let variables: Vec<&str> = secrets.iter().map(|secret| secret.env.as_str()).collect();
    let described = GENERAL
        .iter()
        .filter(|(status, ..)| statuses.contains(status));
    let rules = described.map(|(status, class, message, hint)| Outcome {
        status,
        class,
        message: format!("{title} {message}"),
        hint: match *status {
            "401" if variables.is_empty() => None,
            _ => Some(hint.replace("{variables}", &variables.join(" and "))),
        },
    });
    rules.collect()
}

fn json_schema(response: &Fields) -> Option<&Value> {
    let mut content = spec::entries(response, "content");
    content
        .find(|(media, _)| media.contains("json"))?
        .1
        .get("schema")
}

/// Whether a schema has a text or a number at a pointer; `0` is any item of a list.
fn has_text(spec: Spec<'_>, schema: &Value, pointer: &str) -> bool {
    let mut keys = pointer.split('/').skip(1);
    let found = keys.try_fold(schema, |schema, key| property(spec, schema, key, 4));
    let Some(found) = found else {
        return false;
    };
    matches!(
        crate::operations::kind_of(spec, found),
        InputKind::String | InputKind::Integer
    )
}

/// A property's schema, also within the parts of a schema.
fn property<'d>(spec: Spec<'d>, schema: &'d Value, key: &str, depth: usize) -> Option<&'d Value> {
    let fields = spec.follow(schema).ok()?.as_object()?;
    if key == "0" {
        return fields.get("items");
    }
    let own = fields.get("properties").and_then(|known| known.get(key));
    if own.is_some() || depth == 0 {
        return own;
    }
    let parts = ["allOf", "anyOf", "oneOf"]
        .into_iter()
        .flat_map(|part| spec::items(fields, part));
    parts
        .take(20)
        .find_map(|part| property(spec, part, key, depth - 1))
}
