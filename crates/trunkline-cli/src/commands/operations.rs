//! `trunkline operations`: what can be called, with inputs.

use clap::Args;
use serde_json::{Value, json};
use trunkline::Error;
use trunkline_connector::format::{InputPlace, Need};
use trunkline_connector::{Connector, Input, Operation, words};

use crate::arguments::{ListOptions, SettingsOptions};
use crate::commands::{self, Context};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::folder::Folder;
use crate::printer::{Ink, Printer};

/// The widest column of names: a longer one stands out alone.
const NAME_WIDTH_MAX: usize = 40;

/// List what can be called, with its inputs
#[derive(Debug, Args)]
#[command(after_help = "\
A `*` marks inputs that are required. Inputs that are not listed are sent as well.

Examples:
  trunkline operations stripe
  trunkline operations stripe customers
  trunkline operations openai --json")]
pub(crate) struct Operations {
    /// The API; see `trunkline connectors list`
    #[arg(value_name = "CONNECTOR")]
    connector: String,
    /// Only this operation, or those whose name begins with these words
    #[arg(value_name = "OPERATION")]
    operation: Option<String>,
    #[command(flatten)]
    list: ListOptions,
    #[command(flatten)]
    settings: SettingsOptions,
}

impl Operations {
    /// Prints the list.
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        let catalog = Folder::open(self.settings.config.as_deref())?.catalog()?;
        let connector = commands::find(&catalog, &self.connector)?;
        let operations = match &self.operation {
            None => connector.operations.iter().collect(),
            Some(words) => below(connector, words)?,
        };
        let printer = &mut context.printer;
        if self.list.json {
            let operations = operations.into_iter().map(operation_json);
            printer.json(&Value::Array(operations.collect()))?;
        } else {
            print(&operations, printer)?;
        }
        Ok(Exit::Success)
    }
}

/// The operation of that name, or those that stand below it: `customers` has `customers.list`.
fn below<'c>(connector: &'c Connector, words: &str) -> Result<Vec<&'c Operation>, Failure> {
    let is_below = |operation: &&Operation| {
        let rest = operation.name.strip_prefix(words);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let found: Vec<&Operation> = connector.operations.iter().filter(is_below).collect();
    if found.is_empty() {
        return Err(Error::unknown_operation(connector, words).into());
    }
    Ok(found)
}

fn print(operations: &[&Operation], printer: &mut Printer) -> Result<(), Failure> {
    let look = printer.out_look();
    for (at, operation) in operations.iter().enumerate() {
        if 0 < at {
            printer.line("")?;
        }
        let name = look.paint(Ink::Heading, &operation.name);
        printer.line(format_args!(
            "{name}  {} {}",
            operation.method, operation.target
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
        .unwrap_or(0)
        .min(NAME_WIDTH_MAX);
    for need in [Need::Required, Need::Optional] {
        for input in operation.inputs.iter().filter(|input| input.need == need) {
            let mark = if need == Need::Required { "*" } else { " " };
            let about = input.about.as_deref();
            let about = about.map(|about| format!("; {about}"));
            let allowed: Vec<String> = input.one_of.iter().map(plain).collect();
            let allowed = (!allowed.is_empty())
                .then(|| format!(": {}", words::any_of(allowed.iter().map(String::as_str))));
            let default = input.default.as_ref();
            let default = default.map(|value| format!("; `{}` where left out", plain(value)));
            printer.line(format_args!(
                "  {mark} {:width$}  {}, in the {}{}{}{}",
                input.name,
                input.kind.in_words(),
                place(input.place),
                about.unwrap_or_default(),
                allowed.unwrap_or_default(),
                default.unwrap_or_default(),
            ))?;
        }
    }
    Ok(())
}

/// A value as it is given: texts without quotes.
fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

fn place(place: InputPlace) -> &'static str {
    match place {
        InputPlace::Path => "path",
        InputPlace::Query => "query",
        InputPlace::Header => "headers",
        InputPlace::Body => "body",
        InputPlace::Address => "address",
    }
}

fn operation_json(operation: &Operation) -> Value {
    json!({
        "name": operation.name,
        "title": operation.title,
        "method": operation.method.as_str(),
        "path": operation.target.to_string(),
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
        "one_of": input.one_of,
        "default": input.default,
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
        InputKind::File => "file",
        InputKind::Any => "any",
    }
}
