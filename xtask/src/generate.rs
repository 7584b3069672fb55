//! Writes what is derived from the code: editor schemas and the reference pages.

mod commands;
mod connectors;
mod format;
mod schemas;
mod settings;

use std::fs;
use std::process::ExitCode;

use anyhow::{Result, anyhow};
use trunkline_connector::Connector;

use crate::process::{Ending, Program};
use crate::say;
use crate::workspace::Workspace;

/// A file that is made, never edited.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Generated {
    /// Its path from the root.
    pub(crate) path: String,
    /// What it must hold.
    pub(crate) text: String,
}

/// Stands on top of every generated page.
const MARK: &str = "<!-- Made by `cargo xtask gen`; do not edit. -->";

/// Writes every generated file that is not up to date.
pub(crate) fn write(workspace: &Workspace) -> Result<ExitCode> {
    build(workspace)?;
    for file in generated(workspace)? {
        let path = workspace.root.join(&file.path);
        if fs::read_to_string(&path).is_ok_and(|text| text == file.text) {
            continue;
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&path, &file.text)?;
        say::line(&format!("wrote {}", file.path));
    }
    Ok(ExitCode::SUCCESS)
}

/// Says which committed files are not what would be written.
pub(crate) fn check(workspace: &Workspace) -> Result<ExitCode> {
    build(workspace)?;
    let stale = stale(workspace)?;
    for finding in &stale {
        say::line(finding);
    }
    Ok(if stale.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The generated files that are missing or differ; the release binary must be built.
pub(crate) fn stale(workspace: &Workspace) -> Result<Vec<String>> {
    let mut findings = Vec::new();
    for file in generated(workspace)? {
        if !fs::read_to_string(workspace.root.join(&file.path)).is_ok_and(|text| text == file.text)
        {
            findings.push(format!(
                "{}: it is not up to date; run `cargo xtask gen`",
                file.path
            ));
        }
    }
    Ok(findings)
}

fn build(workspace: &Workspace) -> Result<()> {
    match Program::new(&workspace.root, "cargo build --release").run()? {
        Ending::Success => Ok(()),
        Ending::Failure => Err(anyhow!(
            "the binary, whose help is part of the reference, does not build"
        )),
    }
}

fn generated(workspace: &Workspace) -> Result<Vec<Generated>> {
    let mut files = schemas::files()?;
    files.push(format::page());
    files.push(connectors::page(&built_in()?));
    files.push(settings::page(workspace)?);
    files.push(commands::page(workspace)?);
    Ok(files)
}

fn built_in() -> Result<Vec<Connector>> {
    let mut connectors = Vec::new();
    for (name, sources) in trunkline_connector::builtin::sources() {
        let connector = Connector::load(sources).map_err(|problems| {
            let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
            anyhow!("the connector `{name}` has problems:\n{}", lines.join("\n"))
        })?;
        connectors.push(connector);
    }
    Ok(connectors)
}
