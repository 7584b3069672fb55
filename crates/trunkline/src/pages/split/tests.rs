//! Records leave a page as they came, and what remains says the same as the whole.

use expect_test::{Expect, expect};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::split;

#[track_caller]
fn check(body: &str, items: &str, expected: Expect) {
    let found = match split(body.as_bytes(), items) {
        Ok(split) => format!("{} of\n{}{}\n", split.count, split.lines, split.rest),
        Err(err) => format!("{err}\n"),
    };
    expected.assert_eq(&found);
}

#[test]
fn records_stay_as_they_came() {
    check(
        r#"{"data": [{"id": 1.50, "a":"\u0041"}, 2e3 ,"x"], "has_more": true}"#,
        "/data",
        expect![[r#"
            3 of
            {"id": 1.50, "a":"\u0041"}
            2e3
            "x"
            {"data":[null,null,"x"],"has_more":true}
        "#]],
    );
}

#[test]
fn a_record_over_several_lines_becomes_one() {
    check(
        "[{\n  \"a b\": \"c \\\" d\\\\\",\r\n\t\"e\": [1, 2]\n}]",
        "",
        expect![[r#"
            1 of
            {"a b":"c \" d\\","e":[1,2]}
            [{"a b":"c \" d\\","e":[1,2]}]
        "#]],
    );
}

#[test]
fn the_way_to_records_leads_through_objects_lists_and_escapes() {
    check(
        r#"[{"a/b":{"~":[1,2]},"c":[3]},{"a/b":{"~":[4]}}]"#,
        "/0/a~1b/~0",
        expect![[r#"
            2 of
            1
            2
            [{"a/b":{"~":[null,2]},"c":[3]},{"a/b":{"~":[4]}}]
        "#]],
    );
}

#[test]
fn what_is_no_list_has_no_records() {
    check(
        r#"{"data": {"a": [1]}}"#,
        "/data",
        expect![[r#"
            0 of
            {"data":{"a":[1]}}
        "#]],
    );
    check(
        r#"{"data": null}"#,
        "/data",
        expect![[r#"
            0 of
            {"data":null}
        "#]],
    );
    check(
        "[]",
        "",
        expect![[r#"
            0 of
            []
        "#]],
    );
}

#[test]
fn the_later_of_two_fields_counts() {
    check(
        r#"{"data": [1, 2], "data": [3]}"#,
        "/data",
        expect![[r#"
            1 of
            3
            {"data":[3]}
        "#]],
    );
}

#[test]
fn what_is_no_json_says_where() {
    check(
        r#"{"data": [1, 2"#,
        "/data",
        expect![[r#"
            EOF while parsing a list at line 1 column 14
        "#]],
    );
    check(
        "<html>",
        "/data",
        expect![[r#"
            expected value at line 1 column 1
        "#]],
    );
    check(
        "[1] [2]",
        "",
        expect![[r#"
            trailing characters at line 1 column 5
        "#]],
    );
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((".{0,4}", inner), 0..4)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_record_is_lost_or_changed(
        records in prop::collection::vec(any_json(), 0..6),
        beside in any_json(),
        is_pretty: bool,
    ) {
        let body = json!({ "beside": beside, "page": { "records": records } });
        let text = if is_pretty {
            serde_json::to_string_pretty(&body).unwrap()
        } else {
            body.to_string()
        };
        let split = split(text.as_bytes(), "/page/records").unwrap();
        let lines: Vec<Value> = split
            .lines
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        prop_assert_eq!(&lines, &records);
        prop_assert_eq!(split.count, records.len() as u64);
        prop_assert_eq!(split.rest.pointer("/beside"), Some(&beside));
        let kept = split.rest.pointer("/page/records").and_then(Value::as_array).unwrap();
        prop_assert_eq!(kept.len(), records.len());
        prop_assert_eq!(kept.last(), records.last());
    }
}
