//! How waits are announced.

use expect_test::expect;

use super::Wait;

#[test]
fn a_wait_says_how_long_and_how_often() {
    let wait = Wait {
        attempt: 1,
        attempts_max: 5,
        millis: 2_149,
    };
    expect!["attempt 1 of 5 did not succeed; the next in 2.1 s"].assert_eq(&wait.to_string());
}
