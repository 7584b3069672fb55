//! Inputs as `name=value` pairs, for forms and for query strings.

use percent_encoding::{AsciiSet, utf8_percent_encode};
use serde_json::Value;

use crate::connector::Inputs;
use crate::template::RESERVED;

/// stripe-node leaves brackets as they are, in names and in values: the server takes both, and the
/// text stays readable.
const RESERVED_BUT_BRACKETS: &AsciiSet = &RESERVED.remove(b'[').remove(b']');

/// Writes a form as stripe-node does (23.1.0, `utils.ts`, `stringifyRequestData`).
///
/// Objects nest as `metadata[k]=v` and lists as `items[0][price]=x`. All but RFC 3986's unreserved
/// characters and brackets is percent-encoded, so a space is `%20` and never `+`. `null` is empty;
/// an empty object or list leaves no trace.
pub fn encode_form(inputs: &Inputs) -> String {
    let mut pairs = Pairs {
        text: String::new(),
        keep: RESERVED_BUT_BRACKETS,
    };
    for (name, value) in inputs {
        pairs.nest(name, value);
    }
    pairs.text
}

/// Writes a query, in the same form: Stripe's `expand[0]=data.customer`.
pub fn encode_query(inputs: &Inputs) -> String {
    encode_form(inputs)
}

/// Writes a form in which a list repeats its name, `MediaUrl=a&MediaUrl=b`, as twilio-node does
/// (6.2.0: `qs.stringify` with `arrayFormat: "repeat"`). Brackets are percent-encoded.
pub fn encode_repeated(inputs: &Inputs) -> String {
    let mut pairs = Pairs {
        text: String::new(),
        keep: RESERVED,
    };
    for (name, value) in inputs {
        pairs.repeat(name, value);
    }
    pairs.text
}

struct Pairs {
    text: String,
    keep: &'static AsciiSet,
}

impl Pairs {
    fn nest(&mut self, name: &str, value: &Value) {
        match value {
            Value::Object(fields) => {
                for (field, value) in fields {
                    self.nest(&format!("{name}[{field}]"), value);
                }
            }
            Value::Array(items) => {
                for (place, value) in items.iter().enumerate() {
                    self.nest(&format!("{name}[{place}]"), value);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                self.pair(name, value);
            }
        }
    }

    fn repeat(&mut self, name: &str, value: &Value) {
        match value {
            Value::Object(fields) => {
                for (field, value) in fields {
                    self.repeat(&format!("{name}[{field}]"), value);
                }
            }
            Value::Array(items) => {
                for value in items {
                    self.repeat(name, value);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                self.pair(name, value);
            }
        }
    }

    fn pair(&mut self, name: &str, value: &Value) {
        if !self.text.is_empty() {
            self.text.push('&');
        }
        self.text.extend(utf8_percent_encode(name, self.keep));
        self.text.push('=');
        match value {
            Value::String(text) => self.text.extend(utf8_percent_encode(text, self.keep)),
            Value::Null => {}
            other => {
                let text = other.to_string();
                self.text.extend(utf8_percent_encode(&text, self.keep));
            }
        }
    }
}
