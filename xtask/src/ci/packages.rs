//! Installs the vendors' SDKs that product tests drive, exactly as their lock file pins them.

use std::fs;

use anyhow::{Context, Result};

use crate::ci;
use crate::ci::report::Outcome;
use crate::process::Program;
use crate::workspace::Workspace;

/// Runs `npm ci` unless just these packages are there already.
pub(crate) fn install(workspace: &Workspace) -> Result<Outcome> {
    if !workspace.has_program("npm") {
        return Ok(Outcome::missing(
            workspace,
            "SDK packages: npm is not installed".into(),
        ));
    }
    let folder = workspace.root.join("tests/sdks");
    let lock = fs::read_to_string(folder.join("package-lock.json"))
        .context("tests/sdks/package-lock.json cannot be read")?;
    // `npm ci` begins by deleting node_modules, so what lies there goes with the packages.
    let installed = folder.join("node_modules/.installed-lock.json");
    if fs::read_to_string(&installed).is_ok_and(|earlier| earlier == lock) {
        return Ok(Outcome::passed().with_note("already installed".into()));
    }
    let outcome = ci::passes(Program::new(&folder, "npm ci --no-audit --no-fund"))?;
    if !outcome.is_failure() {
        fs::write(installed, lock)?;
    }
    Ok(outcome)
}
