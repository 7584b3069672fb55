//! Programs end as they ended, and what they print is kept whole.

use super::{Echo, Ending, Program};
use crate::workspace::Workspace;

fn program(line: &str) -> Program {
    Program::new(&Workspace::here().root, line)
}

#[test]
fn what_a_program_prints_is_copied() {
    let (ending, text) = program("cargo --version").run_and_copy().unwrap();
    assert_eq!(ending, Ending::Success);
    assert!(text.starts_with("cargo 1."), "{text}");
}

#[test]
fn a_status_other_than_zero_is_a_failure_with_its_complaint() {
    let (ending, text) = program("cargo no-such-command").run_and_copy().unwrap();
    assert_eq!(ending, Ending::Failure);
    assert!(text.contains("no-such-command"), "{text}");
    let err = program("cargo no-such-command").output().unwrap_err();
    assert!(
        err.to_string()
            .starts_with("`cargo no-such-command` ended with exit status"),
        "{err}"
    );
}

#[test]
fn a_program_that_is_missing_is_named() {
    let err = program("a-program-that-nobody-has").run().unwrap_err();
    assert_eq!(
        err.to_string(),
        "`a-program-that-nobody-has` could not be started"
    );
}

#[test]
fn an_argument_with_spaces_is_shown_quoted() {
    assert_eq!(
        program("cargo nextest run").argument("not test(a)").shown(),
        "cargo nextest run 'not test(a)'"
    );
}

#[test]
fn what_cargo_says_of_this_program_is_not_passed_on() {
    assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some());
    let variables = program("env").output().unwrap();
    assert!(
        variables.lines().any(|line| line.starts_with("PATH=")),
        "{variables}"
    );
    assert!(!variables.contains("CARGO_MANIFEST_DIR="), "{variables}");
    assert!(!variables.contains("CARGO_PKG_NAME="), "{variables}");
}

#[test]
fn a_program_can_be_left_to_itself_and_asked_later() {
    let early = program("cargo --version").start(Echo::Silent).unwrap();
    let late = program("cargo no-such-command")
        .start(Echo::Silent)
        .unwrap();
    assert_eq!(late.finish().unwrap().0, Ending::Failure);
    let (ending, text) = early.finish().unwrap();
    assert_eq!(ending, Ending::Success);
    assert!(text.starts_with("cargo 1."), "{text}");
}
