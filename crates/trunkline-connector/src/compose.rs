//! What HTTP request an operation and its inputs become. Pure.

mod form;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeMap;

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::Value;

use crate::connector::{Input, Inputs, Operation};
use crate::format::{BodyKind, InputKind, InputPlace, Need};
use crate::template::ExpandError;

pub use form::{encode_form, encode_query, encode_repeated};

/// A request without the credential, which only the engine has.
#[derive(Debug, Clone)]
pub struct Composed {
    /// Its method.
    pub method: Method,
    /// Path below the base address and query, ready to be sent.
    pub path_and_query: String,
    /// Headers that inputs became.
    pub headers: HeaderMap,
    /// Content type and body, where the operation has one.
    pub body: Option<(HeaderValue, Vec<u8>)>,
}

/// Why an input does not fit its operation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InputProblem {
    /// A required input that was not given.
    #[error("`{name}` is missing{}", about.as_ref().map(|about| format!(": {about}")).unwrap_or_default())]
    Missing {
        /// The input's name.
        name: String,
        /// What it is.
        about: Option<String>,
    },
    /// A value of another kind.
    #[error("`{name}` is {got}; it takes {expected}")]
    WrongKind {
        /// The input's name.
        name: String,
        /// What it takes, such as `a whole number`.
        expected: &'static str,
        /// What was given, such as `the text "ten"`.
        got: String,
    },
    /// A value that would make the path mean something else.
    #[error("`{name}` cannot be part of the path: {reason}")]
    BadPathPart {
        /// The input's name.
        name: String,
        /// What is wrong with the value.
        reason: &'static str,
    },
    /// A value that no header can hold.
    #[error("`{name}` is sent as a header, which holds one line of visible characters")]
    BadHeader {
        /// The input's name.
        name: String,
    },
    /// A part of the path that is a secret which is not known.
    #[error("the secret `{name}` is part of the path and not known")]
    SecretMissing {
        /// The secret's name within the connector.
        name: String,
    },
}

/// Makes the request of an operation. Inputs that the operation does not list are sent as well, in
/// the body where it has one, else in the query.
///
/// Texts given for other kinds are taken where they are exactly that kind's JSON, since a command
/// line has only text: `1000` for a whole number, `[1, 2]` for a list.
///
/// # Errors
///
/// Every input that is missing or does not fit.
pub fn compose(
    operation: &Operation,
    inputs: &Inputs,
    secrets: impl Fn(&str) -> Option<String>,
) -> Result<Composed, Vec<InputProblem>> {
    let is_missing =
        |input: &&Input| input.need == Need::Required && !inputs.contains_key(&input.name);
    let missing = operation
        .inputs
        .iter()
        .filter(is_missing)
        .map(Input::missing)
        .collect();
    write(operation, inputs, secrets, missing)
}

/// As [`compose`], but only the path's inputs must be there: for examples of what an API answers
/// to a request that lacks something.
///
/// # Errors
///
/// Every input that does not fit.
pub fn compose_incomplete(
    operation: &Operation,
    inputs: &Inputs,
    secrets: impl Fn(&str) -> Option<String>,
) -> Result<Composed, Vec<InputProblem>> {
    write(operation, inputs, secrets, Vec::new())
}

fn write(
    operation: &Operation,
    inputs: &Inputs,
    secrets: impl Fn(&str) -> Option<String>,
    mut problems: Vec<InputProblem>,
) -> Result<Composed, Vec<InputProblem>> {
    let placed = place(operation, inputs, &mut problems);
    let path = write_path(operation, &placed.path, secrets, &mut problems);
    let headers = write_headers(&placed.headers, &mut problems);
    let Some(mut path_and_query) = path.filter(|_| problems.is_empty()) else {
        return Err(problems);
    };
    let query = encode_query(&placed.query);
    if !query.is_empty() {
        path_and_query.push('?');
        path_and_query.push_str(&query);
    }
    let body = write_body(operation.body, placed.body);
    Ok(Composed {
        method: operation.method.clone(),
        path_and_query,
        headers,
        body,
    })
}

/// Inputs by where they go, each in the order given.
#[derive(Default)]
struct Placed {
    path: BTreeMap<String, String>,
    query: Inputs,
    headers: Vec<(String, String)>,
    body: Inputs,
}

