//! Dates whose writing is known.

use super::written;

#[test]
fn dates_are_written_as_the_standard_does() {
    for (unix, expected) in [
        (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
        (1_709_251_199, "Thu, 29 Feb 2024 23:59:59 GMT"),
        (1_798_761_599, "Thu, 31 Dec 2026 23:59:59 GMT"),
    ] {
        assert_eq!(written(unix), expected);
    }
}
