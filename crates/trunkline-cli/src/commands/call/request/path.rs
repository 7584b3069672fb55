//! Makes path and query of what was written for them.

use std::fmt::Write as _;

use http::uri::PathAndQuery;
use serde_json::Value;
use trunkline_connector::{Inputs, compose};

use crate::failure::Failure;
use crate::item::QueryName;

/// The path as it was written, and query parameters behind it.
pub(super) fn with_query(
    path: &str,
    query: Vec<(QueryName, String)>,
) -> Result<PathAndQuery, Failure> {
    if !path.starts_with('/') {
        let hint = "a path begins with `/` and stands below the connector's base address";
        return Err(Failure::usage(format!("`{path}` is no path"), hint));
    }
    if let Some(wrong) = path.chars().find(|character| !is_allowed(*character)) {
        let message = format!("`{path}` is no path: it has {wrong:?} in it");
        let hint = format!("write `{}`", percent_encoded(wrong));
        return Err(Failure::usage(message, hint));
    }
    let mut text = path.to_owned();
    for (name, value) in query {
        text.push(if text.contains('?') { '&' } else { '?' });
        let pair = Inputs::from_iter([(name.plain, Value::String(value))]);
        text.push_str(&compose::encode_query(&pair));
    }
    PathAndQuery::try_from(text).map_err(|err| {
        Failure::usage(
            format!("`{path}` is no path: {err}"),
            "a path begins with `/`",
        )
    })
}

/// Whether paths and queries may have a character as it is (RFC 3986, and what servers take).
fn is_allowed(character: char) -> bool {
    character.is_ascii_graphic() && !matches!(character, '#' | '"' | '<' | '>' | '\\' | '^' | '`')
}

/// A character as a path may have it.
fn percent_encoded(character: char) -> String {
    let mut escaped = String::new();
    for byte in character.encode_utf8(&mut [0; 4]).bytes() {
        // Writing to a `String` cannot go wrong.
        let _ = write!(escaped, "%{byte:02X}");
    }
    escaped
}
