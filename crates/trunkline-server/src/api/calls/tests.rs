//! Queries as filters.

use expect_test::{Expect, expect};

use super::filter;

#[track_caller]
fn check(query: &str, expected: Expect) {
    let read = match filter(query) {
        Ok(filter) => format!("{filter:?}"),
        Err(error) => format!("{error} ({})", error.hint().unwrap_or("no hint")),
    };
    expected.assert_eq(&read);
}

#[test]
fn a_query_narrows_down() {
    check(
        "",
        expect![[
            r#"CallFilter { limit: 50, connector: None, operation: None, status: None, errors: false, since: None, slower: None }"#
        ]],
    );
    check(
        "limit=3&connector=openai&operation=models.list&status=4xx&errors=true&since=1h&slower=2s",
        expect![[
            r#"CallFilter { limit: 3, connector: Some("openai"), operation: Some("models.list"), status: Some(Class(4)), errors: true, since: Some(Ago(3600s)), slower: Some(2s) }"#
        ]],
    );
    check(
        "status=429&errors=false",
        expect![[
            r#"CallFilter { limit: 50, connector: None, operation: None, status: Some(Only(429)), errors: false, since: None, slower: None }"#
        ]],
    );
}

#[test]
fn what_cannot_be_is_named_with_what_can() {
    check(
        "limt=3",
        expect![
            "there is no parameter `limt` here (allowed are limit, connector, operation, status, errors, since, slower)"
        ],
    );
    check(
        "limit=3&limit=4",
        expect!["`limit` stands twice (say it once)"],
    );
    check(
        "limit=many",
        expect!["`limit` is `many`, which it cannot be (allowed is a number)"],
    );
    check(
        "limit=-1",
        expect!["`limit` is `-1`, which it cannot be (allowed is a number)"],
    );
    check(
        "errors=yes",
        expect!["`errors` is `yes`, which it cannot be (allowed is `true` or `false`)"],
    );
    check(
        "slower=2",
        expect!["`slower` is `2`, which it cannot be (allowed is a time such as `500ms` or `2s`)"],
    );
    check(
        "status=999",
        expect!["`999` is no status (allowed is a status such as `429`, or a class such as `4xx`)"],
    );
}
