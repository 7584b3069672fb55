//! What values mean, and what they must not be taken for.

use super::*;

#[test]
fn lists_are_searched_for_whole_members() {
    let value = HeaderValue::from_static("a , B,,c d");
    for (token, expected) in [("a", true), ("b", true), ("c", false), ("c d", true)] {
        assert_eq!(has_token(&value, token), expected, "{token}");
    }
}

#[test]
fn what_is_no_length_is_none() {
    for text in ["", "-1", "+1", "1 ", "0x1", "1,1", "18446744073709551616"] {
        assert_eq!(parse_length(text.as_bytes()), None, "{text:?}");
    }
}

proptest::proptest! {
    #[test]
    fn lengths_are_read_as_they_are_written(number: u64) {
        let text = number.to_string();
        proptest::prop_assert_eq!(parse_length(text.as_bytes()), Some(number));
    }
}
