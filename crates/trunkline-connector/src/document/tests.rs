//! Places are right to the character, and every sort of shape is told from what does not fit.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use expect_test::{Expect, expect};
use proptest::prelude::*;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Document, Path, Problem, Source, Step};
use crate::name::ConnectorName;
use crate::seeded::seeded;
use crate::units::{Size, Span};

fn source(text: &str) -> Source {
    Source {
        name: "a.toml".to_owned(),
        text: text.to_owned(),
    }
}

fn parse(text: &str) -> Document {
    Document::parse(source(text)).unwrap()
}

fn shown(problems: &[Problem]) -> String {
    let lines: Vec<String> = problems.iter().map(Problem::to_string).collect();
    lines.join("\n") + "\n"
}

/// What is wrong with a text that should be a `T`.
#[track_caller]
fn check<T: DeserializeOwned + JsonSchema + std::fmt::Debug>(text: &str, expected: Expect) {
    let read = parse(text).read::<T>();
    expected.assert_eq(&read.map_or_else(|problems| shown(&problems), |read| format!("{read:?}")));
}

#[track_caller]
fn check_place(text: &str, steps: &[Step], expected: Expect) {
    let path: Path = steps.iter().cloned().collect();
    let problem = parse(text).problem(&path, path.to_string());
    expected.assert_eq(&problem.to_string());
}

/// Every sort of value that settings and connectors are made of.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "read through `Debug`")]
struct Everything {
    text: Option<String>,
    count: Option<NonZeroU32>,
    ratio: Option<f64>,
    switch: Option<bool>,
    span: Option<Span>,
    size: Option<Size>,
    #[schemars(length(min = 1, max = 2))]
    few: Option<Vec<String>>,
    #[schemars(length(min = 2))]
    long: Option<String>,
    by_name: Option<BTreeMap<ConnectorName, Inner>>,
    one_or_many: Option<OneOrMany>,
    external: Option<External>,
    internal: Option<Internal>,
    plain: Option<Plain>,
    anything: Option<serde_json::Value>,
    even: Option<Even>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "read through `Debug`")]
struct Inner {
    value: i64,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "read through `Debug`")]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
    Table(Inner),
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[expect(dead_code, reason = "read through `Debug`")]
enum External {
    /// Nothing.
    Off,
    /// A number.
    Number(u8),
    /// A table.
    Nested(Inner),
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[expect(dead_code, reason = "read through `Debug`")]
enum Internal {
    None {},
    Inner { value: i64 },
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Plain {
    First,
    Second,
}

/// A type whose rule its schema does not know.
#[derive(Debug, Deserialize)]
#[serde(try_from = "i64")]
#[expect(dead_code, reason = "read through `Debug`")]
struct Even(i64);

impl TryFrom<i64> for Even {
    type Error = String;

