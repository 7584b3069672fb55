//! The request that words on the command line make.

use std::sync::Arc;

use expect_test::{Expect, expect};
use trunkline::{Body, Call, Catalog, Target};
use trunkline_connector::Connector;
use trunkline_connector::document::Source;

use super::{Words, build};
use crate::failure::Failure;
use crate::printer::{Look, Printer};

const CONNECTOR: &str = r#"
schema = 1
[connector]
name = "shop"
title = "Shop"
base_url = "https://api.shop.example"
docs = "https://docs.shop.example"
checked = "2026-11-22"
[auth]
kind = "none"
[verify]
operation = "items.list"
"#;

/// A connector whose one body is of the given kind.
fn shop(body: &str) -> Catalog {
    let picture = match body {
        "multipart" => "inputs.picture = { type = \"file\" }",
        _ => "",
    };
    let operations = format!(
        r#"
[[operations]]
name = "items.list"
title = "List items"
method = "GET"
path = "/v1/items"
docs = "https://docs.shop.example/items"
inputs.limit = {{ type = "integer" }}

[[operations]]
name = "items.create"
title = "Create an item"
method = "POST"
path = "/v1/items"
docs = "https://docs.shop.example/items"
body = "{body}"
inputs.expand = {{ type = "array", in = "query" }}
inputs.name = {{ type = "string" }}
{picture}
"#
    );
    let example = r#"
operation = "items.list"
title = "items"
request = { method = "GET", path = "/v1/items" }
answer = { status = 200, headers = { content-type = "application/json" }, body = { json = "{}" } }
reply = { class = "ok" }
"#;
    let source = |name: &str, text: &str| Source {
        name: format!("shop/{name}"),
        text: text.to_owned(),
    };
    let files = vec![
        source("connector.toml", CONNECTOR),
        source("operations/items.toml", &operations),
        source("examples/items.toml", example),
        source(
            "examples/create.toml",
            &example
                .replace("items.list", "items.create")
                .replace("\"GET\"", "\"POST\""),
        ),
    ];
    match Connector::load(files) {
        Ok(connector) => Catalog::of_one(Arc::new(connector)),
        Err(problems) => panic!("{problems:#?}"),
    }
}

fn call(body: &str, words: &[&str]) -> Result<Call, Failure> {
    let mut words = words.iter().map(|word| (*word).to_owned());
    let connector = words.next().expect("a connector");
    let what = words.next().expect("an operation or a method");
    build(Words::read(connector, what, words.collect())?, &shop(body))
}

#[track_caller]
fn check(body: &str, words: &[&str], expected: Expect) {
    let call = call(body, words).expect("a call");
    let target = match call.target {
        Target::Operation { name, inputs } => {
            format!("{name} {}", serde_json::Value::Object(inputs))
        }
        Target::Path {
            method,
            path_and_query,
        } => format!("{method} {path_and_query}"),
    };
    let headers = call.headers.iter();
    let headers = headers.map(|(name, value)| format!("{name}: {}", value.to_str().expect("text")));
    let body = match call.body {
        Body::Empty => String::new(),
        Body::Full(bytes) => String::from_utf8(bytes.to_vec()).expect("text"),
        other => panic!("{other:?}"),
    };
    let lines: Vec<String> = std::iter::once(target)
        .chain(headers)
        .chain([body])
        .collect();
    expected.assert_eq(&lines.join("\n"));
}

#[track_caller]
fn check_wrong(words: &[&str], expected: Expect) {
    let failure = call("json", words).expect_err("no call");
    let (mut printer, _, err) = Printer::captured(Look::Plain);
    for complaint in &failure.complaints {
        printer.complain(complaint);
    }
    expected.assert_eq(&format!("exit {}\n{}", failure.exit.code(), err.text()));
}

