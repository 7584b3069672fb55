//! Schemas told in words.

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use super::{alternative, kind, page, title, write_part};

#[track_caller]
fn check_kind(schema: Value, expected: Expect) {
    expected.assert_eq(&kind(&schema));
}

#[test]
fn kinds_are_words_and_links() {
    check_kind(
        json!({ "type": "string", "pattern": "^a" }),
        expect!["text"],
    );
    check_kind(json!({ "type": ["string", "null"] }), expect!["text"]);
    check_kind(
        json!({ "type": "integer", "minimum": 1, "maximum": 10 }),
        expect!["1 to 10"],
    );
    check_kind(
        json!({ "type": "integer", "minimum": 0 }),
        expect!["whole number"],
    );
    check_kind(json!({ "type": "boolean" }), expect!["`true` or `false`"]);
    check_kind(json!(true), expect!["any value"]);
    check_kind(
        json!({ "type": "array", "items": { "$ref": "#/definitions/WaitSource" } }),
        expect!["list of [wait source](#wait-source)"],
    );
    check_kind(
        json!({ "anyOf": [{ "$ref": "#/definitions/Span" }, { "type": "null" }] }),
        expect!["[span](#span)"],
    );
    check_kind(
        json!({ "type": "object", "additionalProperties": { "type": "string" } }),
        expect!["table of text"],
    );
}

#[test]
fn titles_are_for_people() {
    assert_eq!(title("IdentitySection"), "Identity");
    assert_eq!(title("WaitSource"), "Wait source");
}

#[test]
fn a_table_of_keys_says_which_are_needed() {
    let part = json!({
        "description": "Who it is.",
        "properties": {
            "name": { "type": "string", "description": "The folder's name." },
            "docs": { "type": "string" },
        },
        "required": ["name"],
    });
    let mut text = String::new();
    write_part(&mut text, "Identity", &part);
    expect![[r#"

        ## Identity

        Who it is.

        | key | type | needed | meaning |
        | --- | --- | --- | --- |
        | `name` | text | yes | The folder's name. |
        | `docs` | text |  |  |
    "#]]
    .assert_eq(&text);
}

#[test]
fn alternatives_are_told_apart_by_what_tells_them_apart() {
    assert_eq!(
        alternative(&json!({ "const": "ok", "description": "It worked." })),
        "- `\"ok\"`: It worked."
    );
    let tagged = json!({
        "description": "A token.",
        "properties": { "kind": { "const": "bearer" }, "secret": { "type": "string", "description": "Which." } },
        "required": ["kind", "secret"],
    });
    expect![[r#"
        - `{ kind = "bearer" }`: A token.
          - `secret` (text): Which."#]]
    .assert_eq(&alternative(&tagged));
    let by_key =
        json!({ "description": "A header.", "properties": { "header": { "type": "string" } } });
    expect![[r#"
        - `{ header = … }`: A header.
          - `header` (text, may be left out)"#]]
    .assert_eq(&alternative(&by_key));
}

#[test]
fn the_page_tells_each_part_once_and_links_nowhere_else() {
    let text = page().text;
    let headings: Vec<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("## "))
        .collect();
    let mut once = headings.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), headings.len(), "{headings:?}");
    let anchors: Vec<String> = headings
        .iter()
        .map(|heading| super::anchor(heading))
        .collect();
    for link in text
        .split("](#")
        .skip(1)
        .filter_map(|rest| rest.split_once(')'))
    {
        assert!(anchors.iter().any(|anchor| anchor == link.0), "{}", link.0);
    }
}
