//! When a job is looked at: soon at first, seldom later, and once more when the time is over.

use std::time::Duration;

use expect_test::{Expect, expect};

use super::decide;

#[track_caller]
fn check(every: u64, elapsed: u64, timeout: Option<u64>, expected: Expect) {
    let secs = Duration::from_secs;
    let decision = decide(secs(every), secs(elapsed), timeout.map(secs));
    expected.assert_eq(&format!("{decision:?}"));
}

#[test]
fn a_young_job_is_looked_at_as_often_as_the_connector_says() {
    check(1, 0, None, expect!["LookAfter(1s)"]);
    check(1, 20, None, expect!["LookAfter(1s)"]);
}

#[test]
fn an_old_job_is_looked_at_less_often() {
    check(1, 100, None, expect!["LookAfter(5s)"]);
    check(1, 86_400, None, expect!["LookAfter(60s)"]);
    check(300, 86_400, None, expect!["LookAfter(300s)"]);
}

#[test]
fn the_last_look_is_when_the_time_is_over() {
    check(10, 595, Some(600), expect!["LookAfter(5s)"]);
    check(10, 600, Some(600), expect!["GiveUp"]);
    check(10, 601, Some(600), expect!["GiveUp"]);
}
