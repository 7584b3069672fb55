//! Inputs read back from requests.

use expect_test::{Expect, expect};
use http::{HeaderMap, HeaderValue, header};
use trunkline::connector::document::Source;
use trunkline::connector::{Connector, Operation};

use super::{Given, Kept, Sent};
use crate::sandbox::choose::tests::shop;

fn shown(given: &Given) -> String {
    let mut lines = Vec::new();
    for (name, kept) in &given.0 {
        match kept {
            Kept::Plain(text) => lines.push(format!("{name} = {text}")),
            Kept::Nested(leaves) if leaves.is_empty() => lines.push(format!("{name} is empty")),
            Kept::Nested(leaves) => {
                let leaves = leaves.iter();
                lines.extend(leaves.map(|(way, text)| format!("{name}{way} = {text}")));
            }
        }
    }
    lines.join("\n")
}

/// What is read from a request: its path and query, its content type and its body.
#[track_caller]
fn check_of(operation: &Operation, target: &str, (kind, body): (&str, &str), expected: Expect) {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut headers = HeaderMap::new();
    headers.insert("x-region", HeaderValue::from_static("north"));
    if !kind.is_empty() {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_str(kind).unwrap());
    }
    let sent = Sent {
        path,
        query,
        headers: &headers,
        body: body.as_bytes(),
    };
    expected.assert_eq(&shown(&Given::of_request(operation, &sent)));
}

#[track_caller]
fn check(operation: &str, target: &str, body: (&str, &str), expected: Expect) {
    check_of(shop().operation(operation).unwrap(), target, body, expected);
}

/// An operation `a` of these lines, and of these inputs.
fn operation(lines: &str, inputs: &str) -> Operation {
    let profile = "schema = 1\n[connector]\nname = \"up\"\ntitle = \"Up\"\nbase_url = \"https://up.example\"\n\
        docs = \"https://up.example\"\nchecked = \"2026-11-22\"\n[auth]\nkind = \"none\"\n[verify]\noperation = \"v\"\n";
    let operations = format!(
        "[[operations]]\nname = \"v\"\ntitle = \"V\"\nmethod = \"GET\"\npath = \"/v\"\ndocs = \"https://up.example\"\n\
         [[operations]]\nname = \"a\"\ntitle = \"A\"\nmethod = \"POST\"\ndocs = \"https://up.example\"\n{lines}\n\
         [operations.inputs]\n{inputs}\n"
    );
    let source = |name: &str, text: String| Source {
        name: name.to_owned(),
        text,
    };
    let files = vec![
        source("up/connector.toml", profile.to_owned()),
        source("up/operations/a.toml", operations),
    ];
    let connector = Connector::load(files).unwrap();
    connector.operation("a").unwrap().clone()
}

const FORM: &str = "application/x-www-form-urlencoded";
const JSON: &str = "application/json; charset=utf-8";

