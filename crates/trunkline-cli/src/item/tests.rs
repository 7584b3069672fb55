//! Items: what is read, what is refused, and that printing is the way back.

use expect_test::{Expect, expect};
use http::{HeaderName, HeaderValue};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::Value;
use trunkline_connector::Inputs;

use super::nest::NestError;
use super::{InputName, Item, QueryName, Step, insert};

/// The only place that knows how a word is read.
#[track_caller]
fn check(word: &str, expected: Expect) {
    expected.assert_eq(&format!("{:?}", word.parse::<Item>().expect("an item")));
}

#[track_caller]
fn check_wrong(word: &str, expected: Expect) {
    let err = word.parse::<Item>().expect_err("no item");
    expected.assert_eq(&format!("{err}\n{}", err.allowed));
}

/// What words make together.
fn tree(words: &[&str]) -> Result<String, NestError> {
    let mut inputs = Inputs::new();
    for word in words {
        match word.parse::<Item>().expect("an item") {
            Item::Text(name, text) => insert(&mut inputs, &name, Value::String(text))?,
            Item::Json(name, value) => insert(&mut inputs, &name, value)?,
            other => panic!("`{other}` is no input"),
        }
    }
    Ok(Value::Object(inputs).to_string())
}

#[track_caller]
fn check_tree(words: &[&str], expected: Expect) {
    expected.assert_eq(&tree(words).expect("a tree"));
}

#[track_caller]
fn check_clash(words: &[&str], expected: Expect) {
    let err = tree(words).expect_err("a clash");
    expected.assert_eq(&format!("{err}\n{}", err.hint()));
}

