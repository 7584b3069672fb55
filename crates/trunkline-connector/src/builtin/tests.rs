//! The built-in connectors themselves: each must load.

use super::{FOLDERS, load, names, sources};
use crate::connector::{Connector, Examples};
use crate::coverage::{Gap, coverage};
use crate::document::Problem;

#[test]
fn every_builtin_connector_loads() {
    let mut problems = Vec::new();
    for (_, files) in sources() {
        problems.extend(Connector::load(files).err().into_iter().flatten());
    }
    let report: Vec<String> = problems.iter().map(Problem::to_string).collect();
    assert!(report.is_empty(), "{}", report.join("\n"));
}

#[test]
fn what_was_checked_loads_as_the_same() {
    let told = |mut connector: Connector| {
        let examples = connector.examples().to_vec();
        connector.examples = Examples::default();
        format!("{connector:?} {examples:?}")
    };
    let quick: Vec<String> = load().unwrap().into_iter().map(told).collect();
    let whole = sources()
        .into_iter()
        .map(|(_, files)| told(Connector::load(files).unwrap()));
    assert_eq!(quick, whole.collect::<Vec<_>>());
}

#[test]
fn every_folder_is_named_as_a_connector() {
    let folders: Vec<&str> = FOLDERS.iter().map(|(name, _)| *name).collect();
    let names: Vec<String> = names().map(|name| name.to_string()).collect();
    assert_eq!(names, folders);
    assert!(names.is_sorted());
}

#[test]
fn what_answers_tell_of_limits_stands_in_some_example() {
    let gaps = load().unwrap().into_iter().flat_map(|connector| {
        let told = coverage(&connector).into_iter().filter(is_told);
        told.map(move |gap| format!("{}: {gap}", connector.name))
            .collect::<Vec<_>>()
    });
    assert_eq!(gaps.collect::<Vec<_>>(), [""; 0]);
}

fn is_told(gap: &Gap) -> bool {
    matches!(gap, Gap::Told { .. })
}
