//! Links within the tree are followed, others are not.

use expect_test::{Expect, expect};

#[track_caller]
fn check(path: &str, text: &str, expected: Expect) {
    let exists = |target: &str| ["README.md", "docs/errors.md", "docs/guide"].contains(&target);
    expected.assert_eq(&super::check(path, text, exists).join("\n"));
}

#[test]
fn links_that_lead_somewhere_are_fine() {
    check(
        "README.md",
        "See [errors](docs/errors.md#bad_input) and [guides](docs/guide/).",
        expect![""],
    );
    check(
        "docs/guide/sdks.md",
        "[up](../errors.md), [top](../../README.md), [here](#part)",
        expect![""],
    );
    check(
        "README.md",
        "[out](https://example.com/missing.md)",
        expect![""],
    );
}

#[test]
fn links_that_lead_nowhere_are_found_with_their_line() {
    check(
        "docs/guide/sdks.md",
        "First.\nSee [a](errors.md), [b](../errors.md) and [c](../gone.md).",
        expect![[r#"
            docs/guide/sdks.md:2: `errors.md` does not exist
            docs/guide/sdks.md:2: `../gone.md` does not exist"#]],
    );
}

#[test]
fn only_markdown_is_looked_at() {
    check("src/main.rs", "[a](gone.md)", expect![""]);
}