fn place(operation: &Operation, inputs: &Inputs, problems: &mut Vec<InputProblem>) -> Placed {
    let mut placed = Placed::default();
    for (name, given) in inputs {
        let input = operation.inputs.iter().find(|input| input.name == *name);
        let value = match input {
            None => Cow::Borrowed(given),
            Some(input) => match fit(input, given) {
                Ok(value) => value,
                Err(problem) => {
                    problems.push(problem);
                    continue;
                }
            },
        };
        let place = input.map_or_else(|| operation.place_of_rest(), |input| input.place);
        match place {
            InputPlace::Query => {
                placed.query.insert(name.clone(), value.into_owned());
            }
            InputPlace::Body => {
                placed.body.insert(name.clone(), value.into_owned());
            }
            InputPlace::Path | InputPlace::Header => match plain_text(&value) {
                Some(text) if place == InputPlace::Path => {
                    placed.path.insert(name.clone(), text);
                }
                Some(text) => placed.headers.push((name.clone(), text)),
                None => problems.push(wrong_kind(name, "a text, a number or a boolean", given)),
            },
        }
    }
    placed
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
        .ok_or_else(|| wrong_kind(&input.name, input.kind.in_words(), given))
}

fn write_path(
    operation: &Operation,
    parts: &BTreeMap<String, String>,
    secrets: impl Fn(&str) -> Option<String>,
    problems: &mut Vec<InputProblem>,
) -> Option<String> {
    let input = |name: &str| operation.inputs.iter().find(|input| input.name == name);
    let secrets: BTreeMap<&str, String> = operation
        .path
        .names()
        .filter(|name| input(name).is_none())
        .filter_map(|name| Some((name, secrets(name)?)))
        .collect();
    let value = |name: &str| {
        parts
            .get(name)
            .or_else(|| secrets.get(name))
            .map(String::as_str)
    };
    let problem = match operation.path.expand(value) {
        Ok(path) => return Some(path),
        // It may have been missed already, or refused for its kind.
        Err(ExpandError::Missing(name)) if problems.iter().any(|it| it.name() == name) => {
            return None;
        }
        Err(ExpandError::Missing(name)) => match input(&name) {
            Some(input) => input.missing(),
            None => InputProblem::SecretMissing { name },
        },
        Err(ExpandError::Empty(name)) => InputProblem::BadPathPart {
            name,
            reason: "it is empty",
        },
        Err(ExpandError::Dots(name)) => InputProblem::BadPathPart {
            name,
            reason: "`.` and `..` mean another path",
        },
    };
    problems.push(problem);
    None
}

fn write_headers(given: &[(String, String)], problems: &mut Vec<InputProblem>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, text) in given {
        match (HeaderName::try_from(name), HeaderValue::try_from(text)) {
            (Ok(name), Ok(value)) => {
                headers.insert(name, value);
            }
            _ => problems.push(InputProblem::BadHeader { name: name.clone() }),
        }
    }
    headers
}

fn write_body(kind: BodyKind, inputs: Inputs) -> Option<(HeaderValue, Vec<u8>)> {
    const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");
    const JSON: HeaderValue = HeaderValue::from_static("application/json");
    match kind {
        BodyKind::None => None,
        BodyKind::Json => Some((JSON, Value::Object(inputs).to_string().into_bytes())),
        BodyKind::Form => Some((FORM, encode_form(&inputs).into_bytes())),
        BodyKind::FormRepeated => Some((FORM, encode_repeated(&inputs).into_bytes())),
    }
}

fn wrong_kind(name: &str, expected: &'static str, given: &Value) -> InputProblem {
    let got = match given {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => format!("`{value}`"),
        Value::Number(value) => format!("`{value}`"),
        Value::String(text) if text.chars().count() <= 40 => format!("the text {text:?}"),
        Value::String(text) => format!("a text of {} characters", text.chars().count()),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    };
    InputProblem::WrongKind {
        name: name.to_owned(),
        expected,
        got,
    }
}

/// How a single value is written where there is only text.
fn plain_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

impl InputProblem {
    /// The input, or the secret, that it is about.
    pub fn name(&self) -> &str {
        match self {
            Self::Missing { name, .. }
            | Self::WrongKind { name, .. }
            | Self::BadPathPart { name, .. }
            | Self::BadHeader { name }
            | Self::SecretMissing { name } => name,
        }
    }
}

impl Input {
    fn missing(&self) -> InputProblem {
        InputProblem::Missing {
            name: self.name.clone(),
            about: self.about.clone(),
        }
    }
}

impl Operation {
    /// Where inputs go that say nothing else: the body where there is one, else the query.
    pub fn place_of_rest(&self) -> InputPlace {
        place_of_rest(self.body)
    }
}

pub(crate) fn place_of_rest(body: BodyKind) -> InputPlace {
    match body {
        BodyKind::None => InputPlace::Query,
        BodyKind::Json | BodyKind::Form | BodyKind::FormRepeated => InputPlace::Body,
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
            Self::Any => "anything",
        }
    }
}
