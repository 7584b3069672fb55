//! Schemas: what they are told to find, in which words, and what they are never to say.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use expect_test::{Expect, expect};
use proptest::prelude::{Strategy, any, prop, proptest};
use serde_json::{Value, json};
use trunkline_connector::{Connector, SchemaFile, builtin};
use trunkline_egress::Clock;

use super::documents::Documents;
use super::sampler::Sampler;
use super::shelf::Shelf;
use super::*;
use crate::secret::Secret;

fn own(schema: &Value) -> Result<Schema, SchemaError> {
    let place = Place::Whole(Arc::new(schema.clone()));
    Schema::compile(place, Formats::Asserted)
}

fn found_in(schema: &Schema, body: &Value) -> Option<Findings> {
    let found = schema.findings(body, Effort::Short);
    found.expect("it is little work")
}

fn differences(schema: &Schema, body: &Value) -> Vec<Difference> {
    let compared = schema.compare(body).expect("it is little work");
    compared.differences
}

/// What is found in a body, a line each, and how much there is.
#[track_caller]
fn check(schema: Value, body: Value, expected: Expect) {
    let schema = own(&schema).expect("the schema is one");
    let text = match found_in(&schema, &body) {
        None => "it fits".to_owned(),
        Some(findings) => {
            let mut lines: Vec<String> = findings.shown.iter().map(ToString::to_string).collect();
            if lines.len() != findings.total {
                lines.push(format!("{} in all", findings.total));
            }
            lines.join("\n")
        }
    };
    expected.assert_eq(&text);
}

#[track_caller]
fn check_unusable(schema: Value, expected: Expect) {
    let error = own(&schema).expect_err("the schema is none");
    expected.assert_eq(&error.to_string());
}

/// How a body differs from what is known of it, a line each.
#[track_caller]
fn check_differences(schema: &Schema, body: Value, expected: Expect) {
    let lines: Vec<String> = differences(schema, &body)
        .into_iter()
        .map(|difference| {
            let Difference {
                path,
                change,
                expected,
                found,
            } = difference;
            format!("{} {path}: {expected} -> {found}", change.as_str())
        })
        .collect();
    expected.assert_eq(&lines.join("\n"));
}

