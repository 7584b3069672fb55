//! The errors of a GraphQL answer: where in the reply each is, and what it says.

#[cfg(test)]
mod tests;

use std::fmt::Write as _;

use serde_json::Value;

use crate::failure::Complaint;

/// The most errors that are shown; of more only the number is.
const SHOWN_MAX: usize = 20;

/// The complaint with every error of the answer in it, in the place of the vendor's first words.
pub(super) fn explain(mut complaint: Complaint, body: &[u8]) -> Complaint {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let Some(errors) = body.get("errors").and_then(Value::as_array) else {
        return complaint;
    };
    let mut notes: Vec<_> = errors.iter().take(SHOWN_MAX).map(note).collect();
    if let Some(more) = errors.len().checked_sub(SHOWN_MAX).filter(|more| *more > 0) {
        notes.push(("said", format!("{more} more errors")));
    }
    if !notes.is_empty() {
        complaint.notes.retain(|(label, _)| *label != "said");
        notes.append(&mut complaint.notes);
        complaint.notes = notes;
    }
    complaint
}

/// GraphQL specification, section 7.1.2: a message, perhaps the path in the reply, perhaps places
/// in the document.
fn note(error: &Value) -> (&'static str, String) {
    let message = error.get("message").and_then(Value::as_str);
    let mut said = message.map_or_else(|| error.to_string(), str::to_owned);
    let code = error.pointer("/extensions/code").or(error.get("type"));
    if let Some(code) = code.and_then(Value::as_str) {
        // Writing into a String cannot fail.
        let _ = write!(said, " (`{code}`)");
    }
    let path = error.get("path").and_then(Value::as_array);
    if let Some(path) = path.filter(|path| !path.is_empty()) {
        return ("at", format!("`{}`: {said}", written(path)));
    }
    let place = |name: &str| error.pointer(&format!("/locations/0/{name}"))?.as_u64();
    match (place("line"), place("column")) {
        (Some(line), Some(column)) => (
            "at",
            format!("line {line}, column {column} of the document: {said}"),
        ),
        _ => ("said", said),
    }
}

/// `repository.issues.nodes[0].title`
fn written(path: &[Value]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Value::String(name) if text.is_empty() => text.push_str(name),
            Value::String(name) => {
                text.push('.');
                text.push_str(name);
            }
            index => {
                let _ = write!(text, "[{index}]");
            }
        }
    }
    text
}
