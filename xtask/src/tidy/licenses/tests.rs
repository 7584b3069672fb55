//! SPDX expressions as crates write them.

use super::allows;

fn can_be_met(expression: &str) -> bool {
    let allowed = [
        "MIT",
        "Apache-2.0",
        "Unicode-3.0",
        "Apache-2.0 WITH LLVM-exception",
    ];
    let allowed = allowed.map(str::to_owned);
    allows(expression, &allowed)
}

#[test]
fn one_of_several_is_enough() {
    assert!(can_be_met("MIT"));
    assert!(!can_be_met("GPL-3.0-only"));
    assert!(can_be_met("MIT OR GPL-3.0-only"));
    assert!(can_be_met("MIT/Apache-2.0"));
    assert!(can_be_met("GPL-3.0-only / MIT"));
}

#[test]
fn all_of_several_are_needed() {
    assert!(can_be_met("MIT AND Unicode-3.0"));
    assert!(!can_be_met("MIT AND OpenSSL"));
    assert!(can_be_met("(MIT OR OpenSSL) AND Unicode-3.0"));
    assert!(!can_be_met("(MIT OR Apache-2.0) AND OpenSSL"));
    assert!(can_be_met("OpenSSL AND MIT OR Apache-2.0"));
}

#[test]
fn an_exception_belongs_to_its_licence() {
    assert!(can_be_met("Apache-2.0 WITH LLVM-exception"));
    assert!(!can_be_met("GPL-2.0 WITH Classpath-exception-2.0"));
    assert!(can_be_met("Apache-2.0 WITH LLVM-exception OR OpenSSL"));
}

#[test]
fn what_cannot_be_read_is_not_allowed() {
    assert!(!can_be_met(""));
    assert!(!can_be_met("(MIT"));
    assert!(!can_be_met("MIT MIT"));
    assert!(can_be_met("MIT OR"));
    assert!(!can_be_met("OR MIT"));
}
