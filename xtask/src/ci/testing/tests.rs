//! What each runner is asked to run.

use super::{Runner, filter};
use crate::workspace::Workspace;

#[test]
fn nextest_runs_everything_or_all_but_some_modules() {
    assert_eq!(filter(&[]), "all()");
    assert_eq!(
        filter(&["needs_node", "needs_nginx"]),
        "not test(needs_node::) and not test(needs_nginx::)"
    );
}

#[test]
fn the_standard_runner_skips_the_same_modules() {
    let workspace = Workspace::here();
    let everything = Runner::Libtest.program(&workspace, &[]);
    assert!(
        everything.shown().ends_with(" --no-fail-fast"),
        "{}",
        everything.shown()
    );
    let some = Runner::Libtest.program(&workspace, &["needs_node"]);
    assert!(
        some.shown()
            .ends_with(" --no-fail-fast -- --skip needs_node::"),
        "{}",
        some.shown()
    );
}
