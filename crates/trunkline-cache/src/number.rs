//! Reads seconds and dates as HTTP writes them.

use std::time::{Duration, SystemTime};

use http::header::{AsHeaderName, HeaderMap, HeaderValue};

/// RFC 9111 §1.2.2: what is larger counts as this, 2^31 seconds.
pub(crate) const SECONDS_MAX: u32 = 1 << 31;

/// Reads delta-seconds (RFC 9111 §1.2.2): digits only, saturating at 2^31.
pub(crate) fn seconds(text: &[u8]) -> Option<u32> {
    if text.is_empty() {
        return None;
    }
    let mut sum = 0_u32;
    for byte in text {
        if !byte.is_ascii_digit() {
            return None;
        }
        let digit = u32::from(byte - b'0');
        sum = sum.saturating_mul(10).saturating_add(digit);
    }
    Some(sum.min(SECONDS_MAX))
}

/// Whole seconds of a duration, saturating at 2^31.
pub(crate) fn whole_seconds(time: Duration) -> u32 {
    u32::try_from(time.as_secs()).map_or(SECONDS_MAX, |secs| secs.min(SECONDS_MAX))
}

/// Holds a duration to what a header can say.
pub(crate) fn capped(time: Duration) -> Duration {
    time.min(Duration::from_secs(u64::from(SECONDS_MAX)))
}

/// How much later `to` is than `from`; nothing if it is earlier.
pub(crate) fn since(from: SystemTime, to: SystemTime) -> Duration {
    to.duration_since(from).unwrap_or_default()
}

/// Reads a date in any of the three forms of RFC 9110 §5.6.7.
pub(crate) fn date(value: &HeaderValue) -> Option<SystemTime> {
    httpdate::parse_http_date(value.to_str().ok()?).ok()
}

/// The one date of a field; `None` also where several lines stand, which no reader need trust.
pub(crate) fn only_date(headers: &HeaderMap, name: impl AsHeaderName) -> Option<SystemTime> {
    let mut lines = headers.get_all(name).iter();
    let value = lines.next()?;
    if lines.next().is_some() {
        return None;
    }
    date(value)
}

/// Writes a date; `None` outside the years that the form can say.
pub(crate) fn date_value(time: SystemTime) -> Option<HeaderValue> {
    // The library panics outside 1970 to 9999.
    const YEAR_10000: u64 = 253_402_300_800;
    let secs = time.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs();
    if YEAR_10000 <= secs {
        return None;
    }
    HeaderValue::try_from(httpdate::fmt_http_date(time)).ok()
}

/// A number in decimal, made without the machinery of formatting: each answer has several.
pub(crate) struct Digits {
    text: [u8; Self::MAX],
    first: usize,
}

impl Digits {
    /// As many as the largest number has.
    const MAX: usize = 20;

    pub(crate) fn of(number: u64) -> Self {
        let mut digits = Self {
            text: [b'0'; Self::MAX],
            first: Self::MAX,
        };
        let mut rest = number;
        while rest != 0 || digits.first == Self::MAX {
            digits.first -= 1;
            if let Some(digit) = digits.text.get_mut(digits.first) {
                *digit = b'0' + u8::try_from(rest % 10).unwrap_or(0);
            }
            rest /= 10;
        }
        digits
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.text.get(self.first..).unwrap_or_default()
    }

    /// As a field's value.
    pub(crate) fn value(&self) -> HeaderValue {
        HeaderValue::from_bytes(self.as_bytes()).unwrap_or(HeaderValue::from_static("0"))
    }
}

/// Strips the optional white space of RFC 9110 §5.6.3 from both ends.
pub(crate) fn trimmed(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}

/// Whether all bytes are those of a token (RFC 9110 §5.6.2), and there is one.
pub(crate) fn is_token(text: &[u8]) -> bool {
    let is_of_token = |byte: &u8| {
        byte.is_ascii_alphanumeric()
            || matches!(
                byte,
                b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'|' | b'~'
            )
    };
    !text.is_empty() && text.iter().all(is_of_token)
}
