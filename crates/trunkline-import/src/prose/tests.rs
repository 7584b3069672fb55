//! What descriptions are cut down to.

use super::*;

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(first_sentence(text, 40), expected);
}

#[test]
fn the_first_sentence_is_kept() {
    check("Lists all. And more.", "Lists all");
    check("Lists all\n\nEvery one", "Lists all");
    check("Lists\n   all:", "Lists all");
    check(
        "A kind (e.g. `x`, i.e. `y`). More",
        "A kind (e.g. `x`, i.e. `y`)",
    );
    check("", "");
    check(" . ", "");
}

#[test]
fn markup_is_left_out() {
    check("<p>Creates a <b>thing</b></p>", "Creates a thing");
    check(
        "See [the docs](https://x.example/a_(b)) **now**",
        "See the docs) now",
    );
    check("# Heading", "Heading");
    check("less < more", "less < more");
    check("bell\u{7} and tab\t", "bell and tab");
    check("a < b <unclosed", "a < b");
}

#[test]
fn what_is_too_long_ends_between_words() {
    check(
        "one two three four five six seven eight nine ten",
        "one two three four five six seven…",
    );
    check(&"x".repeat(60), &format!("{}…", "x".repeat(39)));
    check(&"é".repeat(60), &format!("{}…", "é".repeat(39)));
}
