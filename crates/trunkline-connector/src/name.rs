//! What a connector may be called, in paths, commands, settings and folders.

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The most characters a name has.
const LEN_MAX: usize = 31;

/// The rule for names, as a regular expression.
pub(crate) const PATTERN: &str = r"^[a-z][a-z0-9-]{0,30}$";

/// A connector's name: a lower-case letter, then lower-case letters, digits and `-`, at most 31.
///
/// It is kept inline, since every call carries one. `-` alone is no name, so the gateway's own
/// routes under `/-/` cannot meet a connector.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectorName([u8; LEN_MAX], u8);

/// Why a text is no connector name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no connector name: a lower-case letter, then lower-case letters, digits and `-`, \
     at most 31 in all"
)]
pub struct NameError(String);

impl ConnectorName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        self.0
            .get(..usize::from(self.1))
            .and_then(|bytes| std::str::from_utf8(bytes).ok())
            .unwrap_or_default()
    }
}

impl FromStr for ConnectorName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let refused = || NameError(text.chars().take(80).collect());
        if !text.starts_with(|first: char| first.is_ascii_lowercase()) {
            return Err(refused());
        }
        if !text
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
        {
            return Err(refused());
        }
        let mut bytes = [0; LEN_MAX];
        let Some(place) = bytes.get_mut(..text.len()) else {
            return Err(refused());
        };
        place.copy_from_slice(text.as_bytes());
        let len = u8::try_from(text.len()).map_err(|_| refused())?;
        Ok(Self(bytes, len))
    }
}

impl fmt::Display for ConnectorName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for ConnectorName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl AsRef<str> for ConnectorName {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl Serialize for ConnectorName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for ConnectorName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'_, str>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

impl JsonSchema for ConnectorName {
    fn schema_name() -> Cow<'static, str> {
        "ConnectorName".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": PATTERN,
            "description": "a connector's name: lower-case letters, digits and `-`, at most 31",
        })
    }
}
