//! A validator's errors in plain words.

use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use jsonschema::{JsonType, ValidationError};
use serde_json::Value;
use trunkline_connector::words;

use super::counted;
use super::finding::{Break, Change};

/// The most values that are listed of those that are allowed.
const LISTED_MAX: usize = 8;

/// The longest value of a schema that is repeated, in characters.
const VALUE_MAX: usize = 60;

/// Adds what an error says, as long as there are fewer than `breaks_max`. Returns how many things it
/// says in all.
pub(super) fn breaks(
    error: &ValidationError<'_>,
    body: &Value,
    breaks_max: usize,
    breaks: &mut Vec<Break>,
) -> usize {
    let path = error.instance_path().as_str();
    // The error itself has no copy of it.
    let instance = body.pointer(path).unwrap_or(&Value::Null);
    match error.kind() {
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => {
            if let Some(branch) = closest(context, path) {
                let counts = branch
                    .iter()
                    .filter(|error| counted::is_sure(error))
                    .map(|error| self::breaks(error, body, breaks_max, breaks));
                return counts.sum();
            }
        }
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            for key in unexpected {
                if breaks.len() < breaks_max {
                    breaks.push(unexpected_field(instance, path, key));
                }
            }
            return unexpected.len();
        }
        Kind::Required { property } => {
            if breaks.len() < breaks_max {
                let key = property.as_str().unwrap_or_default();
                breaks.push(Break {
                    path: below(path, key),
                    change: Change::Vanished,
                    expected: "a value".to_owned(),
                    found: "nothing".to_owned(),
                    kind: "nothing",
                });
            }
            return 1;
        }
        _ => {}
    }
    if breaks.len() < breaks_max {
        breaks.push(Break {
            path: path.to_owned(),
            change: Change::Changed,
            expected: expected(error.kind(), path),
            found: found(instance),
            kind: kind_of(instance),
        });
    }
    1
}

/// Something in a body is wrong, and nobody can tell what.
pub(super) fn somewhere(body: &Value) -> Break {
    Break {
        path: String::new(),
        change: Change::Changed,
        expected: "a value of another form".to_owned(),
        found: found(body),
        kind: kind_of(body),
    }
}

fn unexpected_field(object: &Value, path: &str, key: &str) -> Break {
    let value = object.get(key).unwrap_or(&Value::Null);
    Break {
        path: below(path, key),
        change: Change::Appeared,
        expected: "no such field".to_owned(),
        found: found(value),
        kind: kind_of(value),
    }
}

fn below(path: &str, key: &str) -> String {
    format!("{path}/{}", key.replace('~', "~0").replace('/', "~1"))
}

/// Of several ways in which a value may be, the one that it was most likely meant to be.
fn closest<'c>(
    context: &'c [Vec<ValidationError<'static>>],
    path: &str,
) -> Option<&'c [ValidationError<'static>]> {
    let is_other_kind = |error: &ValidationError<'_>| {
        error.instance_path().as_str() == path && matches!(error.kind(), Kind::Type { .. })
    };
    let is_other_variant = |error: &ValidationError<'_>| {
        matches!(error.kind(), Kind::Constant { .. } | Kind::Enum { .. })
    };
    let right_kind: Vec<_> = context
        .iter()
        .filter(|branch| !branch.iter().any(is_other_kind))
        .collect();
    if let [only] = right_kind.as_slice() {
        return Some(only);
    }
    let right_variant: Vec<_> = right_kind
        .into_iter()
        .filter(|branch| !branch.iter().any(is_other_variant))
        .collect();
    match right_variant.as_slice() {
        [only] => Some(only),
        _ => None,
    }
}

/// What should be there.
fn expected(kind: &Kind, path: &str) -> String {
    match kind {
        Kind::Type { kind } => of_types(kind),
        Kind::Enum { options } => one_of(options),
        Kind::Constant { expected_value } => literal(expected_value),
        Kind::Format { format } => of_format(format),
        Kind::Pattern { pattern } => format!("a text that matches `{}`", cut(pattern)),
        Kind::MinLength { limit } => format!("a text of at least {}", characters(*limit)),
        Kind::MaxLength { limit } => format!("a text of at most {}", characters(*limit)),
        Kind::Minimum { limit } => format!("a number of at least {limit}"),
        Kind::Maximum { limit } => format!("a number of at most {limit}"),
        Kind::ExclusiveMinimum { limit } => format!("a number greater than {limit}"),
        Kind::ExclusiveMaximum { limit } => format!("a number less than {limit}"),
        Kind::MultipleOf { multiple_of } => format!("a multiple of {multiple_of}"),
        Kind::MinItems { limit } => format!("a list of at least {limit}"),
        Kind::MaxItems { limit } => format!("a list of at most {limit}"),
        Kind::AdditionalItems { limit } => format!("a list of at most {limit}"),
        Kind::MinProperties { limit } => format!("an object of at least {limit} fields"),
        Kind::MaxProperties { limit } => format!("an object of at most {limit} fields"),
        Kind::UniqueItems => "a list in which nothing stands twice".to_owned(),
        Kind::Contains => "a list that has a certain item".to_owned(),
        Kind::UnevaluatedItems { .. } => "a list without further items".to_owned(),
        Kind::PropertyNames { .. } => "an object with names of another form".to_owned(),
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => of_ways(context, path),
        Kind::OneOfMultipleValid { .. } => "a value of exactly one form".to_owned(),
        Kind::FalseSchema => "nothing".to_owned(),
        Kind::ContentEncoding { content_encoding } => format!("a text in `{content_encoding}`"),
        Kind::ContentMediaType { content_media_type } => {
            format!("a text that is `{content_media_type}`")
        }
        Kind::FromUtf8 { .. } => "a text in UTF-8".to_owned(),
        Kind::BacktrackLimitExceeded { .. } | Kind::RegexEngineFailure { .. } => {
            "a text whose form can be told in reasonable time".to_owned()
        }
        Kind::Not { .. }
        | Kind::AdditionalProperties { .. }
        | Kind::UnevaluatedProperties { .. }
        | Kind::Required { .. }
        | Kind::Custom { .. }
        | Kind::Referencing(_) => "a value of another form".to_owned(),
    }
}

