//! Compares variables with what an operation declares.

use serde_json::Value;

use super::{DocumentError, Operation, Type, Variable};
use crate::connector::Inputs;
use crate::words;

impl Operation {
    /// The variables as they are sent. Texts given for other scalars are taken where they are
    /// exactly that scalar's JSON, since a command line has only text.
    ///
    /// # Errors
    ///
    /// Every variable that is missing, not declared or of another kind, by its name.
    pub fn fit(&self, given: &Inputs) -> Result<Inputs, Vec<(String, DocumentError)>> {
        let mut fitted = Inputs::new();
        let mut errors = Vec::new();
        for (name, value) in given {
            let mut variables = self.variables.iter();
            let Some(variable) = variables.find(|variable| variable.name == *name) else {
                errors.push((name.clone(), self.unknown(name)));
                continue;
            };
            if let Some(value) = variable.of.fit(value) {
                fitted.insert(name.clone(), value);
            } else {
                let got = words::of_value(value);
                let message = format!("`${name}` is {got}; it takes {}", variable.of);
                errors.push((name.clone(), variable.error(message)));
            }
        }
        let required = self
            .variables
            .iter()
            .filter(|variable| variable.is_required());
        for variable in required.filter(|variable| !given.contains_key(&variable.name)) {
            let message = format!("`${}` is missing; it takes {}", variable.name, variable.of);
            errors.push((variable.name.clone(), variable.error(message)));
        }
        if errors.is_empty() {
            Ok(fitted)
        } else {
            Err(errors)
        }
    }

    fn unknown(&self, name: &str) -> DocumentError {
        let names = self.variables.iter().map(|variable| variable.name.as_str());
        let hint = match self.variables.as_slice() {
            [] => "it declares none".to_owned(),
            _ => words::allowed(name, names),
        };
        DocumentError {
            line: self.line,
            column: self.column,
            message: format!("the document declares no variable `${name}`; {hint}"),
        }
    }
}

impl Variable {
    fn error(&self, message: String) -> DocumentError {
        DocumentError {
            line: self.line,
            column: self.column,
            message,
        }
    }
}

impl Type {
    /// The value as this type (GraphQL section 3.5 and 3.11, "Input Coercion").
    fn fit(&self, value: &Value) -> Option<Value> {
        match self {
            Self::NonNull(_) if value.is_null() => None,
            Self::NonNull(of) => of.fit(value),
            _ if value.is_null() => Some(Value::Null),
            Self::Named(name) => fit_named(name, value),
            Self::List(of) => match value {
                Value::Array(values) => values.iter().map(|value| of.fit(value)).collect(),
                Value::String(text) if text.starts_with('[') => {
                    let read: Value = serde_json::from_str(text).ok()?;
                    self.fit(&read)
                }
                // A single value is a list of one.
                value => of.fit(value),
            },
        }
    }
}

fn fit_named(name: &str, value: &Value) -> Option<Value> {
    let is_int = |value: &Value| {
        value
            .as_i64()
            .is_some_and(|value| i32::try_from(value).is_ok())
    };
    let fits = match name {
        "Int" => is_int(value),
        "Float" => value.is_number(),
        "Boolean" => value.is_boolean(),
        "String" => value.is_string(),
        "ID" => value.is_string() || value.is_i64() || value.is_u64(),
        // An enumeration, an input object or a scalar of the API.
        _ => true,
    };
    if fits {
        return Some(value.clone());
    }
    let text = value.as_str().filter(|text| text.trim() == *text)?;
    let read: Value = serde_json::from_str(text).ok()?;
    match name {
        "Int" if is_int(&read) => Some(read),
        "Float" if read.is_number() => Some(read),
        "Boolean" if read.is_boolean() => Some(read),
        _ => None,
    }
}
