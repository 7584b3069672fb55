//! How JSON is shown.

use expect_test::{Expect, expect};
use proptest::prelude::*;
use serde_json::Value;

use super::{compact, is_json, pretty};
use crate::printer::Look;

#[track_caller]
fn check(text: &str, look: Look, expected: Expect) {
    assert!(is_json(text.as_bytes()), "{text}");
    expected.assert_eq(&pretty(text, look));
}

#[test]
fn objects_and_lists_are_indented_and_empty_ones_stay_short() {
    check(
        r#"{"a":[1,{"b":null}],"c":{},"d":[ ]}"#,
        Look::Plain,
        expect![[r#"
        {
          "a": [
            1,
            {
              "b": null
            }
          ],
          "c": {},
          "d": []
        }"#]],
    );
}

#[test]
fn numbers_and_texts_stay_as_they_came() {
    check(
        r#"[1.0, 1e400, 12345678901234567890123, "\u00e9\"]"]"#,
        Look::Plain,
        expect![[r#"
        [
          1.0,
          1e400,
          12345678901234567890123,
          "\u00e9\"]"
        ]"#]],
    );
}

#[test]
fn keys_and_values_have_colors_of_their_own() {
    check(
        r#"{"a":"b","c":1}"#,
        Look::Colored,
        expect![[r#"
        {
          [34m"a"[0m: [32m"b"[0m,
          [34m"c"[0m: [36m1[0m
        }"#]],
    );
}

#[test]
fn a_line_has_no_spaces_between_its_pieces() {
    expect![[r#"{"a b":[1,2],"c\" d":true}"#]]
        .assert_eq(&compact("{ \"a b\" : [ 1 , 2 ],\n \"c\\\" d\": true }"));
}

proptest! {
    #[test]
    fn layout_changes_no_value(text in r#"[\PC\n"\\{}\[\],:0-9]{0,40}"#, number in any::<f64>()) {
        let number = if number.is_finite() { number } else { 0.0 };
        let value = serde_json::json!({ "text": text, "list": [number, [], {}], "none": null });
        let written = value.to_string();
        let laid_out = pretty(&written, Look::Plain);
        prop_assert_eq!(serde_json::from_str::<Value>(&laid_out).ok(), Some(value));
        prop_assert_eq!(compact(&laid_out), written);
    }

    #[test]
    fn what_is_no_json_is_laid_out_without_panic(text in r#"[\PC\n"\\{}\[\],: ]{0,40}"#) {
        let kept = |text: &str| text.chars().filter(|letter| !letter.is_whitespace()).collect::<String>();
        prop_assert_eq!(kept(&compact(&text)), kept(&text));
        prop_assert!(pretty(&text, Look::Terminal).len() >= compact(&text).len());
    }
}
