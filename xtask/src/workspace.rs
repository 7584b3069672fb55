//! Where the repository is, what kind of machine this is, and which programs are installed.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// What to do about a program that is not installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strictness {
    /// Skip what needs it, and say so.
    Skip,
    /// Fail: this is CI, where a skipped test would go unnoticed.
    Fail,
}

/// The repository on this machine.
#[derive(Debug, Clone)]
pub(crate) struct Workspace {
    /// The repository's folder.
    pub(crate) root: PathBuf,
    /// What to do about a program that is not installed.
    pub(crate) strictness: Strictness,
    target: PathBuf,
    search_path: OsString,
}

impl Workspace {
    /// The repository this program was built from, and the environment it runs in.
    pub(crate) fn here() -> Self {
        let manifest_folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = manifest_folder.parent().unwrap_or(manifest_folder);
        let target = std::env::var_os("CARGO_TARGET_DIR");
        Self {
            root: root.to_owned(),
            target: target.map_or_else(|| root.join("target"), PathBuf::from),
            strictness: strictness(std::env::var_os("CI")),
            search_path: std::env::var_os("PATH").unwrap_or_default(),
        }
    }

    /// Whether a program can be started by its name.
    pub(crate) fn has_program(&self, name: &str) -> bool {
        std::env::split_paths(&self.search_path).any(|folder| folder.join(name).is_file())
    }

    /// The binary that users get, as `cargo build --release` leaves it.
    pub(crate) fn release_binary(&self) -> PathBuf {
        let name = format!("trunkline{}", std::env::consts::EXE_SUFFIX);
        self.target.join("release").join(name)
    }
}

/// `CI` is set to `true` by every CI system we know; `0`, `false` and nothing mean a person.
fn strictness(ci: Option<OsString>) -> Strictness {
    match ci.as_ref().and_then(|value| value.to_str()) {
        Some("true" | "1") => Strictness::Fail,
        _ => Strictness::Skip,
    }
}

#[cfg(test)]
mod tests;
