//! Puts a connector's folder into place: all of it or nothing.

#[cfg(test)]
mod tests;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use trunkline_connector::document::Source;

/// Whether a folder that is there may be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Existing {
    Keep,
    Replace,
}

/// Writes files, named as in `acme/connector.toml`, beside the target and moves them there. What
/// was there before is back if that does not work.
pub(super) fn put(target: &Path, files: &[Source], existing: Existing) -> io::Result<()> {
    let parent = target.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(parent)?;
    let draft = beside(target, "new");
    // Left by a process of this number that was killed, if by any.
    drop(fs::remove_dir_all(&draft));
    let written = write(&draft, files).and_then(|()| replace(target, &draft, existing));
    if written.is_err() {
        // It may not be there; the first error is the one to tell.
        drop(fs::remove_dir_all(&draft));
    }
    written
}

fn replace(target: &Path, draft: &Path, existing: Existing) -> io::Result<()> {
    if existing == Existing::Keep || fs::symlink_metadata(target).is_err() {
        return fs::rename(draft, target);
    }
    let old = beside(target, "old");
    drop(fs::remove_dir_all(&old));
    fs::rename(target, &old)?;
    if let Err(err) = fs::rename(draft, target) {
        fs::rename(&old, target)?;
        return Err(err);
    }
    remove(&old)
}

/// Removes a folder, or the link to one.
fn remove(path: &Path) -> io::Result<()> {
    if fs::symlink_metadata(path)?.is_dir() {
        fs::remove_dir_all(path)
    } else {
        fs::remove_file(path)
    }
}

fn beside(target: &Path, what: &str) -> PathBuf {
    let name = target.file_name().unwrap_or_default().display();
    target.with_file_name(format!(".{name}-{what}-{}", std::process::id()))
}

fn write(folder: &Path, files: &[Source]) -> io::Result<()> {
    for file in files {
        let name = file
            .name
            .split_once('/')
            .map_or(&*file.name, |(_, name)| name);
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap_or(folder))?;
        fs::write(path, &file.text)?;
    }
    Ok(())
}
