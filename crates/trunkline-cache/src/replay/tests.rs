//! The answers that callers get of what is stored.

use std::time::Duration;

use super::*;
use crate::Policy;
use crate::look::HitKind;
use crate::samples::{request, stored, try_store};

const FRESH: &str = "Cache-Control: max-age=100\nDate: {0}";

#[track_caller]
fn shape(answered: &str, asked: &str) -> Shape {
    let stored = stored(&format!("{answered}\n{FRESH}"));
    Shape::of(request(asked).head(), &stored, Some(11))
}

#[track_caller]
fn check(answered: &str, asked: &str, expected: Shape) {
    assert_eq!(shape(answered, asked), expected, "{answered} / {asked}");
}

fn part(first: u64, last: u64) -> Shape {
    Shape::Part {
        first,
        last,
        length: 11,
    }
}

#[test]
fn without_conditions_it_is_the_whole() {
    check("", "", Shape::Whole);
    check("", "HEAD", Shape::HeadOnly);
    check("404", "", Shape::Whole);
}

#[test]
fn a_tag_that_the_caller_has_makes_a_304_rfc_9111_4_3_2() {
    let tagged = "ETag: \"abc\"";
    for asked in [
        "If-None-Match: \"abc\"",
        "If-None-Match: W/\"abc\"",
        "If-None-Match: \"x\", \"abc\", \"y\"",
        "If-None-Match: \"x\"\nIf-None-Match: \"abc\"",
        "If-None-Match: *",
        "HEAD\nIf-None-Match: \"abc\"",
    ] {
        check(tagged, asked, Shape::NotModified);
    }
    check(
        "ETag: W/\"abc\"",
        "If-None-Match: W/\"abc\"",
        Shape::NotModified,
    );
    check(
        "ETag: \"ab\u{fc}\"",
        "If-None-Match: \"ab\u{fc}\"",
        Shape::NotModified,
    );
    check(tagged, "If-None-Match: \"x\"", Shape::Whole);
    check(tagged, "If-None-Match: abc", Shape::Whole);
    check("", "If-None-Match: \"abc\"", Shape::Whole);
}

#[test]
fn a_tag_decides_before_a_date_rfc_9110_13_2_2() {
    let both = "ETag: \"a\"\nLast-Modified: {-5000}";
    check(
        both,
        "If-None-Match: \"a\"\nIf-Modified-Since: {-9000}",
        Shape::NotModified,
    );
    check(
        both,
        "If-None-Match: \"x\"\nIf-Modified-Since: {-1}",
        Shape::Whole,
    );
}

#[test]
fn a_date_that_the_caller_has_makes_a_304_rfc_9111_4_3_2() {
    let dated = "Last-Modified: {-3000}";
    check(dated, "If-Modified-Since: {-3000}", Shape::NotModified);
    check(dated, "If-Modified-Since: {-2000}", Shape::NotModified);
    check(dated, "If-Modified-Since: {-3001}", Shape::Whole);
    check(dated, "If-Modified-Since: yesterday", Shape::Whole);
    check(
        dated,
        "If-Modified-Since: {-1}\nIf-Modified-Since: {-1}",
        Shape::Whole,
    );
    check("", "If-Modified-Since: {0}", Shape::NotModified);
    check("", "If-Modified-Since: {-1}", Shape::Whole);
    // 14 November 2023, 22:13:20, in the older form.
    check(
        "Last-Modified: {0}",
        "If-Modified-Since: Tuesday, 14-Nov-23 22:13:20 GMT",
        Shape::NotModified,
    );
}

#[test]
fn conditions_are_for_successes_rfc_9110_13_2_1() {
    check("404\nETag: \"a\"", "If-None-Match: \"a\"", Shape::Whole);
    check("301\nETag: \"a\"", "If-None-Match: *", Shape::Whole);
    check("204\nETag: \"a\"", "If-None-Match: *", Shape::NotModified);
}

#[test]
fn conditions_are_for_reading_methods() {
    let policy = Policy::ExplicitPost(Duration::from_secs(9));
    let stored = try_store(policy, "POST", "ETag: \"a\"").expect("it is stored");
    let asked = request("POST\nIf-None-Match: \"a\"\nRange: bytes=0-1");
    assert_eq!(Shape::of(asked.head(), &stored, Some(11)), Shape::Whole);
}

#[test]
fn one_range_is_cut_from_the_whole_rfc_9110_14_2() {
    for (range, expected) in [
        ("bytes=0-1", part(0, 1)),
        ("bytes=1-", part(1, 10)),
        ("bytes=-1", part(10, 10)),
        ("bytes=-99", part(0, 10)),
        ("bytes=0-99", part(0, 10)),
        ("bytes=10-10", part(10, 10)),
        ("Bytes= 0-0 ", part(0, 0)),
        ("bytes=0-99999999999999999999999", part(0, 10)),
        ("bytes=11-", Shape::NotSatisfiable { length: 11 }),
        ("bytes=-0", Shape::NotSatisfiable { length: 11 }),
        (
            "bytes=99999999999999999999999-",
            Shape::NotSatisfiable { length: 11 },
        ),
    ] {
        check("", &format!("Range: {range}"), expected);
    }
}

#[test]
fn ranges_that_are_none_or_many_get_the_whole_rfc_9110_14_2() {
    for range in [
        "bytes=0-1, 3-4",
        "bytes=2-1",
        "bytes=a-b",
        "bytes=1",
        "bytes=--1",
        "bytes=+1-2",
        "bytes=",
        "bytes",
        "",
        "items=0-1",
    ] {
        check("", &format!("Range: {range}"), Shape::Whole);
    }
    check("", "HEAD\nRange: bytes=0-1", Shape::HeadOnly);
    check("404", "Range: bytes=0-1", Shape::Whole);
}

