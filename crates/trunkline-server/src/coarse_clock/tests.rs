//! Dates as others read them.

use std::time::{Duration, SystemTime};

use super::Date;

#[test]
fn a_date_is_written_as_http_has_it() {
    // RFC 9110 section 5.6.7 has this one as its example.
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
    assert_eq!(Date::of(time).as_bytes(), b"Sun, 06 Nov 1994 08:49:37 GMT");
}

#[test]
fn a_clock_that_is_far_off_does_no_harm() {
    let early = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
    assert_eq!(Date::of(early).as_bytes(), b"Thu, 01 Jan 1970 00:00:00 GMT");
    let late = SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 40);
    assert_eq!(Date::of(late).as_bytes(), b"Fri, 31 Dec 9999 23:59:59 GMT");
}
