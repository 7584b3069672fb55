//! YAML 1.2 as the JSON value that it stands for, within limits.
//!
//! The parser hands out events and keeps no tree, so depth and aliases are bounded here: a few
//! lines of aliases can stand for more values than a machine holds.

use std::borrow::Cow;
use std::collections::HashMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span, Tag};
use serde_json::{Map, Number, Value};
use trunkline_connector::document::Problem;

use super::{Read, TWICE_MAX};

/// As deep as `serde_json` reads, which everything after this relies on.
const DEPTH_MAX: usize = 127;

/// What all aliases together may stand for, in bytes.
const ALIAS_BYTES_MAX: usize = 64 << 20;

/// What a value counts besides its text.
const VALUE_BYTES: usize = 64;

pub(super) fn read(name: &str, text: &str) -> Result<Read, Box<Problem>> {
    let refuse = |at: &Marker, message: String| {
        Box::new(Problem {
            file: name.to_owned(),
            line: at.line().max(1),
            column: at.col() + 1,
            message,
            hint: None,
        })
    };
    let mut builder = Builder::default();
    let mut events = Parser::new_from_str(text);
    while let Some(event) = events.next() {
        let (event, span) = event.map_err(|error| {
            let why = error.info().trim_end_matches('.').to_lowercase();
            refuse(error.marker(), format!("the file is no YAML: {why}"))
        })?;
        builder
            .take(event)
            .map_err(|why| refuse(&span.start, why))?;
        if let Some(value) = builder.done.take() {
            return Ok(Read {
                value,
                twice: builder.twice,
                has_more: has_more(events),
            });
        }
    }
    Err(refuse(
        &Marker::new(0, 1, 0),
        "the file is empty".to_owned(),
    ))
}

/// Whether anything follows the end of a document, be it YAML or not.
fn has_more<'t>(mut events: impl Iterator<Item = Result<(Event<'t>, Span), ScanError>>) -> bool {
    let is_end = |event: &Event<'_>| {
        matches!(
            event,
            Event::Nothing | Event::DocumentEnd | Event::StreamEnd
        )
    };
    events.any(|event| !event.is_ok_and(|(event, _)| is_end(&event)))
}

/// Puts events together.
#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    anchors: HashMap<usize, Anchored>,
    /// What was made so far, in bytes.
    bytes: usize,
    /// What aliases stand for so far.
    alias_bytes: usize,
    done: Option<Value>,
    /// Where keys stand that were there before.
    twice: Vec<String>,
}

/// A value that an alias can name.
struct Anchored {
    value: Value,
    bytes: usize,
}

/// A list or table that is not at its end yet.
struct Open {
    anchor: usize,
    /// What had been made when it began.
    bytes_before: usize,
    content: Content,
}

enum Content {
    List(Vec<Value>),
    Table {
        fields: Map<String, Value>,
        /// The key whose value comes next.
        key: Option<Key>,
        /// Tables whose fields are added at the end, as `<<` asks.
        merged: Vec<Value>,
    },
}

enum Key {
    Field(String),
    Merge,
}

impl Builder {
    fn take(&mut self, event: Event<'_>) -> Result<(), String> {
        match event {
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => Ok(()),
            Event::SequenceStart(anchor, _) => self.open(anchor, Content::List(Vec::new())),
            Event::MappingStart(anchor, _) => self.open(
                anchor,
                Content::Table {
                    fields: Map::new(),
                    key: None,
                    merged: Vec::new(),
                },
            ),
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Scalar(text, style, anchor, tag) => {
                self.scalar(&text, style, (anchor, tag.as_deref()))
            }
            Event::Alias(anchor) => self.alias(anchor),
        }
    }

    fn open(&mut self, anchor: usize, content: Content) -> Result<(), String> {
        if DEPTH_MAX <= self.open.len() {
            return Err(format!("the file is nested deeper than {DEPTH_MAX} levels"));
        }
        if let Some(Open {
            content: Content::Table { key: None, .. },
            ..
        }) = self.open.last()
        {
            return Err("a list or a table cannot be a key".to_owned());
        }
        self.open.push(Open {
            anchor,
            bytes_before: self.bytes,
            content,
        });
        Ok(())
    }

    fn close(&mut self) -> Result<(), String> {
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        let value = match open.content {
            Content::List(items) => Value::Array(items),
            Content::Table {
                mut fields, merged, ..
            } => {
                for table in merged {
                    merge(&mut fields, table);
                }
                Value::Object(fields)
            }
        };
        self.bytes += VALUE_BYTES;
        let bytes = self.bytes - open.bytes_before;
        self.remember(open.anchor, &value, bytes)?;
        self.put(value)
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        (anchor, tag): (usize, Option<&Tag>),
    ) -> Result<(), String> {
        let bytes = VALUE_BYTES + text.len();
        self.bytes += bytes;
        if let Some(Open {
            content: Content::Table {
                key: key @ None, ..
            },
            ..
        }) = self.open.last_mut()
        {
            let is_merge = style == ScalarStyle::Plain && text == "<<";
            *key = Some(if is_merge {
                Key::Merge
            } else {
                Key::Field(text.to_owned())
            });
            return self.remember(anchor, &Value::String(text.to_owned()), bytes);
        }
        let is_plain = style == ScalarStyle::Plain && tag.is_none_or(|tag| !is_text(tag));
        let value = if is_plain {
            plain(text)
        } else {
            Value::String(text.to_owned())
        };
        self.remember(anchor, &value, bytes)?;
        self.put(value)
    }