#[test]
fn an_empty_body_has_no_ranges() {
    let stored = stored(FRESH);
    for range in ["bytes=0-0", "bytes=-1"] {
        let asked = request(&format!("Range: {range}"));
        assert_eq!(
            Shape::of(asked.head(), &stored, Some(0)),
            Shape::NotSatisfiable { length: 0 }
        );
    }
}

#[test]
fn a_body_that_is_still_coming_is_given_whole() {
    let asked = request("Range: bytes=0-1");
    assert_eq!(Shape::of(asked.head(), &stored(FRESH), None), Shape::Whole);
}

#[test]
fn a_304_goes_before_a_range_rfc_9110_13_2_2() {
    check(
        "ETag: \"a\"",
        "If-None-Match: \"a\"\nRange: bytes=0-1",
        Shape::NotModified,
    );
}

#[test]
fn if_range_wants_the_same_version_strongly_rfc_9110_13_1_5() {
    let range = "Range: bytes=0-1\nIf-Range:";
    for (answered, condition, holds) in [
        ("ETag: \"a\"", "\"a\"", true),
        ("ETag: \"a\"", "\"b\"", false),
        ("ETag: W/\"a\"", "W/\"a\"", false),
        ("ETag: \"a\"", "W/\"a\"", false),
        ("", "\"a\"", false),
        ("Last-Modified: {-100}", "{-100}", true),
        ("Last-Modified: {-100}", "{-99}", false),
        ("Last-Modified: {0}", "{0}", false),
        ("", "{0}", false),
    ] {
        let expected = if holds { part(0, 1) } else { Shape::Whole };
        check(answered, &format!("{range} {condition}"), expected);
    }
    check(
        "ETag: \"a\"",
        &format!("{range} \"a\"\nIf-Range: \"a\""),
        Shape::Whole,
    );
}

/// The head of an answer as a caller gets it.
#[track_caller]
fn replayed(answered: &str, asked: &str) -> String {
    let stored = stored(answered);
    let shape = Shape::of(request(asked).head(), &stored, Some(11));
    let hit = Hit {
        which: 0,
        age: Duration::from_millis(7900),
        ttl: 3,
        kind: HitKind::Fresh,
    };
    let headers = stored.replay(shape, &hit, Some(11));
    let mut lines: Vec<_> = headers
        .iter()
        .map(|(name, value)| format!("{name}: {}\n", value.to_str().expect("text")))
        .collect();
    lines.sort();
    format!("{}\n{}", shape.status(&stored).as_u16(), lines.concat())
}

const FULL: &str = "Cache-Control: max-age=100\nDate: {0}\nETag: \"a\"\nLast-Modified: {-60}\n\
    Expires: {60}\nVary: Foo\nContent-Location: /x\nContent-Type: a/b\nContent-Language: en\n\
    Content-Encoding: br\nX-A: 1\nX-A: 2\nAge: 3";

#[test]
fn a_replayed_answer_has_its_age_and_its_own_fields_rfc_9111_4() {
    expect_test::expect![[r#"
        200
        age: 7
        cache-control: max-age=100
        content-encoding: br
        content-language: en
        content-length: 11
        content-location: /x
        content-type: a/b
        date: Tue, 14 Nov 2023 22:13:20 GMT
        etag: "a"
        expires: Tue, 14 Nov 2023 22:14:20 GMT
        last-modified: Tue, 14 Nov 2023 22:12:20 GMT
        vary: Foo
        x-a: 1
        x-a: 2
    "#]]
    .assert_eq(&replayed(FULL, ""));
}

#[test]
fn a_304_has_what_a_304_must_have_rfc_9110_15_4_5() {
    expect_test::expect![[r#"
        304
        age: 7
        cache-control: max-age=100
        content-location: /x
        date: Tue, 14 Nov 2023 22:13:20 GMT
        etag: "a"
        expires: Tue, 14 Nov 2023 22:14:20 GMT
        vary: Foo
        x-a: 1
        x-a: 2
    "#]]
    .assert_eq(&replayed(FULL, "If-None-Match: \"a\""));
    let untagged = replayed(&FULL.replace("ETag: \"a\"\n", ""), "If-Modified-Since: {0}");
    assert!(
        untagged.starts_with("304") && untagged.contains("last-modified:"),
        "{untagged}"
    );
}

#[test]
fn a_206_says_which_part_it_is_rfc_9110_15_3_7() {
    let head = replayed(FULL, "Range: bytes=2-4");
    assert!(head.starts_with("206\n"), "{head}");
    assert!(head.contains("content-length: 3\n"), "{head}");
    assert!(head.contains("content-range: bytes 2-4/11\n"), "{head}");
    assert!(
        head.contains("etag: \"a\"\n") && head.contains("age: 7\n"),
        "{head}"
    );
}

#[test]
fn a_416_says_how_long_the_whole_is_rfc_9110_15_5_17() {
    expect_test::expect![[r#"
        416
        age: 7
        content-length: 0
        content-range: bytes */11
        date: Tue, 14 Nov 2023 22:13:20 GMT
        etag: "a"
        vary: Foo
    "#]]
    .assert_eq(&replayed(FULL, "Range: bytes=11-"));
}

#[test]
fn head_has_the_length_of_the_body_rfc_9110_9_3_2() {
    let head = replayed("Cache-Control: max-age=9", "HEAD");
    assert!(
        head.starts_with("200\n") && head.contains("content-length: 11\n"),
        "{head}"
    );
}

#[test]
fn an_answer_without_content_has_no_length_rfc_9110_8_6() {
    let head = replayed("204\nCache-Control: max-age=9", "");
    assert!(!head.contains("content-length"), "{head}");
}
