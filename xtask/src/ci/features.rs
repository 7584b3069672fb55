//! Each crate that has features must build with none of them, the default ones and all.

use anyhow::Result;
use serde_json::Value;

use crate::ci;
use crate::ci::report::Outcome;
use crate::process::Program;
use crate::tidy::dependencies;
use crate::workspace::Workspace;

/// Checks the extremes; the default is what every other step builds.
pub(crate) fn check(workspace: &Workspace) -> Result<Outcome> {
    let crates = crates_with_features(&dependencies::metadata(workspace)?);
    if crates.is_empty() {
        return Ok(Outcome::passed().with_note("no crate has features".into()));
    }
    for name in crates {
        for extreme in ["--no-default-features", "--all-features"] {
            let line = format!("cargo check --package {name} {extreme}");
            let outcome = ci::passes(Program::new(&workspace.root, &line))?;
            if outcome.is_failure() {
                return Ok(outcome);
            }
        }
    }
    Ok(Outcome::passed())
}

/// The workspace's own crates that declare any feature.
fn crates_with_features(metadata: &Value) -> Vec<String> {
    dependencies::own_packages(metadata)
        .filter(|package| {
            package["features"]
                .as_object()
                .is_some_and(|features| !features.is_empty())
        })
        .filter_map(|package| Some(package["name"].as_str()?.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests;
