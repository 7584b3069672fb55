//! The page of all settings: the file of defaults, which explains itself.

use std::fs;

use anyhow::{Context, Result};

use crate::generate::{Generated, MARK};
use crate::workspace::Workspace;

const DEFAULTS: &str = "crates/trunkline/src/config/default.toml";

/// Shows the defaults as the binary has them compiled in.
pub(crate) fn page(workspace: &Workspace) -> Result<Generated> {
    let defaults = fs::read_to_string(workspace.root.join(DEFAULTS)).context(DEFAULTS)?;
    Ok(Generated {
        path: "docs/reference/settings.md".into(),
        text: render(&defaults),
    })
}

fn render(defaults: &str) -> String {
    format!(
        "{MARK}\n\n# Settings\n\n\
         Every setting with its default, as it would stand in `trunkline.toml`.\n\
         How to use them: [settings](../guide/settings.md).\n\n\
         ```toml\n{}\n```\n",
        defaults.trim_end()
    )
}

#[cfg(test)]
mod tests;
