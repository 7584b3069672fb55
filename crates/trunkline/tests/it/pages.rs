//! Lists that come in pages: every way of paging, every way in which it can go wrong.

use std::fmt::Write as _;
use std::io::Write as _;
use std::num::NonZeroU64;

use expect_test::{Expect, expect};
use flate2::Compression;
use flate2::write::GzEncoder;
use http::Method;
use serde_json::{Value, json};
use trunkline::{
    Body, Call, Error, ErrorKind, PageError, PageOptions, Pages, Resume, Stopped, Trunkline,
};

use crate::shelf::{KEY, json_with, shelf};
use crate::stand::{Stand, by_path, get, operation, soon, with_header};
use crate::upstream::{Act, Upstream, answer, json};

/// Begins to read the pages of a call.
fn pages(stand: &Stand, call: Call) -> Pages {
    stand
        .engine
        .pages(call, PageOptions::default())
        .expect("it answers in pages")
}

fn refused(engine: &Trunkline, call: Call, options: PageOptions) -> Error {
    engine
        .pages(call, options)
        .expect_err("it cannot be read so")
}

/// Every page on one line, then how it ended and where it would go on.
async fn read(mut pages: Pages) -> String {
    let mut text = String::new();
    loop {
        match soon(pages.next()).await {
            Ok(Some(page)) => {
                assert_eq!(page.records().count() as u64, page.count);
                let records: Vec<&str> = page.records().collect();
                text.push_str(&records.join(" "));
                text.push('\n');
            }
            Ok(None) => {
                write!(text, "end {:?}", pages.resume()).expect("memory can be written");
                assert!(soon(pages.next()).await.is_ok_and(|page| page.is_none()));
                return text;
            }
            Err(error) => {
                text.push_str(&shown(&error));
                assert_eq!(pages.resume(), error.resume);
                assert!(soon(pages.next()).await.is_ok_and(|page| page.is_none()));
                return text;
            }
        }
    }
}

fn shown(error: &PageError) -> String {
    let cause = match &error.cause {
        Stopped::Answered(reply) => format!("answered {}", reply.status.as_u16()),
        Stopped::Failed(error) => format!("{}: {error}", error.kind().code()),
    };
    let PageError {
        pages,
        records,
        resume,
        ..
    } = error;
    format!("{cause}\nafter {records} of {pages}, {resume:?}")
}

