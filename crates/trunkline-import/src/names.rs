//! Names that connectors may have, made of names that documents have.

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use trunkline_connector::{ConnectorName, published};

/// The longest name of an operation.
const OPERATION_LEN_MAX: usize = 120;

/// The longest name of a file or of a part of a schema, without what makes it unique.
const LEN_MAX: usize = 80;

/// What stands around a vendor's name in hosts and file names.
const DECORATIONS: [&str; 14] = [
    "api", "apis", "www", "com", "io", "net", "org", "dev", "co", "app", "openapi", "swagger",
    "local", "rest",
];

/// Files whose names say nothing.
const PLAIN_NAMES: [&str; 12] = [
    "api", "apis", "openapi", "swagger", "spec", "index", "schema", "docs", "api-docs", "v1", "v2",
    "v3",
];

/// Names that were given, so that no two are the same, and the last number behind each.
#[derive(Debug, Default)]
pub(crate) struct Unique(HashMap<String, usize>);

impl Unique {
    /// Whether a name was given.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The name itself, or with the first number behind it that makes it one of its own.
    pub(crate) fn give(&mut self, name: String) -> String {
        let Some(last) = self.0.get(&name).copied() else {
            self.0.insert(name.clone(), 1);
            return name;
        };
        let mut number = last + 1;
        let mut free = format!("{name}_{number}");
        while self.0.contains_key(&free) {
            number += 1;
            free = format!("{name}_{number}");
        }
        self.0.insert(name, number);
        self.0.insert(free.clone(), 1);
        free
    }
}

