//! Runs the benchmarks against a binary that is built as it ships.

use std::process::ExitCode;

use anyhow::Result;

use crate::process::{Ending, Program};
use crate::workspace::Workspace;

/// Builds the binary and the benches with the profile that keeps symbols, and runs them.
pub(crate) fn run(workspace: &Workspace, arguments: &[&str]) -> Result<ExitCode> {
    let build = "cargo build --profile bench --package trunkline-cli";
    if Program::new(&workspace.root, build).run()? == Ending::Failure {
        return Ok(ExitCode::FAILURE);
    }
    let mut line = "cargo run --profile bench --package trunkline-benches --".to_owned();
    for argument in arguments {
        line.push(' ');
        line.push_str(argument);
    }
    // The bench profile puts its files where the release profile does.
    let ending = Program::new(&workspace.root, &line)
        .variable("TRUNKLINE_BIN", workspace.release_binary())
        .run()?;
    Ok(match ending {
        Ending::Success => ExitCode::SUCCESS,
        Ending::Failure => ExitCode::FAILURE,
    })
}
