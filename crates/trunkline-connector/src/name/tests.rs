//! Names are what folders, paths and settings can all hold, and nothing else.

use proptest::prelude::*;
use regex_lite::Regex;

use super::{ConnectorName, PATTERN};
use crate::seeded::seeded;

#[test]
fn names_are_short_lower_case_words() {
    for name in ["openai", "a", "a-1", "a--", &"a".repeat(31)] {
        assert_eq!(name.parse::<ConnectorName>().unwrap().as_str(), name);
    }
    for text in [
        "",
        "-",
        "1a",
        "OpenAI",
        "open_ai",
        "a/b",
        "é",
        &"a".repeat(32),
        &"a".repeat(300),
    ] {
        assert!(text.parse::<ConnectorName>().is_err(), "{text:?}");
    }
}

#[test]
fn a_refusal_shows_the_start_of_a_long_text_only() {
    let error = "x!".repeat(500).parse::<ConnectorName>().unwrap_err();
    assert!(error.to_string().len() < 250, "{error}");
}

#[test]
fn names_pass_through_json() {
    let name: ConnectorName = serde_json::from_str("\"stripe\"").unwrap();
    assert_eq!(serde_json::to_string(&name).unwrap(), "\"stripe\"");
    assert_eq!(
        format!("{name} {name:?} {name:>8}"),
        "stripe \"stripe\"   stripe"
    );
    assert!(serde_json::from_str::<ConnectorName>("\"Stripe\"").is_err());
}

proptest! {
    #![proptest_config(seeded(512))]

    #[test]
    fn the_pattern_says_the_same_as_the_parser(text in "[a-cA0-1_. -]{0,33}") {
        let pattern = Regex::new(PATTERN).unwrap();
        prop_assert_eq!(text.parse::<ConnectorName>().is_ok(), pattern.is_match(&text));
    }

    #[test]
    fn names_print_and_sort_as_their_texts(
        left in "[a-z][a-z0-9-]{0,30}",
        right in "[a-z][a-z0-9-]{0,30}",
    ) {
        let names: (ConnectorName, ConnectorName) = (left.parse().unwrap(), right.parse().unwrap());
        prop_assert_eq!(names.0.to_string(), left.clone());
        prop_assert_eq!(names.0.cmp(&names.1), left.cmp(&right));
    }

    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        drop(text.parse::<ConnectorName>());
    }
}
