//! First lines, notes to ourselves, registries, folders of one machine.

use expect_test::{Expect, expect};

#[track_caller]
fn check(path: &str, text: &str, expected: Expect) {
    expected.assert_eq(&super::check(path, text).join("\n"));
}

#[test]
fn a_source_file_begins_with_what_it_is_for() {
    check(
        "src/retry.rs",
        "//! Decides whether to try again.\n",
        expect![""],
    );
    check(
        "src/retry.rs",
        "use std::fmt;\n",
        expect!["src/retry.rs:1: the first line says what the file is for, after `//! `"],
    );
    check(
        "src/retry.rs",
        "",
        expect!["src/retry.rs:1: the first line says what the file is for, after `//! `"],
    );
    check("docs/retry.md", "# Retry\n", expect![""]);
}

#[test]
fn notes_and_tests_that_do_not_run_are_found() {
    let text = concat!("//! Tests.\n// TO", "DO: more\n#[ig", "nore]\n");
    let findings = super::check("src/tests.rs", text);
    assert_eq!(
        findings,
        [
            concat!(
                "src/tests.rs:2: `TO",
                "DO`: what is left to do is an issue, not a comment"
            ),
            concat!(
                "src/tests.rs:3: `#[ig",
                "nore`: a test that does not run is deleted"
            ),
        ]
    );
    check("docs/STYLE.md", text, expect![""]);
}

#[test]
fn registries_are_found_in_any_file() {
    let address = concat!("https://registry.", "npmjs.org/openai");
    assert_eq!(
        super::check("tests/sdks/package-lock.json", address).len(),
        1
    );
    assert_eq!(super::check(".ci/run", address).len(), 1);
    check(
        "docs/guide/sdks.md",
        "https://www.npmjs.com/package/openai",
        expect![""],
    );
}

#[test]
fn folders_of_one_machine_are_found_and_paths_of_apis_are_not() {
    let found = |text: &str| !super::check("docs/guide/sdks.md", text).is_empty();
    assert!(found(concat!("see /ho", "me/ann/trunkline")));
    assert!(found(concat!("`/ro", "ot/x`")));
    assert!(found(concat!("/wo", "rk/main")));
    assert!(!found(concat!("https://api.example.com/ho", "me/ann")));
    assert!(!found("/users/ann"));
}
