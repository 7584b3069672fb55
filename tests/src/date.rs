//! Writes times as headers have them.

use std::time::{Duration, SystemTime};

const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Seconds since 1970.
#[expect(
    clippy::disallowed_methods,
    reason = "the program under test has a real clock"
)]
pub(crate) fn now() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    now.expect("it is later than 1970").as_secs()
}

/// The time that long from now, in seconds since 1970.
pub fn unix_in(from_now: Duration) -> u64 {
    now() + from_now.as_secs()
}

/// The time that long from now, as RFC 3339 has it.
pub fn rfc3339_in(from_now: Duration) -> String {
    let unix = unix_in(from_now);
    let (days, second) = (unix / 86_400, unix % 86_400);
    let (year, month, day) = civil(days);
    format!(
        "{year}-{:02}-{day:02}T{:02}:{:02}:{:02}Z",
        month + 1,
        second / 3600,
        second / 60 % 60,
        second % 60
    )
}

/// A time as a date (RFC 9110 §5.6.7).
pub(crate) fn written(unix: u64) -> String {
    let (days, second) = (unix / 86_400, unix % 86_400);
    let (year, month, day) = civil(days);
    let index = |number: u64| usize::try_from(number).expect("it is small");
    format!(
        "{}, {day:02} {} {year} {:02}:{:02}:{:02} GMT",
        DAYS[index(days % 7)],
        MONTHS[index(month)],
        second / 3600,
        second / 60 % 60,
        second % 60
    )
}

/// Year, month from 0 and day of a day that is counted from 1970.
fn civil(mut days: u64) -> (u64, u64, u64) {
    let is_leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let mut year = 1970;
    loop {
        let length = if is_leap(year) { 366 } else { 365 };
        if days < length {
            break;
        }
        days -= length;
        year += 1;
    }
    let february = if is_leap(year) { 29 } else { 28 };
    let mut month = 0;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    (year, month, days + 1)
}

#[cfg(test)]
mod tests;
