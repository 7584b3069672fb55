//! What a schema says of one input: its kind, its default and the values that are allowed.

use serde_json::{Number, Value};
use trunkline_connector::format::InputKind;

use crate::draft::Need;
use crate::spec::{self, Fields, Spec};

/// The most allowed values that are listed; beyond, only the API knows them.
const ONE_OF_MAX: usize = 100;

/// The longest allowed value that is listed, in characters.
const VALUE_MAX: usize = 200;

/// How deep schemas are looked into for what an input is.
const DEPTH_MAX: usize = 8;

/// The most schemas that are looked at for it: parts of parts can be more than there are.
const SCHEMAS_MAX: usize = 500;

/// What a schema says of one input.
#[derive(Debug, Clone)]
pub(super) struct Facts<'d> {
    pub(super) kind: InputKind,
    pub(super) one_of: Vec<Value>,
    /// Values are listed that no input can have.
    pub(super) has_odd_values: bool,
    pub(super) default: Option<Value>,
    /// The schema itself, its references followed; nothing where it is no object.
    pub(super) fields: Option<&'d Fields>,
}

/// Reads them.
pub(super) fn facts<'d>(spec: Spec<'d>, schema: Option<&'d Value>) -> Facts<'d> {
    let fields = schema
        .and_then(|schema| spec.follow(schema).ok())
        .and_then(Value::as_object);
    let kind = schema.map_or(InputKind::Any, |schema| kind_of(spec, schema));
    let listed = fields.and_then(|fields| listed(spec, fields, kind));
    let (one_of, has_odd_values) = match listed.as_deref() {
        None | Some([]) => (Vec::new(), false),
        Some(values) => match fitting(values, kind) {
            Some(values) => (values, false),
            None => (Vec::new(), true),
        },
    };
    let default = fields.and_then(|fields| fields.get("default"));
    let default = default.and_then(|value| fit(value, kind));
    let default = default.filter(|value| one_of.is_empty() || one_of.contains(value));
    Facts {
        kind,
        one_of,
        has_odd_values,
        default,
        fields,
    }
}

impl Facts<'_> {
    /// Whether a call needs it, or what is sent without it. An optional input's default is what
    /// the API takes anyway, and is not sent: where something is changed, it would be set back.
    pub(super) fn need(&self, is_required: Required) -> Need {
        match (is_required, &self.default, self.one_of.as_slice()) {
            (Required::No, _, _) => Need::Optional,
            (Required::Yes, Some(default), _) => Need::Default(default.clone()),
            // Nothing else can be meant.
            (Required::Yes, None, [only]) if self.kind != InputKind::Array => {
                Need::Default(only.clone())
            }
            (Required::Yes, None, _) => Need::Required,
        }
    }
}

/// What limits an input besides its kind and the values that are listed.
const LIMITS: [&str; 10] = [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
];

/// Whether a schema, its parts or its entries limit an input, which connectors do not check.
pub(super) fn has_limits(spec: Spec<'_>, facts: &Facts<'_>) -> bool {
    let Some(fields) = facts.fields.filter(|_| facts.one_of.is_empty()) else {
        return false;
    };
    let parts = spec::items(fields, "allOf")
        .iter()
        .chain(fields.get("items"));
    let parts = parts.filter_map(|part| spec.follow(part).ok()?.as_object());
    std::iter::once(fields).chain(parts).any(says_limits)
}

fn says_limits(fields: &Fields) -> bool {
    LIMITS.iter().any(|key| match fields.get(*key) {
        None | Some(Value::Null | Value::Bool(false)) => false,
        // Everything is at least as long as nothing.
        Some(Value::Number(least)) if matches!(*key, "minLength" | "minItems") => {
            least.as_u64() != Some(0)
        }
        Some(_) => true,
    })
}

/// Whether the document says that an input must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Required {
    Yes,
    No,
}

impl Required {
    pub(super) fn of(fields: &Fields) -> Self {
        match fields.get("required") {
            Some(Value::Bool(true)) => Self::Yes,
            _ => Self::No,
        }
    }
}

/// What kind of value a schema takes, its references followed.
pub(crate) fn kind_of(spec: Spec<'_>, schema: &Value) -> InputKind {
    let fields = spec.follow(schema).ok().and_then(Value::as_object);
    fields.map_or(InputKind::Any, |fields| {
        kind(spec, fields, &mut (DEPTH_MAX, SCHEMAS_MAX))
    })
}

