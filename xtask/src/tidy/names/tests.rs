//! Names that say what is inside pass.

use super::check;

#[test]
fn nouns_are_fine() {
    assert!(check("crates/trunkline/src/retry.rs").is_empty());
    assert!(check("crates/trunkline/src/retry/tests.rs").is_empty());
    assert!(check("docs/guide/common-errors.md").is_empty());
}

#[test]
fn drawers_and_mod_files_are_found() {
    assert_eq!(
        check("crates/trunkline/src/utils.rs"),
        ["crates/trunkline/src/utils.rs: `utils` does not say what is in it"]
    );
    assert_eq!(check("tests/sdks/helpers.mjs").len(), 1);
    assert_eq!(check("tests/sdks/common.test.mjs").len(), 1);
    assert_eq!(
        check("crates/trunkline/src/retry/mod.rs"),
        ["crates/trunkline/src/retry/mod.rs: `foo.rs` stands beside `foo/`; there is no `mod.rs`"]
    );
}
