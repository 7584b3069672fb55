//! Keys that an object of a JSON text has more than once, of which a parser keeps one in silence.

use std::borrow::Cow;
use std::collections::HashSet;

use super::{TWICE_MAX, pointer};

/// An object or a list that is not at its end yet.
enum Open<'t> {
    Object {
        keys: HashSet<Cow<'t, str>>,
        /// The key whose value comes next or stands here.
        key: Cow<'t, str>,
        expects_key: bool,
    },
    /// With the place of the value that stands here.
    List(usize),
}

/// Where they stand, as JSON Pointers, in a text that is JSON.
pub(super) fn find(text: &str) -> Vec<String> {
    let mut open: Vec<Open<'_>> = Vec::new();
    let mut twice = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['"', '{', '[', '}', ']', ',']) {
        let (mark, after) = rest
            .get(at..)
            .and_then(|from| from.split_at_checked(1))
            .unwrap_or_default();
        rest = after;
        match (mark, open.last_mut()) {
            ("{", _) => open.push(Open::Object {
                keys: HashSet::new(),
                key: Cow::Borrowed(""),
                expects_key: true,
            }),
            ("[", _) => open.push(Open::List(0)),
            ("}" | "]", _) => drop(open.pop()),
            (",", Some(Open::Object { expects_key, .. })) => *expects_key = true,
            (",", Some(Open::List(index))) => *index += 1,
            ("\"", inside) => {
                let (string, after) = split_string(rest);
                rest = after;
                let Some(Open::Object {
                    keys,
                    key,
                    expects_key: expects_key @ true,
                }) = inside
                else {
                    continue;
                };
                *expects_key = false;
                *key = unescaped(string);
                if !keys.insert(key.clone()) && twice.len() < TWICE_MAX {
                    twice.push(pointer(open.iter().map(Open::step)));
                }
            }
            _ => {}
        }
    }
    twice
}

impl Open<'_> {
    fn step(&self) -> Cow<'_, str> {
        match self {
            Self::Object { key, .. } => Cow::Borrowed(key),
            Self::List(index) => Cow::Owned(index.to_string()),
        }
    }
}

/// A string without its quotes, and what comes after it; the text begins after the first quote.
fn split_string(text: &str) -> (&str, &str) {
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => {
                let (string, rest) = text.split_at_checked(at).unwrap_or((text, ""));
                return (string, rest.get(1..).unwrap_or_default());
            }
            _ => {}
        }
    }
    (text, "")
}

fn unescaped(string: &str) -> Cow<'_, str> {
    if !string.contains('\\') {
        return Cow::Borrowed(string);
    }
    match serde_json::from_str(&format!("\"{string}\"")) {
        Ok(string) => Cow::Owned(string),
        Err(_) => Cow::Borrowed(string),
    }
}