#[test]
fn items_are_an_operations_inputs_and_headers() {
    check(
        "json",
        &["shop", "items.create", "name=x", "tags[]=a", "X-Trace:1"],
        expect![[r#"
        items.create {"name":"x","tags":["a"]}
        x-trace: 1
    "#]],
    );
}

#[test]
fn query_items_are_inputs_that_the_operation_puts_into_the_query() {
    check(
        "json",
        &["shop", "items.list", "limit==5", "created[gte]==3"],
        expect![[r#"
        items.list {"limit":"5","created":{"gte":"3"}}
    "#]],
    );
    check(
        "json",
        &[
            "shop",
            "items.create",
            "name=x",
            "expand[]==a",
            "expand[]==b",
        ],
        expect![[r#"
        items.create {"name":"x","expand":["a","b"]}
    "#]],
    );
    check_wrong(
        &["shop", "items.create", "color==red"],
        expect![[r#"
            exit 2
            error: `items.create` takes no query parameter `color`
              hint: write `color=…` for an input, or call it by its path: `POST /v1/items`
        "#]],
    );
}

#[test]
fn a_path_passes_as_it_is_with_the_query_behind_it() {
    check(
        "json",
        &[
            "shop",
            "GET",
            "/v1/items?a=%2F",
            "b c==d&e",
            "tag==x",
            "tag==y",
        ],
        expect![[r#"
        GET /v1/items?a=%2F&b%20c=d%26e&tag=x&tag=y
    "#]],
    );
    check(
        "json",
        &["shop", "GET", "/v1/items", "expand[]==data.x"],
        expect![[r#"
        GET /v1/items?expand[]=data.x
    "#]],
    );
}

#[test]
fn a_paths_body_is_what_the_operation_or_the_connector_uses() {
    check(
        "json",
        &["shop", "POST", "/v1/items", "name=x", "n:=1"],
        expect![[r#"
        POST /v1/items
        content-type: application/json
        {"name":"x","n":1}"#]],
    );
    check(
        "form",
        &["shop", "POST", "/v1/items", "name=x y", "m[k]=v"],
        expect![[r#"
        POST /v1/items
        content-type: application/x-www-form-urlencoded
        name=x%20y&m[k]=v"#]],
    );
    check(
        "form",
        &["shop", "POST", "/v1/others", "name=x"],
        expect![[r#"
        POST /v1/others
        content-type: application/x-www-form-urlencoded
        name=x"#]],
    );
    check(
        "json",
        &["shop", "POST", "/v1/others", "name=x"],
        expect![[r#"
        POST /v1/others
        content-type: application/json
        {"name":"x"}"#]],
    );
    check(
        "form_repeated",
        &["shop", "PUT", "/v1/others/1", "a[]=1", "a[]=2"],
        expect![[r#"
        PUT /v1/others/1
        content-type: application/x-www-form-urlencoded
        a=1&a=2"#]],
    );
}

#[test]
fn a_content_type_of_ones_own_decides() {
    let form = "Content-Type:application/x-www-form-urlencoded";
    check(
        "json",
        &["shop", "POST", "/v1/items", "name=x", form],
        expect![[r#"
        POST /v1/items
        content-type: application/x-www-form-urlencoded
        name=x"#]],
    );
    check(
        "form",
        &[
            "shop",
            "POST",
            "/v1/items",
            "name=x",
            "Content-Type:application/json",
        ],
        expect![[r#"
        POST /v1/items
        content-type: application/json
        {"name":"x"}"#]],
    );
}

#[test]
fn headers_of_ours_are_options_of_the_call() {
    let call = call(
        "json",
        &[
            "shop",
            "items.list",
            "Trunkline-Retry:off",
            "Trunkline-Timeout:5s",
        ],
    )
    .expect("a call");
    assert_eq!(
        call.options.attempts_max.map(std::num::NonZeroU32::get),
        Some(1)
    );
    assert_eq!(
        call.options.timeout,
        Some(std::time::Duration::from_secs(5))
    );
}

#[test]
fn files_are_read_into_inputs() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        path.display().to_string()
    };
    let text = format!("name=@{}", file("name.txt", "several\nlines"));
    let json = format!("tags:=@{}", file("tags.json", "[1, 2]"));
    check(
        "json",
        &["shop", "items.create", &text, &json],
        expect![[r#"
        items.create {"name":"several\nlines","tags":[1,2]}
    "#]],
    );
    let failure = call(
        "json",
        &[
            "shop",
            "items.create",
            &format!("tags:=@{}", file("bad.json", "[1,")),
        ],
    );
    let message = failure.expect_err("no JSON").complaints.remove(0).message;
    assert!(
        message.ends_with("bad.json:1:3: this is not JSON"),
        "{message}"
    );
    let failure =
        call("json", &["shop", "items.create", "name=@/nowhere/at/all"]).expect_err("no file");
    assert_eq!(
        failure.complaints[0].message,
        "`/nowhere/at/all` cannot be used"
    );
}

#[test]
fn a_file_that_is_sent_as_it_is_is_not_read_before() {
    let words = ["shop", "items.create", "picture=@src/main.rs", "name=x"];
    check(
        "multipart",
        &words,
        expect![[r#"
        items.create {"picture":{"file":"src/main.rs"},"name":"x"}
    "#]],
    );
    let files = call("multipart", &words).expect("a call").files;
    assert_eq!(files.len(), 1);
    let file = files["src/main.rs"].display().to_string();
    assert_eq!(file, "src/main.rs");
}

#[test]
fn what_cannot_be_sent_as_a_file_is_told_before_anything_is_sent() {
    let said = |file: &str| {
        let picture = format!("picture=@{file}");
        let failure = call("multipart", &["shop", "items.create", &picture]).expect_err("no file");
        let complaint = &failure.complaints[0];
        (complaint.message.clone(), complaint.notes[0].1.clone())
    };
    let told = |message: &str, note: &str| (message.to_owned(), note.to_owned());
    assert_eq!(
        said("/dev/null"),
        told(
            "`/dev/null` is no regular file, so its length is not known",
            "save it to a file and name that"
        )
    );
    assert_eq!(said("src"), told("`src` is a folder", "name a file"));
    assert_eq!(
        said("nowhere"),
        told("`nowhere` cannot be used", "no such file or directory")
    );
}

#[test]
fn a_text_too_large_is_told_with_the_limit() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("long");
    let long = std::fs::File::create(&path).expect("a file");
    long.set_len((256 << 20) + 1).expect("a length");
    let word = format!("name=@{}", path.display());
    let failure = call("json", &["shop", "items.create", &word]).expect_err("too large");
    let message = &failure.complaints[0].message;
    assert!(
        message.ends_with("long` is larger than 256 MiB"),
        "{message}"
    );
}

#[test]
fn a_text_for_a_list_leads_to_how_a_list_is_written() {
    check_wrong(
        &["shop", "items.create", "expand=data.x"],
        expect![[r#"
            exit 2
            error: `expand` of `items.create` is a text; it takes a list
              hint: write `expand[]=data.x` for each entry, or `expand:='["data.x"]'` for all
        "#]],
    );
    check_wrong(
        &["shop", "items.create", "expand==it's"],
        expect![[r#"
        exit 2
        error: `expand` of `items.create` is a text; it takes a list
          hint: write `expand[]=…` for each entry, or `expand:='["…"]'` for all
    "#]],
    );
    check(
        "json",
        &["shop", "items.create", "expand=[1]"],
        expect![[r#"
            items.create {"expand":"[1]"}
        "#]],
    );
}

#[test]
fn the_length_of_a_body_is_not_chosen() {
    let expected = expect![[r#"
        exit 2
        error: `content-length` is counted and cannot be chosen
          hint: leave `content-length` out
    "#]];
    check_wrong(
        &["shop", "items.create", "name=x", "content-length:5"],
        expected,
    );
}

#[test]
fn what_cannot_be_a_call_says_what_is_allowed() {
    check_wrong(
        &["Shop", "items.list"],
        expect![[r#"
            exit 2
            error: there is no connector `Shop`
              hint: did you mean `shop`? list them with `trunkline connectors list`
        "#]],
    );
    check_wrong(
        &["shpo", "items.list"],
        expect![[r#"
            exit 2
            error: there is no connector `shpo`
              hint: did you mean `shop`? list them with `trunkline connectors list`
        "#]],
    );
    check_wrong(
        &["shop", "GET"],
        expect![[r#"
            exit 2
            error: there is no path after `GET`
              hint: write `trunkline call CONNECTOR METHOD PATH`; a path begins with `/`
        "#]],
    );
    check_wrong(
        &["shop", "FETCH", "/v1/items"],
        expect![[r#"
            exit 2
            error: `FETCH` is no method that is sent
              hint: allowed are GET, HEAD, POST, PUT, PATCH, DELETE and OPTIONS
        "#]],
    );
}

#[test]
fn what_cannot_be_a_path_says_what_is_allowed() {
    check_wrong(
        &["shop", "GET", "v1/items"],
        expect![[r#"
            exit 2
            error: `v1/items` is no path
              hint: a path begins with `/` and stands below the connector's base address
        "#]],
    );
    check_wrong(
        &["shop", "GET", "/v1/größe"],
        expect![[r#"
            exit 2
            error: `/v1/größe` is no path: it has 'ö' in it
              hint: write `%C3%B6`
        "#]],
    );
    check_wrong(
        &["shop", "GET", "/v1/items#top"],
        expect![[r#"
            exit 2
            error: `/v1/items#top` is no path: it has '#' in it
              hint: write `%23`
        "#]],
    );
}

#[test]
fn what_cannot_be_sent_says_what_is_allowed() {
    check_wrong(
        &["shop", "GET", "/v1/items", "limit=3"],
        expect![[r#"
            exit 2
            error: GET has no body for inputs to stand in
              hint: write `name==text` for a query parameter
        "#]],
    );
    check_wrong(
        &["shop", "items.create", "a", "b[=1"],
        expect![[r#"
            exit 2
            error: in `a` at character 2: there is no separator
              hint: allowed are `name=text`, `name:=json`, `name==query`, `Header:value`, `name=@file` and `name:=@file.json`
            error: in `b[=1` at character 2: `[` is not closed
              hint: close it with `]`, or write `\[` for a bracket
        "#]],
    );
    check_wrong(
        &["shop", "items.create", "a=1", "a=2"],
        expect![[r#"
            exit 2
            error: `a` is given twice
              hint: write `name[]=…` for each entry of a list
        "#]],
    );
    check_wrong(
        &["shop", "items.create", "Trunkline-Retry:never"],
        expect![[r#"
            exit 2
            error: `trunkline-retry` is `never`, which it cannot be
              hint: allowed is `off` or a number of attempts from 1 to 10
        "#]],
    );
}
