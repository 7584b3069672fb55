//! The documents below a folder.

use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::folder;

/// The deepest folder that is looked into.
const DEPTH_MAX: usize = 16;

/// Every file below a folder that may be a document, sorted; hidden ones are left out.
pub(super) fn documents(dir: &Path) -> Result<Vec<PathBuf>, Failure> {
    if !dir.is_dir() {
        let message = format!("`{}` is no folder", dir.display());
        return Err(Failure::usage(message, "name a folder with documents"));
    }
    let mut documents = Vec::new();
    let mut folders = vec![(dir.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        for entry in folder::entries(&folder)? {
            if entry.is_dir() {
                // A link may lead back up.
                if depth < DEPTH_MAX && !entry.is_symlink() {
                    folders.push((entry, depth + 1));
                }
            } else if is_document(&entry) && entry.is_file() {
                documents.push(entry);
            }
        }
    }
    documents.sort();
    Ok(documents)
}

fn is_document(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| matches!(ending, "json" | "yaml" | "yml"))
}
