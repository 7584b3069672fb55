//! The one list of a GraphQL reply is found; where there is none or are several, that is said.

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use super::{find, page_info_beside};

#[track_caller]
fn check(reply: &Value, expected: Expect) {
    let text = match find(reply) {
        Ok(found) => format!("{} {}", found.items, found.page_info),
        Err(problem) => problem,
    };
    expected.assert_eq(&text);
}

#[test]
fn the_one_connection_is_found() {
    let page = json!({ "hasNextPage": false, "endCursor": null });
    check(
        &json!({ "data": { "repository": { "name": "x", "issues": {
            "nodes": [{ "labels": { "nodes": [], "pageInfo": page } }],
            "pageInfo": page,
        } } } }),
        expect!["/data/repository/issues/nodes /data/repository/issues/pageInfo"],
    );
    check(
        &json!({ "data": { "a/b": { "edges": [], "pageInfo": page } } }),
        expect!["/data/a~1b/edges /data/a~1b/pageInfo"],
    );
    check(
        &json!({ "data": { "a": { "edges": [], "nodes": [], "pageInfo": page } } }),
        expect!["/data/a/nodes /data/a/pageInfo"],
    );
}

#[test]
fn what_is_found_instead_is_said() {
    let connection = json!({ "nodes": [], "pageInfo": {} });
    check(
        &json!({ "data": { "viewer": { "login": "ada" } } }),
        expect![
            "the reply has no `pageInfo` beside `nodes` or `edges`, by which the next page is asked for"
        ],
    );
    check(
        &json!({ "data": { "a": connection, "b": { "c": connection } } }),
        expect!["the reply has several lists with pages: `/data/a/nodes` and `/data/b/c/nodes`"],
    );
}

#[test]
fn page_info_stands_beside_records() {
    assert_eq!(
        page_info_beside("/data/a/nodes").as_deref(),
        Some("/data/a/pageInfo")
    );
    assert_eq!(page_info_beside("/data/a/items"), None);
}
