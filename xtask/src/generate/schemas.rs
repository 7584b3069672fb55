//! The JSON Schemas that editors complete and check connector files with.

use anyhow::Result;
use serde_json::Value;
use trunkline_connector::schema;

use crate::generate::Generated;

/// One file for each kind of connector file.
pub(crate) fn files() -> Result<Vec<Generated>> {
    [
        ("connectors/schema.json", schema::connector()),
        ("connectors/schema-operations.json", schema::operations()),
        ("connectors/schema-example.json", schema::example()),
    ]
    .into_iter()
    .map(|(path, schema)| file(path, &schema))
    .collect()
}

fn file(path: &str, schema: &Value) -> Result<Generated> {
    let mut text = serde_json::to_string_pretty(schema)?;
    text.push('\n');
    Ok(Generated {
        path: path.into(),
        text,
    })
}
