//! `trunkline connectors list`: every connector there is.

use clap::Args;
use serde_json::{Value, json};
use trunkline::Entry;

use crate::arguments::{ListOptions, SettingsOptions};
use crate::commands::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::folder::Folder;
use crate::table::Table;

/// List every connector, built-in and your own
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  trunkline connectors list
  trunkline connectors list --json")]
pub(crate) struct List {
    #[command(flatten)]
    list: ListOptions,
    #[command(flatten)]
    settings: SettingsOptions,
}

impl List {
    /// Prints the list.
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        let catalog = Folder::open(self.settings.config.as_deref())?.catalog()?;
        if self.list.json {
            let entries = catalog.iter().map(entry_json);
            context.printer.json(&Value::Array(entries.collect()))?;
            return Ok(Exit::Success);
        }
        let mut table = Table::new(["NAME", "TITLE", "OPERATIONS", "FROM"]);
        for Entry { connector, origin } in catalog.iter() {
            table.row([
                connector.name.to_string(),
                connector.title.clone(),
                connector.operations.len().to_string(),
                origin.as_str().to_owned(),
            ]);
        }
        table.print(&mut context.printer)?;
        Ok(Exit::Success)
    }
}

fn entry_json(entry: &Entry) -> Value {
    let Entry { connector, origin } = entry;
    json!({
        "name": connector.name.as_str(),
        "title": connector.title,
        "operations": connector.operations.len(),
        "from": origin.as_str(),
        "base_url": connector.base_url.example().as_str(),
        "docs": connector.docs,
        "checked": connector.checked,
    })
}
