//! Which requests an answer was negotiated for.

use super::*;
use crate::samples::headers;

fn is_match(vary: &str, first: &str, second: &str) -> bool {
    let Names::Listed(names) = names(&headers(vary)) else {
        panic!("`{vary}` names fields");
    };
    matches(&values(names, &headers(first)), &headers(second))
}

#[track_caller]
fn same(vary: &str, first: &str, second: &str) {
    assert!(is_match(vary, first, second), "{vary}: {first} / {second}");
}

#[track_caller]
fn differ(vary: &str, first: &str, second: &str) {
    assert!(!is_match(vary, first, second), "{vary}: {first} / {second}");
}

#[test]
fn a_star_anywhere_matches_nothing_rfc_9111_4_1() {
    for vary in [
        "Vary: *",
        "Vary: *, *",
        "Vary: *\nVary: *",
        "Vary: , *",
        "Vary:\nVary: *",
        "Vary: *, Foo",
        "Vary: Foo, *",
        "Vary: Foo\nVary:  *",
        "Vary: no name",
        "Vary: a;b",
    ] {
        assert_eq!(names(&headers(vary)), Names::Unknowable, "{vary}");
    }
}

#[test]
fn names_of_all_lines_count_once_in_any_case_rfc_9110_12_5_5() {
    let read = names(&headers("Vary: Foo , BAR,\nVary:\nVary: bar,baz"));
    let expected = ["foo", "bar", "baz"].map(HeaderName::from_static);
    assert_eq!(read, Names::Listed(expected.to_vec()));
}

#[test]
fn all_named_fields_must_match_rfc_9111_4_1() {
    same("Vary: Foo", "Foo: 1", "Foo: 1");
    differ("Vary: Foo", "Foo: 1", "Foo: 2");
    same("Vary: Foo", "Foo: 1\nOther: 2", "Foo: 1\nOther: 3");
    same("Vary: Foo, Bar", "Foo: 1\nBar: a", "Bar: a\nFoo: 1");
    differ("Vary: Foo, Bar", "Foo: 1\nBar: a", "Foo: 1\nBar: b");
    differ("Vary: Foo\nVary: Bar", "Foo: 1\nBar: a", "Foo: 1\nBar: b");
}

#[test]
fn absent_matches_absent_only_rfc_9111_4_1() {
    same("Vary: Foo", "", "");
    differ("Vary: Foo", "", "Foo: 1");
    differ("Vary: Foo", "Foo: 1", "");
    differ("Vary: Foo", "", "Foo:");
    differ("Vary: Foo", "Foo:", "");
    same("Vary: Foo", "Foo:", "Foo:");
}

#[test]
fn lines_and_white_space_are_normalized_rfc_9111_4_1() {
    same("Vary: Foo", "Foo: 1, 2", "Foo: 1\nFoo: 2");
    same("Vary: Foo", "Foo: 1,2", "Foo: 1 ,\t 2");
    differ("Vary: Foo", "Foo: 1 2", "Foo: 12");
    differ("Vary: Foo", "Foo: 1  2", "Foo: 1 2");
    differ("Vary: Foo", "Foo: 1, 2", "Foo: 2, 1");
    differ("Vary: Foo", "Foo: \"a, b\"", "Foo: \"a,b\"");
    differ("Vary: Foo", "Foo: \"a\\\", b\"", "Foo: \"a\\\",b\"");
}

#[test]
fn case_is_normalized_where_it_has_no_meaning_rfc_9111_4_1() {
    same(
        "Vary: Accept-Language",
        "Accept-Language: en, de",
        "Accept-Language: eN,De",
    );
    same(
        "Vary: Accept-Encoding",
        "Accept-Encoding: GZIP",
        "Accept-Encoding: gzip",
    );
    differ("Vary: Foo", "Foo: A", "Foo: a");
}

#[test]
fn what_varies_does_not_show_credentials() {
    let Names::Listed(names) = names(&headers("Vary: Authorization")) else {
        panic!("it names a field");
    };
    let varied = values(names, &headers("Authorization: Bearer s3cret"));
    assert_eq!(format!("{varied:?}"), "[Varied(authorization)]");
}