/// `PaymentIntents-list` as `payment_intents_list`: words of ASCII letters and digits.
pub(crate) fn snake(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let mut name = String::new();
    for (place, &letter) in letters.iter().enumerate() {
        if !letter.is_ascii_alphanumeric() {
            // An apostrophe does not end a word.
            if letter != '\'' && letter != '’' && !name.is_empty() && !name.ends_with('_') {
                name.push('_');
            }
            continue;
        }
        let before = place.checked_sub(1).and_then(|before| letters.get(before));
        if before.is_some_and(|&before| begins_word(before, letter, letters.get(place + 1..))) {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    let end = name.trim_end_matches('_').len();
    name.truncate(end);
    name
}

/// Whether a word begins at a letter: `paymentIntent`, `SMSMessage`; not within `IDs`.
fn begins_word(before: char, letter: char, after: Option<&[char]>) -> bool {
    if !letter.is_ascii_uppercase() {
        return false;
    }
    if before.is_ascii_lowercase() || before.is_ascii_digit() {
        return true;
    }
    let is_small = |next: Option<&char>| next.is_some_and(char::is_ascii_lowercase);
    let mut after = after.unwrap_or_default().iter();
    let next = after.next();
    let is_plural = next == Some(&'s') && !is_small(after.next());
    before.is_ascii_uppercase() && is_small(next) && !is_plural
}

/// A name of an operation made of an `operationId`: `repos/list-for-org` as `repos.list_for_org`.
pub(crate) fn of_operation_id(id: &str) -> Option<String> {
    let parts = id
        .split(['/', '.', '#', ':'])
        .map(snake)
        .filter(|part| !part.is_empty());
    joined(parts)
}

/// A name of an operation made of where it is called: `GET /v1/customers/{id}` as
/// `customers.get_by_id`.
pub(crate) fn of_path(method: &str, path: &str) -> String {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let segments: Vec<&str> = path
        .split('/')
        .filter(|segment| !segment.is_empty())
        .collect();
    let is_fixed = |segment: &&&str| !segment.contains('{');
    let fixed = segments.iter().filter(is_fixed);
    let parts = fixed.map(|segment| snake(segment));
    let parts: Vec<String> = parts
        .filter(|part| !part.is_empty() && !is_version(part))
        .collect();
    let mut verb = method.to_ascii_lowercase();
    if let Some(last) = segments.last().filter(|last| last.contains('{')) {
        let by = snake(last);
        if !by.is_empty() {
            verb = format!("{verb}_by_{by}");
        }
    }
    let parts = if parts.is_empty() {
        vec!["root".to_owned()]
    } else {
        parts
    };
    joined(parts.into_iter().chain([verb])).unwrap_or_else(|| "call".to_owned())
}

fn joined(parts: impl Iterator<Item = String>) -> Option<String> {
    let parts: Vec<String> = parts.map(letter_first).collect();
    let name = cut(&parts.join("."), OPERATION_LEN_MAX);
    (!name.is_empty()).then_some(name)
}

fn letter_first(name: String) -> String {
    if name.starts_with(|first: char| first.is_ascii_lowercase()) {
        name
    } else {
        format!("n{name}")
    }
}

fn cut(name: &str, length: usize) -> String {
    let name = name.get(..length).unwrap_or(name);
    name.trim_end_matches(['_', '.', '-']).to_owned()
}

fn is_version(part: &str) -> bool {
    let number = part.strip_prefix('v').unwrap_or_default();
    !number.is_empty()
        && number
            .bytes()
            .all(|byte| byte.is_ascii_digit() || byte == b'_')
}

/// A name of a file: lower-case letters, digits and `_`.
pub(crate) fn of_file(text: &str) -> String {
    let name = cut(&snake(text), LEN_MAX);
    if name.is_empty() {
        "operations".to_owned()
    } else {
        name
    }
}

/// A name that a `$ref` can carry as it is.
pub(crate) fn of_schema(text: &str) -> String {
    let stands = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    let name: String = text
        .chars()
        .map(|c| if stands(c) { c } else { '_' })
        .collect();
    let name = cut(&name, LEN_MAX);
    if name.is_empty() {
        "schema".to_owned()
    } else {
        name
    }
}

/// Whether an input may have this name: letters, digits and `_`, not beginning with a digit.
pub(crate) fn is_input(name: &str) -> bool {
    !name.starts_with(|first: char| first.is_ascii_digit())
        && !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// A name that an input may have: `filter[status]` as `filter_status`.
pub(crate) fn of_input(name: &str) -> String {
    if is_input(name) {
        return name.to_owned();
    }
    let name = cut(&snake(name), LEN_MAX);
    match name.chars().next() {
        None => "value".to_owned(),
        Some(first) if first.is_ascii_digit() => format!("n{name}"),
        Some(_) => name,
    }
}

/// A connector's name made of a host or a file's name: `api.stripe.com` as `stripe`.
pub(crate) fn of_connector(text: &str) -> Option<ConnectorName> {
    let text = text.to_lowercase();
    let parts: Vec<&str> = text.split('.').filter(|part| !part.is_empty()).collect();
    let telling = parts.iter().filter(|part| !DECORATIONS.contains(part));
    let telling: Vec<&str> = telling.copied().collect();
    let chosen = if telling.is_empty() { parts } else { telling };
    slug(&chosen.join("-"))
}

/// Whether a file's name says what is in it.
pub(crate) fn is_telling(stem: &str) -> bool {
    let stem = stem.to_lowercase();
    !PLAIN_NAMES.contains(&stem.as_str()) && of_connector(&stem).is_some()
}

/// A connector's name made of any text: `Slack Web API` as `slack-web-api`.
pub(crate) fn slug(text: &str) -> Option<ConnectorName> {
    let mut name = String::new();
    for letter in text.chars() {
        if letter.is_ascii_alphanumeric() {
            name.push(letter.to_ascii_lowercase());
        } else if !name.is_empty() && !name.ends_with('-') {
            name.push('-');
        }
    }
    let name = name.trim_start_matches(|first: char| !first.is_ascii_lowercase());
    cut(name, 31).parse().ok()
}

/// A variable of a connector: `ACME_API_KEY`.
pub(crate) fn of_variable(name: ConnectorName, what: &str) -> String {
    let words = format!("{name}_{what}")
        .replace('-', "_")
        .to_ascii_uppercase();
    // Bundlers would copy its value into pages.
    match published::publisher(&words) {
        None => words,
        Some(_) => format!("API_{words}"),
    }
}
