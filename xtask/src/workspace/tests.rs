//! Strictness follows `CI`; programs are looked for on the search path.

use super::{Strictness, Workspace, strictness};

#[test]
fn only_ci_is_strict() {
    assert_eq!(strictness(Some("true".into())), Strictness::Fail);
    assert_eq!(strictness(Some("1".into())), Strictness::Fail);
    assert_eq!(strictness(Some("false".into())), Strictness::Skip);
    assert_eq!(strictness(Some("".into())), Strictness::Skip);
    assert_eq!(strictness(None), Strictness::Skip);
}

#[test]
fn a_program_is_found_by_its_name_alone() {
    let workspace = Workspace::here();
    assert!(workspace.has_program("cargo"));
    assert!(!workspace.has_program("a-program-that-nobody-has"));
}

#[test]
fn the_root_holds_the_virtual_manifest() {
    let manifest = std::fs::read_to_string(Workspace::here().root.join("Cargo.toml")).unwrap();
    assert!(manifest.starts_with("[workspace]"));
}
