//! What a remembered answer says of itself.

use super::*;
use crate::samples::{at, headers, stored, try_store};

const FIVE_MINUTES: Policy = Policy::Explicit(Duration::from_mins(5));

#[test]
fn conditions_are_the_stored_validators_rfc_9111_4_3_1() {
    let both = stored("Cache-Control: max-age=1\nETag: W/\"a\"\nLast-Modified: {-5}");
    let conditions = both.conditions();
    assert_eq!(
        conditions.if_none_match,
        Some(HeaderValue::from_static("W/\"a\""))
    );
    assert_eq!(
        conditions.if_modified_since.as_ref(),
        both.headers().get("last-modified")
    );
    let unquoted = stored("Cache-Control: max-age=1\nETag: abc").conditions();
    assert_eq!(
        unquoted.if_none_match,
        Some(HeaderValue::from_static("abc"))
    );
    let neither = stored("Cache-Control: max-age=1\nETag:\nLast-Modified: yesterday");
    assert!(neither.conditions().is_empty());
}

#[test]
fn our_conditions_take_the_place_of_the_callers_rfc_9111_4_3_1() {
    let stored = stored("Cache-Control: max-age=1\nETag: \"a\"");
    let caller = "If-None-Match: \"x\"\nIf-Modified-Since: {0}\nRange: bytes=0-1\nIf-Range: \"x\"\nAccept: y";
    let mut asked = headers(caller);
    stored.conditions().apply(&mut asked);
    assert_eq!(asked, headers("If-None-Match: \"a\"\nAccept: y"));
}

#[test]
fn with_nothing_to_ask_by_the_callers_conditions_stay() {
    let caller = headers("If-None-Match: \"x\"\nRange: bytes=0-1");
    let mut asked = caller.clone();
    stored("Cache-Control: max-age=1")
        .conditions()
        .apply(&mut asked);
    assert_eq!(asked, caller);
}

#[test]
fn a_request_for_the_store_wants_the_whole() {
    let mut asked = headers("If-None-Match: \"x\"\nRange: bytes=0-1\nAccept: y");
    stored("Cache-Control: max-age=1")
        .conditions()
        .apply_for_store(&mut asked);
    assert_eq!(asked, headers("Accept: y"));
}

#[test]
fn a_post_is_not_asked_about_by_conditions_rfc_9110_13_1_2() {
    let policy = Policy::ExplicitPost(Duration::from_mins(1));
    let post = try_store(policy, "POST", "ETag: \"a\"\nLast-Modified: {-5}");
    assert!(post.expect("it is stored").conditions().is_empty());
}

#[test]
fn parts_are_all_that_a_second_tier_needs() {
    let first = try_store(
        FIVE_MINUTES,
        "Foo: 1",
        "Age: 3\nVary: Foo\nETag: \"a\"\nCache-Control: stale-if-error=9",
    )
    .expect("it is stored");
    let second = Stored::new(first.parts().clone());
    assert_eq!(second.lifetime(), first.lifetime());
    assert_eq!(second.age(at(4)), first.age(at(4)));
    assert_eq!(second.useful_until_age(), Duration::from_secs(312));
    assert_eq!(second.parts().vary, first.parts().vary);
}

#[test]
fn what_can_still_serve_says_until_when() {
    for (control, expected) in [
        ("max-age=10", 10),
        ("max-age=10, stale-while-revalidate=5, stale-if-error=7", 17),
        ("max-age=10, stale-if-error=7, must-revalidate", 10),
        ("max-age=10, no-cache", 0),
    ] {
        let stored = stored(&format!("ETag: \"a\"\nCache-Control: {control}"));
        assert_eq!(stored.useful_until_age().as_secs(), expected, "{control}");
    }
}

#[test]
fn the_size_grows_with_what_is_kept() {
    let small = stored("Cache-Control: max-age=60").size();
    let large = stored(&format!(
        "Cache-Control: max-age=60\nX: {}",
        "y".repeat(1000)
    ))
    .size();
    assert!(small + 1000 < large && large < small + 1400);
}

#[test]
fn debug_shows_no_values() {
    let stored = try_store(
        Policy::Headers,
        "X-Key: s3cret",
        "Cache-Control: max-age=60\nVary: X-Key\nX-Token: s3cret",
    )
    .expect("it is stored");
    assert!(!format!("{stored:?} {:?}", stored.parts()).contains("s3cret"));
}
