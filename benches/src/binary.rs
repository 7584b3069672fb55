//! Finds the program to measure, and builds it where nobody has.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::machine;

/// The program to measure.
#[derive(Debug, Clone)]
pub(crate) struct Binary {
    /// Where it lies.
    pub(crate) path: PathBuf,
}

impl Binary {
    /// `TRUNKLINE_BIN`, or the one that is built with the same profile as this program.
    pub(crate) fn find() -> Result<Self> {
        if let Some(path) = machine::variable("TRUNKLINE_BIN") {
            return Ok(Self { path: path.into() });
        }
        let own = std::env::current_exe().context("this program does not know where it lies")?;
        // Tests lie in a folder below the profile's.
        let mut folders = own
            .ancestors()
            .skip(1)
            .filter(|folder| !folder.ends_with("deps"));
        let (Some(profile), Some(target)) = (folders.next(), folders.next()) else {
            bail!("`{}` does not lie where cargo puts programs", own.display())
        };
        build(profile, target)?;
        Ok(Self {
            path: profile.join("trunkline"),
        })
    }

    /// Whether it is built as users get it, apart from its symbols. Others are only measured.
    pub(crate) fn is_as_shipped(&self) -> bool {
        self.path
            .parent()
            .is_some_and(|folder| folder.ends_with("release"))
    }

    /// A place for what is worth reading after a run, beside the binary.
    pub(crate) fn report(&self, name: &str) -> PathBuf {
        self.path.with_file_name(name)
    }
}

fn build(profile: &Path, target: &Path) -> Result<()> {
    // Cargo puts what it builds with the profiles `bench` and `dev` into `release` and `debug`.
    let name = if profile.ends_with("release") {
        "bench"
    } else {
        "dev"
    };
    let status = Command::new(env!("CARGO"))
        .args([
            "build",
            "--quiet",
            "--package",
            "trunkline-cli",
            "--profile",
            name,
        ])
        .arg("--target-dir")
        .arg(target)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()
        .context("cargo cannot be started")?;
    if !status.success() {
        bail!("the program to measure does not build");
    }
    Ok(())
}
