//! Takes a page's body apart: its records as text, and the little beside them that says how it
//! goes on.
//!
//! A record is only looked over, never built, so that a page costs little more than its bytes.

#[cfg(test)]
mod tests;

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// A page's body, taken apart.
#[derive(Debug)]
pub(super) struct Split {
    /// Its records, each on a line of its own.
    pub(super) lines: String,
    /// How many there are.
    pub(super) count: u64,
    /// The body with `null` in the place of every record but the last.
    pub(super) rest: Value,
}

/// Takes a body apart whose records stand at the JSON Pointer `items`. Where there is no list,
/// there is no record, and `rest` is the whole body.
///
/// # Errors
/// If the body is no JSON.
pub(super) fn split(body: &[u8], items: &str) -> Result<Split, serde_json::Error> {
    // RFC 6901 section 4.
    let path: Vec<String> = items
        .split('/')
        .skip(1)
        .map(|token| token.replace("~1", "/").replace("~0", "~"))
        .collect();
    let mut found = Found {
        lines: String::with_capacity(body.len()),
        count: 0,
    };
    let mut reader = serde_json::Deserializer::from_slice(body);
    let walk = Walk {
        path: &path,
        found: &mut found,
    };
    let rest = walk.deserialize(&mut reader)?;
    reader.end()?;
    Ok(Split {
        lines: found.lines,
        count: found.count,
        rest,
    })
}

/// The records so far.
struct Found {
    lines: String,
    count: u64,
}

/// Reads a value on the way to the records.
struct Walk<'w> {
    /// What still lies before them.
    path: &'w [String],
    found: &'w mut Found,
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            let value = match self.path.split_first() {
                Some((next, path)) if *next == name => fields.next_value_seed(Walk {
                    path,
                    found: &mut *self.found,
                })?,
                _ => fields.next_value()?,
            };
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        let Some((next, path)) = self.path.split_first() else {
            return self.found.take(values).map(Value::Array);
        };
        let wanted = next.parse().ok();
        loop {
            let value = if wanted == Some(list.len()) {
                values.next_element_seed(Walk {
                    path,
                    found: &mut *self.found,
                })?
            } else {
                values.next_element()?
            };
            match value {
                Some(value) => list.push(value),
                None => return Ok(Value::Array(list)),
            }
        }
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }
}

impl Found {
    /// Takes the records out of their list, of which the last stays whole.
    fn take<'de, A: SeqAccess<'de>>(&mut self, mut records: A) -> Result<Vec<Value>, A::Error> {
        // Of two fields of one name the later counts, as everywhere.
        self.lines.clear();
        self.count = 0;
        let mut kept = Vec::new();
        let mut last = None;
        while let Some(record) = records.next_element::<&'de RawValue>()? {
            push_line(&mut self.lines, record.get());
            self.count += 1;
            if last.replace(record).is_some() {
                kept.push(Value::Null);
            }
        }
        if let Some(last) = last {
            kept.push(serde_json::from_str(last.get()).map_err(serde::de::Error::custom)?);
        }
        Ok(kept)
    }
}

/// Adds a record as it came. One that goes over several lines loses the space between its tokens.
fn push_line(lines: &mut String, record: &str) {
    // A line end within a text is written `\n` in JSON, so any other stands between tokens.
    if record.contains('\n') || record.contains('\r') {
        push_compact(lines, record);
    } else {
        lines.push_str(record);
    }
    lines.push('\n');
}

fn push_compact(lines: &mut String, record: &str) {
    let mut rest = record;
    while let Some((tokens, text)) = rest.split_once('"') {
        lines.extend(tokens.split_ascii_whitespace());
        lines.push('"');
        let (text, behind) = text.split_at_checked(text_len(text)).unwrap_or((text, ""));
        lines.push_str(text);
        rest = behind;
    }
    lines.extend(rest.split_ascii_whitespace());
}

/// The bytes of a text behind its first quote, the last one included.
fn text_len(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}
