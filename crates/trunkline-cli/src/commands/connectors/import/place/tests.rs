//! A folder is there whole, or as it was before.

use std::collections::BTreeMap;

use tempfile::TempDir;

use super::*;

fn files(texts: &[(&str, &str)]) -> Vec<Source> {
    let source = |(name, text): &(&str, &str)| Source {
        name: format!("acme/{name}"),
        text: (*text).to_owned(),
    };
    texts.iter().map(source).collect()
}

/// Every file below a folder, hidden ones too, and its text.
fn found(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).expect("a folder can be read") {
            let path = entry.expect("an entry can be read").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path
                    .strip_prefix(folder)
                    .expect("it lies below")
                    .display()
                    .to_string();
                found.insert(name, fs::read_to_string(path).expect("a file can be read"));
            }
        }
    }
    found
}

fn check(folder: &Path, expected: &[(&str, &str)]) {
    let expected = expected
        .iter()
        .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    assert_eq!(found(folder), expected.collect());
}

#[test]
fn a_folder_is_written_whole() {
    let folder = TempDir::new().expect("a folder can be made");
    let target = folder.path().join("connectors/acme");
    let new = files(&[("connector.toml", "a"), ("operations/things.toml", "b")]);
    put(&target, &new, Existing::Keep).expect("it can be written");
    check(
        folder.path(),
        &[
            ("connectors/acme/connector.toml", "a"),
            ("connectors/acme/operations/things.toml", "b"),
        ],
    );
}

#[test]
fn what_is_there_is_replaced_only_where_that_is_asked_for() {
    let folder = TempDir::new().expect("a folder can be made");
    let target = folder.path().join("acme");
    put(&target, &files(&[("old.toml", "old")]), Existing::Keep).expect("it can be written");
    let new = files(&[("connector.toml", "new")]);
    put(&target, &new, Existing::Keep).expect_err("it is there already");
    check(folder.path(), &[("acme/old.toml", "old")]);
    put(&target, &new, Existing::Replace).expect("it can be replaced");
    check(folder.path(), &[("acme/connector.toml", "new")]);
}

#[test]
fn what_cannot_be_written_leaves_everything_as_it_was() {
    let folder = TempDir::new().expect("a folder can be made");
    let target = folder.path().join("acme");
    put(&target, &files(&[("a.toml", "a")]), Existing::Keep).expect("it can be written");
    // A file cannot lie below a file.
    let impossible = files(&[("x", "a"), ("x/y.toml", "b")]);
    put(&target, &impossible, Existing::Replace).expect_err("it cannot be written");
    check(folder.path(), &[("acme/a.toml", "a")]);
}
