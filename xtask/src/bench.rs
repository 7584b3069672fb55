//! Runs the benchmarks, which build what they measure as it ships, with its symbols kept.

use std::process::ExitCode;

use anyhow::Result;

use crate::process::{Ending, Program};
use crate::workspace::Workspace;

/// Hands everything behind `bench` on.
pub(crate) fn run(workspace: &Workspace, arguments: &[&str]) -> Result<ExitCode> {
    let mut line = "cargo run --quiet --profile bench --package trunkline-benches --".to_owned();
    for argument in arguments {
        line.push(' ');
        line.push_str(argument);
    }
    Ok(match Program::new(&workspace.root, &line).run()? {
        Ending::Success => ExitCode::SUCCESS,
        Ending::Failure => ExitCode::FAILURE,
    })
}
