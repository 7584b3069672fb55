//! Reads back from a request which inputs somebody called an operation with. Pure.
//!
//! The request of an example is read in the same way as one that comes in, so that both are
//! comparable however their inputs were written.

mod multipart;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use http::{HeaderMap, header};
use serde_json::Value;
use trunkline::connector::format::{BodyKind, BodyText, InputPlace, ListStyle, ObjectStyle};
use trunkline::connector::{ExampleRequest, Input, Inputs, Operation, OperationTarget};
use url::form_urlencoded;

use super::document;
use super::path;

/// Inputs by name, comparable whether they came as JSON, as a form, in parts or in the address.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Given(pub(super) BTreeMap<String, Kept>);

/// An input's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kept {
    /// A text, number or truth value, or a file's content, as text.
    Plain(String),
    /// A list or an object: each plain value in it by its way there, such as `[0][content]`.
    Nested(Leaves),
}

type Leaves = BTreeMap<String, String>;

/// A request for an operation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sent<'a> {
    /// Below the connector's base address.
    pub(super) path: &'a str,
    pub(super) query: &'a str,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a [u8],
}

impl Given {
    /// The inputs of a request.
    pub(super) fn of_request(operation: &Operation, sent: &Sent<'_>) -> Self {
        let mut reader = Reader::new(operation);
        reader.read_query(sent.query);
        let kind = sent.headers.get(header::CONTENT_TYPE);
        let kind = kind.and_then(|value| value.to_str().ok());
        reader.read_body(kind.unwrap_or_default(), sent.body);
        reader.read_headers(sent.headers);
        reader.read_path(sent.path);
        reader.into_given()
    }

    /// The inputs of an example, by its request.
    pub(super) fn of_example(operation: &Operation, request: &ExampleRequest) -> Self {
        let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
        let headers: HeaderMap = request.headers.iter().cloned().collect();
        let mut reader = Reader::new(operation);
        reader.read_query(query);
        let kind = headers.get(header::CONTENT_TYPE);
        let kind = kind.and_then(|value| value.to_str().ok());
        match &request.body {
            BodyText::Json(text) | BodyText::Form(text) | BodyText::Text(text) => {
                reader.read_body(kind.unwrap_or_default(), text.as_bytes());
            }
            BodyText::Parts(parts) => {
                for part in parts {
                    reader.read_part(&part.name, &part.text);
                }
            }
            BodyText::Empty | BodyText::Events(_) => {}
        }
        reader.read_headers(&headers);
        reader.read_path(path);
        reader.into_given()
    }

    /// An input that is a plain value.
    pub(super) fn plain(&self, name: &str) -> Option<&str> {
        match self.0.get(name)? {
            Kept::Plain(text) => Some(text),
            Kept::Nested(_) => None,
        }
    }
}

/// Gathers what stands in a request for an operation.
struct Reader<'a> {
    operation: &'a Operation,
    /// Values that come in pieces, each with its way.
    pieces: BTreeMap<String, Leaves>,
}

impl<'a> Reader<'a> {
    fn new(operation: &'a Operation) -> Self {
        Self {
            operation,
            pieces: BTreeMap::new(),
        }
    }

    fn into_given(self) -> Given {
        let pieces = self.pieces.into_iter();
        Given(
            pieces
                .map(|(name, leaves)| (name, Kept::of(leaves)))
                .collect(),
        )
    }

    fn read_query(&mut self, query: &str) {
        for (key, value) in form_urlencoded::parse(query.as_bytes()) {
            self.read_pair(InputPlace::Query, &key, &value);
        }
    }

    fn read_body(&mut self, kind: &str, body: &[u8]) {
        let boundary = multipart::boundary(kind);
        if let (BodyKind::Raw, Some(name)) = (self.operation.body, &self.operation.body_input) {
            // Some SDKs send a file in parts where the API also takes it alone.
            let parts = boundary.map(|boundary| multipart::parts(body, boundary));
            let file = parts.into_iter().flatten().find(|part| part.is_file);
            let text = match file {
                Some(part) => part.text,
                None => String::from_utf8_lossy(body).into_owned(),
            };
            if !text.is_empty() || !kind.is_empty() {
                self.set(name, Leaves::from([(String::new(), text)]));
            }
        } else if let Some(boundary) = boundary {
            for part in multipart::parts(body, boundary) {
                self.read_part(&part.name, &part.text);
            }
        } else if kind.contains("json") || (kind.is_empty() && self.writes_json()) {
            if let Ok(value) = serde_json::from_slice(body) {
                self.read_json(value);
            }
        } else {
            for (key, value) in form_urlencoded::parse(body) {
                self.read_pair(InputPlace::Body, &key, &value);
            }
        }
    }

    fn writes_json(&self) -> bool {
        matches!(self.operation.body, BodyKind::Json | BodyKind::Graphql)
    }

    fn read_json(&mut self, body: Value) {
        match (&self.operation.body_input, body) {
            (Some(name), value) => self.read_value(name, &value),
            (None, Value::Object(mut fields)) if self.operation.body == BodyKind::Graphql => {
                let query = fields.remove("query");
                if let Some(Value::String(text)) = query {
                    let text = document::normal(&text);
                    self.set("query", Leaves::from([(String::new(), text)]));
                }
                if let Some(name) = fields.remove("operationName") {
                    self.read_value("operation_name", &name);
                }
                if let Some(Value::Object(variables)) = fields.remove("variables") {
                    self.read_fields(&variables);
                }
            }
            (None, Value::Object(fields)) => self.read_fields(&fields),
            (None, _) => {}
        }
    }

