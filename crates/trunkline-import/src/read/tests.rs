//! YAML as the values that it stands for.

use serde_json::json;

use super::*;

#[track_caller]
fn check(text: &str, expected: Value) {
    let source = Source {
        name: "a.yaml".to_owned(),
        text: text.to_owned(),
    };
    let read = read(&source).map_err(|problem| problem.to_string());
    assert_eq!(read.map(|read| read.value), Ok(expected));
}

#[track_caller]
fn check_refusal(text: &str, expected: &str) {
    let source = Source {
        name: "a.yaml".to_owned(),
        text: text.to_owned(),
    };
    let problem = read(&source).expect_err("it cannot be read").to_string();
    assert!(problem.starts_with(expected), "{problem}");
}

#[test]
fn plain_words_are_what_the_core_schema_says() {
    check(
        "[~, null, true, False, yes, on]",
        json!([null, null, true, false, "yes", "on"]),
    );
    check(
        "[1, -2, +3, 0x1F, 0o17, 1.5, .5, 1e3, -.5]",
        json!([1, -2, 3, 31, 15, 1.5, 0.5, 1000.0, -0.5]),
    );
    check(
        "[18446744073709551615, 1.2.3, 2026-01-01, .inf, 1_000, '1', !!str 2]",
        json!([u64::MAX, "1.2.3", "2026-01-01", ".inf", "1_000", "1", "2"]),
    );
    check(
        "a: |\n  two\n  lines\nb: >-\n  one\n  line\n",
        json!({ "a": "two\nlines\n", "b": "one line" }),
    );
    check(
        "200: ok\ntrue: yes\n",
        json!({ "200": "ok", "true": "yes" }),
    );
    check("\u{feff}a: 1 # comment\n---\nb: 2\n", json!({ "a": 1 }));
}

#[test]
fn aliases_stand_for_what_they_name() {
    check(
        "a: &a { x: 1 }\nb: *a\nc: { <<: *a, y: 2 }\nd: { x: 3, <<: [*a, { z: 4 }] }",
        json!({
            "a": { "x": 1 }, "b": { "x": 1 }, "c": { "y": 2, "x": 1 }, "d": { "x": 3, "z": 4 },
        }),
    );
    check(
        "&k key: &v value\n*v : *k\n",
        json!({ "key": "value", "value": "key" }),
    );
}

#[test]
fn what_is_no_json_is_refused_with_its_place() {
    check_refusal("a: [1", "a.yaml:2:1: the file is no YAML");
    check_refusal(
        "{ [1]: 2 }",
        "a.yaml:1:3: a list or a table cannot be a key",
    );
    check_refusal("a: *b", "a.yaml:1:4: the file is no YAML");
    check_refusal(
        "- - &a [*a]",
        "a.yaml:1:9: an alias stands within what it names",
    );
    let lines: Vec<String> = (0..200)
        .map(|depth| format!("{}a:", " ".repeat(depth)))
        .collect();
    let deep = lines.join(
        "
",
    );
    check_refusal(
        &deep,
        "a.yaml:128:128: the file is nested deeper than 127 levels",
    );
}

#[test]
fn a_few_lines_cannot_stand_for_more_than_there_is_room_for() {
    let lines = (1..20).map(|n| {
        format!(
            "a{n}: &a{n} [{}]\n",
            vec![format!("*a{}", n - 1); 9].join(", ")
        )
    });
    let text = format!("a0: &a0 lol\n{}", lines.collect::<String>());
    check_refusal(&text, "a.yaml:7:");
    let long = format!(
        "a: &a {}\nb: [{}]\n",
        "x".repeat(1 << 20),
        vec!["*a"; 100].join(", ")
    );
    check_refusal(&long, "a.yaml:2:");
}

#[track_caller]
fn read_whole(name: &str, text: &str) -> Read {
    let source = Source {
        name: name.to_owned(),
        text: text.to_owned(),
    };
    read(&source).expect("it can be read")
}

#[track_caller]
fn check_twice(name: &str, text: &str, expected: &[&str]) {
    assert_eq!(read_whole(name, text).twice, expected, "{text}");
}

#[test]
fn keys_that_stand_twice_are_named_with_their_place() {
    let check = |text: &str, expected: &[&str]| {
        check_twice("a.json", text, expected);
        // JSON is YAML as well.
        check_twice("a.yaml", &format!("# \n{text}"), expected);
    };
    check(
        r#"{ "a": [1, { "b": "}\",{\"", "b": 2 }], "c": {}, "c": [], "d": "a" }"#,
        &["/a/1/b", "/c"],
    );
    check(
        r#"{ "paths": { "/x": { "a": 1 }, "/\u0078": { "a": 1 } } }"#,
        &["/paths/~1x"],
    );
    check(r#"{ "a": { "x": 1 }, "b": { "x": 1, "y": "x" } }"#, &[]);
    check_twice("a.yaml", "200: a\n'200': b\n", &["/200"]);
    check_twice("a.yaml", "a: &a { x: 1 }\nb: { <<: *a, x: 2 }", &[]);
    check_twice("a.yaml", &"a: 1\n".repeat(1_000), &["/a"; 20]);
}

#[test]
fn a_further_document_is_noticed() {
    let has_more = |text| read_whole("a.yaml", text).has_more;
    assert!(has_more("a: 1\n---\nb: 2\n"));
    assert!(has_more("a: 1\n---\n["));
    assert!(!has_more("---\na: 1\n...\n# end\n"));
}
