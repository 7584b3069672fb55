//! The page of the built-in connectors and their operations.

use std::fmt::Write as _;

use trunkline_connector::format::{InputKind, InputPlace, Need};
use trunkline_connector::{Connector, Input, Operation};

use crate::generate::{Generated, MARK};

/// Every built-in connector: its base address, its secrets, its operations with their inputs.
pub(crate) fn page(connectors: &[Connector]) -> Generated {
    let mut text = format!("{MARK}\n\n# Built-in connectors\n");
    for connector in connectors {
        // Writing to a text cannot go wrong.
        let _written = write_connector(&mut text, connector);
    }
    Generated {
        path: "docs/reference/connectors.md".into(),
        text,
    }
}

fn write_connector(text: &mut String, connector: &Connector) -> std::fmt::Result {
    writeln!(text, "\n## {}\n", connector.name)?;
    writeln!(
        text,
        "[{}]({}), compared with its documentation on {}.\n",
        connector.title, connector.docs, connector.checked
    )?;
    writeln!(
        text,
        "Base address: `{}`\n",
        connector.base_url.example().as_str().trim_end_matches('/')
    )?;
    writeln!(
        text,
        "| secret | variable | where to get it |\n| --- | --- | --- |"
    )?;
    for secret in &connector.secrets {
        writeln!(
            text,
            "| {} | `{}` | <{}> |",
            secret.name, secret.env, secret.obtain
        )?;
    }
    for operation in &connector.operations {
        write_operation(text, operation)?;
    }
    Ok(())
}

fn write_operation(text: &mut String, operation: &Operation) -> std::fmt::Result {
    writeln!(text, "\n### {}\n", operation.name)?;
    writeln!(
        text,
        "[{}]({}): `{} {}`",
        operation.title, operation.docs, operation.method, operation.target
    )?;
    if operation.inputs.is_empty() {
        return Ok(());
    }
    writeln!(
        text,
        "\n| input | in | type | needed | meaning |\n| --- | --- | --- | --- | --- |"
    )?;
    for input in &operation.inputs {
        writeln!(text, "{}", row(input))?;
    }
    Ok(())
}

fn row(input: &Input) -> String {
    let place = match input.place {
        InputPlace::Path => "path",
        InputPlace::Query => "query",
        InputPlace::Header => "header",
        InputPlace::Body => "body",
        InputPlace::Address => "address",
    };
    let kind = match input.kind {
        InputKind::String => "text",
        InputKind::Integer => "whole number",
        InputKind::Number => "number",
        InputKind::Boolean => "`true` or `false`",
        InputKind::Object => "object",
        InputKind::Array => "list",
        InputKind::File => "file",
        InputKind::Any => "any",
    };
    let need = match input.need {
        Need::Required => "yes",
        Need::Optional => "",
    };
    let about = input.about.as_deref().unwrap_or_default();
    format!("| `{}` | {place} | {kind} | {need} | {about} |", input.name)
}
