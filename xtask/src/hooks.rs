//! Installs the pre-commit hook, for those who ask for it.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::process::Program;
use crate::say;
use crate::workspace::Workspace;

const HOOK: &str = "#!/bin/sh\n# Installed by `cargo xtask hooks`.\nexec cargo xtask check\n";

/// Writes the hook; one that is not ours is left alone.
pub(crate) fn install(workspace: &Workspace) -> Result<ExitCode> {
    let folder = Program::new(&workspace.root, "git rev-parse --git-path hooks").output()?;
    let folder = workspace.root.join(folder.trim());
    fs::create_dir_all(&folder)?;
    let hook = folder.join("pre-commit");
    if fs::read_to_string(&hook).is_ok_and(|text| text != HOOK) {
        bail!("`{}` is there already and is not ours", hook.display());
    }
    fs::write(&hook, HOOK)?;
    make_executable(&hook)?;
    say::line(&format!(
        "every commit now runs `cargo xtask check` first ({})",
        hook.display()
    ));
    Ok(ExitCode::SUCCESS)
}

#[cfg(unix)]
fn make_executable(file: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;

    Ok(fs::set_permissions(
        file,
        fs::Permissions::from_mode(0o755),
    )?)
}

#[cfg(not(unix))]
fn make_executable(_: &Path) -> Result<()> {
    Ok(())
}
