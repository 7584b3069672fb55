//! Times and sizes as people write them: `30s`, `2MiB`.

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

pub(crate) const SPAN_PATTERN: &str = r"^[0-9]{1,9}(ms|s|m|h|d)$";
pub(crate) const SIZE_PATTERN: &str = r"^[0-9]{1,9}(B|KiB|MiB|GiB)$";

/// Whether and how long answers are kept: `off`, `headers`, or a time.
pub const CACHE_PATTERN: &str = r"^(off|headers|[0-9]{1,9}(ms|s|m|h|d))$";

pub(crate) const CACHE_WORDS: &str = "`off`, `headers`, or a time such as `30s`, `5m` or `1h`";

pub(crate) const SPAN_WORDS: &str = "a time such as `500ms`, `30s`, `5m`, `1h` or `7d`";
pub(crate) const SIZE_WORDS: &str = "a size such as `512B`, `64KiB`, `2MiB` or `1GiB`";

/// A length of time in a file: a whole number and `ms`, `s`, `m`, `h` or `d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub Duration);

/// A number of bytes in a file: a whole number and `B`, `KiB`, `MiB` or `GiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(pub u64);

/// Why a text is no time or no size.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {what}")]
pub struct UnitError {
    text: String,
    what: &'static str,
}

impl FromStr for Span {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let (number, unit) = split(text);
        let millis = match unit {
            "ms" => Some(1),
            "s" => Some(1_000),
            "m" => Some(60_000),
            "h" => Some(3_600_000),
            "d" => Some(86_400_000),
            _ => None,
        };
        millis
            .zip(whole(number))
            .map(|(unit, number)| Self(Duration::from_millis(unit * number)))
            .ok_or_else(|| UnitError {
                text: text.to_owned(),
                what: SPAN_WORDS,
            })
    }
}

impl FromStr for Size {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Self, UnitError> {
        let (number, unit) = split(text);
        let bytes = match unit {
            "B" => Some(1),
            "KiB" => Some(1 << 10),
            "MiB" => Some(1 << 20),
            "GiB" => Some(1 << 30),
            _ => None,
        };
        bytes
            .zip(whole(number))
            .map(|(unit, number)| Self(unit * number))
            .ok_or_else(|| UnitError {
                text: text.to_owned(),
                what: SIZE_WORDS,
            })
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis();
        for (unit, size) in [
            ("d", 86_400_000),
            ("h", 3_600_000),
            ("m", 60_000),
            ("s", 1_000),
        ] {
            if millis != 0 && millis.is_multiple_of(size) {
                return write!(f, "{}{unit}", millis / size);
            }
        }
        write!(f, "{millis}ms")
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (unit, size) in [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)] {
            if self.0 != 0 && self.0.is_multiple_of(size) {
                return write!(f, "{}{unit}", self.0 / size);
            }
        }
        write!(f, "{}B", self.0)
    }
}

fn split(text: &str) -> (&str, &str) {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    text.split_at(digits)
}

/// Nine digits cannot overflow when multiplied by any of the units.
fn whole(digits: &str) -> Option<u64> {
    if digits.len() <= 9 {
        digits.parse().ok()
    } else {
        None
    }
}

macro_rules! text_in_files {
    ($type:ident, $pattern:ident, $about:ident) => {
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = Cow::<'_, str>::deserialize(deserializer)?;
                text.parse().map_err(D::Error::custom)
            }
        }

        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": $pattern, "description": $about })
            }
        }
    };
}

text_in_files!(Span, SPAN_PATTERN, SPAN_WORDS);
text_in_files!(Size, SIZE_PATTERN, SIZE_WORDS);
