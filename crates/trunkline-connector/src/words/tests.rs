//! Lists and suggestions read like sentences.

use super::{all_of, allowed, any_of, nearest};

#[test]
fn lists_have_commas_and_one_last_word() {
    assert_eq!(any_of([]), "");
    assert_eq!(any_of(["a"]), "`a`");
    assert_eq!(any_of(["a", "b"]), "`a` or `b`");
    assert_eq!(all_of(["a", "b", "c"]), "`a`, `b` and `c`");
}

#[test]
fn a_near_miss_is_suggested_and_a_far_one_is_not() {
    assert_eq!(nearest("timout", ["title", "timeout"]), Some("timeout"));
    assert_eq!(nearest("Bearer", ["basic", "bearer"]), Some("bearer"));
    assert_eq!(
        nearest("issues.lst", ["issues.list", "repos.list"]),
        Some("issues.list")
    );
    assert_eq!(nearest("zebra", ["basic", "bearer"]), None);
    assert_eq!(nearest("", ["basic"]), None);
}

#[test]
fn what_is_allowed_is_always_said() {
    assert_eq!(allowed("x", []), "nothing is allowed here");
    assert_eq!(
        allowed("basc", ["basic", "none"]),
        "did you mean `basic`? allowed: `basic` or `none`"
    );
    assert_eq!(
        allowed("x", ["basic", "none"]),
        "allowed: `basic` or `none`"
    );
}