    fn read_fields(&mut self, fields: &Inputs) {
        for (key, value) in fields {
            let input = self.input_at(InputPlace::Body, key);
            let name = input.map_or(key.as_str(), |input| &input.name);
            self.read_value(name, value);
        }
    }

    /// `null` is nothing given; an empty list or object is something.
    fn read_value(&mut self, name: &str, value: &Value) {
        if !value.is_null() {
            let mut leaves = Leaves::new();
            flatten(String::new(), value, &mut leaves);
            self.set(name, leaves);
        }
    }

    /// A file in a part is its content.
    fn read_part(&mut self, name: &str, text: &str) {
        self.read_pair(InputPlace::Body, name, text);
    }

    fn read_headers(&mut self, headers: &HeaderMap) {
        let inputs = self.operation.inputs.iter();
        for input in inputs.filter(|input| input.place == InputPlace::Header) {
            let value = headers.get(input.wire_name());
            if let Some(text) = value.and_then(|value| value.to_str().ok()) {
                self.set(
                    &input.name,
                    Leaves::from([(String::new(), text.to_owned())]),
                );
            }
        }
    }

    fn read_path(&mut self, path: &str) {
        let template = match &self.operation.target {
            OperationTarget::Path(template) => template,
            OperationTarget::Address { input, .. } => {
                self.set(input, Leaves::from([(String::new(), path.to_owned())]));
                return;
            }
        };
        for (name, text) in path::captures(template, path).unwrap_or_default() {
            // Other names are secrets'.
            if self.operation.input(name).is_some() {
                let text = path::decoded(text);
                self.set(name, Leaves::from([(String::new(), text)]));
            }
        }
    }

    /// Reads a name and its value in a form, a query or a part.
    fn read_pair(&mut self, place: InputPlace, key: &str, value: &str) {
        let (input, way) = self.way_of(place, key);
        let styles = input.filter(|_| way.is_empty());
        let is_json = styles.is_some_and(|input| {
            input.lists == Some(ListStyle::Json) || input.objects == Some(ObjectStyle::Json)
        });
        let has_commas = styles.is_some_and(|input| input.lists == Some(ListStyle::Comma));
        let name = match input {
            Some(input) => input.name.clone(),
            None => key.split('[').next().unwrap_or(key).to_owned(),
        };
        let read = serde_json::from_str(value).ok().filter(|_| is_json);
        if let Some(nested @ (Value::Array(_) | Value::Object(_))) = read {
            self.read_value(&name, &nested);
            return;
        }
        let leaves = self.pieces.entry(name).or_default();
        if has_commas {
            for item in value.split(',') {
                leaves.insert(free_way(leaves, ""), item.to_owned());
            }
        } else {
            leaves.insert(free_way(leaves, &way), value.to_owned());
        }
    }

    /// The input that a key of a form is about, and the way within its value.
    fn way_of(&self, place: InputPlace, key: &str) -> (Option<&'a Input>, String) {
        if let Some(input) = self.input_at(place, key) {
            return (Some(input), String::new());
        }
        let (name, way) = match key.find('[') {
            Some(at) => key.split_at(at),
            None => (key, ""),
        };
        let dotted = || {
            let inputs = self.operation.inputs.iter();
            let dots = inputs.filter(|input| input.objects == Some(ObjectStyle::Dots));
            let mut below = dots
                .filter(|input| input.place == place)
                .filter_map(|input| {
                    let rest = key.strip_prefix(input.wire_name())?.strip_prefix('.')?;
                    Some((Some(input), format!("[{}]", rest.replace('.', "]["))))
                });
            below.next()
        };
        match self.input_at(place, name) {
            Some(input) => (Some(input), way.to_owned()),
            None => dotted().unwrap_or_else(|| (None, way.to_owned())),
        }
    }

    fn input_at(&self, place: InputPlace, wire_name: &str) -> Option<&'a Input> {
        let mut inputs = self.operation.inputs.iter();
        inputs.find(|input| input.place == place && input.wire_name() == wire_name)
    }

    fn set(&mut self, name: &str, leaves: Leaves) {
        self.pieces.insert(name.to_owned(), leaves);
    }
}

impl Kept {
    /// A list of one plain value is that value: some forms cannot tell them apart.
    fn of(mut leaves: Leaves) -> Self {
        let first = leaves.remove("");
        match first {
            Some(plain) if leaves.is_empty() => return Self::Plain(plain),
            // Repeated names: the first of them is the first of the list.
            Some(first) => {
                leaves.insert("[0]".to_owned(), first);
            }
            None if leaves.len() == 1 => {
                if let Some(plain) = leaves.remove("[0]") {
                    return Self::Plain(plain);
                }
            }
            None => {}
        }
        Self::Nested(leaves)
    }

    /// How much it is like another value that is not the same: lists and objects are hardly ever
    /// equal, so that there is one is a likeness, and so is each thing that both have.
    pub(super) fn likeness(&self, other: &Self) -> i32 {
        match (self, other) {
            (Self::Plain(_), Self::Plain(_)) => -1,
            (Self::Nested(ours), Self::Nested(theirs)) => {
                let shared = ours
                    .iter()
                    .filter(|(way, text)| theirs.get(*way) == Some(text));
                let is_half = ours.len().max(theirs.len()) <= 2 * shared.count();
                1 + i32::from(ours.keys().eq(theirs.keys())) + i32::from(is_half)
            }
            (Self::Plain(_), Self::Nested(_)) | (Self::Nested(_), Self::Plain(_)) => 1,
        }
    }

    /// Whether it is a list or an object with nothing in it.
    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Self::Nested(leaves) if leaves.is_empty())
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
fn free_way(taken: &Leaves, way: &str) -> String {
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

fn flatten(way: String, value: &Value, leaves: &mut Leaves) {
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
