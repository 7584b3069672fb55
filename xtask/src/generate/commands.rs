//! The page of commands: what the binary itself prints as help.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result};

use crate::generate::{Generated, MARK};
use crate::process::Program;
use crate::workspace::Workspace;

/// Asks the release binary for its help, and each command for its own.
pub(crate) fn page(workspace: &Workspace) -> Result<Generated> {
    let mut text = format!("{MARK}\n\n# Commands\n");
    write_command(&mut text, &workspace.release_binary(), &[])?;
    Ok(Generated {
        path: "docs/reference/commands.md".into(),
        text,
    })
}

fn write_command(text: &mut String, binary: &Path, path: &[String]) -> Result<()> {
    let help = help(binary, path)?;
    let line = ["trunkline".to_owned()]
        .iter()
        .chain(path)
        .cloned()
        .collect::<Vec<_>>()
        .join(" ");
    write!(text, "\n## {line}\n\n```text\n{}\n```\n", help.trim_end())?;
    for name in subcommands(&help) {
        write_command(text, binary, &[path, &[name]].concat())?;
    }
    Ok(())
}

fn help(binary: &Path, path: &[String]) -> Result<String> {
    let folder = binary.parent().context("the binary has no folder")?;
    let mut program = Program::new(folder, &binary.display().to_string());
    for word in path {
        program = program.argument(word);
    }
    // A line of help is as long as the terminal is wide; this one is nobody's terminal.
    let help = program
        .argument("--help")
        .variable("COLUMNS", "100")
        .output()?;
    Ok(help
        .lines()
        .map(str::trim_end)
        .collect::<Vec<_>>()
        .join("\n"))
}

/// The names under `Commands:`, which stand two columns in.
fn subcommands(help: &str) -> Vec<String> {
    help.lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix("  "))
        .filter(|line| line.starts_with(|first: char| first.is_ascii_lowercase()))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests;
