//! Filters as people say them.

use expect_test::{Expect, expect};

use super::*;

#[track_caller]
fn check_status(text: &str, expected: Expect) {
    let read = text.parse::<Statuses>();
    expected.assert_eq(&read.map_or_else(|error| error.to_string(), |read| format!("{read:?}")));
}

#[test]
fn statuses_are_one_or_a_class() {
    check_status("429", expect!["Only(429)"]);
    check_status("5xx", expect!["Class(5)"]);
    check_status("6xx", expect!["`6xx` is no status"]);
    check_status("0429", expect!["`0429` is no status"]);
    check_status("99", expect!["`99` is no status"]);
    check_status("4x", expect!["`4x` is no status"]);
    check_status("", expect!["`` is no status"]);
}

#[test]
fn a_moment_is_counted_back_or_named() {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(10_000);
    let millis = |text: &str| text.parse::<Since>().map(|since| since.millis(now)).ok();
    assert_eq!(millis("1h"), Some(6_400_000));
    // Before all time is the beginning of it.
    assert_eq!(millis("7d"), Some(0));
    assert_eq!(millis("1970-01-01T00:00:05Z"), Some(5_000));
    assert_eq!(millis("1970-01-01T01:00:05.250+01:00"), Some(5_250));
    assert_eq!(millis("yesterday"), None);
    assert_eq!(millis("1970-01-01"), None);
}

#[test]
fn a_list_has_an_end() {
    for (limit, is_allowed) in [(0, false), (1, true), (10_000, true), (10_001, false)] {
        let filter = CallFilter {
            limit,
            ..CallFilter::default()
        };
        assert_eq!(
            filter.at(SystemTime::UNIX_EPOCH).is_ok(),
            is_allowed,
            "{limit}"
        );
    }
}
