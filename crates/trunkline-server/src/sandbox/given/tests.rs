//! Inputs read back from requests.

use expect_test::{Expect, expect};
use http::{HeaderMap, HeaderValue, header};

use super::{Given, Kept};
use crate::sandbox::choose::tests::shop;

#[track_caller]
fn check(operation: &str, request: (&str, &str, &str, &str), expected: Expect) {
    let (path, query, kind, body) = request;
    let connector = shop();
    let mut headers = HeaderMap::new();
    headers.insert("x-region", HeaderValue::from_static("north"));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_str(kind).unwrap());
    let operation = connector.operation(operation).unwrap();
    let given = Given::of_request(operation, (path, query), &headers, body.as_bytes());
    let mut lines = Vec::new();
    for (name, kept) in &given.0 {
        match kept {
            Kept::Plain(text) => lines.push(format!("{name} = {text}")),
            Kept::Nested(leaves) => {
                lines.extend(
                    leaves
                        .iter()
                        .map(|(way, text)| format!("{name}{way} = {text}")),
                );
            }
        }
    }
    expected.assert_eq(&lines.join("\n"));
}

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
    check(
        "orders.create",
        ("/orders", "", "application/json; charset=utf-8", json),
        expected(),
    );
    check(
        "orders.create",
        ("/orders", "", "application/x-www-form-urlencoded", form),
        expected(),
    );
}

#[test]
fn repeated_names_are_a_list() {
    check(
        "orders.create",
        ("/orders", "tag=a&tag=b&tag=c", "", ""),
        expect![[r#"
            tag = a
            tag[1] = b
            tag[2] = c"#]],
    );
}

#[test]
fn paths_queries_and_headers_are_inputs_too() {
    check(
        "orders.retrieve",
        ("/orders/a%20b+c", "expand%5B%5D=x&q=1+2", "text/plain", ""),
        expect![[r#"
            expand = x
            id = a b+c
            q = 1 2
            x-region = north"#]],
    );
}

#[test]
fn bodies_that_cannot_be_read_say_nothing() {
    check(
        "orders.create",
        ("/orders", "", "application/json", "{"),
        expect![""],
    );
    check(
        "orders.create",
        ("/orders", "", "multipart/form-data; boundary=a", "a=b"),
        expect![""],
    );
}
