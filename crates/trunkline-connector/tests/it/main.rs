//! Whole connectors, from files.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot read its own files fails"
)]

mod broken;
mod damaged;
mod documented;

use std::fs;
use std::path::{Path, PathBuf};

use trunkline_connector::document::Source;

/// A folder below `tests`.
fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(name)
}

/// The files of a connector's folder, as a command would hand them over.
fn sources(folder: &Path) -> Vec<Source> {
    let parent = folder.parent().unwrap();
    let mut sources = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path
                .extension()
                .is_some_and(|ending| ending == "toml" || ending == "json")
            {
                let name = path
                    .strip_prefix(parent)
                    .unwrap()
                    .to_str()
                    .unwrap()
                    .replace('\\', "/");
                sources.push(Source {
                    name,
                    text: fs::read_to_string(&path).unwrap(),
                });
            }
        }
    }
    sources.sort_by(|left, right| left.name.cmp(&right.name));
    sources
}
