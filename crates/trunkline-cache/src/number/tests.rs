//! Seconds, dates and tokens at their edges.

use http::header::HeaderValue;

use super::*;

#[test]
fn delta_seconds_are_digits_and_saturate_rfc_9111_1_2_2() {
    for (text, expected) in [
        ("0", Some(0)),
        ("003600", Some(3600)),
        ("2147483648", Some(SECONDS_MAX)),
        ("99999999999999999999999", Some(SECONDS_MAX)),
        ("", None),
        ("-1", None),
        ("+1", None),
        ("1.0", None),
        ("1e3", None),
        (" 1", None),
        ("'1'", None),
        ("1a", None),
    ] {
        assert_eq!(seconds(text.as_bytes()), expected, "{text}");
    }
}

#[test]
fn numbers_are_written_as_rust_writes_them() {
    for number in [0, 7, 10, 2_147_483_648, u64::MAX] {
        let digits = Digits::of(number);
        assert_eq!(digits.as_str(), number.to_string());
        assert_eq!(digits.value(), number.to_string());
    }
}

#[test]
fn the_three_forms_of_dates_are_read_rfc_9110_5_6_7() {
    let expected = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
    for text in [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
    ] {
        assert_eq!(date(&HeaderValue::from_static(text)), Some(expected), "{text}");
    }
    for text in ["0", "-1", "", "foo", "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 Nov 1994"] {
        assert_eq!(date(&HeaderValue::from_static(text)), None, "{text}");
    }
}

#[test]
fn dates_that_cannot_be_written_are_left_out() {
    let second = Duration::from_secs(1);
    let last = SystemTime::UNIX_EPOCH + Duration::from_secs(253_402_300_799);
    assert_eq!(date_value(SystemTime::UNIX_EPOCH - second), None);
    assert_eq!(date_value(last + second), None);
    assert_eq!(
        date_value(last).as_ref().and_then(|value| date(value)),
        Some(last)
    );
}

#[test]
fn a_clock_that_steps_back_gives_no_time_at_all() {
    let later = SystemTime::UNIX_EPOCH + Duration::from_secs(5);
    assert_eq!(since(later, SystemTime::UNIX_EPOCH), Duration::ZERO);
    assert_eq!(since(SystemTime::UNIX_EPOCH, later), Duration::from_secs(5));
}

#[test]
fn white_space_is_taken_off_both_ends() {
    assert_eq!(trimmed(b" \t a b\t "), b"a b");
    assert_eq!(trimmed(b" \t "), b"");
}
