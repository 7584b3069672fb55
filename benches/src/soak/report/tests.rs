//! Which lines of a gateway's log are errors.

use super::errors;

#[test]
fn errors_and_panics_are_found_in_a_log() {
    let log = "\
2026-11-22T13:04:37Z  WARN Redis is away: ERRORS are none
2026-11-22T13:04:37Z ERROR nothing was changed
2026-11-22T13:04:38Z  INFO Redis is back
thread 'main' panicked at somewhere
";
    let found = errors(log);
    assert_eq!(found.len(), 2);
    assert!(found.iter().all(|line| !line.contains("Redis")));
}
