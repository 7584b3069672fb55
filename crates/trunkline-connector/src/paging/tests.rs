//! Pages of every kind are read to their end, and no kind leads round in circles.

use expect_test::{Expect, expect};
use http::{HeaderMap, HeaderValue, header};
use proptest::prelude::*;
use serde_json::{Value, json};
use url::Url;

use super::{Next, Page, Pager, PagesAsked, PagingError, Step};
use crate::connector::{Inputs, Operation};
use crate::format::{BodyKind, InputKind, InputPlace, PaginationSection, StopRule};
use crate::samples::{self, input};
use crate::seeded::seeded;

/// The way of paging that a file writes so.
fn way(value: Value) -> PaginationSection {
    serde_json::from_value(value).unwrap()
}

fn operation() -> Operation {
    let of = |name, kind| input(name, InputPlace::Query, kind);
    let inputs = vec![
        of("after", InputKind::String),
        of("limit", InputKind::Integer),
        of("offset", InputKind::Integer),
        of("page", InputKind::Integer),
        of("since", InputKind::Any),
    ];
    samples::operation("/things", BodyKind::None, inputs)
}

fn inputs(value: Value) -> Inputs {
    match value {
        Value::Object(inputs) => inputs,
        other => panic!("{other} is no object"),
    }
}

fn asked(pages_max: u64) -> PagesAsked {
    PagesAsked {
        pages_max,
        items: None,
        page_info: None,
    }
}

fn address() -> Url {
    "https://api.example.com/v1/things?limit=2".parse().unwrap()
}

fn pager(written: Value, given: Value) -> Pager {
    Pager::new(&way(written), &operation(), &inputs(given), asked(100)).unwrap()
}

fn shown(step: Result<Step, PagingError>) -> String {
    match step {
        Ok(Step::Next(Next::Input { name, value })) => format!("{name} = {value}"),
        Ok(Step::Next(Next::Address(url))) => url.to_string(),
        Ok(Step::Last(reason)) => format!("last: {reason:?}"),
        Ok(Step::Capped(next)) => format!("capped: {next}"),
        Err(error) => format!("error: {error}"),
    }
}

/// What is said after each of these pages.
#[track_caller]
fn check(pager: &mut Pager, bodies: &[Value], expected: Expect) {
    check_headers(pager, bodies, &HeaderMap::new(), expected);
}

#[track_caller]
fn check_headers(pager: &mut Pager, bodies: &[Value], headers: &HeaderMap, expected: Expect) {
    let address = address();
    let mut lines = String::new();
    for body in bodies {
        let page = Page {
            body,
            headers,
            address: &address,
        };
        lines.push_str(&shown(pager.step(&page)));
        lines.push('\n');
    }
    expected.assert_eq(&lines);
}

