//! Times and sizes are read as they are printed.

use std::time::Duration;

use expect_test::{Expect, expect};
use proptest::prelude::*;
use regex_lite::Regex;

use super::{SIZE_PATTERN, SPAN_PATTERN, Size, Span};
use crate::seeded::seeded;

#[track_caller]
fn check_span(text: &str, expected: Expect) {
    let span = text.parse::<Span>();
    expected
        .assert_eq(&span.map_or_else(|error| error.to_string(), |span| format!("{span} {span:?}")));
}

#[track_caller]
fn check_size(text: &str, expected: Expect) {
    let size = text.parse::<Size>();
    expected
        .assert_eq(&size.map_or_else(|error| error.to_string(), |size| format!("{size} {size:?}")));
}

#[test]
fn times_have_a_unit() {
    check_span("500ms", expect!["500ms Span(500ms)"]);
    check_span("90s", expect!["90s Span(90s)"]);
    check_span("120s", expect!["2m Span(120s)"]);
    check_span("48h", expect!["2d Span(172800s)"]);
    check_span("0s", expect!["0ms Span(0ns)"]);
    check_span(
        "30",
        expect!["`30` is not a time such as `500ms`, `30s`, `5m`, `1h` or `7d`"],
    );
    check_span(
        "1.5s",
        expect!["`1.5s` is not a time such as `500ms`, `30s`, `5m`, `1h` or `7d`"],
    );
    check_span(
        "9999999999s",
        expect!["`9999999999s` is not a time such as `500ms`, `30s`, `5m`, `1h` or `7d`"],
    );
}

#[test]
fn sizes_have_a_unit() {
    check_size("512B", expect!["512B Size(512)"]);
    check_size("2MiB", expect!["2MiB Size(2097152)"]);
    check_size("1024KiB", expect!["1MiB Size(1048576)"]);
    check_size(
        "2MB",
        expect!["`2MB` is not a size such as `512B`, `64KiB`, `2MiB` or `1GiB`"],
    );
    check_size(
        "MiB",
        expect!["`MiB` is not a size such as `512B`, `64KiB`, `2MiB` or `1GiB`"],
    );
}

proptest! {
    #![proptest_config(seeded(1_000))]

    #[test]
    fn what_is_printed_is_read_back(number in 0..1_000_000_000_u64) {
        let span = Span(Duration::from_millis(number));
        prop_assert_eq!(span.to_string().parse::<Span>().unwrap(), span);
        let size = Size(number);
        prop_assert_eq!(size.to_string().parse::<Size>().unwrap(), size);
    }

    #[test]
    fn the_patterns_say_the_same_as_the_parsers(text in "[0-9]{0,11}[msdhBKiGM.é]{0,4}") {
        let fits = |pattern| Regex::new(pattern).unwrap().is_match(&text);
        prop_assert_eq!(text.parse::<Span>().is_ok(), fits(SPAN_PATTERN));
        prop_assert_eq!(text.parse::<Size>().is_ok(), fits(SIZE_PATTERN));
    }
}
