//! A lock file without addresses and with hashes passes.

use expect_test::{Expect, expect};

#[track_caller]
fn check(package: &str, expected: Expect) {
    let lock =
        format!(r#"{{"packages": {{"": {{"name": "sdks"}}, "node_modules/openai": {package}}}}}"#);
    expected.assert_eq(&super::check("tests/sdks/package-lock.json", &lock).join("\n"));
}

#[test]
fn version_and_hash_are_enough() {
    check(
        r#"{"version": "6.49.0", "integrity": "sha512-x"}"#,
        expect![""],
    );
}

#[test]
fn an_address_is_found_and_so_is_a_missing_hash() {
    check(
        r#"{"version": "6.49.0", "resolved": "https://example.com/openai.tgz"}"#,
        expect![[r#"
            tests/sdks/package-lock.json: `node_modules/openai` has `resolved`; npm leaves it out with `omit-lockfile-registry-resolved=true` in .npmrc
            tests/sdks/package-lock.json: `node_modules/openai` has no `integrity`"#]],
    );
}

#[test]
fn other_files_are_left_alone_and_a_broken_lock_is_found() {
    assert!(super::check("tests/sdks/package.json", "{").is_empty());
    assert_eq!(
        super::check("package-lock.json", "{"),
        ["package-lock.json: it is not JSON"]
    );
}