    fn alias(&mut self, anchor: usize) -> Result<(), String> {
        let Some(anchored) = self.anchors.get(&anchor) else {
            return Err("an alias stands within what it names".to_owned());
        };
        let (value, bytes) = (anchored.value.clone(), anchored.bytes);
        self.count_copy(bytes)?;
        if let (
            Some(Open {
                content: Content::Table {
                    key: key @ None, ..
                },
                ..
            }),
            Value::String(text),
        ) = (self.open.last_mut(), &value)
        {
            *key = Some(Key::Field(text.clone()));
            return Ok(());
        }
        self.put(value)
    }

    /// Keeps a copy for aliases, which counts as one.
    fn remember(&mut self, anchor: usize, value: &Value, bytes: usize) -> Result<(), String> {
        if anchor == 0 {
            return Ok(());
        }
        self.count_copy(bytes)?;
        let value = value.clone();
        self.anchors.insert(anchor, Anchored { value, bytes });
        Ok(())
    }

    fn count_copy(&mut self, bytes: usize) -> Result<(), String> {
        self.bytes += bytes;
        self.alias_bytes += bytes;
        if ALIAS_BYTES_MAX < self.alias_bytes {
            let megabytes = ALIAS_BYTES_MAX >> 20;
            return Err(format!(
                "the file's aliases stand for more than {megabytes} MiB"
            ));
        }
        Ok(())
    }

    fn put(&mut self, value: Value) -> Result<(), String> {
        let mut twice = None;
        match self.open.last_mut().map(|open| &mut open.content) {
            None => self.done = Some(value),
            Some(Content::List(items)) => items.push(value),
            Some(Content::Table {
                fields,
                key,
                merged,
            }) => match key.take() {
                Some(Key::Field(name)) => {
                    if fields.contains_key(&name) && self.twice.len() < TWICE_MAX {
                        twice = Some(name.clone());
                    }
                    fields.insert(name, value);
                }
                Some(Key::Merge) => match value {
                    Value::Array(tables) => merged.extend(tables),
                    table => merged.push(table),
                },
                None => return Err("a list or a table cannot be a key".to_owned()),
            },
        }
        if let Some(name) = twice {
            let parents = self.open.iter().filter_map(Open::step);
            let at = super::pointer(parents.chain([Cow::Owned(name)]));
            self.twice.push(at);
        }
        Ok(())
    }
}

impl Open {
    /// The key or the place whose value comes next or is being made.
    fn step(&self) -> Option<Cow<'_, str>> {
        match &self.content {
            Content::List(items) => Some(Cow::Owned(items.len().to_string())),
            Content::Table { key, .. } => match key.as_ref()? {
                Key::Field(name) => Some(Cow::Borrowed(name)),
                Key::Merge => Some(Cow::Borrowed("<<")),
            },
        }
    }
}

/// A table's own fields win over merged ones.
fn merge(fields: &mut Map<String, Value>, table: Value) {
    if let Value::Object(others) = table {
        for (name, value) in others {
            fields.entry(name).or_insert(value);
        }
    }
}

/// `!!str`, `!` and tags of somebody's own, whose values stay text.
fn is_text(tag: &Tag) -> bool {
    !tag.is_yaml_core_schema() || tag.suffix == "str"
}

/// What a text without quotes is, by the core schema (YAML 1.2.2 section 10.3.2).
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    number(text).map_or_else(|| Value::String(text.to_owned()), Value::Number)
}

fn number(text: &str) -> Option<Number> {
    for (prefix, radix) in [("0x", 16), ("0o", 8)] {
        if let Some(digits) = text.strip_prefix(prefix) {
            let is_digits = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
            return u64::from_str_radix(digits, radix)
                .ok()
                .filter(|_| is_digits)
                .map(Number::from);
        }
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !unsigned.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
        return None;
    }
    if unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
        let text = text.trim_start_matches('+');
        let whole = text.parse::<i64>().map(Number::from);
        if let Ok(whole) = whole.or_else(|_| text.parse::<u64>().map(Number::from)) {
            return Some(whole);
        }
    }
    let is_float = unsigned
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte));
    let value = text.parse::<f64>().ok().filter(|_| is_float)?;
    Number::from_f64(value)
}
