//! The connectors that are compiled in.

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use crate::connector::{Connector, Examples, SchemaFile};
use crate::document::{Problem, Source};
use crate::name::ConnectorName;

/// Folder names, and for each its files by shown name.
type Folders = &'static [(&'static str, &'static [(&'static str, &'static str)])];

/// Made by `build.rs` of the repository's `connectors` folder.
static FOLDERS: Folders = include!(concat!(env!("OUT_DIR"), "/builtin.rs"));

/// The names of the built-in connectors, sorted.
pub fn names() -> impl Iterator<Item = ConnectorName> {
    FOLDERS.iter().filter_map(|(name, _)| name.parse().ok())
}

/// Loads every built-in connector. The shape of their files is not compared, and their schemas and
/// examples are not read, which the tests of this crate have done: every start of the product pays
/// for this. Whoever needs them asks [`Connector::schema`] and [`Connector::examples`].
///
/// # Errors
///
/// Every problem of every file, of which a release has none.
pub fn load() -> Result<Vec<Connector>, Vec<Problem>> {
    let mut connectors = Vec::new();
    let mut problems = Vec::new();
    for (_, files) in FOLDERS {
        let (mut sources, mut schemas, mut examples) = (Vec::new(), Vec::new(), Vec::new());
        for &(name, text) in *files {
            if let Some((_, name)) = name.split_once("/schemas/") {
                let name = name.to_owned();
                let text = Cow::Borrowed(text);
                schemas.push(SchemaFile { name, text });
            } else if name.contains("/examples/") {
                examples.push((name, text));
            } else {
                let (name, text) = (name.to_owned(), text.to_owned());
                sources.push(Source { name, text });
            }
        }
        match Connector::load_checked(sources, schemas, Examples::compiled_in(examples)) {
            Ok(connector) => connectors.push(connector),
            Err(found) => problems.extend(found),
        }
    }
    if problems.is_empty() {
        Ok(connectors)
    } else {
        Err(problems)
    }
}

/// The files of every built-in connector, for [`Connector::load`].
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
