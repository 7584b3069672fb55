//! The forms in which numbers, durations and moments are written.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::{rfc2822, strtime};
use jiff::tz::TimeZone;

pub(super) const SECOND: Duration = Duration::from_secs(1);
pub(super) const MILLISECOND: Duration = Duration::from_millis(1);

/// A number as JavaScript and Python clients read it, except `inf`, `nan` and their like.
pub(crate) fn number(text: &str) -> Option<f64> {
    let is_plain = |byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-');
    text.parse().ok().filter(|_| text.bytes().all(is_plain))
}

/// So many of a unit. Plain decimals are read exactly, whatever else is a number as near as
/// floating point comes.
pub(super) fn amount(text: &str, unit: Duration) -> Option<Duration> {
    decimal(text, unit)
        .or_else(|| Duration::try_from_secs_f64(number(text)? * unit.as_secs_f64()).ok())
}

fn decimal(text: &str, unit: Duration) -> Option<Duration> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_plain = |digits: &str| {
        (1..=18).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
    };
    if !is_plain(whole) || !is_plain(fraction) {
        return None;
    }
    // Eighteen digits times the nanoseconds of a day are far from overflowing 128 bits.
    let scale = unit.as_nanos();
    let power = 10_u128.pow(u32::try_from(fraction.len()).ok()?);
    let of_fraction = fraction.parse::<u128>().ok()? * scale / power;
    let nanos = whole.parse::<u128>().ok()? * scale + of_fraction;
    let (seconds, nanos) = (nanos / 1_000_000_000, nanos % 1_000_000_000);
    Some(Duration::new(
        u64::try_from(seconds).ok()?,
        u32::try_from(nanos).ok()?,
    ))
}

/// A moment, so many of a unit after 1970 began.
pub(super) fn unix(text: &str, unit: Duration) -> Option<SystemTime> {
    SystemTime::UNIX_EPOCH.checked_add(amount(text, unit)?)
}

/// A duration as Go prints it, `1h2m3.5s`; days too. A `0` needs no unit.
pub(super) fn duration(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let mut rest = text;
    let mut sum: Option<Duration> = None;
    while !rest.is_empty() {
        let digits = rest
            .bytes()
            .take_while(|byte| matches!(byte, b'0'..=b'9' | b'.'))
            .count();
        let (number, after) = rest.split_at_checked(digits)?;
        let letters = after
            .bytes()
            .take_while(|byte| !matches!(byte, b'0'..=b'9' | b'.'))
            .count();
        let (unit, after) = after.split_at_checked(letters)?;
        let unit = match unit {
            "d" => SECOND * 86_400,
            "h" => SECOND * 3_600,
            "m" => SECOND * 60,
            "s" => SECOND,
            "ms" => MILLISECOND,
            // The micro sign and the Greek letter: Go reads both.
            "us" | "µs" | "μs" => Duration::from_micros(1),
            "ns" => Duration::from_nanos(1),
            _ => return None,
        };
        sum = Some(sum.unwrap_or_default().checked_add(amount(number, unit)?)?);
        rest = after;
    }
    sum
}

/// RFC 9110 section 5.6.7 (all three forms), RFC 5322, and what JavaScript's `Date` prints.
pub(super) fn http_date(text: &str) -> Option<SystemTime> {
    let relaxed = rfc2822::DateTimeParser::new().relaxed_weekday(true);
    httpdate::parse_http_date(text)
        .ok()
        .or_else(|| relaxed.parse_timestamp(text).ok().map(SystemTime::from))
        .or_else(|| javascript_date(text))
}

/// `Fri Jan 02 2026 00:00:20 GMT+0100 (Central European Standard Time)`.
fn javascript_date(text: &str) -> Option<SystemTime> {
    let (_weekday, date) = text.split_once(' ')?;
    let date = date
        .split_once(" (")
        .map_or(date, |(date, _zone_name)| date);
    let parsed = strtime::parse("%b %d %Y %H:%M:%S GMT%z", date).ok()?;
    parsed.to_timestamp().ok().map(SystemTime::from)
}

/// RFC 3339, and `YYYY-MM-DD HH:MM:SS` without an offset, which then is UTC.
pub(super) fn rfc3339(text: &str) -> Option<SystemTime> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Some(moment.into());
    }
    let civil = ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"]
        .into_iter()
        .find_map(|form| DateTime::strptime(form, text).ok())?;
    TimeZone::UTC.to_timestamp(civil).ok().map(SystemTime::from)
}
