//! Each rule of deny.toml finds what breaks it.

use expect_test::{Expect, expect};

use super::{Rules, check};
use crate::tidy::dependencies::Package;

const DENY: &str = r#"
[bans]
deny = [{ crate = "openssl", reason = "rustls it is" }, "reqwest"]
skip = [{ crate = "syn@2.0.1", reason = "older macros" }]

[licenses]
allow = ["MIT"]

[sources]
allow-registry = ["https://example.com/index"]
"#;

fn package(name: &str, version: &str) -> Package {
    Package {
        name: name.into(),
        version: version.into(),
        license: "MIT".into(),
        source: Some("registry+https://example.com/index".into()),
    }
}

#[track_caller]
fn findings(packages: &[Package], expected: Expect) {
    let excepted = package("syn", "2.0.1");
    let packages: Vec<Package> = packages.iter().cloned().chain([excepted]).collect();
    expected.assert_eq(&check(&Rules::parse(DENY).unwrap(), &packages).join("\n"));
}

#[test]
fn what_is_allowed_gives_no_finding() {
    let ours = Package {
        source: None,
        ..package("trunkline", "0.1.0")
    };
    findings(
        &[ours, package("http", "1.0.0"), package("syn", "3.0.0")],
        expect![""],
    );
}

#[test]
fn banned_crates_are_found_in_either_spelling() {
    findings(
        &[package("openssl", "1.0.0"), package("reqwest", "1.0.0")],
        expect![[r#"
            Cargo.lock: `openssl` is banned (deny.toml)
            Cargo.lock: `reqwest` is banned (deny.toml)"#]],
    );
}

#[test]
fn two_versions_need_an_exception() {
    findings(
        &[
            package("http", "0.2.0"),
            package("http", "1.0.0"),
            package("syn", "3.0.0"),
        ],
        expect!["Cargo.lock: `http` is there as 0.2.0 and 1.0.0"],
    );
}

#[test]
fn an_exception_that_is_not_needed_any_more_is_found() {
    let findings = check(&Rules::parse(DENY).unwrap(), &[]);
    assert_eq!(
        findings,
        ["deny.toml: `syn@2.0.1` is excepted and no longer there"]
    );
}

#[test]
fn unknown_licences_and_sources_are_found() {
    let copyleft = Package {
        license: "GPL-3.0-only".into(),
        ..package("one", "1.0.0")
    };
    let git = Package {
        source: Some("git+https://example.com/two".into()),
        ..package("two", "1.0.0")
    };
    findings(
        &[copyleft, git],
        expect![[r#"
            Cargo.lock: `one` 1.0.0 has the licence `GPL-3.0-only`, which deny.toml does not allow
            Cargo.lock: `two` 1.0.0 does not come from an allowed registry"#]],
    );
}

#[test]
fn a_broken_file_is_an_error_that_names_it() {
    assert_eq!(Rules::parse("[bans").unwrap_err().to_string(), "deny.toml");
}
