//! Reads a word as an item.

use std::path::PathBuf;
use std::str::FromStr;

use http::{HeaderName, HeaderValue};
use serde_json::Value;

use crate::item::{InputName, Item, ItemError, QueryName, Step};

/// What a backslash takes the meaning from.
pub(super) const SPECIAL: [char; 6] = ['\\', '=', ':', '.', '[', ']'];

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

/// A character of a name, and whether a backslash took its meaning.
#[derive(Debug, Clone, Copy)]
struct Letter {
    character: char,
    is_escaped: bool,
    /// Its place in the word, counted from 1.
    at: usize,
}

impl Letter {
    fn is(self, special: char) -> bool {
        self.character == special && !self.is_escaped
    }
}

/// What is wrong, and where in the word; the word itself is added at the end.
#[derive(Debug)]
struct Wrong {
    at: usize,
    what: String,
    allowed: String,
}

fn wrong<T>(at: usize, what: impl Into<String>, allowed: impl Into<String>) -> Result<T, Wrong> {
    Err(Wrong { at, what: what.into(), allowed: allowed.into() })
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
    let (name, rest) = split(word);
    let separator = SEPARATORS
        .into_iter()
        .find_map(|(text, separator)| rest.strip_prefix(text).map(|value| (text, separator, value)));
    let Some((text, separator, value)) = separator else {
        return wrong(word.chars().count() + 1, "there is no separator", FORMS);
    };
    let name_end = word.chars().count() - rest.chars().count();
    if name.is_empty() {
        return wrong(1, format!("there is no name before `{text}`"), FORMS);
    }
    let value_at = name_end + text.len() + 1;
    match separator {
        Separator::Text => Ok(Item::Text(input_name(&name)?, unescaped_start(value))),
        Separator::Json => Ok(Item::Json(input_name(&name)?, json(value, value_at)?)),
        Separator::TextFile => Ok(Item::TextFile(input_name(&name)?, file(value, value_at)?)),
        Separator::JsonFile => Ok(Item::JsonFile(input_name(&name)?, file(value, value_at)?)),
        Separator::Query => {
            let written = word.get(..word.len() - rest.len()).unwrap_or_default().to_owned();
            let name = QueryName { written, plain: plain(&name), input: input_name(&name)? };
            Ok(Item::Query(name, unescaped_start(value)))
        }
        Separator::Header => header(&plain(&name), &unescaped_start(value), value_at),
    }
}

/// Splits a word before the first separator. What follows is as it was written.
fn split(word: &str) -> (Vec<Letter>, &str) {
    let mut name = Vec::new();
    let mut characters = word.char_indices().zip(1..).peekable();
    while let Some(((byte, character), at)) = characters.next() {
        if matches!(character, '=' | ':') {
            return (name, word.get(byte..).unwrap_or_default());
        }
        let escaped = (character == '\\')
            .then(|| characters.next_if(|((_, next), _)| is_escapable(*next)))
            .flatten();
        match escaped {
            Some(((_, character), at)) => name.push(Letter { character, is_escaped: true, at }),
            None => name.push(Letter { character, is_escaped: false, at }),
        }
    }
    (name, "")
}

/// Other characters keep their backslash, so that it needs no doubling where it means nothing.
/// An escaped digit makes a key of what would be a place in a list.
fn is_escapable(character: char) -> bool {
    SPECIAL.contains(&character) || character.is_ascii_digit()
}

/// The name of a header or query parameter, where dots and brackets mean nothing.
fn plain(name: &[Letter]) -> String {
    name.iter().map(|letter| letter.character).collect()
}

fn input_name(name: &[Letter]) -> Result<InputName, Wrong> {
    let end = name.iter().position(|letter| letter.is('.') || letter.is('['));
    let (key, mut rest) = name.split_at_checked(end.unwrap_or(name.len())).unwrap_or((name, &[]));
    if key.is_empty() {
        return wrong(1, "there is no name before the first `.` or `[`", "begin with the input's name");
    }
    reject_stray_bracket(key)?;
    let mut steps = Vec::new();
    while let Some((first, after)) = rest.split_first() {
        let (step, remaining) = match first.character {
            '[' => bracketed(first.at, after)?,
            '.' => dotted(first.at, after)?,
            _ => {
                return wrong(
                    first.at,
                    format!("`{}` follows a bracket", first.character),
                    "after `]` comes `[`, `.` or the separator",
                );
            }
        };
        steps.push(step);
        rest = remaining;
    }
    Ok(InputName { key: plain(key), steps })
}

/// What stands after the `[` at `open`, and what is left after its `]`.
fn bracketed(open: usize, after: &[Letter]) -> Result<(Step, &[Letter]), Wrong> {
    let Some(close) = after.iter().position(|letter| letter.is(']')) else {
        return wrong(open, "`[` is not closed", r"close it with `]`, or write `\[` for a bracket");
    };
    let (inner, rest) = after.split_at_checked(close).unwrap_or((after, &[]));
    if let Some(bracket) = inner.iter().find(|letter| letter.is('[')) {
        return wrong(bracket.at, "`[` stands within brackets", r"write `\[` for a bracket");
    }
    let step = if inner.is_empty() { Step::Append } else { key_or_index(inner)? };
    Ok((step, rest.get(1..).unwrap_or_default()))
}

/// What stands after the `.` at `dot`, and what is left behind it.
fn dotted(dot: usize, after: &[Letter]) -> Result<(Step, &[Letter]), Wrong> {
    let end = after.iter().position(|letter| letter.is('.') || letter.is('['));
    let (inner, rest) = after.split_at_checked(end.unwrap_or(after.len())).unwrap_or((after, &[]));
    if inner.is_empty() {
        return wrong(dot, "nothing follows `.`", r"name a key, or write `\.` for a dot");
    }
    reject_stray_bracket(inner)?;
    Ok((key_or_index(inner)?, rest))
}

fn reject_stray_bracket(letters: &[Letter]) -> Result<(), Wrong> {
    match letters.iter().find(|letter| letter.is(']')) {
        Some(bracket) => {
            wrong(bracket.at, "`]` closes no bracket", r"open it with `[`, or write `\]` for a bracket")
        }
        None => Ok(()),
    }
}

/// Digits alone are a place in a list, unless one of them is escaped.
fn key_or_index(letters: &[Letter]) -> Result<Step, Wrong> {
    let is_index =
        letters.iter().all(|letter| letter.character.is_ascii_digit() && !letter.is_escaped);
    let text = plain(letters);
    if !is_index {
        return Ok(Step::Key(text));
    }
    match (text.parse(), letters.first()) {
        (Ok(index), _) => Ok(Step::Index(index)),
        (Err(_), first) => wrong(
            first.map_or(1, |letter| letter.at),
            format!("`{text}` is too large for a place in a list"),
            r"places count from 0; write `\` before a digit for a key of digits",
        ),
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
    let lines = text.split_inclusive('\n').take(err.line().saturating_sub(1));
    let bytes = lines.map(str::len).sum::<usize>() + err.column().saturating_sub(1);
    text.char_indices().take_while(|(byte, _)| *byte < bytes).count()
}

fn file(text: &str, at: usize) -> Result<PathBuf, Wrong> {
    if text.is_empty() {
        return wrong(at, "there is no file name after `@`", r"name a file, or write `\@` for a text that begins with `@`");
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
        Ok(_) => wrong(value_at, format!("the header `{name}` has no value"), "write `Header:value`"),
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
    if character.is_control() { '�' } else { character }
}
