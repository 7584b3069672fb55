//! `trunkline connectors check`: every problem of connector files, with its place.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};
use trunkline_connector::coverage::{self, Gap};
use trunkline_connector::document::{Problem, Source};
use trunkline_connector::{Connector, ConnectorName, builtin};

use crate::arguments::{ListOptions, SettingsOptions};
use crate::commands::{Context, count};
use crate::exit::Exit;
use crate::failure::{Complaint, Failure};
use crate::folder::{self, Folder};

/// Find every mistake in connector files
#[derive(Debug, Args)]
#[command(after_help = "\
Each mistake is named with file, line, column and what is allowed. A file stands for the
connector that it is part of, a folder for every connector in it. Without a PATH, your own
connectors are checked: those in `connectors/` beside the settings.

Examples:
  trunkline connectors check
  trunkline connectors check connectors/acme
  trunkline connectors check connectors/acme/connector.toml
  trunkline connectors check --coverage")]
pub(crate) struct Check {
    /// Connector folders, folders of them, or files in them
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Also name what no example shows: an operation's success or failure, an outcome rule, a wait
    /// hint. Without a PATH, of the built-in connectors
    #[arg(long)]
    coverage: bool,
    #[command(flatten)]
    list: ListOptions,
    #[command(flatten)]
    settings: SettingsOptions,
}

impl Check {
    /// Prints every problem, to standard error; as JSON to standard output.
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        let mut found = Found::default();
        let mut paths = self.paths;
        if paths.is_empty() && self.coverage {
            for (_, files) in builtin::sources() {
                found.look_at(files);
            }
        } else if paths.is_empty() {
            paths.push(own_connectors(self.settings.config.as_deref())?);
        }
        let mut folders = BTreeSet::new();
        for path in &paths {
            folders.extend(connectors_at(path)?);
        }
        for folder in &folders {
            found.look_at(folder::connector_files(folder)?);
        }
        if !self.coverage {
            found.gaps.clear();
        }
        let exit = if found.problems.is_empty() && found.gaps.is_empty() {
            Exit::Success
        } else {
            Exit::Usage
        };
        if self.list.json {
            context.printer.json(&found.to_json())?;
            return Ok(exit);
        }
        found.print(context)?;
        if exit == Exit::Success {
            return Ok(exit);
        }
        Err(Failure::silent(exit))
    }
}

/// What was found in connectors.
#[derive(Default)]
struct Found {
    connectors: usize,
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
    /// With the connector's name.
    gaps: Vec<(ConnectorName, Gap)>,
}

impl Found {
    fn look_at(&mut self, files: Vec<Source>) {
        self.connectors += 1;
        match Connector::load(files) {
            Ok(connector) => {
                let gaps = coverage::coverage(&connector).into_iter();
                self.gaps.extend(gaps.map(|gap| (connector.name, gap)));
                self.warnings.extend(connector.warnings);
            }
            Err(problems) => self.problems.extend(problems),
        }
    }

    fn print(self, context: &mut Context) -> Result<(), Failure> {
        let connectors = count(self.connectors, "connector");
        for warning in self.warnings {
            context.printer.warn(&warning.to_string());
        }
        if self.problems.is_empty() && self.gaps.is_empty() {
            let line = format_args!("{connectors}: no problem");
            return context.printer.line(line);
        }
        let mut sum = count(self.problems.len(), "problem");
        if !self.gaps.is_empty() {
            sum = format!("{sum}, {}", count(self.gaps.len(), "gap"));
        }
        for problem in self.problems {
            context.printer.complain(&Complaint::from(problem));
        }
        for (connector, gap) in &self.gaps {
            let complaint = Complaint::new(format!("{connector}: {gap}"));
            context.printer.complain(&complaint);
        }
        context.printer.note(format_args!("{sum} in {connectors}"));
        Ok(())
    }

    fn to_json(&self) -> Value {
        let problems = self.problems.iter().map(problem_json);
        let gaps = self.gaps.iter().map(|(connector, gap)| {
            json!({ "connector": connector.as_str(), "message": gap.to_string() })
        });
        Value::Array(problems.chain(gaps).collect())
    }
}

/// The folder of one's own connectors.
fn own_connectors(config: Option<&Path>) -> Result<PathBuf, Failure> {
    let folder = Folder::open(config)?.connectors_dir();
    if folder.is_dir() {
        return Ok(folder);
    }
    let message = format!("there is no folder `{}` to check", folder.display());
    let hint = "name a connector's folder, or begin one with `trunkline connectors new NAME`";
    Err(Failure::usage(message, hint))
}

/// The connectors that a path stands for, as their folders.
fn connectors_at(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    let kind = std::fs::metadata(path).map_err(|err| Failure::of_file(path.display(), &err))?;
    let folder = if kind.is_dir() {
        path.to_owned()
    } else {
        folder_of(path)
    };
    if has_connector_file(&folder) {
        return Ok(vec![folder]);
    }
    // A part of a connector alone, or a file of something else.
    if !kind.is_dir() || folder::holds_connector(&folder)? {
        return Err(no_connector(&folder));
    }
    let below = folder.join("connectors");
    let is_home = below.is_dir() && !has_connector_file(&below);
    let mut folders = Vec::new();
    for entry in folder::entries(if is_home { &below } else { &folder })? {
        if folder::holds_connector(&entry)? {
            folders.push(entry);
        }
    }
    if folders.is_empty() {
        return Err(no_connector(&folder));
    }
    Ok(folders)
}

fn has_connector_file(folder: &Path) -> bool {
    folder.join("connector.toml").is_file()
}

fn no_connector(folder: &Path) -> Failure {
    Failure::usage(
        format!("`{}` has no `connector.toml`", folder.display()),
        "name a folder with a `connector.toml`, or a folder of such folders",
    )
}

/// The folder of the connector that a file is part of.
fn folder_of(file: &Path) -> PathBuf {
    let parent = file
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let parent = parent.unwrap_or(Path::new("."));
    let parts = ["operations", "examples", "schemas"];
    let is_part = parts.iter().any(|part| parent.ends_with(part));
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