/// What kind of value a schema takes; `left` is how deep and how often one may look further.
fn kind(spec: Spec<'_>, fields: &Fields, left: &mut (usize, usize)) -> InputKind {
    let types: Vec<&str> = match fields.get("type") {
        Some(Value::String(name)) => vec![name],
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let kinds = types
        .iter()
        .filter(|name| **name != "null")
        .map(|name| of_type(name));
    if let Some(kind) = common(kinds) {
        return kind;
    }
    if let Some(kind) = of_parts(spec, fields, left) {
        return kind;
    }
    if fields.contains_key("properties") || fields.contains_key("additionalProperties") {
        return InputKind::Object;
    }
    if fields.contains_key("items") {
        return InputKind::Array;
    }
    let values = spec::items(fields, "enum")
        .iter()
        .chain(fields.get("const"));
    common(values.filter_map(of_value)).unwrap_or(InputKind::Any)
}

/// What kind the schemas say that a schema is made of.
fn of_parts(spec: Spec<'_>, fields: &Fields, left: &mut (usize, usize)) -> Option<InputKind> {
    let (depth, schemas) = *left;
    if depth == 0 {
        return None;
    }
    *left = (depth - 1, schemas);
    let mut of_part = |part: &Value| {
        let fields = spec
            .follow(part)
            .ok()?
            .as_object()
            .filter(|fields| !is_null(fields))?;
        left.1 = left.1.checked_sub(1)?;
        Some(kind(spec, fields, left))
    };
    let mut found = None;
    for key in ["oneOf", "anyOf"] {
        found = found.or_else(|| common(spec::items(fields, key).iter().filter_map(&mut of_part)));
    }
    if found.is_none() {
        // All of them hold, so the first that says something says it for all.
        let mut parts = spec::items(fields, "allOf").iter().filter_map(&mut of_part);
        found = parts.find(|kind| *kind != InputKind::Any);
    }
    left.0 = depth;
    found
}

/// The one kind that all of these are.
fn common(kinds: impl Iterator<Item = InputKind>) -> Option<InputKind> {
    let mut common = None;
    for kind in kinds {
        common = match (common, kind) {
            (None, kind) => Some(kind),
            (Some(before), kind) if before == kind => Some(kind),
            (
                Some(InputKind::Integer | InputKind::Number),
                InputKind::Integer | InputKind::Number,
            ) => Some(InputKind::Number),
            _ => return Some(InputKind::Any),
        };
    }
    common
}

fn of_type(name: &str) -> InputKind {
    match name {
        "string" | "file" => InputKind::String,
        "integer" => InputKind::Integer,
        "number" => InputKind::Number,
        "boolean" => InputKind::Boolean,
        "object" => InputKind::Object,
        "array" => InputKind::Array,
        _ => InputKind::Any,
    }
}

fn of_value(value: &Value) -> Option<InputKind> {
    match value {
        Value::Null => None,
        Value::Bool(_) => Some(InputKind::Boolean),
        Value::Number(number) if number.is_f64() => Some(InputKind::Number),
        Value::Number(_) => Some(InputKind::Integer),
        Value::String(_) => Some(InputKind::String),
        Value::Array(_) => Some(InputKind::Array),
        Value::Object(_) => Some(InputKind::Object),
    }
}

fn is_null(fields: &Fields) -> bool {
    fields.get("type").and_then(Value::as_str) == Some("null")
}

/// The values that are listed, of a list those of its values. Booleans need no list.
fn listed<'d>(spec: Spec<'d>, fields: &'d Fields, kind: InputKind) -> Option<Vec<&'d Value>> {
    match kind {
        InputKind::Boolean | InputKind::Object | InputKind::File => None,
        InputKind::Array => {
            let items = spec.follow(fields.get("items")?).ok()?.as_object()?;
            let values = items.get("enum")?.as_array()?;
            Some(values.iter().filter(|value| !value.is_null()).collect())
        }
        InputKind::String | InputKind::Integer | InputKind::Number | InputKind::Any => {
            let part = || {
                let [part] = spec::items(fields, "allOf") else {
                    return None;
                };
                spec.follow(part).ok()?.get("enum")?.as_array()
            };
            let values = fields.get("enum").and_then(Value::as_array).or_else(part);
            match values {
                Some(values) => Some(values.iter().filter(|value| !value.is_null()).collect()),
                None => Some(vec![fields.get("const")?]),
            }
        }
    }
}

/// The values as the input takes them, each once; `None` where one of them it does not take, or
/// there are too many to be listed.
fn fitting(values: &[&Value], kind: InputKind) -> Option<Vec<Value>> {
    if ONE_OF_MAX < values.len() {
        return None;
    }
    let mut fitting: Vec<Value> = Vec::new();
    for value in values {
        let value = match kind {
            InputKind::Array | InputKind::Any => single(value),
            kind => fit(value, kind).and_then(|value| single(&value)),
        }?;
        if !fitting.contains(&value) {
            fitting.push(value);
        }
    }
    Some(fitting)
}

/// A single value that a file can say.
fn single(value: &Value) -> Option<Value> {
    let is_single = match value {
        Value::Bool(_) => true,
        Value::String(text) => text.chars().count() <= VALUE_MAX,
        Value::Number(number) => {
            number.is_i64() || number.as_f64().is_some_and(f64::is_finite) && number.is_f64()
        }
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    };
    is_single.then(|| value.clone())
}

/// A single value as one of this kind, where it is one but for its writing.
pub(super) fn fit(value: &Value, kind: InputKind) -> Option<Value> {
    match (kind, value) {
        (InputKind::String, Value::String(_))
        | (InputKind::Boolean, Value::Bool(_))
        | (InputKind::Number, Value::Number(_))
        | (InputKind::Any, Value::String(_) | Value::Bool(_) | Value::Number(_)) => single(value),
        (InputKind::String, Value::Number(_) | Value::Bool(_)) => {
            spec::text_of(value).map(Value::String)
        }
        (InputKind::Integer, Value::Number(number)) => {
            let whole = number
                .as_i64()
                .or_else(|| number.to_string().strip_suffix(".0")?.parse().ok());
            whole.map(|whole| Value::Number(Number::from(whole)))
        }
        (InputKind::Integer | InputKind::Number | InputKind::Boolean, Value::String(text)) => {
            let read = serde_json::from_str(text).ok()?;
            match read {
                Value::String(_) => None,
                read => fit(&read, kind),
            }
        }
        _ => None,
    }
}
