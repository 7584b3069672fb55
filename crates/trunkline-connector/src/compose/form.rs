//! Inputs as `name=value` pairs, for forms and for query strings.

use percent_encoding::{AsciiSet, utf8_percent_encode};
use serde_json::Value;

use super::place::Field;
use crate::connector::Inputs;
use crate::format::{ListStyle, ObjectStyle};
use crate::template::RESERVED;

/// stripe-node leaves brackets as they are, in names and in values: the server takes both, and the
/// text stays readable.
const RESERVED_BUT_BRACKETS: &AsciiSet = &RESERVED.remove(b'[').remove(b']');

/// How pairs are written where an input does not say.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dialect {
    pub(super) lists: ListStyle,
    keep: &'static AsciiSet,
}

/// As stripe-node does (23.1.0, `utils.ts`, `stringifyRequestData`).
pub(super) const FORM: Dialect = Dialect {
    lists: ListStyle::Indexed,
    keep: RESERVED_BUT_BRACKETS,
};

/// The same: Stripe's `expand[0]=data.customer`.
pub(super) const QUERY: Dialect = FORM;

/// As twilio-node does (6.2.0: `qs.stringify` with `arrayFormat: "repeat"`). Brackets are
/// percent-encoded.
pub(super) const REPEATED: Dialect = Dialect {
    lists: ListStyle::Repeated,
    keep: RESERVED,
};

/// Writes a form in which objects nest as `metadata[k]=v` and lists as `items[0][price]=x`.
///
/// All but RFC 3986's unreserved characters and brackets is percent-encoded, so a space is `%20`
/// and never `+`. `null` is empty; an empty object or list leaves no trace.
pub fn encode_form(inputs: &Inputs) -> String {
    encode_all(inputs, FORM)
}

/// Writes a query, in the same form.
pub fn encode_query(inputs: &Inputs) -> String {
    encode_all(inputs, QUERY)
}

/// Writes a form in which a list repeats its name: `MediaUrl=a&MediaUrl=b`.
pub fn encode_repeated(inputs: &Inputs) -> String {
    encode_all(inputs, REPEATED)
}

fn encode_all(inputs: &Inputs, dialect: Dialect) -> String {
    let fields = inputs
        .iter()
        .map(|(name, value)| Field::unlisted(name, value));
    encode(&fields.collect::<Vec<_>>(), dialect)
}

/// Writes pairs, each input in its own style.
pub(super) fn encode(fields: &[Field], dialect: Dialect) -> String {
    let mut text = String::new();
    for Pair { name, values } in fields.iter().flat_map(|field| pairs(field, dialect.lists)) {
        if !text.is_empty() {
            text.push('&');
        }
        text.extend(utf8_percent_encode(&name, dialect.keep));
        text.push('=');
        for (place, value) in values.iter().enumerate() {
            if place > 0 {
                text.push(',');
            }
            text.extend(utf8_percent_encode(value, dialect.keep));
        }
    }
    text
}

/// A name and its value; several values stand between commas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) name: String,
    pub(super) values: Vec<String>,
}

/// What an input becomes where there is only text.
pub(super) fn pairs(field: &Field, lists: ListStyle) -> Vec<Pair> {
    let mut writer = Writer {
        lists: field.lists.unwrap_or(lists),
        objects: field.objects.unwrap_or(ObjectStyle::Brackets),
        pairs: Vec::new(),
    };
    writer.write(field.name.clone(), &field.value);
    writer.pairs
}

struct Writer {
    lists: ListStyle,
    objects: ObjectStyle,
    pairs: Vec<Pair>,
}

impl Writer {
    fn write(&mut self, name: String, value: &Value) {
        match value {
            Value::Object(fields) => {
                for (field, value) in fields {
                    match self.objects {
                        ObjectStyle::Brackets => self.write(format!("{name}[{field}]"), value),
                        ObjectStyle::Dots => self.write(format!("{name}.{field}"), value),
                        ObjectStyle::Json => {}
                    }
                }
                if self.objects == ObjectStyle::Json {
                    self.pair(name, vec![value.to_string()]);
                }
            }
            Value::Array(items) => match self.lists {
                ListStyle::Indexed => {
                    for (place, value) in items.iter().enumerate() {
                        self.write(format!("{name}[{place}]"), value);
                    }
                }
                ListStyle::Brackets => {
                    for value in items {
                        self.write(format!("{name}[]"), value);
                    }
                }
                ListStyle::Repeated => {
                    for value in items {
                        self.write(name.clone(), value);
                    }
                }
                ListStyle::Comma if items.is_empty() => {}
                ListStyle::Comma => self.pair(name, items.iter().map(text_of).collect()),
                ListStyle::Json => self.pair(name, vec![value.to_string()]),
            },
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                self.pair(name, vec![text_of(value)]);
            }
        }
    }

    fn pair(&mut self, name: String, values: Vec<String>) {
        self.pairs.push(Pair { name, values });
    }
}

/// A text as it is, nothing for null, and JSON for everything else.
fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
