//! Reads JSON into values, as much of it as there is room for.

use std::cell::Cell;
use std::fmt;

use serde::Deserialize as _;
use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// The room that the first field of an object takes, counted in values: the object's table.
const TABLE_VALUES: usize = 6;

/// Why a text cannot be read into values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unread {
    /// It is no JSON.
    NotJson,
    /// It is JSON with more values than there is room for.
    TooMany,
    /// It is JSON that is nested too deeply, or has a number or a text that no value can hold.
    TooStrange,
}

/// Reads JSON that takes up no more room than so many values do. A value takes about 80 bytes.
pub(crate) fn read(text: &[u8], values_max: usize) -> Result<Value, Unread> {
    let left = Cell::new(values_max);
    let mut reader = serde_json::Deserializer::from_slice(text);
    let read = Room(&left).deserialize(&mut reader);
    match read.and_then(|value| reader.end().map(|()| value)) {
        Ok(value) => Ok(value),
        Err(_) if !is_json(text) => Err(Unread::NotJson),
        Err(_) if left.get() == 0 => Err(Unread::TooMany),
        Err(_) => Err(Unread::TooStrange),
    }
}

/// Whether it keeps to the grammar, whatever it says (RFC 8259).
fn is_json(text: &[u8]) -> bool {
    let mut reader = serde_json::Deserializer::from_slice(text);
    std::str::from_utf8(text).is_ok()
        && IgnoredAny::deserialize(&mut reader).is_ok()
        && reader.end().is_ok()
}

/// What is left of the room, counted in values.
#[derive(Clone, Copy)]
struct Room<'r>(&'r Cell<usize>);

impl Room<'_> {
    fn take<E: serde::de::Error>(self, values: usize) -> Result<(), E> {
        let left = self.0.get().checked_sub(values).filter(|left| *left > 0);
        self.0.set(left.unwrap_or(0));
        left.map(|_| ())
            .ok_or_else(|| E::custom("there is no room for more values"))
    }
}

impl<'de> DeserializeSeed<'de> for Room<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        self.take(1)?;
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Room<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        let number = Number::from_f64(value).ok_or_else(|| E::custom("the number is too large"))?;
        Ok(Value::Number(number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = items.next_element_seed(self)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let mut values = Map::new();
        while let Some(name) = fields.next_key::<String>()? {
            if values.is_empty() {
                self.take(TABLE_VALUES)
                    .map_err(A::Error::custom::<A::Error>)?;
            }
            let value = fields.next_value_seed(self)?;
            values.insert(name, value);
        }
        Ok(Value::Object(values))
    }
}
