//! Every deliberate mistake in `tests/broken` is reported at its place, and nothing else is.
//!
//! A mistake's line ends in `#~`. What is said of it stands in the folder's `problems.txt`;
//! `UPDATE_EXPECT=1` writes it anew.

use std::collections::BTreeSet;
use std::fs;

use expect_test::expect_file;
use trunkline_connector::Connector;
use trunkline_connector::document::{Problem, Source};

use crate::{folder, sources};

/// Lines with a mistake, by file.
fn marked(sources: &[Source]) -> BTreeSet<(String, usize)> {
    let mut lines = BTreeSet::new();
    for source in sources {
        for (index, line) in source.text.lines().enumerate() {
            if line.contains("#~") {
                lines.insert((source.name.clone(), index + 1));
            }
        }
    }
    lines
}

#[track_caller]
fn check(name: &str) {
    let folder = folder("broken").join(name);
    let sources = sources(&folder);
    let marked = marked(&sources);
    let problems = Connector::load(sources).unwrap_err();
    let shown: Vec<String> = problems.iter().map(Problem::to_string).collect();
    expect_file![folder.join("problems.txt")].assert_eq(&format!("{}\n", shown.join("\n")));
    let reported: BTreeSet<_> = problems
        .into_iter()
        .map(|problem| (problem.file, problem.line))
        .collect();
    assert_eq!(reported, marked, "left: reported, right: marked with `#~`");
}

#[test]
fn the_sample_has_no_mistake() {
    let connector = Connector::load(sources(&folder("acme")));
    let connector = connector.unwrap_or_else(|problems| panic!("{problems:#?}"));
    assert_eq!(connector.operations.len(), 2);
    assert_eq!(connector.examples.len(), 3);
}

#[test]
fn what_is_no_toml() {
    check("syntax");
}

#[test]
fn what_has_the_wrong_shape() {
    check("shape");
}

#[test]
fn identity_secrets_and_sending() {
    check("identity");
}

#[test]
fn waits_outcomes_and_pages() {
    check("answers");
}

#[test]
fn operations_and_verify() {
    check("operations");
}

#[test]
fn examples() {
    check("examples");
}

#[test]
fn a_folder_without_its_main_file() {
    check("headless");
}

#[test]
fn every_broken_folder_is_checked() {
    let found = fs::read_dir(folder("broken")).unwrap();
    let found: BTreeSet<_> = found.map(|entry| entry.unwrap().file_name()).collect();
    let checked = [
        "answers",
        "examples",
        "headless",
        "identity",
        "operations",
        "shape",
        "syntax",
    ];
    assert_eq!(found, checked.iter().map(Into::into).collect());
}
