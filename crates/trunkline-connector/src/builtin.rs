//! The connectors that are compiled in.

#[cfg(test)]
mod tests;

use crate::document::Source;
use crate::name::ConnectorName;

/// Folder names, and for each its files by shown name.
type Folders = &'static [(&'static str, &'static [(&'static str, &'static str)])];

/// Made by `build.rs` of the repository's `connectors` folder.
static FOLDERS: Folders = include!(concat!(env!("OUT_DIR"), "/builtin.rs"));

/// The names of the built-in connectors, sorted.
pub fn names() -> impl Iterator<Item = ConnectorName> {
    FOLDERS.iter().filter_map(|(name, _)| name.parse().ok())
}

/// The files of every built-in connector, for [`Connector::load`](crate::Connector::load).
pub fn sources() -> Vec<(ConnectorName, Vec<Source>)> {
    let source = |(name, text): &(&str, &str)| Source {
        name: (*name).to_owned(),
        text: (*text).to_owned(),
    };
    let folder = |(name, files): &(&str, &[_])| {
        Some((name.parse().ok()?, files.iter().map(source).collect()))
    };
    FOLDERS.iter().filter_map(folder).collect()
}