/// The targets of all requests, and their bodies.
fn asked(upstream: &Upstream) -> String {
    let requests = upstream.requests();
    let lines = requests.iter().map(|request| {
        let target = request.line.trim_end_matches(" HTTP/1.1");
        let body = String::from_utf8_lossy(&request.body);
        assert_eq!(
            request.header("authorization"),
            Some(format!("Bearer {KEY}").as_str())
        );
        format!("{target} {body}").trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[track_caller]
fn check(
    script: impl IntoIterator<Item = Act>,
    call: Call,
    (came, was_asked): (Expect, Expect),
) -> impl Future<Output = ()> {
    let (upstream, stand) = shelf(script);
    let pages = pages(&stand, call);
    async move {
        came.assert_eq(&read(pages).await);
        was_asked.assert_eq(&asked(&upstream));
    }
}

#[tokio::test]
async fn a_cursor_leads_from_page_to_page() {
    let script = [
        json(200, r#"{"data": [{"id": 1.0}, 2], "next": "a b"}"#),
        json(200, r#"{"data": [], "next": "c"}"#),
        json(200, r#"{"next": "", "data": [3]}"#),
    ];
    let call = operation("shelf", "by_cursor", json!({ "kind": "new" }));
    let came = expect![[r#"
        {"id": 1.0} 2

        3
        end None"#]];
    let was_asked = expect![[r#"
        GET /cursor?kind=new
        GET /cursor?kind=new&page[after]=a%20b
        GET /cursor?kind=new&page[after]=c"#]];
    check(script, call, (came, was_asked)).await;
}

#[tokio::test]
async fn a_call_by_path_pages_as_the_operation_at_it() {
    let script = [
        json(200, r#"{"data": [1], "next": "a"}"#),
        json(200, r#"{"data": [2], "next": null}"#),
    ];
    let call = get("shelf", "/cursor?kind=%2Fnew&page%5Bafter%5D=first&x");
    let came = expect![[r#"
        1
        2
        end None"#]];
    let was_asked = expect![[r#"
        GET /cursor?kind=%2Fnew&page%5Bafter%5D=first&x
        GET /cursor?kind=%2Fnew&x&page%5Bafter%5D=a"#]];
    check(script, call, (came, was_asked)).await;
}

#[tokio::test]
async fn a_search_pages_by_its_body() {
    let script = || {
        [
            json(200, r#"{"data": [1], "next": "a"}"#),
            json(200, r#"{"data": [2]}"#),
        ]
    };
    let came = || {
        expect![[r#"
        1
        2
        end None"#]]
    };
    let call = operation("shelf", "by_post", json!({ "words": "w" }));
    let was_asked = expect![[r#"
        POST /search {"words":"w"}
        POST /search {"words":"w","after":"a"}"#]];
    check(script(), call, (came(), was_asked)).await;
    let mut call = by_path("shelf", Method::POST, "/search");
    call.body = Body::from(br#"{"words": "w"}"#.to_vec());
    call.headers.insert("content-length", 14.into());
    let was_asked = expect![[r#"
        POST /search {"words": "w"}
        POST /search {"words":"w","after":"a"}"#]];
    check(script(), call, (came(), was_asked)).await;
}

#[tokio::test]
async fn the_last_record_leads_to_the_next_page() {
    let script = [
        json(200, r#"{"data": [{"id": 1}, {"id": 7}], "has_more": true}"#),
        json(200, r#"{"data": [{"id": 9}], "has_more": false}"#),
    ];
    let call = operation("shelf", "by_last_item", json!({ "kind": "a/b" }));
    let came = expect![[r#"
        {"id": 1} {"id": 7}
        {"id": 9}
        end None"#]];
    let was_asked = expect![[r#"
        GET /last/a%2Fb
        GET /last/a%2Fb?after=7"#]];
    check(script, call, (came, was_asked)).await;
}

#[tokio::test]
async fn an_offset_grows_by_what_came_until_all_have_come() {
    let script = || {
        [
            json(200, r#"{"data": [1, 2], "total": 4}"#),
            json(200, r#"{"data": [3], "total": 4}"#),
            json(200, r#"{"data": [4], "total": 4}"#),
        ]
    };
    let came = || {
        expect![[r#"
        1 2
        3
        4
        end None"#]]
    };
    let call = operation("shelf", "by_offset", Value::Null);
    let was_asked = expect![[r#"
        GET /offset?take=2
        GET /offset?take=2&skip=2
        GET /offset?take=2&skip=3"#]];
    check(script(), call, (came(), was_asked)).await;
    let was_asked = expect![[r#"
        GET /offset?take=2
        GET /offset?take=2&skip=2
        GET /offset?take=2&skip=3"#]];
    check(script(), get("shelf", "/offset"), (came(), was_asked)).await;
}

#[tokio::test]
async fn how_many_there_are_in_all_is_told() {
    let (_upstream, stand) = shelf([json(200, r#"{"data": [1, 2], "total": 40}"#)]);
    let mut pages = pages(&stand, operation("shelf", "by_offset", Value::Null));
    let page = soon(pages.next()).await.expect("a page").expect("a page");
    assert_eq!((page.count, page.total), (2, Some(40)));
    assert_eq!((pages.pages(), pages.records()), (1, 2));
}

#[tokio::test]
async fn a_short_page_ends_a_list_only_where_that_is_declared() {
    let script = || [json(200, "[1, 2]"), json(200, "[3]"), json(200, "[]")];
    let came = expect![[r#"
        1 2
        3
        end None"#]];
    let was_asked = expect![[r#"
        GET /number?size=2
        GET /number?size=2&page=2"#]];
    let call = operation("shelf", "by_number", Value::Null);
    check(script(), call, (came, was_asked)).await;
    let came = expect![[r#"
        1 2
        3

        end None"#]];
    let was_asked = expect![[r#"
        GET /patience
        GET /patience?page=2
        GET /patience?page=3"#]];
    let call = operation("shelf", "by_patience", Value::Null);
    check(script(), call, (came, was_asked)).await;
}

#[tokio::test]
async fn an_address_in_the_body_leads_on() {
    let script = [
        // As the API writes it, wherever it is called.
        json(
            200,
            r#"{"data": [1], "next": "https://shelf.example/api/address?c=1"}"#,
        ),
        // By its path.
        json(200, r#"{"data": [2], "next": "/api/elsewhere?c=2"}"#),
        // At another of its hosts.
        json(
            200,
            r#"{"data": [3], "next": "https://archive.shelf.example/v1/old?c=3"}"#,
        ),
        json(200, r#"{"data": [4], "next": null}"#),
    ];
    let call = operation("shelf", "by_address", json!({ "trace": "t" }));
    let (upstream, stand) = shelf(script);
    let came = expect![[r#"
        1
        2
        3
        4
        end None"#]];
    came.assert_eq(&read(pages(&stand, call)).await);
    let was_asked = expect![[r#"
        GET /address
        GET /address?c=1
        GET /elsewhere?c=2
        GET /archive/old?c=3"#]];
    was_asked.assert_eq(&asked(&upstream));
    let mut requests = upstream.requests().into_iter();
    assert!(requests.all(|request| request.header("x-trace") == Some("t")));
}

#[tokio::test]
async fn a_link_leads_on() {
    let link =
        r#"<https://shelf.example/api/link?page=2>; rel="next", <https://x.example/>; rel="last""#;
    let script = [
        json_with(("link", link), "[1]"),
        json_with(("link", "</api/link?page=3>; rel=next"), "[2]"),
        json_with(
            ("link", r#"<https://shelf.example/api/link>; rel="first""#),
            "[3]",
        ),
    ];
    let came = expect![[r#"
        1
        2
        3
        end None"#]];
    let was_asked = expect![[r#"
        GET /link
        GET /link?page=2
        GET /link?page=3"#]];
    check(
        script,
        operation("shelf", "by_link", Value::Null),
        (came, was_asked),
    )
    .await;
}

#[tokio::test]
async fn nothing_is_asked_of_an_address_of_somebody_else() {
    let stranger = Upstream::start([json(200, "[]")]);
    let next = format!("http://{}/api/address?c=2", stranger.address);
    let page = format!(r#"{{"data": [2], "next": "{next}"}}"#);
    let first = r#"{"data": [1], "next": "https://shelf.example/api/address?c=1"}"#;
    let (_upstream, stand) = shelf([json(200, first), json(200, &page)]);
    let text = read(pages(&stand, operation("shelf", "by_address", Value::Null))).await;
    let expected = expect![[r#"
        1
        2
        address_refused: the next page is at `127.0.0.1:PORT`, where `shelf` does not answer
        after 2 of 2, Some(Again("https://shelf.example/api/address?c=1"))"#]];
    expected.assert_eq(&text.replace(&stranger.address.port().to_string(), "PORT"));
    assert_eq!(stranger.connections(), 0);
}

const QUERY: &str = "query ($after: String) { shelf { books(after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } } }";

fn connection(records: &str, next: Option<&str>) -> Act {
    let next = next.map_or("null".to_owned(), |next| format!("\"{next}\""));
    let has_next = next != "null";
    json(
        200,
        &format!(
            r#"{{"data": {{"shelf": {{"books": {{"nodes": {records}, "pageInfo": {{"hasNextPage": {has_next}, "endCursor": {next}}}}}}}}}}}"#
        ),
    )
}

#[tokio::test]
async fn the_one_list_of_a_graphql_reply_is_found_and_read() {
    let script = || [connection("[1, 2]", Some("c")), connection("[3]", None)];
    let came = || {
        expect![[r#"
        1 2
        3
        end None"#]]
    };
    let call = operation("shelf", "graphql", json!({ "query": QUERY }));
    let (upstream, stand) = shelf(script());
    came().assert_eq(&read(pages(&stand, call)).await);
    let variables = |request: &crate::upstream::request::Request| {
        let body: Value = serde_json::from_slice(&request.body).expect("JSON");
        body["variables"].to_string()
    };
    let asked: Vec<String> = upstream.requests().iter().map(variables).collect();
    assert_eq!(asked, ["null", r#"{"after":"c"}"#]);

    let mut call = by_path("shelf", Method::POST, "/graphql");
    let body = json!({ "query": QUERY, "variables": { "first": 2 } });
    call.body = Body::from(body.to_string().into_bytes());
    let (upstream, stand) = shelf(script());
    came().assert_eq(&read(pages(&stand, call)).await);
    let asked: Vec<String> = upstream.requests().iter().map(variables).collect();
    assert_eq!(asked, [r#"{"first":2}"#, r#"{"first":2,"after":"c"}"#]);
}

#[tokio::test]
async fn a_graphql_cursor_that_comes_twice_is_an_error_also_where_one_began() {
    let (_upstream, stand) = shelf([connection("[1]", Some("c"))]);
    let options = PageOptions {
        from_cursor: Some("c".to_owned()),
        items: Some("/data/shelf/books/nodes".to_owned()),
        ..PageOptions::default()
    };
    let call = || operation("shelf", "graphql", json!({ "query": QUERY }));
    let named = stand.engine.pages(call(), options.clone()).expect("pages");
    let expected = || {
        expect![[r#"
        1
        pages_broken: the cursor `c` came twice, so the pages lead round in a circle
        after 1 of 1, Some(Again("c"))"#]]
    };
    expected().assert_eq(&read(named).await);
    let (_upstream, stand) = shelf([connection("[1]", Some("c"))]);
    let options = PageOptions {
        items: None,
        ..options
    };
    let found = stand.engine.pages(call(), options).expect("pages");
    expected().assert_eq(&read(found).await);
}

#[tokio::test]
async fn a_graphql_reply_without_pages_says_what_to_ask_for() {
    let (_upstream, stand) = shelf([json(200, r#"{"data": {"shelf": {"books": [1]}}}"#)]);
    let text = read(pages(
        &stand,
        operation("shelf", "graphql", json!({ "query": QUERY })),
    ))
    .await;
    let expected = expect![[r#"
        bad_input: the reply has no `pageInfo` beside `nodes` or `edges`, by which the next page is asked for
        after 0 of 0, None"#]];
    expected.assert_eq(&text);
}

#[tokio::test]
async fn a_document_that_takes_no_cursor_is_not_sent() {
    let (upstream, stand) = shelf([]);
    let query = "query ($cursor: String) { books(after: $cursor) { nodes } }";
    let call = operation("shelf", "graphql", json!({ "query": query }));
    let error = refused(&stand.engine, call, PageOptions::default());
    assert_eq!(error.kind(), ErrorKind::BadInput);
    assert_eq!(
        error.to_string(),
        "the document has no variable `$after`, by which the next page is asked for"
    );
    assert!(upstream.requests().is_empty());
}

#[tokio::test]
async fn errors_in_a_graphql_answer_end_the_reading() {
    let bad = r#"{"data": {"shelf": null}, "errors": [{"message": "no"}]}"#;
    let (_upstream, stand) = shelf([connection("[1]", Some("c")), json(200, bad)]);
    let text = read(pages(
        &stand,
        operation("shelf", "graphql", json!({ "query": QUERY })),
    ))
    .await;
    let expected = expect![[r#"
        1
        answered 200
        after 1 of 1, Some(Next("c"))"#]];
    expected.assert_eq(&text);
}

#[tokio::test]
async fn a_cursor_that_comes_twice_is_an_error() {
    let script = [
        json(200, r#"{"data": [1], "next": "a"}"#),
        json(200, r#"{"data": [2], "next": "b"}"#),
        json(200, r#"{"data": [3], "next": "a"}"#),
    ];
    let came = expect![[r#"
        1
        2
        3
        pages_broken: the cursor `a` came twice, so the pages lead round in a circle
        after 3 of 3, Some(Again("b"))"#]];
    let was_asked = expect![[r#"
        GET /cursor
        GET /cursor?page[after]=a
        GET /cursor?page[after]=b"#]];
    check(
        script,
        operation("shelf", "by_cursor", Value::Null),
        (came, was_asked),
    )
    .await;
}

#[tokio::test]
async fn an_address_that_comes_twice_is_an_error() {
    let next = r#"{"data": [1], "next": "/api/address?secret=x"}"#;
    let (_upstream, stand) = shelf([json(200, next), json(200, next)]);
    let text = read(pages(&stand, operation("shelf", "by_address", Value::Null))).await;
    let (came, place) = text.rsplit_once('\n').expect("two lines");
    assert_eq!(
        came,
        "1\n1\npages_broken: the next page's address came twice, so the pages lead round in a circle"
    );
    assert!(place.starts_with("after 2 of 2, Some(Again("), "{place}");
}

#[tokio::test]
async fn an_error_in_the_middle_says_where_to_go_on() {
    let script = [
        json(200, r#"{"data": [1, 2], "next": "a"}"#),
        json(500, "{}"),
        json(200, r#"{"data": [3]}"#),
    ];
    let (upstream, stand) = shelf(script);
    let call = || operation("shelf", "by_cursor", Value::Null);
    let mut reading = pages(&stand, call());
    assert!(soon(reading.next()).await.is_ok_and(|page| page.is_some()));
    let error = soon(reading.next())
        .await
        .expect_err("it was answered with 500");
    assert_eq!(
        shown(&error),
        "answered 500\nafter 2 of 1, Some(Next(\"a\"))"
    );
    assert_eq!(
        error.to_string(),
        "the page was answered with 500; 2 records of 1 pages came before"
    );
    let options = PageOptions {
        from_cursor: error.resume.map(|resume| resume.cursor().to_owned()),
        ..PageOptions::default()
    };
    let rest = stand
        .engine
        .pages(call(), options)
        .expect("it goes on there");
    assert_eq!(read(rest).await, "3\nend None");
    assert!(asked(&upstream).ends_with("GET /cursor?page[after]=a\nGET /cursor?page[after]=a"));
}

#[tokio::test]
async fn reading_goes_on_at_an_offset_or_an_address() {
    let (upstream, stand) = shelf([
        json(200, r#"{"data": [5], "total": 5}"#),
        json(200, r#"{"data": [6]}"#),
        json(200, r#"{"data": [7]}"#),
    ]);
    let from = |from: &str| PageOptions {
        from_cursor: Some(from.to_owned()),
        ..PageOptions::default()
    };
    let engine = &stand.engine;
    let offset = engine.pages(operation("shelf", "by_offset", Value::Null), from("4"));
    assert_eq!(read(offset.expect("pages")).await, "5\nend None");
    let call = || operation("shelf", "by_address", Value::Null);
    let address = engine.pages(call(), from("https://shelf.example/api/address?c=9"));
    assert_eq!(read(address.expect("pages")).await, "6\nend None");
    let path = engine.pages(call(), from("/address?c=9"));
    assert_eq!(read(path.expect("pages")).await, "7\nend None");
    let was_asked = expect![[r#"
        GET /offset?take=2&skip=4
        GET /address?c=9
        GET /address?c=9"#]];
    was_asked.assert_eq(&asked(&upstream));

    let error = refused(
        engine,
        operation("shelf", "by_offset", Value::Null),
        from("x"),
    );
    assert_eq!(
        error.to_string(),
        "\"x\" is no place to go on from: it takes a whole number"
    );
    let error = refused(engine, call(), from("https://stranger.example/api/address"));
    assert_eq!(error.kind(), ErrorKind::AddressRefused);
}

#[tokio::test]
async fn an_error_on_the_first_page_is_the_upstreams_own() {
    let (_upstream, stand) = shelf([json(404, r#"{"message": "no"}"#)]);
    let mut reading = pages(&stand, operation("shelf", "by_cursor", Value::Null));
    let error = soon(reading.next())
        .await
        .expect_err("it was answered with 404");
    assert_eq!(error.resume, None);
    let Stopped::Answered(reply) = error.cause else {
        panic!("it was answered");
    };
    let body = reply.body.collect(100).await.expect("it is short");
    assert_eq!(body, r#"{"message": "no"}"#);
}

#[tokio::test]
async fn a_page_that_breaks_off_is_not_taken_for_the_last() {
    let mut cut = answer(
        200,
        &[("content-type", "application/json")],
        r#"{"data": [3, 4]}"#,
    );
    cut.truncate(cut.len() - 5);
    let script = [json(200, r#"{"data": [1], "next": "a"}"#), Act::Cut(cut)];
    let (_upstream, stand) = shelf(script);
    let text = read(pages(&stand, operation("shelf", "by_cursor", Value::Null))).await;
    let expected = expect![[r#"
        1
        upstream_closed: the upstream broke off in the middle of its answer
        after 1 of 1, Some(Next("a"))"#]];
    expected.assert_eq(&text);
}

#[tokio::test]
async fn what_is_no_page_is_an_error() {
    for (body, expected) in [
        (
            "<html>",
            "the page is no JSON: expected value at line 1 column 1",
        ),
        (
            r#"{"datum": []}"#,
            "the page has no list of records at `/data`",
        ),
        (
            r#"{"data": {}}"#,
            "the page has no list of records at `/data`",
        ),
    ] {
        let (_upstream, stand) = shelf([json(200, body)]);
        let text = read(pages(&stand, operation("shelf", "by_cursor", Value::Null))).await;
        assert_eq!(
            text,
            format!("pages_broken: {expected}\nafter 0 of 0, None")
        );
    }
}

#[tokio::test]
async fn no_content_is_an_empty_list() {
    let empty = b"HTTP/1.1 204 nothing\r\n\r\n".to_vec();
    let (_upstream, stand) = shelf([Act::Answer(empty)]);
    let text = read(pages(&stand, operation("shelf", "by_link", Value::Null))).await;
    assert_eq!(text, "\nend None");
}

#[tokio::test]
async fn no_content_in_the_middle_of_a_list_is_no_end_of_it() {
    let empty = b"HTTP/1.1 204 nothing\r\n\r\n".to_vec();
    let script = [
        json(200, r#"{"data": [1], "next": "a"}"#),
        Act::Answer(empty),
    ];
    let (_upstream, stand) = shelf(script);
    let text = read(pages(&stand, operation("shelf", "by_cursor", Value::Null))).await;
    expect![[r#"
        1
        pages_broken: the page is no JSON: EOF while parsing a value at line 1 column 0
        after 1 of 1, Some(Next("a"))"#]]
    .assert_eq(&text);
}

#[tokio::test]
async fn pages_without_records_do_not_go_on_for_ever() {
    let page = |number: u32| json(200, &format!(r#"{{"data": [], "next": "{number}"}}"#));
    let (_upstream, stand) = shelf((0..1010).map(page));
    let text = read(pages(&stand, operation("shelf", "by_cursor", Value::Null))).await;
    assert!(
        text.contains("1000 pages in a row have no record, and each names another"),
        "{}",
        text.trim()
    );
}

#[tokio::test]
async fn an_input_that_chooses_a_page_is_refused() {
    let (upstream, stand) = shelf([]);
    let by_name = operation("shelf", "by_cursor", json!({ "before": "z" }));
    let by_path = get("shelf", "/cursor?before=z");
    for call in [by_name, by_path] {
        let error = refused(&stand.engine, call, PageOptions::default());
        assert_eq!(error.kind(), ErrorKind::BadInput);
        expect!["`before` chooses one page, from which `by_cursor` is not read on"]
            .assert_eq(&error.to_string());
    }
    assert_eq!(upstream.connections(), 0);
}

#[tokio::test]
async fn errors_in_a_large_graphql_page_end_the_reading() {
    let title = "x".repeat(100_000);
    let reply = json!({
        "data": { "a": { "nodes": [{ "title": title }], "pageInfo": { "hasNextPage": true, "endCursor": "c" } } },
        "errors": [{ "message": "something went wrong", "path": ["a", "nodes", 1] }],
    });
    let (_upstream, stand) = shelf([json(200, &reply.to_string())]);
    let query = "query ($after: String) { a(after: $after) { nodes { title } pageInfo { hasNextPage endCursor } } }";
    let mut pages = pages(
        &stand,
        operation("shelf", "graphql", json!({ "query": query })),
    );
    let error = soon(pages.next()).await.expect_err("it has errors");
    assert!(matches!(error.cause, Stopped::Answered(_)), "{error:?}");
}

#[tokio::test]
async fn a_body_is_written_on_in_the_form_that_it_has() {
    let script = [
        json(200, r#"{"data": [1], "next": "a=b"}"#),
        json(200, r#"{"data": [2]}"#),
    ];
    let (upstream, stand) = shelf(script);
    let mut call = by_path("shelf", Method::POST, "/form");
    call.body = Body::from(br#"{"limit":1}"#.to_vec());
    let call = with_header(call, "content-type", "application/json; charset=utf-8");
    assert_eq!(read(pages(&stand, call)).await, "1\n2\nend None");
    let bodies = upstream.requests().into_iter().map(|one| one.body);
    let bodies: Vec<String> = bodies
        .map(|body| String::from_utf8(body).expect("text"))
        .collect();
    assert_eq!(bodies, [r#"{"limit":1}"#, r#"{"limit":1,"cursor":"a=b"}"#]);
}

#[tokio::test]
async fn a_page_that_comes_packed_is_unpacked() {
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(b"[1, 2]").expect("memory can be written");
    let body = packer.finish().expect("memory can be written");
    let headers = [
        ("content-type", "application/json"),
        ("content-encoding", "gzip"),
    ];
    let (_upstream, stand) = shelf([Act::Answer(answer(200, &headers, body))]);
    let call = with_header(get("shelf", "/link"), "accept-encoding", "gzip, br");
    assert_eq!(read(pages(&stand, call)).await, "1 2\nend None");
}

#[tokio::test]
async fn no_more_pages_are_read_than_wanted() {
    let script = [
        json(200, r#"{"data": [1], "next": "a"}"#),
        json(200, r#"{"data": [2], "next": "b"}"#),
    ];
    let (upstream, stand) = shelf(script);
    let options = PageOptions {
        pages_max: NonZeroU64::new(2),
        ..PageOptions::default()
    };
    let call = operation("shelf", "by_cursor", Value::Null);
    let reading = stand
        .engine
        .pages(call, options)
        .expect("it answers in pages");
    assert_eq!(read(reading).await, "1\n2\nend Some(Next(\"b\"))");
    assert_eq!(upstream.requests().len(), 2);
}

#[tokio::test]
async fn what_has_no_pages_names_what_has() {
    let (_upstream, stand) = shelf([]);
    let engine = &stand.engine;
    let error = refused(
        engine,
        operation("shelf", "one", Value::Null),
        PageOptions::default(),
    );
    assert_eq!(error.kind(), ErrorKind::BadInput);
    assert_eq!(
        error.to_string(),
        "`one` of `shelf` does not answer in pages"
    );
    assert_eq!(
        error.hint(),
        Some(
            "these do: `by_address`, `by_cursor`, `by_form`, `by_last_item`, `by_link`, `by_number`, `by_offset`, `by_patience`, `by_post` and `graphql`"
        )
    );
    let error = refused(
        engine,
        get("shelf", "/unknown?key=x"),
        PageOptions::default(),
    );
    assert_eq!(
        error.to_string(),
        "`GET /unknown` of `shelf` does not answer in pages"
    );
    let unknown = operation("shelf", "by_curser", Value::Null);
    let error = refused(engine, unknown, PageOptions::default());
    assert_eq!(error.kind(), ErrorKind::UnknownOperation);
    let nobody = operation("nobody", "by_cursor", Value::Null);
    let error = refused(engine, nobody, PageOptions::default());
    assert_eq!(error.kind(), ErrorKind::UnknownConnector);
}

#[tokio::test]
async fn a_page_is_tried_again_like_any_call() {
    let script = [
        json(200, r#"{"data": [1], "next": "a"}"#),
        json_with_status(503),
        json(200, r#"{"data": [2]}"#),
    ];
    let (upstream, stand) = shelf(script);
    let mut call = operation("shelf", "by_cursor", Value::Null);
    call.options.attempts_max = std::num::NonZeroU32::new(2);
    let mut reading = Box::pin(read(pages(&stand, call)));
    let text = loop {
        tokio::select! {
            biased;
            text = &mut reading => break text,
            wait = stand.time.sleeping_within(crate::stand::WAIT_LONGEST) => stand.time.advance(wait),
        }
    };
    assert_eq!(text, "1\n2\nend None");
    assert_eq!(upstream.requests().len(), 3);
}

fn json_with_status(status: u16) -> Act {
    json(status, "{}")
}

#[tokio::test]
async fn a_page_that_nobody_waits_for_is_cancelled_and_can_be_asked_for_again() {
    let script = [Act::Hang(Vec::new()), json(200, r#"{"data": [1]}"#)];
    let (upstream, stand) = shelf(script);
    let mut reading = pages(&stand, operation("shelf", "by_cursor", Value::Null));
    {
        let mut next = Box::pin(reading.next());
        tokio::select! {
            biased;
            page = &mut next => panic!("there is no answer: {page:?}"),
            () = upstream.saw_requests(1) => {}
        }
    }
    upstream.saw_hang_up().await;
    assert_eq!(read(reading).await, "1\nend None");
}

#[tokio::test]
async fn a_stream_gives_the_same_pages_and_ends_after_an_error() {
    use futures_util::StreamExt as _;
    let script = [
        json(200, r#"{"data": [1], "next": "a"}"#),
        json(200, r#"{"data": [2], "next": "a"}"#),
    ];
    let (_upstream, stand) = shelf(script);
    let stream = pages(&stand, operation("shelf", "by_cursor", Value::Null)).into_stream();
    let items: Vec<_> = soon(stream.collect::<Vec<_>>()).await;
    let lines: Vec<String> = items
        .iter()
        .map(|item| match item {
            Ok(page) => page.lines.trim_end().to_owned(),
            Err(error) => shown(error),
        })
        .collect();
    assert_eq!(lines[..2], ["1", "2"]);
    assert!(
        lines[2].starts_with("pages_broken: the cursor `a` came twice"),
        "{lines:?}"
    );
    assert_eq!(lines.len(), 3);
    assert!(matches!(
        &items[2],
        Err(PageError {
            resume: Some(Resume::Again(_)),
            ..
        })
    ));
}
