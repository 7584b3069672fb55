//! Reads back from a request which inputs somebody called an operation with. Pure.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use http::{HeaderMap, header};
use serde_json::Value;
use trunkline::connector::format::{BodyKind, InputPlace};
use trunkline::connector::{Inputs, Operation};

/// Inputs by name, comparable whether they came as JSON, as a form or in the address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Given(pub(super) BTreeMap<String, Kept>);

/// An input's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kept {
    /// A text, number or truth value, as text.
    Plain(String),
    /// A list or an object: each plain value in it by its way there, such as `[0][content]`.
    Nested(BTreeMap<String, String>),
}

impl Given {
    /// The inputs of an example's call.
    pub(super) fn of_call(call: &Inputs) -> Self {
        let mut given = Self::default();
        given.add_json(call);
        given
    }

    /// The inputs of a request for `operation`, whose path is below the connector's base address.
    pub(super) fn of_request(
        operation: &Operation,
        path_and_query: (&str, &str),
        headers: &HeaderMap,
        body: &[u8],
    ) -> Self {
        let (path, query) = path_and_query;
        let mut given = Self::default();
        given.add_form(query.as_bytes());
        let kind = headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        let kind = kind.unwrap_or_default();
        let is_json =
            kind.contains("json") || (kind.is_empty() && operation.body == BodyKind::Json);
        if is_json {
            if let Ok(Value::Object(object)) = serde_json::from_slice(body) {
                given.add_json(&object);
            }
        } else if !kind.starts_with("multipart/") {
            given.add_form(body);
        }
        for (name, text) in operation.path.captures(path).unwrap_or_default() {
            // Other names are secrets'.
            if operation.inputs.iter().any(|input| input.name == name) {
                // A `+` in a path is a plus.
                let pair = format!("{name}={}", text.replace('+', "%2B"));
                given.add_form(pair.as_bytes());
            }
        }
        for input in operation
            .inputs
            .iter()
            .filter(|input| input.place == InputPlace::Header)
        {
            if let Some(text) = headers
                .get(&input.name)
                .and_then(|value| value.to_str().ok())
            {
                given
                    .0
                    .insert(input.name.clone(), Kept::Plain(text.to_owned()));
            }
        }
        given
    }

    fn add_json(&mut self, object: &Inputs) {
        for (name, value) in object {
            let mut leaves = BTreeMap::new();
            flatten(String::new(), value, &mut leaves);
            if let Some(kept) = Kept::of(leaves) {
                self.0.insert(name.clone(), kept);
            }
        }
    }

    fn add_form(&mut self, text: &[u8]) {
        let mut grouped: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
        for (key, value) in url::form_urlencoded::parse(text) {
            let (name, way) = match key.find('[') {
                Some(place) => key.split_at(place),
                None => (&*key, ""),
            };
            let leaves = grouped.entry(name.to_owned()).or_default();
            leaves.insert(free_way(leaves, way), value.into_owned());
        }
        for (name, leaves) in grouped {
            if let Some(kept) = Kept::of(leaves) {
                self.0.insert(name, kept);
            }
        }
    }
}

impl Kept {
    /// A list of one plain value is that value: some forms cannot tell them apart.
    fn of(mut leaves: BTreeMap<String, String>) -> Option<Self> {
        if leaves.len() == 1
            && let Some(plain) = leaves.remove("").or_else(|| leaves.remove("[0]"))
        {
            return Some(Self::Plain(plain));
        }
        if leaves.is_empty() {
            None
        } else {
            Some(Self::Nested(leaves))
        }
    }

    /// Whether it is a list or an object.
    pub(super) fn is_nested(&self) -> bool {
        matches!(self, Self::Nested(_))
    }

    /// Whether it is a switch that is on.
    pub(super) fn is_on(&self) -> bool {
        matches!(self, Self::Plain(text) if text == "true")
    }

    /// Whether it is a switch at all.
    pub(super) fn is_switch(&self) -> bool {
        matches!(self, Self::Plain(text) if text == "true" || text == "false")
    }
}

/// The way of a form's field, with `[]` and repeated names numbered.
fn free_way(taken: &BTreeMap<String, String>, way: &str) -> String {
    let numbered = |number: usize| match way {
        "" if number == 0 => String::new(),
        "" => format!("[{number}]"),
        way => way.replacen("[]", &format!("[{number}]"), 1),
    };
    let free = (0..=taken.len())
        .map(numbered)
        .find(|way| !taken.contains_key(way));
    free.unwrap_or_else(|| way.to_owned())
}

fn flatten(way: String, value: &Value, leaves: &mut BTreeMap<String, String>) {
    let text = match value {
        Value::Null => return,
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                flatten(format!("{way}[{place}]"), item, leaves);
            }
            return;
        }
        Value::Object(object) => {
            for (name, value) in object {
                flatten(format!("{way}[{name}]"), value, leaves);
            }
            return;
        }
    };
    leaves.insert(way, text);
}
