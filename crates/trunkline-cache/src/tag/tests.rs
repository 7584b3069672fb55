//! Weak and strong comparison, and lists of tags as they are sent.

use super::*;

fn tag(text: &str) -> Tag<'_> {
    Tag::read(text.as_bytes()).expect("a tag")
}

#[test]
fn the_table_of_rfc_9110_8_8_3_2_holds() {
    for (one, two, strongly, weakly) in [
        ("W/\"1\"", "W/\"1\"", false, true),
        ("W/\"1\"", "W/\"2\"", false, false),
        ("W/\"1\"", "\"1\"", false, true),
        ("\"1\"", "\"1\"", true, true),
    ] {
        assert_eq!(tag(one).equals_strongly(tag(two)), strongly, "{one} {two}");
        assert_eq!(tag(one).equals_weakly(tag(two)), weakly, "{one} {two}");
    }
}

#[test]
fn lists_of_tags_are_split_outside_quotes_rfc_9110_13_1_2() {
    let stored = tag("\"a,b\"");
    for (list, expected) in [
        ("\"a,b\"", true),
        ("\"x\", \"a,b\" , \"y\"", true),
        ("W/\"a,b\"", true),
        ("*", true),
        ("\"x\",*", true),
        ("\"a\", \"b\"", false),
        ("\"*\"", false),
        ("a,b", false),
        ("", false),
        ("\"a,b", false),
    ] {
        let line = HeaderValue::from_static(list);
        assert_eq!(lists(&[&line], Some(stored)), expected, "{list}");
    }
}

#[test]
fn all_lines_are_one_list_and_only_a_star_needs_no_tag() {
    let [x, a, star] = ["\"x\"", "\"a\"", "*"].map(HeaderValue::from_static);
    assert!(lists(&[&x, &a], Some(tag("\"a\""))));
    assert!(!lists(&[&x, &a], None));
    assert!(lists(&[&star], None));
}

#[test]
fn a_tag_without_quotes_is_itself_only() {
    assert!(tag("abc").equals_strongly(tag(" abc ")));
    assert!(!tag("abc").equals_weakly(tag("\"abc\"")));
    assert_eq!(Tag::read(b"W/"), None);
    assert_eq!(Tag::read(b" "), None);
}
