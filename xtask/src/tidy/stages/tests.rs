//! The order told and the order done.

use expect_test::{Expect, expect};

const ARCHITECTURE: &str = "\
## The life of a call

A call passes these stages:

1. `resolve` finds the operation.
2. `send` takes it out, `retry` decides.

Then more.
";

#[track_caller]
fn check(pipeline: &str, expected: Expect) {
    expected.assert_eq(&super::check(ARCHITECTURE, pipeline).join("\n"));
}

#[test]
fn the_same_order_passes() {
    check(
        "//! Order.\n\nmod resolve; // which operation\npub(crate) mod send;\n#[cfg(test)]\nmod tests;\n",
        expect![""],
    );
}

#[test]
fn another_order_is_found() {
    check(
        "mod send;\nmod resolve;\n",
        expect![
            "crates/trunkline/src/pipeline.rs: the stages are send, resolve; ARCHITECTURE.md, the life of a call, has resolve, send"
        ],
    );
}

#[test]
fn a_missing_pipeline_is_found() {
    check(
        "",
        expect![[r#"
            crates/trunkline/src/pipeline.rs: there is no `mod` line
            crates/trunkline/src/pipeline.rs: the stages are ; ARCHITECTURE.md, the life of a call, has resolve, send"#]],
    );
}

#[test]
fn a_long_pipeline_is_found() {
    let long = format!("mod resolve;\nmod send;\n{}", "\n".repeat(149));
    check(
        &long,
        expect!["crates/trunkline/src/pipeline.rs: 151 lines, allowed are 150"],
    );
}
