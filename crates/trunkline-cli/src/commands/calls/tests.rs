//! How times and what is not there are shown.

use super::{duration, or_dash};

#[test]
fn times_have_the_unit_that_people_would_use() {
    let shown = [0.0, 0.4, 9.96, 12.3, 999.0, 1_000.0, 61_500.0].map(duration);
    let expected = [
        "0.0 ms", "0.4 ms", "10.0 ms", "12 ms", "999 ms", "1.0 s", "61.5 s",
    ];
    assert_eq!(shown, expected);
}

#[test]
fn what_is_not_there_is_a_dash() {
    let shown = [None, Some(""), Some("x")].map(or_dash);
    assert_eq!(shown, ["-", "-", "x"]);
}
