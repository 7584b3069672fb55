//! `trunkline operations`: what can be called, with inputs.

use clap::Args;
use serde_json::{Value, json};
use trunkline_connector::format::{InputPlace, Need};
use trunkline_connector::{Connector, Input, Operation};

use crate::arguments::{ListOptions, SettingsOptions};
use crate::commands::{self, Context};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::folder::Folder;
use crate::printer::{Ink, Printer};

/// List what can be called, with its inputs
#[derive(Debug, Args)]
#[command(after_help = "\
A `*` marks inputs that are required. Inputs that are not listed are sent as well.

Examples:
  trunkline operations stripe
  trunkline operations openai --json")]
pub(crate) struct Operations {
    /// The API; see `trunkline connectors list`
    #[arg(value_name = "CONNECTOR")]
    connector: String,
    #[command(flatten)]
    list: ListOptions,
    #[command(flatten)]
    settings: SettingsOptions,
}

impl Operations {
    /// Prints the list.
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        let catalog = Folder::new(self.settings.config.as_deref()).catalog()?;
        let connector = commands::find(&catalog, &self.connector)?;
        let printer = &mut context.printer;
        if self.list.json {
            let operations = connector.operations.iter().map(operation_json);
            printer.json(&Value::Array(operations.collect()))?;
        } else {
            print(connector, printer)?;
        }
        Ok(Exit::Success)
    }
}

fn print(connector: &Connector, printer: &mut Printer) -> Result<(), Failure> {
    let look = printer.out_look();
    for (at, operation) in connector.operations.iter().enumerate() {
        if 0 < at {
            printer.line("")?;
        }
        let name = look.paint(Ink::Heading, &operation.name);
        printer.line(format_args!(
            "{name}  {} {}",
            operation.method, operation.path
        ))?;
        printer.line(format_args!("  {}", operation.title))?;
        print_inputs(operation, printer)?;
        printer.line(format_args!(
            "  {}",
            look.paint(Ink::Faint, &operation.docs)
        ))?;
    }
    Ok(())
}

/// The required ones first, since they have to be known.
fn print_inputs(operation: &Operation, printer: &mut Printer) -> Result<(), Failure> {
    let width = operation
        .inputs
        .iter()
        .map(|input| input.name.chars().count())
        .max()
        .unwrap_or(0);
    for need in [Need::Required, Need::Optional] {
        for input in operation.inputs.iter().filter(|input| input.need == need) {
            let mark = if need == Need::Required { "*" } else { " " };
            let about = input
                .about
                .as_deref()
                .map(|about| format!("; {about}"))
                .unwrap_or_default();
            let place = place(input.place);
            let kind = input.kind.in_words();
            printer.line(format_args!(
                "  {mark} {:width$}  {kind}, in the {place}{about}",
                input.name
            ))?;
        }
    }
    Ok(())
}

fn place(place: InputPlace) -> &'static str {
    match place {
        InputPlace::Path => "path",
        InputPlace::Query => "query",
        InputPlace::Header => "headers",
        InputPlace::Body => "body",
    }
}

fn operation_json(operation: &Operation) -> Value {
    json!({
        "name": operation.name,
        "title": operation.title,
        "method": operation.method.as_str(),
        "path": operation.path.to_string(),
        "inputs": operation.inputs.iter().map(input_json).collect::<Vec<_>>(),
        "docs": operation.docs,
    })
}

fn input_json(input: &Input) -> Value {
    json!({
        "name": input.name,
        "in": place(input.place).trim_end_matches('s'),
        "type": kind(input),
        "required": input.need == Need::Required,
        "about": input.about,
    })
}

/// The kind as connector files write it.
fn kind(input: &Input) -> &'static str {
    use trunkline_connector::format::InputKind;
    match input.kind {
        InputKind::String => "string",
        InputKind::Integer => "integer",
        InputKind::Number => "number",
        InputKind::Boolean => "boolean",
        InputKind::Object => "object",
        InputKind::Array => "array",
        InputKind::Any => "any",
    }
}