#[test]
fn findings_name_place_expectation_and_kind() {
    let schema = json!({
        "type": "object",
        "required": ["id", "owner"],
        "additionalProperties": false,
        "properties": {
            "id": {"type": "string", "minLength": 3},
            "owner": {"type": ["object", "null"], "required": ["name"]},
            "amount": {"type": "integer", "minimum": 1},
            "state": {"enum": ["open", "closed", null]},
            "kind": {"const": "thing"},
            "tags": {"type": "array", "maxItems": 1, "items": {"type": "string"}, "uniqueItems": true},
            "a/b": {"type": "boolean"}
        }
    });
    check(
        schema.clone(),
        json!({"id": "abc", "owner": null, "amount": 5, "state": null, "kind": "thing"}),
        expect!["it fits"],
    );
    check(
        schema.clone(),
        json!({
            "id": "ab",
            "owner": {},
            "amount": 0,
            "state": "lost",
            "kind": "thung",
            "tags": ["x", "x", 4.5],
            "a/b": "yes",
            "secret~name": "hunter2"
        }),
        expect![[r#"
            /id: expected a text of at least 3 characters, found a text of 2 characters
            /owner/name: expected a value, found nothing
            /amount: expected a number of at least 1, found a whole number
            /state: expected `open`, `closed` or `null`, found a text of 4 characters
            /kind: expected `thing`, found a text of 5 characters
            /tags: expected a list of at most 1, found a list
            /tags: expected a list in which nothing stands twice, found a list
            /tags/2: expected a text, found a number
            /a~1b: expected true or false, found a text of 3 characters
            /secret~0name: expected no such field, found a text of 7 characters"#]],
    );
    check(
        schema,
        json!([1]),
        expect!["expected an object, found a list"],
    );
}

#[test]
fn formats_are_asserted_in_the_apps_own_schemas_alone() {
    let schema = json!({
        "properties": {
            "mail": {"format": "email"},
            "page": {"format": "uri"},
            "at": {"format": "date-time"},
            "id": {"format": "uuid"},
            "other": {"format": "colour"}
        }
    });
    check(
        schema.clone(),
        json!({"mail": "ada@example.com", "page": "https://example.com/a?b", "at": "2026-01-31T12:00:00Z",
               "id": "7f2c1b9e-4b1d-4f0e-9d5a-0c5d3f0a1b2c", "other": "x"}),
        expect!["it fits"],
    );
    let wrong = json!({"mail": "ada at home", "page": "example", "at": "yesterday", "id": "7"});
    check(
        schema.clone(),
        wrong.clone(),
        expect![[r#"
            /mail: expected a mail address, found a text of 11 characters
            /page: expected an address with its scheme, found a text of 7 characters
            /at: expected a time such as `2026-01-31T12:00:00Z`, found a text of 9 characters
            /id: expected a UUID, found a text of 1 character"#]],
    );
    let place = Place::Whole(Arc::new(schema));
    let noted = Schema::compile(place, Formats::Noted).expect("the schema is one");
    assert_eq!(found_in(&noted, &wrong), None);
}

#[test]
fn of_several_ways_the_closest_one_speaks() {
    let schema = json!({
        "properties": {
            "nullable": {"anyOf": [{"type": "object", "required": ["id"]}, {"type": "null"}]},
            "variant": {"oneOf": [
                {"properties": {"type": {"const": "card"}, "last4": {"type": "string"}}},
                {"properties": {"type": {"const": "bank"}, "iban": {"type": "string"}}}
            ]},
            "either": {"anyOf": [{"type": "string"}, {"type": ["integer", "null"]}]},
            "far": {"anyOf": [{"required": ["a"]}, {"required": ["b"]}]}
        }
    });
    check(
        schema,
        json!({
            "nullable": {"name": 1},
            "variant": {"type": "bank", "iban": 5},
            "either": [],
            "far": {}
        }),
        expect![[r#"
            /nullable/id: expected a value, found nothing
            /variant/iban: expected a text, found a whole number
            /either: expected a text or a whole number or null, found a list
            /far: expected a value of one of 2 forms, found an object"#]],
    );
}

#[test]
fn twenty_are_told_and_all_are_counted() {
    let schema = own(&json!({"items": {"type": "string"}})).expect("the schema is one");
    let body: Value = (0..1000).collect();
    let findings = found_in(&schema, &body).expect("nothing fits");
    assert_eq!((findings.shown.len(), findings.total), (20, 1000));
    assert_eq!(
        findings.broken_promise("things.list", "reply"),
        "`things.list` promises a text at `/0`, and the reply has a whole number there (and 999 more)"
    );
    let schema = own(&json!({"properties": {"a": {}}, "additionalProperties": false}))
        .expect("the schema is one");
    let body: Value = (0..30)
        .map(|number| (format!("k{number}"), json!(1)))
        .collect();
    let findings = found_in(&schema, &body).expect("nothing fits");
    assert_eq!((findings.shown.len(), findings.total), (20, 30));
}

#[test]
fn what_is_wrong_behind_much_that_is_right_is_found() {
    let schema = own(&json!({"items": {"type": "integer"}})).expect("the schema is one");
    let mut items: Vec<Value> = (0..TELLING_STEPS).map(Value::from).collect();
    items.push("x".into());
    let findings = found_in(&schema, &items.into()).expect("the last one does not fit");
    assert_eq!(findings.total, 1);
    assert_eq!(findings.shown[0].path, format!("/{TELLING_STEPS}"));
}

#[test]
fn ways_within_ways_do_not_take_for_ever() {
    // Each level doubles what is wrong with the one below it.
    let schema = own(&json!({
        "$ref": "#/$defs/n",
        "$defs": {"n": {"anyOf": [
            {"type": "array", "items": {"$ref": "#/$defs/n"}},
            {"type": "array", "items": {"$ref": "#/$defs/n"}, "minItems": 1}
        ]}}
    }));
    let schema = schema.expect("the schema is one");
    let text = format!("{}1{}", "[".repeat(60), "]".repeat(60));
    let body = serde_json::from_str(&text).expect("that deep may JSON be");
    let findings = found_in(&schema, &body).expect("it does not fit");
    assert!(findings.total > 0);
    assert!(!differences(&schema, &body).is_empty());
}

#[test]
fn errors_keep_no_copy_of_the_body() {
    let schema = own(&json!({"anyOf": [
        {"type": "string"},
        {"additionalProperties": {"items": {"type": "string"}}}
    ]}));
    let schema = schema.expect("the schema is one");
    // Every error below repeats the key.
    let long = "k".repeat(1 << 20);
    let numbers: Value = (0..100_000).collect();
    let body = json!({ long: numbers });
    let allowance = Allowance::new(schema.patterns, TELLING_STEPS, ERRORS_MAX);
    let errors: Vec<_> = schema
        .validator
        .iter_errors(allowance.root(&body))
        .collect();
    assert!(allowance.is_used_up());
    let [error] = errors.as_slice() else {
        panic!("{}", errors.len());
    };
    let ValidationErrorKind::AnyOf { context } = error.kind() else {
        panic!("it is one of two ways");
    };
    let below: usize = context.iter().map(Vec::len).sum();
    assert!(below < 10, "{below}");
}

#[test]
fn too_much_work_is_left_undone() {
    let schema = own(&json!({"uniqueItems": true})).expect("the schema is one");
    let body: Value = (0..2_100_000).collect();
    assert_eq!(schema.findings(&body, Effort::Short), Err(TooMuch));
    assert_eq!(schema.findings(&body, Effort::Long), Ok(None));
    assert!(schema.compare(&body).is_err());
}

#[test]
fn patterns_that_look_ahead_are_tried_so_long() {
    let schema = own(&json!({"anyOf": [
        {"items": {"pattern": "^(?=a)(a|a)*b$"}},
        {"type": "string"}
    ]}));
    let schema = schema.expect("the schema is one");
    assert_eq!(schema.patterns, Patterns::Backtracking);
    assert_eq!(found_in(&schema, &json!(["aab"])), None);
    let hard = "a".repeat(5_000);
    // Nobody can tell, and that is no error of anybody's.
    found_in(&schema, &json!([hard, hard, "c"]));
    let linear = own(&json!({"pattern": "^(a+)+$"})).expect("the schema is one");
    assert_eq!(linear.patterns, Patterns::Linear);
}

#[test]
fn what_is_read_is_bounded() {
    use super::body::{Unread, read};

    let text =
        r#"{"a": [1, -2, 1.5, true, null, "x\n"], "b": {}, "a": {"c": 18446744073709551615}}"#;
    let whole: Value = serde_json::from_str(text).expect("it is JSON");
    assert_eq!(read(text.as_bytes(), 100), Ok(whole));
    assert_eq!(read(b"[1,1,1]", 5).map(|_| ()), Ok(()));
    assert_eq!(read(b"[1,1,1]", 4), Err(Unread::TooMany));
    assert_eq!(read(b"[{\"a\":1}]", 8), Err(Unread::TooMany));
    assert_eq!(read(b"[1,1,1", 3), Err(Unread::NotJson));
    for none in ["", "{", "[1]]", "nul", "{\"a\"}", "'a'"] {
        assert_eq!(read(none.as_bytes(), 100), Err(Unread::NotJson), "{none}");
    }
    assert_eq!(read(b"\"\xff\"", 100), Err(Unread::NotJson));
    let deep = format!("{}{}", "[".repeat(128), "]".repeat(128));
    for strange in [
        &*deep,
        "1e999",
        "[-1e999]",
        r#""\ud800""#,
        r#"{"\udc00": 1}"#,
    ] {
        assert_eq!(
            read(strange.as_bytes(), 1_000),
            Err(Unread::TooStrange),
            "{strange}"
        );
    }
    assert!(read(&deep.as_bytes()[1..255], 1_000).is_ok());
}

#[test]
fn a_key_breaks_no_line() {
    let schema = own(&json!({"additionalProperties": {"type": "string"}}));
    let schema = schema.expect("the schema is one");
    let body = json!({"a\nWARN b\u{1b}[31m": 1, "sk_live_x": 1, "cus_topsecret": 1, "name": 1});
    let findings = found_in(&schema, &body).expect("nothing fits");
    assert_eq!(findings.shown[0].path, "/a\nWARN b\u{1b}[31m");
    expect![[r#"`a.b` promises a text at `/a\u{a}WARN b\u{1b}[31m`, and the reply has a whole number there (and 3 more)"#]]
        .assert_eq(&findings.broken_promise("a.b", "reply"));
    let known = findings.without_data(&[Secret::new("topsecret")]);
    let paths: Vec<&str> = known.shown.iter().map(|one| &*one.path).collect();
    assert_eq!(paths, ["/*", "/*", "/*", "/name"]);
}

#[test]
fn schemas_that_refer_to_themselves_are_fine() {
    let tree = json!({
        "$ref": "#/$defs/node",
        "$defs": {"node": {
            "type": "object",
            "required": ["name"],
            "properties": {"children": {"type": "array", "items": {"$ref": "#/$defs/node"}}}
        }}
    });
    check(
        tree,
        json!({"name": "a", "children": [{"name": "b"}, {"children": [{"name": "c"}]}]}),
        expect!["/children/1/name: expected a value, found nothing"],
    );
    for endless in [
        json!({"$ref": "#"}),
        json!({"allOf": [{"$ref": "#"}]}),
        json!({"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}}),
    ] {
        let schema = own(&endless).expect("it says nothing, and that is allowed");
        assert_eq!(found_in(&schema, &json!({"a": {"a": 1}})), None);
        assert_eq!(differences(&schema, &json!({"a": {"a": 1}})), []);
    }
}

#[test]
fn what_is_no_schema_is_told_with_its_place() {
    check_unusable(
        json!({"properties": {"a": {"type": "strng"}}}),
        expect![[
            r#"at `/properties/a/type`: "strng" is not valid under any of the schemas listed in the 'anyOf' keyword"#
        ]],
    );
    check_unusable(
        json!({"properties": {"a": {"$ref": "https://example.com/a.json"}}}),
        expect![
            "it refers to `https://example.com/a.json`, which is not part of it, and schemas are never fetched"
        ],
    );
    check_unusable(
        json!({"$ref": "other.json"}),
        expect![
            "it refers to `other.json`, which is not part of it, and schemas are never fetched"
        ],
    );
    check_unusable(
        json!({"$ref": "#/$defs/nobody"}),
        expect!["Pointer '/$defs/nobody' does not exist"],
    );
    check_unusable(
        json!({"$schema": "https://example.com/mine", "type": "string"}),
        expect![
            "Unknown meta-schema: 'https://example.com/mine'. Custom meta-schemas must be registered in the registry before use"
        ],
    );
    check_unusable(
        json!(3),
        expect![[r#"3 is not of types "boolean", "object""#]],
    );
}

#[test]
fn strange_ids_do_no_harm() {
    for id in [
        "::::",
        "http://[",
        "#",
        "",
        "a b",
        "schemas:/x.json",
        "urn:x:y",
        "file:///etc/passwd",
    ] {
        // Whether it is taken or refused: nothing breaks.
        let schema =
            own(&json!({"$id": id, "type": "string", "$ref": "#/$defs/a", "$defs": {"a": {}}}));
        if let Ok(schema) = schema {
            assert!(found_in(&schema, &json!(1)).is_some(), "{id}");
        }
    }
}

/// A connector with these schema files.
fn with_schemas(files: &[(&str, Value)]) -> Arc<Connector> {
    let mut sources = builtin::sources().into_iter();
    let (_, sources) = sources.next().expect("there are connectors");
    let mut connector = Connector::load(sources).expect("the connector is right");
    connector.schemas = files
        .iter()
        .map(|(name, schema)| SchemaFile {
            name: (*name).to_owned(),
            text: Cow::Owned(schema.to_string()),
        })
        .collect();
    Arc::new(connector)
}

fn reference(file: usize, pointer: &str) -> SchemaRef {
    SchemaRef {
        file,
        pointer: pointer.to_owned(),
    }
}

#[test]
fn files_of_a_connector_refer_to_each_other() {
    let connector = with_schemas(&[
        (
            "list of things.json",
            json!({"properties": {"data": {"items": {"$ref": "thing.json#/$defs/Thing%20one"}}}}),
        ),
        (
            "thing.json",
            json!({"$defs": {"Thing one": {
                "properties": {"id": {"type": "string"}, "next": {"$ref": "#/$defs/Thing%20one"}}
            }}}),
        ),
        ("bad.json", json!({"$ref": "nobody.json"})),
    ]);
    let shelf = Shelf::new(connector);
    let list = shelf.get(&reference(0, "")).expect("the schema is one");
    let body = json!({"data": [{"id": "a"}, {"id": 2, "next": {"id": 3, "more": 1}}]});
    let findings = found_in(&list, &body).expect("two do not fit");
    let places: Vec<&str> = findings
        .shown
        .iter()
        .map(|finding| finding.path.as_str())
        .collect();
    assert_eq!(places, ["/data/1/id", "/data/1/next/id"]);
    check_differences(
        &list,
        body,
        expect![[r#"
            changed /data/*/id: a text -> a whole number
            changed /data/*/next/id: a text -> a whole number
            appeared /data/*/next/more: no such field -> a whole number"#]],
    );
    let part = shelf
        .get(&reference(1, "/$defs/Thing one"))
        .expect("the schema is one");
    assert!(found_in(&part, &json!({"id": 5})).is_some());
    assert_eq!(
        shelf
            .get(&reference(2, ""))
            .expect_err("it names no file")
            .to_string(),
        "it refers to `nobody.json`, which is not part of it, and schemas are never fetched"
    );
}

#[test]
fn a_schema_is_made_ready_once_and_makes_room_when_it_is_old() {
    let connector = with_schemas(&[(
        "a.json",
        json!({"$defs": {
            "one": {"type": "string"}, "two": {"$ref": "#/$defs/one"}, "three": {"type": "null"}
        }}),
    )]);
    let shelf = Shelf::with_room_for(connector, 7);
    let [one, two, three] =
        ["one", "two", "three"].map(|name| reference(0, &format!("/$defs/{name}")));
    let first = shelf.get(&one).expect("the schema is one");
    assert!(Arc::ptr_eq(
        &first,
        &shelf.get(&one).expect("it is still there")
    ));
    // Two values, and four with what it refers to.
    shelf.get(&two).expect("the schema is one");
    assert_eq!(shelf.len(), 2);
    shelf.get(&one).expect("it is still there");
    shelf.get(&three).expect("the schema is one");
    assert_eq!(shelf.len(), 2);
    assert!(Arc::ptr_eq(
        &first,
        &shelf.get(&one).expect("it was asked for not long ago")
    ));
}

#[test]
fn fields_that_nobody_speaks_of_have_appeared() {
    let schema = own(&json!({
        "$ref": "#/$defs/thing",
        "$defs": {
            "thing": {
                "allOf": [{"properties": {"id": {}}}],
                "properties": {
                    "name": {"type": "string"},
                    "meta": {"type": "object"},
                    "labels": {"additionalProperties": {"properties": {"text": {}}}},
                    "open": {"properties": {"a": {}}, "additionalProperties": true},
                    "list": {"items": {"properties": {"b": {}}}},
                    "same": {"$ref": "#/$defs/thing"}
                }
            }
        }
    }))
    .expect("the schema is one");
    check_differences(
        &schema,
        json!({
            "id": 1,
            "name": "x",
            "meta": {"anything": 1},
            "labels": {"ada@example.com": {"text": 1, "more": "hunter2"}},
            "open": {"a": 1, "new": 2},
            "list": [{"b": 1}, {"b": 1, "c": null}, {"c": 5}],
            "same": {"same": {"fresh": true}},
            "cus_123456": 1
        }),
        expect![[r#"
            appeared /*: no such field -> a whole number
            appeared /labels/*/more: no such field -> a text
            appeared /list/*/c: no such field -> a whole number
            appeared /same/same/fresh: no such field -> true or false"#]],
    );
}

#[test]
fn what_vanished_and_changed_is_told_by_pattern() {
    let schema = own(&json!({
        "required": ["id", "at"],
        "properties": {"id": {"type": "string"}, "at": {}, "state": {"enum": ["a"]},
            "data": {"items": {"required": ["x"]}}}
    }))
    .expect("the schema is one");
    check_differences(
        &schema,
        json!({"id": 5, "state": "b", "data": [{}, {"x": 1}, {}]}),
        expect![[r#"
            vanished /at: a value -> nothing
            vanished /data/*/x: a value -> nothing
            changed /id: a text -> a whole number
            changed /state: `a` -> a text"#]],
    );
}

#[test]
fn recorded_answers_are_a_schema_too() {
    let examples = [
        json!({"id": "a", "count": 1, "tags": ["x"], "owner": null, "prices": {"2026-01-01": {"a": 1}}}),
        json!({"id": "b", "count": 1.5, "tags": [], "owner": {"name": "ada"}, "more": true}),
    ];
    let schema = inferred::schema(&examples).expect("they say something");
    let schema = own(&schema).expect("the schema is one");
    for example in &examples {
        assert_eq!(found_in(&schema, example), None);
        assert_eq!(differences(&schema, example), []);
    }
    check_differences(
        &schema,
        json!({"id": 7, "tags": [1], "owner": {"name": null, "born": 1815}, "prices": {"2027-01-01": {}}}),
        expect![[r#"
            vanished /count: a value -> nothing
            changed /id: a text or null -> a whole number
            appeared /owner/born: no such field -> a whole number
            vanished /prices/*/a: a value -> nothing
            changed /tags/*: a text or null -> a whole number"#]],
    );
    assert_eq!(inferred::schema(&[]), None);
    assert_eq!(inferred::schema(&[Value::Null]), None);
}

#[test]
fn so_many_come_through_in_a_second() {
    let now = Clock::system().now();
    let sampler = Sampler::default();
    let count = |now: Instant| (0..20).filter(|_| sampler.takes(now, 3)).count();
    assert_eq!(count(now), 3);
    assert_eq!(count(now + Duration::from_millis(999)), 0);
    assert_eq!(count(now + Duration::from_secs(1)), 3);
    assert_eq!(count(now + Duration::from_hours(1)), 3);
}

/// Any JSON, with texts that would be seen in a message.
fn json_value() -> impl Strategy<Value = Value> {
    let leaf = proptest::prop_oneof![
        proptest::prelude::Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[a-z]{0,3}".prop_map(|text| Value::from(format!("SECRET{text}"))),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let names = proptest::sample::select(vec!["a", "b", "c", "0", "x y"]);
        proptest::prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((names, inner), 0..4).prop_map(|fields| {
                let fields = fields
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value));
                Value::Object(fields.collect())
            }),
        ]
    })
}

proptest! {
    #[test]
    fn a_body_fits_what_was_inferred_from_it(bodies in prop::collection::vec(json_value(), 1..4)) {
        if let Some(schema) = inferred::schema(&bodies) {
            let schema = own(&schema).expect("the schema is one");
            for body in &bodies {
                assert_eq!(found_in(&schema, body), None);
                assert_eq!(differences(&schema, body), []);
            }
        }
    }

    #[test]
    fn no_value_is_ever_repeated(known in json_value(), body in json_value()) {
        if let Some(schema) = inferred::schema(&[known]) {
            let schema = own(&schema).expect("the schema is one");
            let told = format!("{:?} {:?}", found_in(&schema, &body), differences(&schema, &body));
            assert!(!told.contains("SECRET"), "{told}");
        }
    }
}

#[test]
fn built_in_connectors_do_not_contradict_themselves() {
    let mut misfits = Vec::new();
    for (name, sources) in builtin::sources() {
        let connector = Arc::new(Connector::load(sources).expect("the connector is right"));
        let found = super::misfits(&connector).expect("the schemas are read");
        misfits.extend(
            found
                .into_iter()
                .map(|(what, why)| format!("{name} {what}: {why}")),
        );
    }
    assert_eq!(misfits, Vec::<String>::new());
}

#[test]
fn documents_are_found_by_their_addresses() {
    let connector = with_schemas(&[("a b.json", json!({"$defs": {"x y": true}}))]);
    let documents = Documents::new(connector);
    let address = documents.address(&reference(0, "/$defs/x y"));
    assert_eq!(address, "schemas:/a%20b.json#/$defs/x%20y");
    assert!(documents.find(&address).is_some());
    assert!(documents.find("https://example.com/a%20b.json").is_none());
}

/// On a stack as data threads have it.
fn on_a_small_stack(work: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(2 << 20).spawn(work);
    let ended = thread.expect("there are threads").join();
    ended.expect("the work is done");
}

#[test]
fn deep_bodies_and_long_chains_need_no_large_stack() {
    on_a_small_stack(|| {
        // Each level goes through a reference and three ways to combine.
        let schema = own(&json!({
            "$ref": "#/$defs/node",
            "$defs": {"node": {
                "allOf": [{"anyOf": [{"oneOf": [
                    {"type": "array", "items": {"$ref": "#/$defs/node"}},
                    {"type": "object", "additionalProperties": {"$ref": "#/$defs/node"}},
                    {"type": "integer"}
                ]}]}]
            }}
        }));
        let schema = schema.expect("the schema is one");
        let depth = 126;
        for (body, fits) in [("1", true), ("null", false)] {
            let text = format!("{}{body}{}", "[".repeat(depth), "]".repeat(depth));
            let body = serde_json::from_str(&text).expect("that deep may JSON be");
            assert_eq!(found_in(&schema, &body).is_none(), fits);
            assert_eq!(differences(&schema, &body).is_empty(), fits);
        }
    });
    on_a_small_stack(|| {
        let links = 3_000;
        let mut parts = serde_json::Map::new();
        for link in 0..links {
            let next = format!("#/$defs/p{}", link + 1);
            parts.insert(
                format!("p{link}"),
                json!({"properties": {"next": {"$ref": next}}}),
            );
        }
        parts.insert(format!("p{links}"), json!({"type": "string"}));
        let schema = own(&json!({"$ref": "#/$defs/p0", "$defs": parts}));
        let schema = schema.expect("the schema is one");
        assert_eq!(found_in(&schema, &json!({"next": {"next": 1}})), None);
    });
}
