//! Puts inputs where they go, each as the kind that it has to be.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;

use super::Extent;
use super::file::FileValue;
use super::problem::InputProblem;
use crate::connector::{Input, Inputs, Operation};
use crate::format::{InputKind, InputPlace, ListStyle, Need, ObjectStyle};
use crate::words;

/// Inputs by where they go, each in the order given.
#[derive(Default)]
pub(super) struct Placed {
    pub(super) path: BTreeMap<String, String>,
    pub(super) query: Vec<Field>,
    /// Each with its input's own name, its name in the request and its text.
    pub(super) headers: Vec<(String, String, String)>,
    pub(super) body: Vec<Field>,
    pub(super) address: Option<String>,
}

/// A value with its name in the request.
#[derive(Debug, Clone)]
pub(super) struct Field {
    /// The input's own name.
    pub(super) input: String,
    /// The name in the request.
    pub(super) name: String,
    pub(super) value: Value,
    pub(super) is_file: bool,
    pub(super) lists: Option<ListStyle>,
    pub(super) objects: Option<ObjectStyle>,
}

/// The required inputs that are not given.
pub(super) fn missing(
    operation: &Operation,
    inputs: &Inputs,
) -> impl Iterator<Item = InputProblem> {
    let required = operation
        .inputs
        .iter()
        .filter(|input| input.need == Need::Required);
    let missing = required.filter(|input| !inputs.contains_key(&input.name));
    missing.map(|input| InputProblem::mistaken(input, inputs, operation))
}

pub(super) fn place(
    operation: &Operation,
    inputs: &Inputs,
    extent: Extent,
    problems: &mut Vec<InputProblem>,
) -> Placed {
    let mut placed = Placed::default();
    for (name, given) in inputs {
        let Some(input) = operation.input(name) else {
            let field = Field::unlisted(name, given);
            match operation.place_of_rest() {
                InputPlace::Body => placed.body.push(field),
                _ => placed.query.push(field),
            }
            continue;
        };
        let value = fit(input, given).and_then(|value| match extent {
            Extent::Whole => allow(input, value),
            Extent::Part => Ok(value),
        });
        match value {
            Ok(value) => put(&mut placed, input, value.into_owned(), problems),
            Err(problem) => problems.push(problem),
        }
    }
    for input in &operation.inputs {
        if let Some(default) = &input.default
            && !inputs.contains_key(&input.name)
        {
            put(&mut placed, input, default.clone(), problems);
        }
    }
    placed
}

fn put(placed: &mut Placed, input: &Input, value: Value, problems: &mut Vec<InputProblem>) {
    let text = plain_text(&value);
    match (input.place, text) {
        (InputPlace::Query, _) => placed.query.push(Field::listed(input, value)),
        (InputPlace::Body, _) => placed.body.push(Field::listed(input, value)),
        (InputPlace::Path, Some(text)) => {
            placed.path.insert(input.name.clone(), text);
        }
        (InputPlace::Header, Some(text)) => {
            let name = input.wire_name().to_owned();
            placed.headers.push((input.name.clone(), name, text));
        }
        (InputPlace::Address, Some(text)) => placed.address = Some(text),
        (InputPlace::Path | InputPlace::Header | InputPlace::Address, None) => {
            let expected = "a text, a number or a boolean";
            problems.push(InputProblem::wrong_kind(&input.name, expected, &value));
        }
    }
}

impl Field {
    fn listed(input: &Input, value: Value) -> Self {
        Self {
            input: input.name.clone(),
            name: input.wire_name().to_owned(),
            value,
            is_file: input.kind == InputKind::File,
            lists: input.lists,
            objects: input.objects,
        }
    }

    pub(super) fn unlisted(name: &str, value: &Value) -> Self {
        Self {
            input: name.to_owned(),
            name: name.to_owned(),
            value: value.clone(),
            is_file: false,
            lists: None,
            objects: None,
        }
    }
}

/// The value as its kind, coerced where it is text that says exactly that.
fn fit<'v>(input: &Input, given: &'v Value) -> Result<Cow<'v, Value>, InputProblem> {
    if input.kind.takes(given) || (given.is_null() && input.need == Need::Optional) {
        return Ok(Cow::Borrowed(given));
    }
    let text = given.as_str().filter(|text| text.trim() == *text);
    let read = text.and_then(|text| serde_json::from_str(text).ok());
    read.filter(|value| input.kind.takes(value))
        .map(Cow::Owned)
        .ok_or_else(|| InputProblem::wrong_kind(&input.name, input.kind.in_words(), given))
}

fn allow<'v>(input: &Input, value: Cow<'v, Value>) -> Result<Cow<'v, Value>, InputProblem> {
    if value.is_null() || is_allowed(&input.one_of, &value) {
        return Ok(value);
    }
    let values = match &*value {
        Value::Array(values) => values.as_slice(),
        single => std::slice::from_ref(single),
    };
    let refused = values.iter().find(|value| !input.one_of.contains(value));
    let refused = refused.unwrap_or(&value);
    let allowed = listed(&input.one_of);
    let texts = input.one_of.iter().filter_map(Value::as_str);
    let near = refused
        .as_str()
        .and_then(|text| words::nearest(text, texts));
    Err(InputProblem::NotAllowed {
        name: input.name.clone(),
        got: words::of_value(refused),
        allowed: match near {
            Some(near) => format!("{allowed}; did you mean `{near}`?"),
            None => allowed,
        },
    })
}

/// Whether a value, or each value of a list, is among those allowed; none given allows any.
pub(crate) fn is_allowed(one_of: &[Value], value: &Value) -> bool {
    match value {
        _ if one_of.is_empty() => true,
        Value::Array(values) => values.iter().all(|value| one_of.contains(value)),
        value => one_of.contains(value),
    }
}

/// "`a`, `b` or `1`".
pub(crate) fn listed(values: &[Value]) -> String {
    let texts: Vec<String> = values
        .iter()
        .map(|value| plain_text(value).unwrap_or_else(|| value.to_string()))
        .collect();
    words::any_of(texts.iter().map(String::as_str))
}

/// How a single value is written where there is only text.
pub(super) fn plain_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

impl InputKind {
    /// Whether a value is of this kind.
    pub fn takes(self, value: &Value) -> bool {
        match self {
            Self::String => value.is_string(),
            Self::Integer => value.is_i64() || value.is_u64(),
            Self::Number => value.is_number(),
            Self::Boolean => value.is_boolean(),
            Self::Object => value.is_object(),
            Self::Array => value.is_array(),
            Self::File => FileValue::of(value).is_some(),
            Self::Any => true,
        }
    }

    /// The kind as a sentence names it.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::String => "a text",
            Self::Integer => "a whole number",
            Self::Number => "a number",
            Self::Boolean => "`true` or `false`",
            Self::Object => "an object",
            Self::Array => "a list",
            Self::File => "a file",
            Self::Any => "anything",
        }
    }
}
