//! Puts a new file in the right place with the right first lines, and says what else it needs.

use std::fs;
use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::process::{Ending, Program};
use crate::say;
use crate::workspace::Workspace;

/// A new file, and what to do next.
struct Scaffold {
    files: Vec<(String, String)>,
    next: &'static [&'static str],
}

/// Makes what stands behind `kind`.
pub(crate) fn new(workspace: &Workspace, kind: &str, name: &str) -> Result<ExitCode> {
    let scaffold = match kind {
        "connector" => return connector(workspace, name),
        "command" => command(name),
        "stage" => stage(name),
        _ => bail!("`{kind}` is none of `connector`, `command` and `stage`"),
    };
    check_name(name)?;
    for (path, _) in &scaffold.files {
        if workspace.root.join(path).exists() {
            bail!("`{path}` is there already");
        }
    }
    for (path, text) in &scaffold.files {
        let file = workspace.root.join(path);
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(file, text)?;
        say::line(&format!("wrote {path}"));
    }
    for step in scaffold.next {
        say::line(&format!("next: {step}"));
    }
    Ok(ExitCode::SUCCESS)
}

fn check_name(name: &str) -> Result<()> {
    let is_letter = |letter: char| letter.is_ascii_lowercase() || letter == '_';
    if name.is_empty() || !name.chars().all(is_letter) {
        bail!("`{name}` is no module name: lower-case letters and `_`");
    }
    Ok(())
}

/// The binary makes connectors for everybody; here they become built-in ones.
fn connector(workspace: &Workspace, name: &str) -> Result<ExitCode> {
    let line = format!("cargo run --quiet --release -- connectors new {name}");
    match Program::new(&workspace.root, &line).run()? {
        Ending::Success => Ok(ExitCode::SUCCESS),
        Ending::Failure => Ok(ExitCode::FAILURE),
    }
}

fn command(name: &str) -> Scaffold {
    let source = format!(
        "//! `trunkline {name}`: says in one sentence what it is for.\n\n\
         use clap::Args;\n\n\
         /// What can be asked of it.\n\
         #[derive(Debug, Args)]\n\
         pub(crate) struct Arguments {{}}\n"
    );
    Scaffold {
        files: vec![(
            format!("crates/trunkline-cli/src/commands/{name}.rs"),
            source,
        )],
        next: &[
            "name it in crates/trunkline-cli/src/commands.rs",
            "add a line to docs/guide/command-line.md",
        ],
    }
}

fn stage(name: &str) -> Scaffold {
    let folder = "crates/trunkline/src/pipeline";
    let source = "//! Says in one sentence what the stage decides.\n\n\
         /// What only this stage can make: its fields are private to this file.\n\
         #[derive(Debug)]\n\
         pub(crate) struct Outcome {{}}\n\n\
         #[cfg(test)]\n\
         mod tests;\n";
    let tests = format!("//! What `{name}` decides, case by case.\n");
    Scaffold {
        files: vec![
            (format!("{folder}/{name}.rs"), source.into()),
            (format!("{folder}/{name}/tests.rs"), tests),
        ],
        next: &[
            "name it in crates/trunkline/src/pipeline.rs, at its place in the order",
            "name it at the same place in ARCHITECTURE.md, the life of a call",
            "let the stage after it take what this one makes",
        ],
    }
}

#[cfg(test)]
mod tests;