#[test]
fn every_separator_has_its_meaning() {
    check(
        "model=gpt-4o",
        expect![[r#"Text(InputName { key: "model", steps: [] }, "gpt-4o")"#]],
    );
    check(
        "max:=5",
        expect![[r#"Json(InputName { key: "max", steps: [] }, Number(5))"#]],
    );
    check(
        "limit==5",
        expect![[
            r#"Query(QueryName { written: "limit", plain: "limit", input: InputName { key: "limit", steps: [] } }, "5")"#
        ]],
    );
    check("X-Trace:abc", expect![[r#"Header("x-trace", "abc")"#]]);
    check(
        "prompt=@prompt.txt",
        expect![[r#"TextFile(InputName { key: "prompt", steps: [] }, "prompt.txt")"#]],
    );
    check(
        "schema:=@schema.json",
        expect![[r#"JsonFile(InputName { key: "schema", steps: [] }, "schema.json")"#]],
    );
}

#[test]
fn the_first_separator_counts_and_the_rest_is_the_value() {
    check(
        "url=https://example.com/?a=b",
        expect![[r#"Text(InputName { key: "url", steps: [] }, "https://example.com/?a=b")"#]],
    );
    check(
        "If-Match:\"a=b:c\"",
        expect![[r#"Header("if-match", "\"a=b:c\"")"#]],
    );
    check(
        "q==a:b=c",
        expect![[
            r#"Query(QueryName { written: "q", plain: "q", input: InputName { key: "q", steps: [] } }, "a:b=c")"#
        ]],
    );
    check(
        "empty=",
        expect![[r#"Text(InputName { key: "empty", steps: [] }, "")"#]],
    );
}

#[test]
fn a_backslash_takes_the_meaning() {
    check(
        r"a\=b=c",
        expect![[r#"Text(InputName { key: "a=b", steps: [] }, "c")"#]],
    );
    check(
        r"a\.b=c",
        expect![[r#"Text(InputName { key: "a.b", steps: [] }, "c")"#]],
    );
    check(
        r"a\[b\]=c",
        expect![[r#"Text(InputName { key: "a[b]", steps: [] }, "c")"#]],
    );
    check(
        r"a[\0]=c",
        expect![[r#"Text(InputName { key: "a", steps: [Key("0")] }, "c")"#]],
    );
    check(
        r"name=\@handle",
        expect![[r#"Text(InputName { key: "name", steps: [] }, "@handle")"#]],
    );
    check(
        r"name=\=x",
        expect![[r#"Text(InputName { key: "name", steps: [] }, "=x")"#]],
    );
    check(
        r"name=\\@x",
        expect![[r#"Text(InputName { key: "name", steps: [] }, "\\@x")"#]],
    );
    check(
        r"path=C:\new",
        expect![[r#"Text(InputName { key: "path", steps: [] }, "C:\\new")"#]],
    );
    check(
        r"C\windows=x",
        expect![[r#"Text(InputName { key: "C\\windows", steps: [] }, "x")"#]],
    );
}

#[test]
fn dots_and_brackets_nest() {
    check(
        "metadata[order.id]=7",
        expect![[r#"Text(InputName { key: "metadata", steps: [Key("order.id")] }, "7")"#]],
    );
    check(
        "a.b.c=1",
        expect![[r#"Text(InputName { key: "a", steps: [Key("b"), Key("c")] }, "1")"#]],
    );
    check(
        "a[0].b[]=1",
        expect![[r#"Text(InputName { key: "a", steps: [Index(0), Key("b"), Append] }, "1")"#]],
    );
    check(
        "created[gte]==5",
        expect![[
            r#"Query(QueryName { written: "created[gte]", plain: "created[gte]", input: InputName { key: "created", steps: [Key("gte")] } }, "5")"#
        ]],
    );
}

#[test]
fn what_is_no_item_names_the_place_and_what_is_allowed() {
    check_wrong(
        "model",
        expect![[r#"
        in `model` at character 6: there is no separator
        allowed are `name=text`, `name:=json`, `name==query`, `Header:value`, `name=@file` and `name:=@file.json`"#]],
    );
    check_wrong(
        "",
        expect![[r#"
        in `` at character 1: there is no separator
        allowed are `name=text`, `name:=json`, `name==query`, `Header:value`, `name=@file` and `name:=@file.json`"#]],
    );
    check_wrong(
        "=x",
        expect![[r#"
        in `=x` at character 1: there is no name before `=`
        allowed are `name=text`, `name:=json`, `name==query`, `Header:value`, `name=@file` and `name:=@file.json`"#]],
    );
    check_wrong(
        "[0]=x",
        expect![[r#"
        in `[0]=x` at character 1: there is no name before the first `.` or `[`
        begin with the input's name"#]],
    );
    check_wrong(
        "a[b=x",
        expect![[r#"
        in `a[b=x` at character 2: `[` is not closed
        close it with `]`, or write `\[` for a bracket"#]],
    );
    check_wrong(
        "a[b[c]]=x",
        expect![[r#"
        in `a[b[c]]=x` at character 4: `[` stands within brackets
        write `\[` for a bracket"#]],
    );
    check_wrong(
        "a]=x",
        expect![[r#"
        in `a]=x` at character 2: `]` closes no bracket
        open it with `[`, or write `\]` for a bracket"#]],
    );
    check_wrong(
        "a[b]c=x",
        expect![[r#"
        in `a[b]c=x` at character 5: `c` follows a bracket
        after `]` comes `[`, `.` or the separator"#]],
    );
}

#[test]
fn a_wrong_value_names_its_place_and_what_is_allowed() {
    check_wrong(
        "a..b=x",
        expect![[r#"
        in `a..b=x` at character 2: nothing follows `.`
        name a key, or write `\.` for a dot"#]],
    );
    check_wrong(
        "a[99999999999999999999999]=x",
        expect![[r#"
        in `a[99999999999999999999999]=x` at character 3: `99999999999999999999999` is too large for a place in a list
        places count from 0; write `\` before a digit for a key of digits"#]],
    );
    check_wrong(
        "größe:=[1,2",
        expect![[r#"
        in `größe:=[1,2` at character 11: `[1,2` is not JSON
        after `:=` comes JSON, such as `5`, `true`, `[1,2]` or `{"a":1}`; for a text use `=`"#]],
    );
    check_wrong(
        "n:=ä",
        expect![[r#"
        in `n:=ä` at character 4: `ä` is not JSON
        after `:=` comes JSON, such as `5`, `true`, `[1,2]` or `{"a":1}`; for a text use `=`"#]],
    );
    check_wrong(
        "a=@",
        expect![[r#"
        in `a=@` at character 4: there is no file name after `@`
        name a file, or write `\@` for a text that begins with `@`"#]],
    );
    check_wrong(
        "X-Empty:",
        expect![[r#"
        in `X-Empty:` at character 9: the header `X-Empty` has no value
        write `Header:value`"#]],
    );
    check_wrong(
        "X Y:z",
        expect![[r#"
        in `X Y:z` at character 1: `X Y` is no header name
        `name:value` is a header; for an input use `name=text`, and write `\:` for a colon in a name"#]],
    );
    check_wrong(
        "X:a\nb",
        expect![[r#"
        in `X:a�b` at character 3: the value of `X` cannot be sent in a header
        line breaks and other control characters are not allowed"#]],
    );
}

#[test]
fn a_name_goes_as_deep_as_json_and_no_deeper() {
    let deepest = format!("a{}=1", ".b".repeat(127));
    assert!(tree(&[deepest.as_str()]).is_ok());
    let deeper = format!("a{}=1", "[b]".repeat(30_000));
    let err = deeper.parse::<Item>().expect_err("no item");
    assert_eq!(err.at, 2 + 3 * 127);
    assert_eq!(err.what, "the name goes deeper than 127 steps");
    let query = format!("a{}==1", ".b".repeat(128));
    assert_eq!(query.parse::<Item>().expect_err("no item").at, 2 + 2 * 127);
}

#[test]
fn values_find_their_places_in_the_tree() {
    check_tree(
        &["a=1", "b:=2", "c:=null"],
        expect![[r#"{"a":"1","b":2,"c":null}"#]],
    );
    check_tree(
        &["m[role]=user", "m[content]=hi"],
        expect![[r#"{"m":{"role":"user","content":"hi"}}"#]],
    );
    check_tree(
        &["l[]=a", "l[]=b", "l[2]=c"],
        expect![[r#"{"l":["a","b","c"]}"#]],
    );
    check_tree(
        &[
            "messages[0][role]=system",
            "messages[0][content]=x",
            "messages[1][role]=user",
        ],
        expect![[r#"{"messages":[{"role":"system","content":"x"},{"role":"user"}]}"#]],
    );
    check_tree(
        &["a:={\"b\":1}", "a.c:=2"],
        expect![[r#"{"a":{"b":1,"c":2}}"#]],
    );
}

#[test]
fn values_that_clash_are_refused() {
    check_clash(
        &["a=1", "a=2"],
        expect![[r#"
        `a` is given twice
        write `name[]=…` for each entry of a list"#]],
    );
    check_clash(
        &["a:=null", "a=2"],
        expect![[r#"
        `a` is given twice
        write `name[]=…` for each entry of a list"#]],
    );
    check_clash(
        &["a=1", "a[b]=2"],
        expect![[r#"
        `a[b]` does not fit: an item before it made `a` a text
        an input is a text, an object or a list, not two of them"#]],
    );
    check_clash(
        &["a[b]=1", "a[]=2"],
        expect![[r#"
        `a[]` does not fit: an item before it made `a` an object
        an input is a text, an object or a list, not two of them"#]],
    );
    check_clash(
        &["a[0].b=1", "a[0][1]=2"],
        expect![[r#"
        `a[0][1]` does not fit: an item before it made `a[0]` an object
        an input is a text, an object or a list, not two of them"#]],
    );
    check_clash(
        &["a[5]=1"],
        expect![[r#"
            `a[5]` leaves a gap: the next place in that list is 0
            places count from 0, in order, and `[]` takes the next one; write `\` before a digit for a key of digits"#]],
    );
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        "\\PC{1,6}".prop_map(Step::Key),
        r"[0-9=:.\[\]\\@]{1,4}".prop_map(Step::Key),
        any::<usize>().prop_map(Step::Index),
        Just(Step::Append),
    ]
}

fn any_name() -> impl Strategy<Value = InputName> {
    (
        r"\PC{1,8}|[0-9=:.\[\]\\@]{1,4}",
        prop::collection::vec(any_step(), 0..4),
    )
        .prop_map(|(key, steps)| InputName { key, steps })
}

fn query_name(input: InputName) -> QueryName {
    let steps = input.steps.iter().map(|step| match step {
        Step::Key(key) => format!("[{key}]"),
        Step::Index(index) => format!("[{index}]"),
        Step::Append => "[]".to_owned(),
    });
    let plain = std::iter::once(input.key.clone()).chain(steps).collect();
    QueryName {
        written: input.to_string(),
        plain,
        input,
    }
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![any::<String>(), r"[\\@=:]{0,6}[a-z]{0,2}"]
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec(("[a-z]{1,3}", inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn any_item() -> impl Strategy<Value = Item> {
    let header = (r"[A-Za-z][A-Za-z0-9-]{0,8}", r"[!-~]([ -~]{0,8}[!-~])?");
    prop_oneof![
        (any_name(), any_text()).prop_map(|(name, text)| Item::Text(name, text)),
        (any_name(), any_json()).prop_map(|(name, value)| Item::Json(name, value)),
        (any_name(), r"\PC{1,8}").prop_map(|(name, file)| Item::TextFile(name, file.into())),
        (any_name(), r"\PC{1,8}").prop_map(|(name, file)| Item::JsonFile(name, file.into())),
        (any_name(), any_text()).prop_map(|(name, text)| Item::Query(query_name(name), text)),
        header.prop_map(|(name, value)| {
            let name = name.parse::<HeaderName>().expect("a name");
            Item::Header(name, HeaderValue::from_str(&value).expect("a value"))
        }),
    ]
}

proptest! {
    #[test]
    fn an_item_that_is_printed_reads_as_itself(item in any_item()) {
        let word = item.to_string();
        prop_assert_eq!(word.parse::<Item>().map_err(|err| err.to_string()), Ok(item));
    }
}

#[test]
fn garbage_is_refused_or_read_and_never_panics() {
    let seed = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::with_cases(20_000), seed);
    let words = prop::collection::vec(r#"[a-z0-9=:.\[\]\\@"{},\PC\n\x00]{0,12}"#, 0..4);
    runner
        .run(&words, |words| {
            let mut inputs = Inputs::new();
            for word in words {
                match word.parse::<Item>() {
                    Ok(Item::Text(name, text)) => {
                        drop(insert(&mut inputs, &name, Value::String(text)));
                    }
                    Ok(Item::Json(name, value)) => drop(insert(&mut inputs, &name, value)),
                    Ok(_) => {}
                    Err(err) => prop_assert!(err.at <= word.chars().count() + 1, "{}", err),
                }
            }
            Ok(())
        })
        .expect("no word breaks anything");
}
