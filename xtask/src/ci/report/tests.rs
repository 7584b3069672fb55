//! The counts, the skipped and the last line.

use std::time::Duration;

use expect_test::{Expect, expect};

use super::{Outcome, Report};
use crate::ci::tally::Tally;
use crate::process::Ending;
use crate::workspace::{Strictness, Workspace};

fn workspace(strictness: Strictness) -> Workspace {
    let mut workspace = Workspace::here();
    workspace.strictness = strictness;
    workspace
}

fn tests(passed: usize, failed: usize) -> Tally {
    Tally { passed, failed }
}

#[track_caller]
fn check(outcomes: Vec<Outcome>, expected: Expect) {
    let mut report = Report::default();
    for outcome in outcomes {
        report.add("a step", outcome, Duration::from_secs(40));
    }
    expected.assert_eq(&report.lines().join("\n"));
}

#[test]
fn the_last_line_counts_steps_and_tests() {
    check(
        vec![
            Outcome::passed(),
            Outcome::of_tests(Some(tests(12, 0)), Ending::Success),
        ],
        expect![[r#"
            skipped: nothing
            took 1 min 20 s
            13 passed, 0 failed"#]],
    );
}

#[test]
fn failures_are_counted_and_named() {
    check(
        vec![
            Outcome::failed("see above".into()),
            Outcome::of_tests(Some(tests(10, 2)), Ending::Failure),
            Outcome::of_tests(None, Ending::Failure),
        ],
        expect![[r#"
            skipped: nothing
            failed: a step, a step, a step
            took 2 min 0 s
            10 passed, 4 failed"#]],
    );
}

#[test]
fn what_is_skipped_is_said_at_the_end() {
    let workspace = workspace(Strictness::Skip);
    check(
        vec![
            Outcome::missing(&workspace, "SDK packages: npm is not installed".into()),
            Outcome::of_tests(Some(tests(3, 0)), Ending::Success)
                .without(&workspace, vec!["tests that need chromium".into()]),
        ],
        expect![[r#"
            skipped: SDK packages: npm is not installed
            skipped: tests that need chromium
            took 1 min 20 s
            3 passed, 0 failed"#]],
    );
}

#[test]
fn in_ci_nothing_is_skipped() {
    let workspace = workspace(Strictness::Fail);
    check(
        vec![
            Outcome::missing(&workspace, "SDK packages: npm is not installed".into()),
            Outcome::of_tests(Some(tests(3, 0)), Ending::Success)
                .without(&workspace, vec!["tests that need chromium".into()]),
        ],
        expect![[r#"
            skipped: tests that need chromium
            failed: a step, a step
            took 1 min 20 s
            3 passed, 2 failed"#]],
    );
}

#[test]
fn a_run_without_tests_or_cut_short_is_a_failure() {
    assert!(Outcome::of_tests(Some(tests(0, 0)), Ending::Success).is_failure());
    assert!(Outcome::of_tests(Some(tests(5, 0)), Ending::Failure).is_failure());
}

#[test]
fn the_line_of_a_step_says_how_it_went() {
    let took = Duration::from_millis(1_250);
    assert_eq!(Outcome::passed().to_line(took), "ok in 1.2 s");
    assert_eq!(
        Outcome::failed("2 findings".into()).to_line(took),
        "FAILED in 1.2 s: 2 findings"
    );
    assert_eq!(
        Outcome::of_tests(Some(tests(3, 0)), Ending::Success).to_line(Duration::from_secs(61)),
        "ok in 1 min 1 s: 3 tests passed"
    );
}
