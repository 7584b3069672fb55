//! Takes a JSON reply apart into its records, each on one line, without reading their values.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::json;

/// The records at the JSON Pointer `items`, or the entries of a list, or else the whole value.
/// What is no JSON is one record as it is.
pub(super) fn split(text: &[u8], items: Option<&str>) -> Vec<String> {
    let Ok(value) = serde_json::from_slice::<&RawValue>(text) else {
        let text = String::from_utf8_lossy(text);
        return Some(text.into_owned())
            .into_iter()
            .filter(|text| !text.is_empty())
            .collect();
    };
    let list = items
        .and_then(|pointer| find(value, pointer))
        .unwrap_or(value);
    match serde_json::from_str::<Vec<&RawValue>>(list.get()) {
        Ok(records) => records
            .into_iter()
            .map(|record| json::compact(record.get()))
            .collect(),
        Err(_) => vec![json::compact(value.get())],
    }
}

/// What a JSON Pointer (RFC 6901) leads to through objects.
fn find<'t>(value: &'t RawValue, pointer: &str) -> Option<&'t RawValue> {
    let mut value = value;
    for key in pointer.split('/').skip(1) {
        let key = key.replace("~1", "/").replace("~0", "~");
        let mut members: BTreeMap<Cow<'t, str>, &'t RawValue> =
            serde_json::from_str(value.get()).ok()?;
        value = members.remove(key.as_str())?;
    }
    Some(value)
}
