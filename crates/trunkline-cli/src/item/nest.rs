//! Puts values into one tree of inputs, each at the place its name says.

use serde_json::Value;
use trunkline_connector::Inputs;

use crate::item::{InputName, Step};

/// Why a value has no place beside those that are there already.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NestError {
    /// The place is taken.
    #[error("`{name}` is given twice")]
    Twice {
        /// The input's name.
        name: String,
    },
    /// Something that cannot hold anything stands in the way.
    #[error("`{name}` does not fit: an item before it made `{inside}` {what}")]
    Different {
        /// The input's name.
        name: String,
        /// The part of the name that is something else.
        inside: String,
        /// What it is.
        what: &'static str,
    },
    /// A list has no entries so far behind its end.
    #[error("`{name}` leaves a gap: the next place in that list is {next}")]
    Gap {
        /// The input's name.
        name: String,
        /// The first free place.
        next: usize,
    },
}

impl NestError {
    /// What to do about it.
    pub(crate) fn hint(&self) -> &'static str {
        match self {
            Self::Twice { .. } => "write `name[]=…` for each entry of a list",
            Self::Different { .. } => "an input is a text, an object or a list, not two of them",
            Self::Gap { .. } => {
                r"places count from 0, in order, and `[]` takes the next one; write `\` before a digit for a key of digits"
            }
        }
    }
}

/// A place in the tree, and whether anything was ever put there.
type Place<'a> = (&'a mut Value, bool);

/// Puts `value` where `name` says. On an error the tree is good for nothing more.
pub(crate) fn insert(inputs: &mut Inputs, name: &InputName, value: Value) -> Result<(), NestError> {
    let mut done = InputName {
        key: name.key.clone(),
        steps: Vec::new(),
    };
    let (mut place, mut is_new) = member(inputs, &name.key);
    for step in &name.steps {
        if is_new {
            *place = match step {
                Step::Key(_) => Value::Object(Inputs::new()),
                Step::Index(_) | Step::Append => Value::Array(Vec::new()),
            };
        }
        (place, is_new) = match (step, place) {
            (Step::Key(key), Value::Object(object)) => member(object, key),
            (Step::Index(index), Value::Array(list)) => entry(list, *index, name)?,
            (Step::Append, Value::Array(list)) => {
                let end = list.len();
                entry(list, end, name)?
            }
            (_, other) => {
                return Err(NestError::Different {
                    name: name.to_string(),
                    inside: done.to_string(),
                    what: kind(other),
                });
            }
        };
        done.steps.push(step.clone());
    }
    if !is_new {
        return Err(NestError::Twice {
            name: name.to_string(),
        });
    }
    *place = value;
    Ok(())
}

fn member<'a>(object: &'a mut Inputs, key: &str) -> Place<'a> {
    let is_new = !object.contains_key(key);
    (object.entry(key.to_owned()).or_insert(Value::Null), is_new)
}

fn entry<'a>(
    list: &'a mut Vec<Value>,
    index: usize,
    name: &InputName,
) -> Result<Place<'a>, NestError> {
    let next = list.len();
    if index == next {
        list.push(Value::Null);
    }
    let place = list.get_mut(index);
    let place = place.ok_or_else(|| NestError::Gap {
        name: name.to_string(),
        next,
    })?;
    Ok((place, index == next))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "empty",
        Value::Bool(_) => "`true` or `false`",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
