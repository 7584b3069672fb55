//! Codes and headings must be the same set.

use expect_test::{Expect, expect};

#[track_caller]
fn check(page: &str, expected: Expect) {
    let table = r#"
macro_rules! kinds { ($kind:ident: $code:literal) => { "a: \"not this\"" } }

kinds! {
    /// No connector has that name: "none".
    UnknownConnector: "unknown_connector", 404, Caller, "there is no such connector", None;
    BadInput: "bad_input", 400, Caller, "wrong", Some("x");
}

const OTHER: &str = "other";
"#;
    expected.assert_eq(&super::check(table, page).join("\n"));
}

#[test]
fn every_code_has_its_heading() {
    check(
        "# Errors\n\n## unknown_connector\n\nText.\n\n## `bad_input`\n",
        expect![""],
    );
}

#[test]
fn missing_and_left_over_headings_are_found() {
    check(
        "## bad_input\n## gone\n",
        expect![[r#"
            docs/errors.md: there is no heading `## unknown_connector`
            docs/errors.md: `## gone` is no code of crates/trunkline/src/error.rs"#]],
    );
}

#[test]
fn a_table_that_cannot_be_read_is_found() {
    assert_eq!(
        super::check("", "## bad_input\n"),
        ["crates/trunkline/src/error.rs: there is no code in `kinds!`"]
    );
}
