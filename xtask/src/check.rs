//! What to run before pushing: everything that is quick.

use std::process::ExitCode;

use anyhow::Result;

use crate::ci;
use crate::ci::report::Outcome;
use crate::ci::testing;
use crate::say;
use crate::workspace::Workspace;

type Step = fn(&Workspace) -> Result<Outcome>;

/// Stops at the first step that fails.
pub(crate) fn run(workspace: &Workspace) -> Result<ExitCode> {
    let steps: [Step; 4] = [ci::format, ci::own_rules, ci::clippy, testing::run_fast];
    for step in steps {
        if step(workspace)?.is_failure() {
            return Ok(ExitCode::FAILURE);
        }
    }
    say::line("ok; `cargo xtask ci` runs the rest");
    Ok(ExitCode::SUCCESS)
}
