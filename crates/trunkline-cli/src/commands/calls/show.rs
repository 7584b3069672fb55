//! `trunkline calls show`: one call, what its error means, and how to make it again.

use clap::Args;
use trunkline::log::{self, LoggedCall};
use trunkline::{Catalog, Explanation};

use super::{duration, or_dash, path};
use crate::arguments::{ListOptions, SettingsOptions};
use crate::commands::{self, Context};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::folder::Folder;
use crate::printer::{Ink, Printer};

/// Show one call, and what its error means
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  trunkline calls show call_01kaxyz6h2q3w4e5r6t7y8z9ab
  trunkline calls show 01kaxyz6h2q3 --json")]
pub(crate) struct Show {
    /// The call's number, as `Trunkline-Call-Id` and `trunkline calls list` have it; its beginning
    /// will do, and `call_` may be left out
    #[arg(value_name = "ID")]
    id: String,
    #[command(flatten)]
    list: ListOptions,
    #[command(flatten)]
    settings: SettingsOptions,
}

impl Show {
    /// Prints the call.
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        let folder = Folder::open(self.settings.config.as_deref())?;
        let (config, _) = folder.config(&context.environment, Vec::new())?;
        let call = log::find(&config.data_dir, &self.id)?;
        let catalog = folder.catalog()?;
        if self.list.json {
            context.printer.json(&call.to_json(&catalog))?;
        } else {
            print(&call, &catalog, &mut context.printer)?;
        }
        Ok(Exit::Success)
    }
}

pub(super) fn print(
    call: &LoggedCall,
    catalog: &Catalog,
    printer: &mut Printer,
) -> Result<(), Failure> {
    let look = printer.out_look();
    printer.line(look.paint(Ink::Heading, &call.call_id))?;
    let status = call
        .status
        .map_or("-".to_owned(), |status| status.to_string());
    let first_byte = call.first_byte_ms.map_or("-".to_owned(), duration);
    let path = format!("{} {}", call.method, path::shown(&call.path));
    let lines = [
        ("started:", call.started.clone()),
        ("connector:", or_dash(call.connector.as_deref()).to_owned()),
        ("operation:", or_dash(call.operation.as_deref()).to_owned()),
        (
            "connection:",
            or_dash(call.connection.as_deref()).to_owned(),
        ),
        ("request:", or_dash(Some(path.trim())).to_owned()),
        ("status:", status),
        ("ended:", call.class.clone()),
        ("attempts:", call.attempts.to_string()),
        ("took:", duration(call.took_ms)),
        ("first byte:", first_byte),
        ("waited:", duration(call.waited_ms)),
        ("bytes in:", call.bytes_in.to_string()),
        ("bytes out:", call.bytes_out.to_string()),
        ("cache:", or_dash(call.cache.as_deref()).to_owned()),
    ];
    for (label, text) in lines {
        labelled(printer, label, &text)?;
    }
    if let Some(explanation) = call.explanation(catalog) {
        printer.line("")?;
        explain(&explanation, printer)?;
        if let Some(again) = call.again() {
            let words: Vec<_> = again.iter().map(|word| commands::quoted(word)).collect();
            let command = format!("trunkline call {}", words.join(" "));
            labelled(printer, "try again:", &command)?;
            let not_kept = "its inputs, query and body are not kept; add them";
            labelled(printer, "", not_kept)?;
        }
    }
    Ok(())
}

fn explain(explanation: &Explanation, printer: &mut Printer) -> Result<(), Failure> {
    let look = printer.out_look();
    printer.line(look.paint(Ink::Bad, &explanation.what))?;
    labelled(printer, "whose move:", explanation.whose_move.as_str())?;
    labelled(printer, "what to do:", &explanation.what_to_do)?;
    match &explanation.docs {
        Some(docs) => labelled(printer, "docs:", docs),
        None => Ok(()),
    }
}

fn labelled(printer: &mut Printer, label: &str, text: &str) -> Result<(), Failure> {
    let look = printer.out_look();
    let label = format!("{label:12}");
    printer.line(format_args!("  {} {text}", look.paint(Ink::Faint, &label)))
}
