//! Items after HTTPie's manner: what each becomes on the wire.

use serde_json::{Value, json};
use trunkline_tests::{Heard, Product, Upstream, answer};

/// Sends a JSON request with these items and gives what arrived.
#[track_caller]
fn sent(items: &[&str]) -> Heard {
    let upstream = Upstream::start([answer(200).json("{}")]);
    let product = Product::calling("openai", &upstream)
        .file("note.txt", "line one\nline two\n")
        .file("list.json", "[1, 2, {\"a\": null}]");
    let arguments = [&["call", "openai", "POST", "/v1/x"], items].concat();
    product.run(&arguments).expect(0);
    upstream.only()
}

#[track_caller]
fn check(items: &[&str], expected: Value) {
    let heard = sent(items);
    let body: Value = serde_json::from_slice(&heard.body).expect("the body is JSON");
    assert_eq!(body, expected, "{items:?}");
    assert_eq!(heard.head.header("content-type"), Some("application/json"));
}

#[test]
fn texts_and_json() {
    check(
        &["a=1", "b:=1", "c:=true", "d:=null", "e:=[1,\"x\"]", "f="],
        json!({
            "a": "1", "b": 1, "c": true, "d": null, "e": [1, "x"], "f": "",
        }),
    );
}

#[test]
fn names_nest() {
    check(
        &[
            "metadata[k]=v",
            "a.b.c=1",
            "list[]=x",
            "list[]=y",
            "deep[0][name]=n",
            "deep[1][name]=m",
        ],
        json!({
            "metadata": {"k": "v"},
            "a": {"b": {"c": "1"}},
            "list": ["x", "y"],
            "deep": [{"name": "n"}, {"name": "m"}],
        }),
    );
}

#[test]
fn files() {
    check(
        &["text=@note.txt", "list:=@list.json"],
        json!({
            "text": "line one\nline two\n", "list": [1, 2, {"a": null}],
        }),
    );
}

#[test]
fn escapes() {
    check(
        &["a\\.b=1", "at=\\@home", "eq=a=b==c", "url=http://x/?a=b:c"],
        json!({
            "a.b": "1", "at": "@home", "eq": "a=b==c", "url": "http://x/?a=b:c",
        }),
    );
}

#[test]
fn query_and_headers() {
    let heard = sent(&["q==a b&c", "filter[x]==1", "X-Mine:some value", "body=1"]);
    assert_eq!(heard.head.word(1), "/v1/x?q=a%20b%26c&filter[x]=1");
    assert_eq!(heard.head.header("x-mine"), Some("some value"));
}

#[test]
fn what_is_no_item_is_named_and_nothing_is_sent() {
    let upstream = Upstream::start([answer(200)]);
    let product = Product::calling("openai", &upstream);
    for item in [
        "nothing",
        "=x",
        "a:={",
        "a[=1",
        "a[b=1",
        "b=@missing.txt",
        "c:=@missing.json",
        "Bad Header:1",
    ] {
        let finished = product.run(&["call", "openai", "POST", "/v1/x", item]);
        assert_eq!(finished.status, Some(2), "{item}: {}", finished.stderr);
        let named = item.split_once('@').map_or(item, |(_, file)| file);
        assert!(
            finished.stderr.contains(named),
            "{item}: {}",
            finished.stderr
        );
    }
    let several = product.run(&["call", "openai", "POST", "/v1/x", "=x", "fine=1", "a:={"]);
    several.expect(2).complains(&["`=x`", "`a:={`"]);
    assert_eq!(upstream.count(), 0);
}
