//! JSON Schemas of the files, for editors; the shape check uses the same ones.

#[cfg(test)]
mod tests;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

use crate::format::{ConnectorFile, ExampleFile, OperationsFile};

/// The schema of `connector.toml`.
pub fn connector() -> Value {
    of::<ConnectorFile>()
}

/// The schema of `operations/*.toml`.
pub fn operations() -> Value {
    of::<OperationsFile>()
}

/// The schema of `examples/*.toml`.
pub fn example() -> Value {
    of::<ExampleFile>()
}

/// The schema of any type that is read from a file. Draft 7, which editors know best.
pub fn of<T: JsonSchema>() -> Value {
    SchemaSettings::draft07()
        .into_generator()
        .into_root_schema_for::<T>()
        .to_value()
}
