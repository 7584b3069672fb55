//! The files of the repository, as far as they are text of ours.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// Folders that hold nothing of ours.
const FOLDERS_LEFT_OUT: &[&str] = &[".documents", ".git", ".trunkline", "node_modules", "target"];
/// Files that hold a developer's own secrets, and the one that a work tree of git has in place of a folder.
const FILES_LEFT_OUT: &[&str] = &[".env", ".env.local", ".git"];

/// One file.
#[derive(Debug)]
pub(crate) struct File {
    /// Its path from the root, with `/`.
    pub(crate) path: String,
    /// What it holds; empty where that is not text.
    pub(crate) text: String,
}

/// Every file.
#[derive(Debug)]
pub(crate) struct Tree(Vec<File>);

impl Tree {
    /// Reads the whole tree, sorted by path.
    pub(crate) fn read(root: &Path) -> Result<Self> {
        let mut files = Vec::new();
        collect(root, "", &mut files)?;
        files.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(Self(files))
    }

    /// All files.
    pub(crate) fn files(&self) -> &[File] {
        &self.0
    }

    /// The text of a file; a missing one reads as empty, so that its rule reports it.
    pub(crate) fn text(&self, path: &str) -> &str {
        self.0
            .iter()
            .find(|file| file.path == path)
            .map_or("", |file| &file.text)
    }

    /// Whether there is a file or a folder of that path.
    pub(crate) fn has(&self, path: &str) -> bool {
        let folder = format!("{}/", path.trim_end_matches('/'));
        self.0
            .iter()
            .any(|file| file.path == path || file.path.starts_with(&folder))
    }
}

fn collect(folder: &Path, prefix: &str, files: &mut Vec<File>) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("`{}`", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let path = format!("{prefix}{name}");
        if entry.file_type()?.is_dir() {
            if !FOLDERS_LEFT_OUT.contains(&name.as_str()) {
                collect(&entry.path(), &format!("{path}/"), files)?;
            }
        } else if !FILES_LEFT_OUT.contains(&name.as_str()) {
            let text = String::from_utf8(fs::read(entry.path())?).unwrap_or_default();
            files.push(File { path, text });
        }
    }
    Ok(())
}
