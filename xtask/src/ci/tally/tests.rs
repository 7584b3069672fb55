//! Summaries as the runners print them.

use super::{Tally, of_libtest, of_nextest};

#[track_caller]
fn check_nextest(summary: &str, expected: Option<(usize, usize)>) {
    let output =
        format!("    Starting 5 tests across 2 binaries\n{summary}\nerror: test run failed\n");
    assert_eq!(
        of_nextest(&output),
        expected.map(|(passed, failed)| Tally { passed, failed })
    );
}

#[test]
fn a_nextest_summary_is_read() {
    check_nextest(
        "     Summary [   0.015s] 5 tests run: 5 passed, 0 skipped",
        Some((5, 0)),
    );
    check_nextest(
        "     Summary [   0.015s] 1 test run: 1 passed, 3 skipped",
        Some((1, 0)),
    );
    check_nextest(
        "     Summary [   1.5s] 9 tests run: 7 passed (1 slow), 2 failed, 3 skipped",
        Some((7, 2)),
    );
    check_nextest(
        "     Summary [   1.5s] 9 tests run: 6 passed, 1 failed, 1 exec failed, 1 timed out, 0 skipped",
        Some((6, 3)),
    );
    check_nextest("error: could not compile `trunkline`", None);
}

#[test]
fn results_of_several_test_binaries_add_up() {
    let output = "\
running 2 tests
test result: ok. 2 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
running 3 tests
test result: FAILED. 1 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s
";
    assert_eq!(
        of_libtest(output),
        Some(Tally {
            passed: 3,
            failed: 2
        })
    );
}

#[test]
fn no_result_is_not_zero_tests() {
    assert_eq!(of_libtest("error: could not compile `trunkline`"), None);
}
