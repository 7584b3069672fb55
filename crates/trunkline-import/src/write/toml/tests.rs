//! What is written reads as what was meant.

use proptest::prelude::*;
use serde_json::{Value, json};
use trunkline_connector::document::{Document, Source};

use super::*;

#[track_caller]
fn reads(text: String) {
    let source = Source {
        name: "a.toml".to_owned(),
        text,
    };
    if let Err(problems) = Document::parse(source.clone()) {
        panic!("{problems:?} in {}", source.text);
    }
}

#[test]
fn values_are_written_as_toml_has_them() {
    assert_eq!(
        value(&json!({ "a b": [1, 1.0, 1e100, true, null, "é\"\n"] })),
        r#"{ "a b" = [1, 1.0, 1e100, true, "é\"\n"] }"#
    );
    assert_eq!(value(&json!(u64::MAX)), "1.8446744073709552e19");
    assert_eq!(value(&json!({})), "{}");
    assert_eq!(value(&Value::Null), "\"\"");
}

#[test]
fn a_comment_is_one_line() {
    let mut text = Text::default();
    text.comment("a\r\nb\u{0} c\u{85}");
    assert_eq!(text.into_string(), "# a b c\n");
}

proptest! {
    #[test]
    fn any_text_is_written_so_that_it_can_be_read(text in any::<String>(), key_text in any::<String>(), number in any::<f64>()) {
        let mut written = Text::default();
        written.comment(&text);
        written.field(&key(&key_text), &string(&text));
        written.field("number", &value(&serde_json::Number::from_f64(number).map_or(Value::Null, Value::Number)));
        written.field("table", &inline([(key_text.as_str(), string(&text))].into_iter()));
        if key_text != "number" && key_text != "table" {
            reads(written.into_string());
        }
    }
}
