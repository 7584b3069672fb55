//! `trunkline connectors check`: every problem of connector files, with its place.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};
use trunkline_connector::Connector;
use trunkline_connector::document::Problem;

use crate::arguments::ListOptions;
use crate::commands::{Context, count};
use crate::exit::Exit;
use crate::failure::{Complaint, Failure};
use crate::folder;

/// Find every mistake in connector files
#[derive(Debug, Args)]
#[command(after_help = "\
Each mistake is named with file, line, column and what is allowed. A file stands for the
connector that it is part of, a folder for every connector in it.

Examples:
  trunkline connectors check connectors
  trunkline connectors check connectors/acme/connector.toml")]
pub(crate) struct Check {
    /// Connector folders, folders of them, or files in them
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    list: ListOptions,
}

impl Check {
    /// Prints every problem, to standard error; as JSON to standard output.
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        let mut folders = BTreeSet::new();
        for path in &self.paths {
            folders.extend(connectors_at(path)?);
        }
        let mut problems = Vec::new();
        for folder in &folders {
            if let Err(found) = Connector::load(folder::connector_files(folder)?) {
                problems.extend(found);
            }
        }
        let exit = if problems.is_empty() {
            Exit::Success
        } else {
            Exit::Usage
        };
        if self.list.json {
            context
                .printer
                .json(&Value::Array(problems.iter().map(problem_json).collect()))?;
            return Ok(exit);
        }
        if problems.is_empty() {
            context.printer.line(format_args!(
                "{}: no problem",
                count(folders.len(), "connector")
            ))?;
            return Ok(exit);
        }
        let (problem, connector) = (
            count(problems.len(), "problem"),
            count(folders.len(), "connector"),
        );
        for problem in problems {
            context.printer.complain(&Complaint::from(problem));
        }
        context
            .printer
            .note(format_args!("{problem} in {connector}"));
        Err(Failure::silent(exit))
    }
}

/// The connectors that a path stands for, as their folders.
fn connectors_at(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    let kind = std::fs::metadata(path).map_err(|err| Failure::of_file(path.display(), &err))?;
    if kind.is_file() {
        return Ok(vec![folder_of(path)]);
    }
    if path.join("connector.toml").is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let mut folders = folder::entries(path)?;
    folders.retain(|entry| entry.is_dir());
    if folders.is_empty() {
        let message = format!("`{}` holds no connector", path.display());
        return Err(Failure::usage(
            message,
            "name a folder with a `connector.toml`, or a folder of such folders",
        ));
    }
    Ok(folders)
}

/// The folder of the connector that a file is part of.
fn folder_of(file: &Path) -> PathBuf {
    let parent = file
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let parent = parent.unwrap_or(Path::new("."));
    let is_part = parent.ends_with("operations") || parent.ends_with("examples");
    match parent.parent() {
        Some(folder) if is_part && !folder.as_os_str().is_empty() => folder.to_owned(),
        Some(_) if is_part => PathBuf::from("."),
        _ => parent.to_owned(),
    }
}

fn problem_json(problem: &Problem) -> Value {
    let Problem {
        file,
        line,
        column,
        message,
        hint,
    } = problem;
    json!({ "file": file, "line": line, "column": column, "message": message, "hint": hint })
}