    fn try_from(value: i64) -> Result<Self, String> {
        if value % 2 == 0 {
            Ok(Self(value))
        } else {
            Err(format!("`{value}` is odd"))
        }
    }
}

impl JsonSchema for Even {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Even".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "integer" })
    }
}

#[test]
fn what_fits_is_read() {
    check::<Everything>(
        r#"
        count = 3
        span = "5m"
        size = "2KiB"
        few = ["a"]
        one_or_many = ["b"]
        external = { nested = { value = 1 } }
        internal.kind = "none"
        plain = "second"
        anything = { z = 1, a = [true] }
        [by_name]
        open-ai = { value = 0x10 }
        "#,
        expect![[
            r#"Everything { text: None, count: Some(3), ratio: None, switch: None, span: Some(Span(300s)), size: Some(Size(2048)), few: Some(["a"]), long: None, by_name: Some({"open-ai": Inner { value: 16 }}), one_or_many: Some(Many(["b"])), external: Some(Nested(Inner { value: 1 })), internal: Some(None), plain: Some(Second), anything: Some(Object {"z": Number(1), "a": Array [Bool(true)]}), even: None }"#
        ]],
    );
}

#[test]
fn every_wrong_value_is_told_apart() {
    check::<Everything>(
        r#"text = ["a"]
count = 0
ratio = nan
switch = "yes"
span = "5 minutes"
size = "2KB"
few = ["a", "b", "c"]
long = "a"
by_name = { Open = { value = 1 }, ok = { value = "1" } }
"#,
        expect![[r#"
            a.toml:1:8: `text` is a list; it takes a text
            a.toml:2:9: `count` is 0
              hint: allowed: 1 and more
            a.toml:3:9: `ratio` is the number NaN; it takes a number
            a.toml:4:10: `switch` is the text "yes"; it takes `true` or `false`
            a.toml:5:8: `span` is `5 minutes`; it takes a time such as `500ms`, `30s`, `5m`, `1h` or `7d`
            a.toml:6:8: `size` is `2KB`; it takes a size such as `512B`, `64KiB`, `2MiB` or `1GiB`
            a.toml:7:7: `few` has 3 values
              hint: allowed: at most 2
            a.toml:8:8: `long` has 1 characters
              hint: allowed: at least 2
            a.toml:9:13: `by_name.Open` is not known
              hint: allowed: a name of lower-case letters, digits and `-`, at most 31, such as `acme`
            a.toml:9:50: `by_name.ok.value` is the text "1"; it takes a whole number
        "#]],
    );
}

#[test]
fn a_union_complains_about_the_branch_that_was_meant() {
    check::<Everything>(
        "one_or_many = 7\nexternal = \"on\"\ninternal = { value = 1 }\nplain = \"third\"",
        expect![[r#"
            a.toml:1:15: `one_or_many` is the number 7; it takes a text or a list or a table with `value`
            a.toml:2:12: `external` is `on`
              hint: allowed: `off`, or a table with one of `number` or `nested`
            a.toml:3:12: `internal.kind` is missing
              hint: allowed: `none` or `inner`
            a.toml:4:9: `plain` is `third`
              hint: allowed: `first` or `second`
        "#]],
    );
    check::<Everything>(
        "one_or_many = { value = true }\nexternal = { number = 300 }\ninternal = { kind = \"inner\", valu = 1 }\nplain = {}",
        expect![[r#"
            a.toml:1:25: `one_or_many.value` is `true`; it takes a whole number
            a.toml:2:23: `external.number` is 300
              hint: allowed: 0 to 255
            a.toml:3:12: `internal.value` is missing
            a.toml:3:30: `internal.valu` is not known
              hint: did you mean `value`? allowed: `kind` or `value`
            a.toml:4:9: `plain` is a table; it takes `first` or `second`
        "#]],
    );
    check::<Everything>(
        "one_or_many = [1]\nexternal = {}\ninternal = { kind = 3 }\n",
        expect![[r#"
            a.toml:1:16: `one_or_many[0]` is the number 1; it takes a text
            a.toml:2:12: `external` is empty
              hint: allowed: one of `number` or `nested`
            a.toml:3:21: `internal.kind` is the number 3; it takes `none` or `inner`
        "#]],
    );
}

#[test]
fn what_only_the_type_knows_has_a_place_too() {
    check::<Everything>(
        "text = \"a\"\neven = 3\n",
        expect![[r#"
        a.toml:2:8: `3` is odd
    "#]],
    );
}

#[test]
fn what_json_cannot_say_is_refused_where_anything_goes() {
    check::<Everything>(
        "anything = [1, { a = inf }, 2026-01-01]\n",
        expect![[r#"
        a.toml:1:22: `anything[1].a` is `inf`
          hint: allowed: finite numbers
        a.toml:1:29: `anything[2]` is a date or time; it takes a text, a number, `true`, `false`, a list or a table
          hint: put it between quotes
    "#]],
    );
}

#[test]
fn every_syntax_error_is_reported_at_its_place() {
    let problems = Document::parse(source("é = 1\na = 1\na = 2\nb = \"x\n")).unwrap_err();
    expect![[r#"
        a.toml:1:1: invalid unquoted key, expected letters, numbers, `-`, `_`
        a.toml:3:1: duplicate key
        a.toml:4:7: invalid basic string, expected `"`
    "#]]
    .assert_eq(&shown(&problems));
}

#[test]
fn places_count_characters_and_name_the_nearest_value() {
    let text = "a = 1\r\n\"éé\" = { b = [1, { c = 2 }] }\n[d.e]\nf = 1\n[[g]]\nh = 1\n[[g]]\n";
    check_place(text, &[], expect!["a.toml:1:1: "]);
    check_place(
        text,
        &["éé".into(), "b".into(), 1.into(), "c".into()],
        expect![[r#"a.toml:2:24: "éé".b[1].c"#]],
    );
    check_place(
        text,
        &["éé".into(), "b".into(), 7.into()],
        expect![[r#"a.toml:2:14: "éé".b[7]"#]],
    );
    check_place(text, &["d".into(), "e".into()], expect!["a.toml:3:1: d.e"]);
    check_place(
        text,
        &["d".into(), "e".into(), "f".into()],
        expect!["a.toml:4:5: d.e.f"],
    );
    check_place(text, &["g".into(), 1.into()], expect!["a.toml:7:1: g[1]"]);
    check_place(text, &["nothing".into()], expect!["a.toml:1:1: nothing"]);
}

#[test]
fn a_place_is_known_only_where_something_stands() {
    let document = parse("a = [1]\n");
    let place = document.place(&Path::root().key("a").index(0)).unwrap();
    assert_eq!((place.line, place.column), (1, 6));
    assert_eq!(document.place(&Path::root().key("a").index(1)), None);
}

/// A text that fits, to be damaged.
const FITTING: &str = r#"
text = "a" # é
count = 3
span = "5m"
few = ["a"]
external = { nested = { value = 1 } }
internal = { kind = "inner", value = 1 }
anything = { z = 1979-05-27, a = [true, 1.5e3] }
[by_name.open-ai]
value = 0x10
"#;

proptest! {
    #![proptest_config(seeded(2_000))]

    /// Whatever is written, it is read or every problem has a place within the text.
    #[test]
    fn every_problem_stands_in_the_text(
        place in 0..FITTING.len(),
        length in 0..12_usize,
        put in "[\\[\\]{}=\",.'#a-z0-9 \n\r\u{e9}-]{0,5}",
    ) {
        let bytes = FITTING.as_bytes();
        let end = bytes.len().min(place + length);
        let damaged = [&bytes[..place], put.as_bytes(), &bytes[end..]].concat();
        let text = String::from_utf8_lossy(&damaged).into_owned();
        let problems = match Document::parse(source(&text)) {
            Ok(document) => document.read::<Everything>().err().unwrap_or_default(),
            Err(problems) => problems,
        };
        let lines: Vec<&str> = text.split('\n').collect();
        for problem in problems {
            let line = lines.get(problem.line - 1);
            prop_assert!(line.is_some_and(|line| problem.column <= line.chars().count() + 1), "{}", problem);
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in any::<String>()) {
        if let Ok(document) = Document::parse(source(&text)) {
            drop(document.read::<Everything>());
        }
    }
}

#[test]
fn every_pattern_of_a_connector_is_said_in_words() {
    fn patterns(schema: &serde_json::Value, found: &mut Vec<String>) {
        match schema {
            serde_json::Value::Object(fields) => {
                for (key, value) in fields {
                    match value {
                        serde_json::Value::String(pattern) if key == "pattern" => {
                            found.push(pattern.clone());
                        }
                        value => patterns(value, found),
                    }
                }
            }
            serde_json::Value::Array(values) => {
                for value in values {
                    patterns(value, found);
                }
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    for schema in [
        crate::schema::connector(),
        crate::schema::operations(),
        crate::schema::example(),
    ] {
        patterns(&schema, &mut found);
    }
    assert!(found.len() > 20, "{found:?}");
    found.retain(|pattern| super::shape::patterns::in_words(pattern).is_none());
    assert_eq!(found, Vec::<String>::new());
}
#[test]
fn one_place_has_one_syntax_error() {
    let check = |text: &str, expected: Expect| {
        expected.assert_eq(&shown(&Document::parse(source(text)).unwrap_err()));
    };
    check(
        "a = { b = [1, { c = \"x\n",
        expect![[r#"
            a.toml:1:23: invalid basic string, expected `"`
        "#]],
    );
    check(
        "a = { b = { c = } }\n",
        expect![[r#"
            a.toml:1:17: invalid literal string, expected `'`
        "#]],
    );
}

#[test]
fn json_problems_have_a_place() {
    let check = |text: &str, expected: Expect| {
        let problem = source(text).json().unwrap_err();
        expected.assert_eq(&problem.to_string());
    };
    check(
        "{\n  \"é\": tru\n}",
        expect!["a.toml:3:1: the file is no JSON: expected ident"],
    );
    check(
        "",
        expect!["a.toml:1:1: the file is no JSON: EOF while parsing a value"],
    );
    check(
        "{\"a\": 1,\n",
        expect!["a.toml:2:1: the file is no JSON: EOF while parsing a value"],
    );
    check(
        "[1 2]",
        expect!["a.toml:1:4: the file is no JSON: expected `,` or `]`"],
    );
    assert_eq!(source("[1]").json().unwrap(), serde_json::json!([1]));
}

#[test]
fn a_date_is_refused_where_anything_goes_and_is_explained() {
    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "read through `Debug`")]
    struct Explained {
        /// Whatever one likes.
        value: Option<serde_json::Value>,
    }
    check::<Explained>(
        "value = 2026-01-01\n",
        expect![[r#"
            a.toml:1:9: `value` is a date or time; it takes a text, a number, `true`, `false`, a list or a table
              hint: put it between quotes
        "#]],
    );
}