/// What is there, without the value itself.
pub(super) fn found(value: &Value) -> String {
    match value {
        Value::String(text) => {
            let length = text.chars().count() as u64;
            format!("a text of {}", characters(length))
        }
        value => kind_of(value).to_owned(),
    }
}

/// What kind of value it is.
pub(super) fn kind_of(value: &Value) -> &'static str {
    of_type(match value {
        Value::Null => JsonType::Null,
        Value::Bool(_) => JsonType::Boolean,
        Value::Number(number) if number.is_f64() => JsonType::Number,
        Value::Number(_) => JsonType::Integer,
        Value::String(_) => JsonType::String,
        Value::Array(_) => JsonType::Array,
        Value::Object(_) => JsonType::Object,
    })
}

fn of_type(kind: JsonType) -> &'static str {
    match kind {
        JsonType::Null => "null",
        JsonType::Boolean => "true or false",
        JsonType::Integer => "a whole number",
        JsonType::Number => "a number",
        JsonType::String => "a text",
        JsonType::Array => "a list",
        JsonType::Object => "an object",
    }
}

fn of_types(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(kind) => of_type(*kind).to_owned(),
        TypeKind::Multiple(kinds) => {
            let mut words: Vec<&str> = kinds.iter().map(of_type).collect();
            // What it may be matters more than that it may be nothing.
            words.sort_by_key(|word| *word == of_type(JsonType::Null));
            any_of(&words)
        }
    }
}

/// Where no way is closer than the others: their kinds, if that is what they differ in.
fn of_ways(context: &[Vec<ValidationError<'static>>], path: &str) -> String {
    let mut kinds = Vec::new();
    for branch in context {
        match branch.as_slice() {
            [error] if error.instance_path().as_str() == path => match error.kind() {
                Kind::Type { kind } => kinds.push(of_types(kind)),
                _ => return format!("a value of one of {} forms", context.len()),
            },
            _ => return format!("a value of one of {} forms", context.len()),
        }
    }
    any_of(&kinds.iter().map(String::as_str).collect::<Vec<_>>())
}

/// "a, b or c".
fn any_of(words: &[&str]) -> String {
    match words {
        [] => "nothing".to_owned(),
        [only] => (*only).to_owned(),
        [rest @ .., last] => format!("{} or {last}", rest.join(", ")),
    }
}

fn one_of(options: &Value) -> String {
    let options = options.as_array().map(Vec::as_slice).unwrap_or_default();
    let listed: Vec<String> = options.iter().take(LISTED_MAX).map(plain).collect();
    let listed = listed.iter().map(String::as_str);
    match options.len().checked_sub(LISTED_MAX) {
        None | Some(0) => words::any_of(listed),
        Some(more) => {
            let listed: Vec<String> = listed.map(|word| format!("`{word}`")).collect();
            format!("{} or one of {more} others", listed.join(", "))
        }
    }
}

fn literal(value: &Value) -> String {
    format!("`{}`", plain(value))
}

/// A value of a schema; texts without their quotes.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => cut(text),
        value => cut(&value.to_string()),
    }
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(VALUE_MAX) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
    }
}

fn characters(number: u64) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} character{plural}")
}

fn of_format(format: &str) -> String {
    match format {
        "email" | "idn-email" => "a mail address".to_owned(),
        "uri" | "iri" => "an address with its scheme".to_owned(),
        "uri-reference" | "iri-reference" => "an address".to_owned(),
        "uuid" => "a UUID".to_owned(),
        "date-time" => "a time such as `2026-01-31T12:00:00Z`".to_owned(),
        "date" => "a day such as `2026-01-31`".to_owned(),
        "time" => "a time of day such as `12:00:00Z`".to_owned(),
        "ipv4" => "an IPv4 address".to_owned(),
        "ipv6" => "an IPv6 address".to_owned(),
        "hostname" | "idn-hostname" => "a host name".to_owned(),
        other => format!("a text of the format `{}`", cut(other)),
    }
}
