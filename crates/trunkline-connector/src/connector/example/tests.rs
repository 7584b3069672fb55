//! Recorded answers whose times count from when they are sent.

use std::time::{Duration, SystemTime};

use expect_test::{Expect, expect};
use http::{HeaderName, StatusCode};
use proptest::prelude::*;

use super::fill_in_times;
use crate::connector::ExampleAnswer;
use crate::format::BodyText;
use crate::seeded::seeded;

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_millis(1_767_225_600_789)
}

#[track_caller]
fn check(text: &str, expected: Expect) {
    let filled = fill_in_times(text, now());
    expected.assert_eq(&filled.unwrap_or_else(|place| format!("refused: {place}")));
}

#[test]
fn times_count_from_now() {
    check("{now+20s}", expect!["2026-01-01T00:00:20Z"]);
    check("{unix+6m}", expect!["1767225960"]);
    check(
        "a {unix+0s} b {now+1d} c",
        expect!["a 1767225600 b 2026-01-02T00:00:00Z c"],
    );
    check("nothing {to} {do}", expect!["nothing {to} {do}"]);
    check("{now+20}", expect!["refused: {now+20}"]);
    check("{unix+20s", expect!["refused: {unix+20s"]);
    check("{now+999999999d}", expect!["refused: {now+999999999d}"]);
}

#[test]
fn headers_are_filled_in_and_bodies_read() {
    let answer = ExampleAnswer {
        status: StatusCode::TOO_MANY_REQUESTS,
        headers: vec![(HeaderName::from_static("x-reset"), "{unix+20s}".to_owned())],
        body: BodyText::Json(r#"{"a": 1}"#.to_owned()),
    };
    assert_eq!(answer.headers_at(now())["x-reset"], "1767225620");
    assert_eq!(answer.json().unwrap()["a"], 1);
}

proptest! {
    #![proptest_config(seeded(512))]

    #[test]
    fn no_text_makes_it_panic(text in "(\\{(now|unix)\\+|[0-9smhd{}]|\\PC){0,12}") {
        drop(fill_in_times(&text, now()));
    }
}
