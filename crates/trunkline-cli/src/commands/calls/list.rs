//! `trunkline calls list`: the newest calls.

use std::time::Duration;

use clap::Args;
use serde_json::json;
use trunkline::Clock;
use trunkline::Error;
use trunkline::log::{self, CallFilter, LoggedCall, Since, Statuses};
use trunkline_connector::units::Span;

use super::{duration, or_dash, path};
use crate::arguments::{ListOptions, SettingsOptions};
use crate::commands::{self, Context};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::folder::Folder;
use crate::table::Table;

/// List the newest calls
#[derive(Debug, Args)]
#[command(after_help = "\
`trunkline serve` writes every call into `calls.db` in the data folder, and keeps it for as long as
`calls.keep` says: no bodies, no headers, no query strings. Calls of `trunkline call` are not among
them.

Examples:
  trunkline calls list
  trunkline calls list --errors --since 1h
  trunkline calls list --connector openai --status 429
  trunkline calls list --slower 2s --limit 500 --json")]
pub(crate) struct List {
    /// Only calls of this connector
    #[arg(long, value_name = "NAME")]
    connector: Option<String>,
    /// Only calls of this operation
    #[arg(long, value_name = "NAME")]
    operation: Option<String>,
    /// Only calls that were answered so: a status such as 429, or a class such as 4xx
    #[arg(long, value_name = "STATUS")]
    status: Option<String>,
    /// Only calls that did not go well
    #[arg(long)]
    errors: bool,
    /// Only calls that began then or later: a time ago such as 1h, or a moment (RFC 3339)
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only calls that took longer
    #[arg(long, value_name = "TIME")]
    slower: Option<Span>,
    /// The most calls that are listed
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u32,
    #[command(flatten)]
    printed: ListOptions,
    #[command(flatten)]
    settings: SettingsOptions,
}

impl List {
    /// Prints the list.
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        let filter = self.filter()?;
        let folder = Folder::open(self.settings.config.as_deref())?;
        let (config, _) = folder.config(&context.environment, Vec::new())?;
        let calls = log::list(&config.data_dir, &filter, Clock::system().wall())?;
        if calls.is_empty() {
            known(&filter, &folder)?;
            let file = log::file_in(&config.data_dir);
            let printer = &mut context.printer;
            if file.exists() {
                printer.note("no call that is logged is such a one");
            } else if config.calls.is_none() {
                printer.note("no calls are logged: `calls.keep` is `0s`");
            } else {
                printer.note(format_args!(
                    "nothing is logged yet: `trunkline serve` writes its calls to `{}`",
                    file.display()
                ));
            }
        }
        if self.printed.json {
            context.printer.json(&json!(calls))?;
            return Ok(Exit::Success);
        }
        table(&calls).print(&mut context.printer)?;
        Ok(Exit::Success)
    }

    fn filter(&self) -> Result<CallFilter, Error> {
        let status = self.status.as_deref().map(str::parse::<Statuses>);
        let since = self.since.as_deref().map(str::parse::<Since>);
        Ok(CallFilter {
            limit: self.limit,
            connector: self.connector.clone(),
            operation: self.operation.clone(),
            status: status.transpose()?,
            errors: self.errors,
            since: since.transpose()?,
            slower: self.slower.map(|Span(slower)| -> Duration { slower }),
        })
    }
}

/// Whether there is what the list was narrowed down to, so that a typing error is no empty list.
fn known(filter: &CallFilter, folder: &Folder) -> Result<(), Failure> {
    let Some(name) = &filter.connector else {
        return Ok(());
    };
    let catalog = folder.catalog()?;
    let connector = commands::find(&catalog, name)?;
    match &filter.operation {
        Some(name) if connector.operations.iter().all(|known| known.name != *name) => {
            Err(Error::unknown_operation(connector, name).into())
        }
        _ => Ok(()),
    }
}

pub(super) fn table(calls: &[LoggedCall]) -> Table<7> {
    let mut table = Table::new([
        "STARTED",
        "CALL",
        "CONNECTOR",
        "WHAT",
        "STATUS",
        "ENDED",
        "TOOK",
    ]);
    for call in calls {
        let status = call.status.map(|status| status.to_string());
        let path = format!("{} {}", call.method, path::shortened(&call.path));
        table.row([
            call.started.clone(),
            call.call_id.clone(),
            or_dash(call.connector.as_deref()).to_owned(),
            or_dash(call.operation.as_deref().or(Some(path.trim()))).to_owned(),
            or_dash(status.as_deref()).to_owned(),
            call.class.clone(),
            duration(call.took_ms),
        ]);
    }
    table
}
