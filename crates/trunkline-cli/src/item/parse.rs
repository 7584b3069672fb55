//! Reads a word as an item.

use std::path::PathBuf;
use std::str::FromStr;

use http::{HeaderName, HeaderValue};
use serde_json::Value;

use crate::item::name::{self, Wrong, wrong};
use crate::item::{Item, ItemError, QueryName};

const FORMS: &str = "allowed are `name=text`, `name:=json`, `name==query`, `Header:value`, \
                     `name=@file` and `name:=@file.json`";

/// The separators; of two that fit, the longer stands first.
const SEPARATORS: [(&str, Separator); 6] = [
    (":=@", Separator::JsonFile),
    (":=", Separator::Json),
    (":", Separator::Header),
    ("==", Separator::Query),
    ("=@", Separator::TextFile),
    ("=", Separator::Text),
];

#[derive(Debug, Clone, Copy)]
enum Separator {
    Text,
    Json,
    TextFile,
    JsonFile,
    Query,
    Header,
}

impl FromStr for Item {
    type Err = ItemError;

    fn from_str(word: &str) -> Result<Self, ItemError> {
        read(word).map_err(|Wrong { at, what, allowed }| ItemError {
            item: shortened(word),
            at,
            what,
            allowed,
        })
    }
}

fn read(word: &str) -> Result<Item, Wrong> {
    let (name, rest) = name::split(word);
    let separator = SEPARATORS.into_iter().find_map(|(text, separator)| {
        rest.strip_prefix(text)
            .map(|value| (text, separator, value))
    });
    let Some((text, separator, value)) = separator else {
        return wrong(word.chars().count() + 1, "there is no separator", FORMS);
    };
    let name_end = word.chars().count() - rest.chars().count();
    if name.is_empty() {
        return wrong(1, format!("there is no name before `{text}`"), FORMS);
    }
    let value_at = name_end + text.len() + 1;
    match separator {
        Separator::Text => Ok(Item::Text(name::input_name(&name)?, unescaped_start(value))),
        Separator::Json => Ok(Item::Json(name::input_name(&name)?, json(value, value_at)?)),
        Separator::TextFile => Ok(Item::TextFile(
            name::input_name(&name)?,
            file(value, value_at)?,
        )),
        Separator::JsonFile => Ok(Item::JsonFile(
            name::input_name(&name)?,
            file(value, value_at)?,
        )),
        Separator::Query => {
            let written = word
                .get(..word.len() - rest.len())
                .unwrap_or_default()
                .to_owned();
            let name = QueryName {
                written,
                plain: name::plain(&name),
                input: name::input_name(&name)?,
            };
            Ok(Item::Query(name, unescaped_start(value)))
        }
        Separator::Header => header(&name::plain(&name), &unescaped_start(value), value_at),
    }
}

/// Removes one backslash from those that stand before a first `@` or `=`.
fn unescaped_start(value: &str) -> String {
    let after = value.trim_start_matches('\\');
    let is_escaped = after.len() < value.len() && after.starts_with(['@', '=']);
    let start = usize::from(is_escaped);
    value.get(start..).unwrap_or(value).to_owned()
}

fn json(text: &str, at: usize) -> Result<Value, Wrong> {
    serde_json::from_str(text).or_else(|err| {
        let what = format!("`{}` is not JSON", shortened(text));
        let allowed = "after `:=` comes JSON, such as `5`, `true`, `[1,2]` or `{\"a\":1}`; \
                       for a text use `=`";
        wrong(at + chars_before(text, &err), what, allowed)
    })
}

/// How many characters of `text` are good JSON.
fn chars_before(text: &str, err: &serde_json::Error) -> usize {
    let lines = text
        .split_inclusive('\n')
        .take(err.line().saturating_sub(1));
    let bytes = lines.map(str::len).sum::<usize>() + err.column().saturating_sub(1);
    text.char_indices()
        .take_while(|(byte, _)| *byte < bytes)
        .count()
}

fn file(text: &str, at: usize) -> Result<PathBuf, Wrong> {
    if text.is_empty() {
        return wrong(
            at,
            "there is no file name after `@`",
            r"name a file, or write `\@` for a text that begins with `@`",
        );
    }
    Ok(PathBuf::from(text))
}

fn header(name: &str, value: &str, value_at: usize) -> Result<Item, Wrong> {
    let Ok(header_name) = HeaderName::from_str(name) else {
        return wrong(
            1,
            format!("`{}` is no header name", shortened(name)),
            r"`name:value` is a header; for an input use `name=text`, and write `\:` for a colon in a name",
        );
    };
    match HeaderValue::from_str(value.trim()) {
        Ok(value) if !value.is_empty() => Ok(Item::Header(header_name, value)),
        Ok(_) => wrong(
            value_at,
            format!("the header `{name}` has no value"),
            "write `Header:value`",
        ),
        Err(_) => wrong(
            value_at,
            format!("the value of `{name}` cannot be sent in a header"),
            "line breaks and other control characters are not allowed",
        ),
    }
}

/// The text as far as a message can show it.
fn shortened(text: &str) -> String {
    const SHOWN_CHARS_MAX: usize = 60;
    let mut shown: String = text.chars().take(SHOWN_CHARS_MAX).map(visible).collect();
    if text.chars().nth(SHOWN_CHARS_MAX).is_some() {
        shown.push('…');
    }
    shown
}

/// Control characters could make a terminal do things.
fn visible(character: char) -> char {
    if character.is_control() {
        '�'
    } else {
        character
    }
}
