//! Programs end as they ended, and what they print is kept whole.

use super::{Ending, Program};
use crate::workspace::Workspace;

fn cargo(line: &str) -> Program {
    Program::new(&Workspace::here().root, line)
}

#[test]
fn what_a_program_prints_is_copied() {
    let (ending, text) = cargo("cargo --version").run_and_copy().unwrap();
    assert_eq!(ending, Ending::Success);
    assert!(text.starts_with("cargo 1."), "{text}");
}

#[test]
fn a_status_other_than_zero_is_a_failure_with_its_complaint() {
    let (ending, text) = cargo("cargo no-such-command").run_and_copy().unwrap();
    assert_eq!(ending, Ending::Failure);
    assert!(text.contains("no-such-command"), "{text}");
    let err = cargo("cargo no-such-command").output().unwrap_err();
    assert!(
        err.to_string()
            .starts_with("`cargo no-such-command` ended with exit status"),
        "{err}"
    );
}

#[test]
fn a_program_that_is_missing_is_named() {
    let err = cargo("a-program-that-nobody-has").run().unwrap_err();
    assert_eq!(
        err.to_string(),
        "`a-program-that-nobody-has` could not be started"
    );
}

#[test]
fn an_argument_with_spaces_is_shown_quoted() {
    assert_eq!(
        cargo("cargo nextest run").argument("not test(a)").shown(),
        "cargo nextest run 'not test(a)'"
    );
}
