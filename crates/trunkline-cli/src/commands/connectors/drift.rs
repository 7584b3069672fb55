//! `trunkline connectors drift`: where APIs have begun to answer otherwise.

use clap::Args;
use serde_json::json;
use trunkline::drift::{self, Drifted, Part};

use crate::arguments::{ListOptions, SettingsOptions};
use crate::commands::{self, Context};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::folder::Folder;
use crate::printer::visible;
use crate::table::Table;

/// Show where APIs have begun to answer otherwise than is known of them
#[derive(Debug, Args)]
#[command(after_help = "\
Replies of `trunkline serve` and `trunkline call` are compared with their schemas, or else with the
recorded answers of the connector's examples: at most five per operation and second. What differs
is counted in `drift.json` in the data folder; remove that file to begin anew. Only names and kinds
of fields are kept, no value.

Examples:
  trunkline connectors drift
  trunkline connectors drift stripe --json")]
pub(crate) struct Drift {
    /// One connector alone; see `trunkline connectors list`
    #[arg(value_name = "NAME")]
    name: Option<String>,
    #[command(flatten)]
    list: ListOptions,
    #[command(flatten)]
    settings: SettingsOptions,
}

impl Drift {
    /// Prints the report.
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        let folder = Folder::open(self.settings.config.as_deref())?;
        let (config, _) = folder.config(&context.environment, Vec::new())?;
        let data = &config.data_dir;
        let file = data.join(drift::FILE_NAME);
        let rows = drift::read(data).map_err(|err| Failure::of_file(file.display(), &err))?;
        let rows = match &self.name {
            None => rows,
            Some(name) => {
                let rows: Vec<Drifted> = rows
                    .into_iter()
                    .filter(|row| row.connector == *name)
                    .collect();
                if rows.is_empty() {
                    commands::find(&folder.catalog()?, name)?;
                }
                rows
            }
        };
        if self.list.json {
            context.printer.json(&json!(rows))?;
            return Ok(Exit::Success);
        }
        if rows.is_empty() {
            context
                .printer
                .note("no reply that was looked at was otherwise than is known");
        }
        table(rows).print(&mut context.printer)?;
        Ok(Exit::Success)
    }
}

fn table(rows: Vec<Drifted>) -> Table<8> {
    let mut table = Table::new([
        "CONNECTOR",
        "OPERATION",
        "FIELD",
        "CHANGE",
        "KNOWN",
        "FOUND",
        "SEEN",
        "LAST SEEN",
    ]);
    for row in rows {
        let operation = match row.part {
            Part::Reply => row.operation,
            Part::Event => format!("{} (event)", row.operation),
        };
        let field = if row.path.is_empty() {
            "the whole body".to_owned()
        } else {
            row.path
        };
        table.row([
            row.connector,
            operation,
            field,
            row.change.as_str().to_owned(),
            visible(&row.expected).into_owned(),
            visible(&row.found).into_owned(),
            row.count.to_string(),
            row.last_seen,
        ]);
    }
    table
}