#[test]
fn json_and_forms_say_the_same() {
    let json = r#"{"item":"hat","n":2,"gift":true,"none":null,"to":{"name":"Ada","tags":["a","b"]},"one":["x"]}"#;
    let form = "item=hat&n=2&gift=true&to[name]=Ada&to[tags][]=a&to[tags][]=b&one[0]=x";
    let expected = || {
        expect![[r#"
        gift = true
        item = hat
        n = 2
        one = x
        to[name] = Ada
        to[tags][0] = a
        to[tags][1] = b"#]]
    };
    check("orders.create", "/orders", (JSON, json), expected());
    check("orders.create", "/orders", (FORM, form), expected());
}

#[test]
fn lists_are_the_same_however_they_are_written() {
    let list = || {
        expect![[r#"
            tag[0] = a
            tag[1] = b
            tag[2] = c"#]]
    };
    let check = |query: &str| {
        check(
            "orders.create",
            &format!("/orders?{query}"),
            ("", ""),
            list(),
        );
    };
    check("tag=a&tag=b&tag=c");
    check("tag[0]=a&tag[1]=b&tag[2]=c");
    check("tag[]=a&tag%5B%5D=b&tag[]=c");
    let styles = operation(
        "path = \"/a\"",
        "tag = { type = \"array\", lists = \"comma\" }\nall = { type = \"array\", lists = \"json\" }\n\
         near = { type = \"object\", objects = \"dots\" }\nfar = { type = \"object\", objects = \"json\" }",
    );
    check_of(&styles, "/a?tag=a,b%2Cc", ("", ""), list());
    check_of(&styles, "/a?tag=a&tag=b&tag=c", ("", ""), list());
    check_of(
        &styles,
        "/a?all=%5B1,%22x%22%5D&near.to.me=1&near.by=2&far=%7B%22a%22%3A%5B%5D,%22b%22%3A1%7D&other.x=3",
        ("", ""),
        expect![[r#"
            all[0] = 1
            all[1] = x
            far[b] = 1
            near[by] = 2
            near[to][me] = 1
            other.x = 3"#]],
    );
    check_of(
        &styles,
        "/a?all=x&far=y",
        ("", ""),
        expect![[r#"
        all = x
        far = y"#]],
    );
}

#[test]
fn nothing_in_a_list_or_an_object_is_something_given() {
    let body = r#"{"a":[],"b":{},"c":null,"d":"","e":[null]}"#;
    check(
        "orders.create",
        "/orders",
        (JSON, body),
        expect![[r#"
        a is empty
        b is empty
        d = 
        e is empty"#]],
    );
}

#[test]
fn paths_queries_and_headers_are_inputs_too() {
    check(
        "orders.retrieve",
        "/orders/a%20b+c&d=e?expand%5B%5D=x&q=1+2",
        ("text/plain", ""),
        expect![[r#"
            expand = x
            id = a b+c&d=e
            q = 1 2
            x-region = north"#]],
    );
}

#[test]
fn another_name_on_the_way_is_taken_back() {
    let named = operation(
        "path = \"/a\"\nbody = \"json\"",
        "filter = { in = \"query\", type = \"string\", sent_as = \"$filter\" }\n\
         region = { in = \"header\", type = \"string\", sent_as = \"X-Region\" }\n\
         kind = { type = \"string\", sent_as = \"@type\" }\n\
         since = { in = \"query\", type = \"object\", sent_as = \"created[at]\" }",
    );
    check_of(
        &named,
        "/a?%24filter=x&created%5Bat%5D=1",
        (JSON, r#"{"@type":"t","$filter":"other"}"#),
        expect![[r#"
            $filter = other
            filter = x
            kind = t
            region = north
            since = 1"#]],
    );
}

#[test]
fn a_whole_body_is_one_input() {
    let rows = operation(
        "path = \"/a\"\nbody = \"json\"\nbody_input = \"rows\"",
        "rows = { type = \"any\" }",
    );
    check_of(
        &rows,
        "/a",
        (JSON, r#"[{"id":1},{"id":2}]"#),
        expect![[r#"
        rows[0][id] = 1
        rows[1][id] = 2"#]],
    );
    check_of(
        &rows,
        "/a?x=1",
        (JSON, "[]"),
        expect![[r#"
        rows is empty
        x = 1"#]],
    );
    check_of(&rows, "/a", (JSON, r#""text""#), expect!["rows = text"]);
    check_of(&rows, "/a", ("", ""), expect![""]);
}

const PARTS: &str = "multipart/form-data; boundary=b";

#[test]
fn parts_are_inputs_and_files_are_their_content() {
    let upload = operation(
        "path = \"/a\"\nbody = \"multipart\"",
        "file = { type = \"file\" }\nabout = { type = \"object\", objects = \"json\" }",
    );
    let body = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\none\r\n\
        --b\r\nContent-Disposition: form-data; name=\"about\"\r\n\r\n{\"a\":1}\r\n\
        --b\r\nContent-Disposition: form-data; name=\"tags[]\"\r\n\r\nx\r\n--b--\r\n";
    check_of(
        &upload,
        "/a",
        (PARTS, body),
        expect![[r#"
        about[a] = 1
        file = one
        tags = x"#]],
    );
    let raw = operation(
        "path = \"/a\"\nbody = \"raw\"\nbody_input = \"file\"",
        "file = { type = \"file\" }",
    );
    check_of(&raw, "/a", (PARTS, body), expect!["file = one"]);
    check_of(&raw, "/a", ("text/plain", "one"), expect!["file = one"]);
    check_of(&raw, "/a", ("text/plain", ""), expect!["file = "]);
    check_of(&raw, "/a", ("", ""), expect![""]);
}

#[test]
fn variables_are_inputs() {
    let graphql = operation(
        "path = \"/a\"\nbody = \"graphql\"",
        "query = { type = \"string\" }\noperation_name = { type = \"string\" }",
    );
    let body = r#"{"query":"{a,  b}","operationName":"A","variables":{"first":2,"in":{"x":"y"}}}"#;
    check_of(
        &graphql,
        "/a",
        (JSON, body),
        expect![[r#"
        first = 2
        in[x] = y
        operation_name = A
        query = { a b }"#]],
    );
}

#[test]
fn bodies_that_cannot_be_read_say_nothing() {
    check("orders.create", "/orders", (JSON, "{"), expect![""]);
    check("orders.create", "/orders", (PARTS, "a=b"), expect![""]);
}
