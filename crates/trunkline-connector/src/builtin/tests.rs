//! The built-in connectors themselves: each must load.

use super::{FOLDERS, names, sources};
use crate::connector::Connector;

#[test]
fn every_builtin_connector_loads() {
    let mut report = String::new();
    for (name, files) in sources() {
        for problem in Connector::load(files).err().into_iter().flatten() {
            report.push_str(&format!("{name}: {problem}\n"));
        }
    }
    assert!(report.is_empty(), "connectors do not load:\n{report}");
}

#[test]
fn every_folder_is_named_as_a_connector() {
    let folders: Vec<&str> = FOLDERS.iter().map(|(name, _)| *name).collect();
    let names: Vec<String> = names().map(|name| name.to_string()).collect();
    assert_eq!(names, folders);
    assert!(names.is_sorted());
}
