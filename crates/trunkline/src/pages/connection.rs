//! Finds the list that a GraphQL reply hands out in pages, where nobody has said where it is.

#[cfg(test)]
mod tests;

use serde_json::{Map, Value};
use trunkline_connector::words;

/// The field by which a connection says how it goes on, as the GraphQL Cursor Connections
/// Specification has it.
const PAGE_INFO: &str = "pageInfo";

/// Where a connection's records may be: the records themselves first.
const RECORDS: [&str; 2] = ["nodes", "edges"];

/// Where the records of a reply and its `pageInfo` are, as JSON Pointers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) items: String,
    pub(super) page_info: String,
}

/// Finds the one connection of a reply. Connections within records are none: they have pages of
/// their own for each record.
///
/// # Errors
/// What there is instead, in words.
pub(super) fn find(reply: &Value) -> Result<Found, String> {
    let mut found = Vec::new();
    if let Some(data) = reply.get("data") {
        look(data, "/data", &mut found);
    }
    match <[Found; 1]>::try_from(found) {
        Ok([only]) => Ok(only),
        Err(none) if none.is_empty() => Err(format!(
            "the reply has no `{PAGE_INFO}` beside `nodes` or `edges`, by which the next page is asked for"
        )),
        Err(several) => {
            let places = words::all_of(several.iter().map(|one| one.items.as_str()));
            Err(format!("the reply has several lists with pages: {places}"))
        }
    }
}

/// The `pageInfo` that stands beside records.
pub(super) fn page_info_beside(items: &str) -> Option<String> {
    let (connection, records) = items.rsplit_once('/')?;
    RECORDS
        .contains(&records)
        .then(|| format!("{connection}/{PAGE_INFO}"))
}

fn look(value: &Value, place: &str, found: &mut Vec<Found>) {
    let Value::Object(fields) = value else {
        return;
    };
    if let Some(records) = records(fields) {
        found.push(Found {
            items: format!("{place}/{records}"),
            page_info: format!("{place}/{PAGE_INFO}"),
        });
        return;
    }
    for (name, value) in fields {
        let name = name.replace('~', "~0").replace('/', "~1");
        look(value, &format!("{place}/{name}"), found);
    }
}

fn records(fields: &Map<String, Value>) -> Option<&'static str> {
    fields.get(PAGE_INFO)?;
    RECORDS
        .into_iter()
        .find(|name| fields.get(*name).is_some_and(Value::is_array))
}
