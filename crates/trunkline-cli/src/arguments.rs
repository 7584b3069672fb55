//! The words of the command line.

#[cfg(test)]
mod tests;

use std::ffi::OsStr;
use std::path::PathBuf;

use clap::builder::Styles;
use clap::builder::styling::{AnsiColor, Effects};
use clap::{Args, Parser, Subcommand};

use crate::commands::{
    cache, call, calls, completions, config, connectors, doctor, explain, fetch, operations, serve,
};
use crate::failure::Complaint;

/// Plain marks, the same as in our own messages.
const STYLES: Styles = Styles::styled()
    .header(AnsiColor::White.on_default().effects(Effects::BOLD))
    .usage(AnsiColor::White.on_default().effects(Effects::BOLD))
    .literal(AnsiColor::Green.on_default())
    .placeholder(AnsiColor::Cyan.on_default());

/// Call third-party APIs well: keys, retries, time limits, streams and plain explanations.
#[derive(Debug, Parser)]
#[command(
    name = "trunkline",
    version,
    styles = STYLES,
    max_term_width = 100,
    disable_help_subcommand = true,
    after_help = "\
Examples:
  trunkline serve --sandbox                 try everything, without keys and network
  trunkline call stripe customers.list limit=3
  trunkline explain openai 429

Exit status: 0 success, 1 a bug of ours, 2 usage or settings, 3 the request was refused (4xx),
4 not authorized, 5 rate limited, 6 the API failed, 7 refused by a guard, 8 broken reply."
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What is to be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Serve(serve::Serve),
    Call(call::Call),
    #[command(subcommand)]
    Calls(calls::Calls),
    #[command(subcommand)]
    Cache(cache::Cache),
    #[command(subcommand)]
    Connectors(connectors::Connectors),
    Operations(operations::Operations),
    Explain(explain::Explain),
    Doctor(doctor::Doctor),
    Fetch(fetch::Fetch),
    #[command(subcommand)]
    Config(config::Config),
    Completions(completions::Completions),
}

/// Commands that are promised and come with later versions.
const LATER: [&str; 9] = [
    "connect",
    "connections",
    "events",
    "hooks",
    "keys",
    "mcp",
    "run",
    "secrets",
    "snippet",
];

/// What is said of a first word that no version so far has as a command.
pub(crate) fn later(word: Option<&OsStr>) -> Option<Complaint> {
    let word = word?.to_str().filter(|word| LATER.contains(word))?;
    let complaint = Complaint::new(format!("`trunkline {word}` is not in this version"));
    let hint = match word {
        "secrets" => {
            "put keys into `.env` or the environment; `trunkline doctor` says which are there"
        }
        _ => "`trunkline --help` lists what is",
    };
    Some(complaint.note("hint", hint))
}

/// Which settings are meant.
#[derive(Debug, Args)]
pub(crate) struct SettingsOptions {
    /// Settings file; `.env` files and `connectors/` lie beside it [default: ./trunkline.toml]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// How a list is printed.
#[derive(Debug, Args)]
pub(crate) struct ListOptions {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}
