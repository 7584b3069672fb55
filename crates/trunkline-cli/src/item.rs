//! What the words after an operation or a path say, as HTTPie writes requests. Pure: naming a
//! file does not read it.
//!
//! A word is a name, a separator and a value. The first `=` or `:` that no backslash escapes
//! begins the separator, and the longest separator that fits there is meant:
//!
//! | word | meaning |
//! |---|---|
//! | `name=text` | a text |
//! | `name:=json` | any JSON value |
//! | `name==text` | a query parameter |
//! | `Header:value` | a request header |
//! | `name=@file` | the text of a file |
//! | `name:=@file` | the JSON of a file |
//!
//! In names of inputs, dots and brackets nest: `metadata[order]=7`, `a.b.c=1`, `list[]=x`,
//! `list[0]=x`. A backslash takes the meaning from the character after it. A value is taken as it
//! stands, except that one beginning with `@` or `=` is written `\@` or `\=`.

mod name;
mod nest;
mod parse;
mod print;

#[cfg(test)]
mod tests;

use std::path::PathBuf;

use http::{HeaderName, HeaderValue};
use serde_json::Value;

pub(crate) use nest::insert;

/// What one word says.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Item {
    /// An input that is a text.
    Text(InputName, String),
    /// An input that is any JSON value.
    Json(InputName, Value),
    /// An input that is the text of a file.
    TextFile(InputName, PathBuf),
    /// An input that is the JSON value in a file.
    JsonFile(InputName, PathBuf),
    /// A query parameter.
    Query(QueryName, String),
    /// A request header.
    Header(HeaderName, HeaderValue),
}

/// The name of an input: a key, and where within its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct InputName {
    /// The input itself.
    pub(crate) key: String,
    /// The way into its value.
    pub(crate) steps: Vec<Step>,
}

/// The name of a query parameter. Sent by itself it is plain text; as an operation's input it
/// nests like any other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct QueryName {
    /// As it was written, escapes included.
    pub(crate) written: String,
    /// Without escapes, brackets and dots as they stand.
    pub(crate) plain: String,
    /// What it names as an input.
    pub(crate) input: InputName,
}

/// One step into a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// Into an object: `.key` or `[key]`.
    Key(String),
    /// Into a list, at a place counted from 0: `[0]` or `.0`.
    Index(usize),
    /// Behind a list's last entry: `[]`.
    Append,
}

/// Why a word says nothing that can be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("in `{item}` at character {at}: {what}")]
pub(crate) struct ItemError {
    /// The word.
    pub(crate) item: String,
    /// The character, counted from 1.
    pub(crate) at: usize,
    /// What is wrong there.
    pub(crate) what: String,
    /// What is allowed there.
    pub(crate) allowed: String,
}