#[test]
fn offsets_go_on_by_what_came() {
    let written = json!({ "kind": "offset", "items": "/data", "limit": "limit", "size": 2, "stop": { "false_at": "/more" } });
    let mut pager = pager(written, json!({}));
    assert_eq!(
        pager.opening(&Inputs::new()),
        Some(("limit".to_owned(), json!(2)))
    );
    assert_eq!(pager.opening(&inputs(json!({ "limit": 5 }))), None);
    check(
        &mut pager,
        &[
            json!({ "data": [1, 2], "more": true }),
            // A short page does not end it, and nothing is passed over.
            json!({ "data": [3], "more": true }),
            json!({ "data": [4, 5], "more": false }),
        ],
        expect![[r#"
            offset = 2
            offset = 3
            last: Said("/more")
        "#]],
    );
    assert_eq!((pager.pages(), pager.records_total()), (3, 5));
}

#[test]
fn an_offset_that_does_not_grow_is_no_next_page() {
    let written = json!({ "kind": "offset", "items": "/data", "stop": { "false_at": "/more" } });
    check(
        &mut pager(written, json!({ "offset": "10" })),
        &[
            json!({ "data": [1], "more": true }),
            json!({ "data": [], "more": true }),
        ],
        expect![[r#"
            offset = 11
            error: the page is empty and not the last, so nothing leads to the next
        "#]],
    );
}

#[test]
fn a_total_counts_what_came_before() {
    let written = json!({ "kind": "offset", "items": "", "stop": { "total_at": "/0/total" } });
    check(
        &mut pager(written.clone(), json!({ "offset": 7 })),
        &[json!([{ "total": 10 }, 2]), json!([{ "total": 10 }])],
        expect![[r#"
            offset = 9
            last: Total(10)
        "#]],
    );
    let written =
        json!({ "kind": "page", "items": "/data", "size": 2, "stop": { "total_at": "/total" } });
    check(
        &mut pager(written.clone(), json!({})),
        &[
            json!({ "data": [1, 2], "total": 5 }),
            json!({ "data": [3, 4], "total": 5 }),
            json!({ "data": [5], "total": 5 }),
        ],
        expect![[r#"
            page = 2
            page = 3
            last: Total(5)
        "#]],
    );
    check(
        &mut pager(written.clone(), json!({ "page": 3 })),
        &[json!({ "data": [5], "total": 5 })],
        expect![[r#"
            last: Total(5)
        "#]],
    );
    // Records went while they were read.
    check(
        &mut pager(written, json!({})),
        &[
            json!({ "data": [1, 2], "total": 5 }),
            json!({ "data": [], "total": 5 }),
        ],
        expect![[r#"
            page = 2
            last: EmptyPage
        "#]],
    );
}

#[test]
fn a_short_page_ends_only_what_says_so() {
    let written = json!({ "kind": "page", "items": "/data", "first": 0, "limit": "limit", "size": 3, "stop": "short_page" });
    let pages = [json!({ "data": [1, 2, 3] }), json!({ "data": [4, 5] })];
    check(
        &mut pager(written.clone(), json!({})),
        &pages,
        expect![[r#"
            page = 1
            last: ShortPage
        "#]],
    );
    // The upstream may give less than is asked for.
    check(
        &mut pager(written.clone(), json!({ "limit": 1_000 })),
        &pages,
        expect![[r#"
            page = 1
            last: ShortPage
        "#]],
    );
    check(
        &mut pager(written, json!({ "limit": "2" })),
        &pages,
        expect![[r#"
            page = 1
            page = 2
        "#]],
    );
    let written = json!({ "kind": "page", "items": "/data", "stop": "empty_page" });
    check(
        &mut pager(written, json!({})),
        &[json!({ "data": [1] }), json!({ "data": [] })],
        expect![[r#"
            page = 2
            last: EmptyPage
        "#]],
    );
}

#[test]
fn cursors_are_followed() {
    let written = json!({ "kind": "cursor", "items": "/data", "cursor": "/next", "input": "after", "stop": "no_next" });
    check(
        &mut pager(written.clone(), json!({})),
        &[
            json!({ "data": [1], "next": "b" }),
            // An empty page may have more behind it.
            json!({ "data": [], "next": 7 }),
            json!({ "data": [2], "next": "" }),
        ],
        expect![[r#"
            after = "b"
            after = "7"
            last: NoNext
        "#]],
    );
    for end in [json!({ "data": [] }), json!({ "data": [], "next": null })] {
        let step = check_one(pager(written.clone(), json!({})), &end);
        assert_eq!(step, "last: NoNext");
    }
    let step = check_one(
        pager(written, json!({})),
        &json!({ "data": [], "next": ["b"] }),
    );
    assert_eq!(
        step,
        "error: the page is not the last, and `/next`, which leads to the next, is a list"
    );
}

fn check_one(mut pager: Pager, body: &Value) -> String {
    let (headers, address) = (HeaderMap::new(), address());
    shown(pager.step(&Page {
        body,
        headers: &headers,
        address: &address,
    }))
}

#[test]
fn a_number_stays_one_for_inputs_that_take_it() {
    let written = json!({ "kind": "last_item", "items": "/data", "field": "/id", "input": "since", "stop": { "true_at": "/last" } });
    check(
        &mut pager(written.clone(), json!({})),
        &[
            json!({ "data": [{ "id": 1 }, { "id": 364 }], "last": false }),
            json!({ "data": [{ "id": 365 }], "last": true }),
        ],
        expect![[r#"
            since = 364
            last: Said("/last")
        "#]],
    );
    check(
        &mut pager(written.clone(), json!({})),
        &[json!({ "data": [], "last": false })],
        expect![[r#"
            error: the page is empty and not the last, so nothing leads to the next
        "#]],
    );
    check(
        &mut pager(written, json!({})),
        &[json!({ "data": [{}], "last": false })],
        expect![[r#"
            error: the page is not the last, and `/id`, which leads to the next, is missing
        "#]],
    );
}

#[test]
fn a_cursor_that_comes_twice_is_an_error() {
    let written = json!({ "kind": "cursor", "items": "/data", "cursor": "/next", "input": "after", "stop": { "false_at": "/more" } });
    let page = |next: &str| json!({ "data": [1], "next": next, "more": true });
    check(
        &mut pager(written.clone(), json!({})),
        &[page("b"), page("c"), page("b")],
        expect![[r#"
            after = "b"
            after = "c"
            error: the cursor `b` came twice, so the pages lead round in a circle
        "#]],
    );
    // The one that the call itself began with counts too.
    let step = check_one(pager(written.clone(), json!({ "after": "b" })), &page("b"));
    assert!(step.contains("`b` came twice"), "{step}");
    let mut resumed = pager(written.clone(), json!({}));
    resumed.resume("b", &address()).unwrap();
    let step = check_one(resumed, &page("b"));
    assert!(step.contains("`b` came twice"), "{step}");
    let long = "x".repeat(500);
    let step = check_one(pager(written, json!({ "after": long })), &page(&long));
    assert_eq!(step.matches('x').count(), 80);
}

#[test]
fn a_page_must_say_what_its_stop_rule_asks() {
    let with = |stop: Value| json!({ "kind": "cursor", "items": "/data", "cursor": "/next", "input": "after", "stop": stop });
    let page = json!({ "data": [1], "next": "b", "more": "yes" });
    let said = |stop| check_one(pager(with(stop), json!({})), &page);
    assert_eq!(
        said(json!({ "false_at": "/more" })),
        "error: the page does not say whether it is the last: `/more` is the text \"yes\", not `true` or `false`"
    );
    assert_eq!(
        said(json!({ "true_at": "/last" })),
        "error: the page does not say whether it is the last: `/last` is missing, not `true` or `false`"
    );
    assert_eq!(
        said(json!({ "empty_at": "/missing" })),
        "last: Said(\"/missing\")"
    );
    let total = json!({ "kind": "offset", "items": "/data", "stop": { "total_at": "/more" } });
    assert_eq!(
        check_one(pager(total, json!({})), &page),
        "error: the page does not say whether it is the last: `/more` is the text \"yes\", not how many records there are"
    );
    for value in [json!(null), json!(false), json!(""), json!([]), json!({})] {
        let page = json!({ "data": [1], "next": "b", "end": value });
        let stop = json!({ "empty_at": "/end" });
        assert_eq!(
            check_one(pager(with(stop), json!({})), &page),
            "last: Said(\"/end\")"
        );
    }
    for value in [json!(true), json!(0), json!("x"), json!([1])] {
        let page = json!({ "data": [1], "next": "b", "end": value });
        let stop = json!({ "empty_at": "/end" });
        assert_eq!(
            check_one(pager(with(stop), json!({})), &page),
            "after = \"b\""
        );
    }
}

#[test]
fn addresses_are_resolved_against_the_page() {
    let written =
        json!({ "kind": "next_url", "items": "/data", "next": "/next", "stop": "no_next" });
    check(
        &mut pager(written.clone(), json!({})),
        &[
            json!({ "data": [], "next": "/v1/things?page=2" }),
            json!({ "data": [], "next": "?page=3" }),
            json!({ "data": [], "next": "https://evil.test/x" }),
            json!({ "data": [], "next": "/v1/things?page=2" }),
        ],
        expect![[r#"
            https://api.example.com/v1/things?page=2
            https://api.example.com/v1/things?page=3
            https://evil.test/x
            error: the next page's address came twice, so the pages lead round in a circle
        "#]],
    );
    check(
        &mut pager(written.clone(), json!({})),
        &[
            json!({ "data": [], "next": "file:///etc/passwd" }),
            json!({ "data": [], "next": "https://[" }),
            json!({ "data": [], "next": 7 }),
            json!({ "data": [], "next": "?limit=2" }),
            json!({ "data": [] }),
        ],
        expect![[r#"
            error: the next page's address cannot be called: `file:` is no HTTP
            error: the next page's address cannot be called: invalid IPv6 address
            error: the page is not the last, and `/next`, which leads to the next, is `7`
            error: the next page's address came twice, so the pages lead round in a circle
            last: NoNext
        "#]],
    );
}

#[test]
fn link_headers_are_followed_until_there_is_none() {
    let link = |text: &'static str| {
        let mut headers = HeaderMap::new();
        headers.insert(header::LINK, HeaderValue::from_static(text));
        headers
    };
    let written = json!({ "kind": "link_header", "items": "" });
    let mut pager = pager(written, json!({}));
    let page = [json!([1])];
    check_headers(
        &mut pager,
        &page,
        &link("<?page=2>; rel=\"next\", <?page=9>; rel=\"last\""),
        expect![[r#"
            https://api.example.com/v1/things?page=2
        "#]],
    );
    check_headers(
        &mut pager,
        &page,
        &link("<?page=9; rel=next"),
        expect![[r#"
            error: the header `Link` cannot be read: what begins at character 1 does not end
        "#]],
    );
    check_headers(
        &mut pager,
        &page,
        &link("<?page=1>; rel=\"prev\""),
        expect![[r#"
            last: NoNext
        "#]],
    );
}

#[test]
fn connections_of_graphql_are_followed() {
    let written = json!({ "kind": "graphql" });
    let mut operation = operation();
    operation.items = Some("/data/x/nodes".to_owned());
    let way = way(written);
    let error = Pager::new(&way, &operation, &Inputs::new(), asked(9)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "nothing says where `page_info` of this call's pages is; give it as a JSON Pointer"
    );
    let with = PagesAsked {
        page_info: Some("/data/x/pageInfo".to_owned()),
        ..asked(9)
    };
    let mut pager = Pager::new(&way, &operation, &Inputs::new(), with).unwrap();
    let page = |more: bool, end: Value| json!({ "data": { "x": { "nodes": [1], "pageInfo": { "hasNextPage": more, "endCursor": end } } } });
    check(
        &mut pager,
        &[
            page(true, json!("b")),
            page(true, json!(null)),
            page(false, json!("c")),
            json!({ "data": { "x": null } }),
        ],
        expect![[r#"
            after = "b"
            error: the page is not the last, and `/data/x/pageInfo/endCursor`, which leads to the next, is null
            last: Said("/data/x/pageInfo/hasNextPage")
            error: the page has no list of records at `/data/x/nodes`
        "#]],
    );
}

#[test]
fn records_are_a_list_or_null() {
    let written = json!({ "kind": "page", "items": "/data", "stop": "empty_page" });
    let pager = pager(written, json!({}));
    assert_eq!(pager.records(&json!({ "data": [1] })).unwrap(), [json!(1)]);
    assert!(pager.records(&json!({ "data": null })).unwrap().is_empty());
    for body in [json!({}), json!({ "data": {} }), json!([])] {
        let error = pager.records(&body).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the page has no list of records at `/data`"
        );
    }
    let whole = way(json!({ "kind": "page", "items": "", "stop": "empty_page" }));
    let pager = Pager::new(&whole, &operation(), &Inputs::new(), asked(9)).unwrap();
    assert!(pager.records(&json!(null)).is_err());
}

#[test]
fn a_cap_says_where_to_go_on() {
    let written = json!({ "kind": "cursor", "items": "/data", "cursor": "/next", "input": "after", "stop": "no_next" });
    let way = way(written);
    let page = |next: &str| json!({ "data": [1], "next": next });
    let mut capped = Pager::new(&way, &operation(), &Inputs::new(), asked(2)).unwrap();
    check(
        &mut capped,
        &[page("b"), page("c")],
        expect![[r#"
            after = "b"
            capped: c
        "#]],
    );
    let mut last = Pager::new(&way, &operation(), &Inputs::new(), asked(1)).unwrap();
    check(
        &mut last,
        &[page("")],
        expect![[r#"
            last: NoNext
        "#]],
    );
}

#[test]
fn reading_goes_on_where_it_stopped() {
    let resumed = |written: Value, from: &str| {
        let mut pager = pager(written, json!({}));
        shown(pager.resume(from, &address()).map(Step::Next))
    };
    let cursor = |input: &str| json!({ "kind": "cursor", "items": "/data", "cursor": "/next", "input": input, "stop": "no_next" });
    assert_eq!(resumed(cursor("after"), "7"), "after = \"7\"");
    assert_eq!(resumed(cursor("since"), "7"), "since = 7");
    assert_eq!(resumed(cursor("since"), "a b"), "since = \"a b\"");
    assert_eq!(
        resumed(cursor("since"), ""),
        "error: \"\" is no place to go on from: it is empty"
    );
    let page = json!({ "kind": "page", "items": "/data", "stop": "empty_page" });
    assert_eq!(resumed(page.clone(), "12"), "page = 12");
    assert_eq!(
        resumed(page, "twelve"),
        "error: \"twelve\" is no place to go on from: it takes a whole number"
    );
    let address = json!({ "kind": "link_header", "items": "" });
    assert_eq!(
        resumed(address, "/v1/things?page=3"),
        "https://api.example.com/v1/things?page=3"
    );
}

#[test]
fn an_operation_says_better_where_its_records_are() {
    let written = way(json!({ "kind": "page", "items": "/data", "stop": "empty_page" }));
    let mut operation = operation();
    operation.items = Some("/channels".to_owned());
    let of_operation = Pager::new(&written, &operation, &Inputs::new(), asked(9)).unwrap();
    assert_eq!(of_operation.items(), "/channels");
    let with = PagesAsked {
        items: Some("/members".to_owned()),
        ..asked(9)
    };
    let of_call = Pager::new(&written, &operation, &Inputs::new(), with).unwrap();
    assert_eq!(of_call.items(), "/members");
    let nowhere = way(json!({ "kind": "page", "stop": "empty_page" }));
    operation.items = None;
    assert_eq!(
        Pager::new(&nowhere, &operation, &Inputs::new(), asked(9)).unwrap_err(),
        PagingError::NoPointer("items")
    );
}

/// An upstream with that many records, which hands out at most `cap` at once.
struct Upstream {
    records: usize,
    cap: usize,
}

impl Upstream {
    /// The page from a record on, and its size as asked for.
    fn page(&self, from: usize, size: usize) -> Value {
        let end = (from + size.min(self.cap)).min(self.records);
        let data: Vec<usize> = (from.min(end)..end).collect();
        let next = (end < self.records).then_some(end);
        json!({ "data": data, "total": self.records, "more": next.is_some(), "next": next })
    }
}

/// Reads everything, as the engine does; the numbers of the records that came.
fn read_all(upstream: &Upstream, section: &PaginationSection, limit: usize) -> Vec<u64> {
    let given = inputs(json!({ "limit": limit }));
    let mut pager = Pager::new(section, &operation(), &given, asked(10_000)).unwrap();
    let (headers, address) = (HeaderMap::new(), address());
    let (mut came, mut from) = (Vec::new(), 0);
    loop {
        let body = upstream.page(from, limit);
        let numbers = pager
            .records(&body)
            .unwrap()
            .iter()
            .filter_map(Value::as_u64);
        came.extend(numbers);
        let step = pager.step(&Page {
            body: &body,
            headers: &headers,
            address: &address,
        });
        match step.unwrap() {
            Step::Next(Next::Input { value, .. }) => {
                from = value.to_string().trim_matches('"').parse().unwrap();
            }
            Step::Last(_) => return came,
            other => panic!("{other:?}"),
        }
    }
}

proptest! {
    #![proptest_config(seeded(500))]

    /// Whatever the sizes, every record comes exactly once and reading ends.
    #[test]
    fn every_record_comes_once(records in 0..200_usize, cap in 1..40_usize, limit in 1..60_usize) {
        let upstream = Upstream { records, cap };
        let expected: Vec<u64> = (0..records as u64).collect();
        let size = u64::try_from(cap).unwrap();
        for stop in [StopRule::FalseAt("/more".into()), StopRule::TotalAt("/total".into()), StopRule::ShortPage, StopRule::EmptyPage, StopRule::EmptyAt("/next".into())] {
            let section = PaginationSection::Offset {
                items: Some("/data".into()), offset: "offset".into(), limit: Some("limit".into()), size: Some(size), stop,
            };
            prop_assert_eq!(&read_all(&upstream, &section, limit), &expected, "{:?}", section);
        }
        let section = PaginationSection::Cursor {
            items: Some("/data".into()), cursor: "/next".into(), input: "after".into(), stop: StopRule::NoNext,
        };
        prop_assert_eq!(&read_all(&upstream, &section, limit), &expected);
    }

    /// Whatever pages come, reading ends after at most as many as there are cursors.
    #[test]
    fn no_pages_lead_round_for_ever(cursors in proptest::collection::vec(0..5_u8, 1..30)) {
        let section = way(json!({ "kind": "cursor", "items": "/data", "cursor": "/next", "input": "after", "stop": "no_next" }));
        let mut pager = Pager::new(&section, &operation(), &Inputs::new(), asked(u64::MAX)).unwrap();
        let (headers, address) = (HeaderMap::new(), address());
        let mut steps = 0;
        for cursor in cursors.iter().cycle() {
            let body = json!({ "data": [1], "next": cursor });
            steps += 1;
            if pager.step(&Page { body: &body, headers: &headers, address: &address }).is_err() {
                break;
            }
        }
        prop_assert!(steps <= 6, "{steps}");
    }
}
