//! Files land where they belong and begin as every file does.

use super::{check_name, command, new, stage};
use crate::tidy::source;
use crate::workspace::Workspace;

#[test]
fn new_files_keep_our_own_rules() {
    for (path, text) in command("status")
        .files
        .into_iter()
        .chain(stage("pace").files)
    {
        assert!(source::check(&path, &text).is_empty(), "{path}");
    }
}

#[test]
fn a_stage_has_its_tests_beside_it() {
    let paths: Vec<String> = stage("pace")
        .files
        .into_iter()
        .map(|(path, _)| path)
        .collect();
    assert_eq!(
        paths,
        [
            "crates/trunkline/src/pipeline/pace.rs",
            "crates/trunkline/src/pipeline/pace/tests.rs"
        ]
    );
}

#[test]
fn only_module_names_are_taken() {
    assert!(check_name("look_up").is_ok());
    assert!(check_name("../look_up").is_err());
    assert!(check_name("Pace").is_err());
    assert!(check_name("").is_err());
}

#[test]
fn an_unknown_kind_is_named() {
    let err = new(&Workspace::here(), "panel", "settings").unwrap_err();
    assert_eq!(
        err.to_string(),
        "`panel` is none of `connector`, `command` and `stage`"
    );
}
