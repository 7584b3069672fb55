//! JSON Schemas of a connector: kept as text, read when they are asked for.

use std::borrow::Cow;

use serde_json::Value;

use super::Connector;

/// A JSON Schema of a connector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaFile {
    /// The file's name in `schemas/`, such as `payment_intent.json`.
    pub name: String,
    /// Its text, which is JSON.
    pub text: Cow<'static, str>,
}

/// A schema that an operation names: a file, or a part of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SchemaRef {
    /// The file, as a place in [`Connector::schemas`].
    pub file: usize,
    /// JSON Pointer to the part, such as `/$defs/Charge`; empty for the whole file.
    pub pointer: String,
}

impl Connector {
    /// Reads the file that a schema stands in.
    ///
    /// # Errors
    ///
    /// If it is no JSON, which no connector that was checked has.
    pub fn schema(&self, schema: &SchemaRef) -> Result<Value, serde_json::Error> {
        let file = self.schemas.get(schema.file);
        serde_json::from_str(file.map_or("", |file| &file.text))
    }
}
