//! Which recorded answer a request gets.

use expect_test::{Expect, expect};
use http::{HeaderMap, HeaderValue, Method, header};
use trunkline::connector::Connector;
use trunkline::connector::document::Source;
use trunkline::connector::format::{BodyText, Class};
use trunkline::{Catalog, Fault};

use super::{Asked, Choice, choose};

const SHOP: &str = r#"
schema = 1

[connector]
name = "shop"
title = "Shop"
base_url = "https://shop.example"
docs = "https://shop.example/docs"
checked = "2026-11-22"

[secrets.key]
env = "SHOP_KEY"
example = "shop_made_up"
obtain = "https://shop.example/keys"

[auth]
kind = "bearer"
secret = "key"

[pagination.cursor]
kind = "cursor"
items = "/data"
cursor = "/next"
input = "after"
stop = { pointer = "/next", is = "empty" }

[verify]
operation = "orders.list"
"#;

const ORDERS: &str = r#"
[[operations]]
name = "orders.create"
title = "Order something"
method = "POST"
path = "/orders"
docs = "https://shop.example/docs/orders"
body = "json"

[operations.inputs]
item = { type = "string", need = "required" }
stream = { type = "boolean" }
parts = { type = "array" }

[[operations]]
name = "orders.retrieve"
title = "Look up an order"
method = "GET"
path = "/orders/{id}"
docs = "https://shop.example/docs/orders"

[operations.inputs]
id = { in = "path", type = "string", need = "required" }
x-region = { in = "header", type = "string" }

[[operations]]
name = "orders.list"
title = "List orders"
method = "GET"
path = "/orders"
docs = "https://shop.example/docs/orders"
pagination = "cursor"

[operations.inputs]
after = { in = "query", type = "string" }
limit = { in = "query", type = "integer" }
"#;

/// Example name, operation, inputs, method and path, request body, status, class, answer.
const EXAMPLES: &[(&str, &str, &str, &str, &str, u16, &str)] = &[
    (
        "created",
        "orders.create",
        r#"item = "hat""#,
        "POST /orders",
        r#"{"item":"hat"}"#,
        200,
        "ok",
    ),
    (
        "created_stream",
        "orders.create",
        "item = \"hat\"\nstream = true",
        "POST /orders",
        r#"{"item":"hat","stream":true}"#,
        200,
        "ok",
    ),
    (
        "created_parts",
        "orders.create",
        "item = \"hat\"\nparts = [\"brim\", \"band\"]",
        "POST /orders",
        r#"{"item":"hat","parts":["brim","band"]}"#,
        200,
        "ok",
    ),
    (
        "order",
        "orders.retrieve",
        r#"id = "o1""#,
        "GET /orders/o1",
        "",
        200,
        "ok",
    ),
    ("list", "orders.list", "", "GET /orders", "", 200, "ok"),
    (
        "page_1",
        "orders.list",
        "limit = 2",
        "GET /orders?limit=2",
        "",
        200,
        "ok",
    ),
    (
        "page_2",
        "orders.list",
        "after = \"o2\"\nlimit = 2",
        "GET /orders?after=o2&limit=2",
        "",
        200,
        "ok",
    ),
    (
        "error_400",
        "orders.create",
        "stream = false",
        "POST /orders",
        r#"{"stream":false}"#,
        400,
        "caller_error",
    ),
    (
        "error_401",
        "orders.list",
        "",
        "GET /orders",
        "",
        401,
        "auth_dead",
    ),
    (
        "error_404",
        "orders.retrieve",
        r#"id = "missing""#,
        "GET /orders/missing",
        "",
        404,
        "caller_error",
    ),
    (
        "error_429_list",
        "orders.list",
        "",
        "GET /orders",
        "",
        429,
        "rate_limited",
    ),
    (
        "error_429_order",
        "orders.retrieve",
        r#"id = "o1""#,
        "GET /orders/o1",
        "",
        429,
        "rate_limited",
    ),
    (
        "error_500",
        "orders.list",
        "",
        "GET /orders",
        "",
        500,
        "provider_down",
    ),
    (
        "error_out_of_hats",
        "orders.create",
        r#"item = "bonnet""#,
        "POST /orders",
        r#"{"item":"bonnet"}"#,
        409,
        "caller_error",
    ),
];

/// A made-up connector with one example for each thing that the choice looks at.
pub(crate) fn shop() -> Connector {
    let source = |name: String, text: String| Source { name, text };
    let mut files = vec![
        source("shop/connector.toml".to_owned(), SHOP.to_owned()),
        source("shop/operations/orders.toml".to_owned(), ORDERS.to_owned()),
    ];
    for (name, operation, call, request, body, status, class) in EXAMPLES {
        let (method, path) = request.split_once(' ').unwrap();
        let (kind, body) = match *body {
            "" => (String::new(), String::new()),
            body => (
                "content-type = \"application/json\"\n".to_owned(),
                format!("[request.body]\njson = '{body}'\n"),
            ),
        };
        let text = format!(
            "operation = \"{operation}\"\ntitle = \"{name}\"\n[call]\n{call}\n\
             [request]\nmethod = \"{method}\"\npath = \"{path}\"\n\
             [request.headers]\nauthorization = \"Bearer shop_made_up\"\n{kind}{body}\
             [answer]\nstatus = {status}\n[answer.headers]\ncontent-type = \"application/json\"\n\
             [answer.body]\njson = '{{}}'\n[reply]\nclass = \"{class}\"\n",
        );
        files.push(source(format!("shop/examples/{name}.toml"), text));
    }
    Connector::load(files).unwrap()
}

#[track_caller]
fn check_asked(request: &str, body: &str, fault: Option<Fault>, key: &str, expected: Expect) {
    let connector = shop();
    let (method, target) = request.split_once(' ').unwrap();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut headers = HeaderMap::new();
    headers.insert(header::AUTHORIZATION, HeaderValue::from_str(key).unwrap());
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    let method = method.parse::<Method>().unwrap();
    let asked = Asked {
        method: &method,
        path,
        query,
        headers: &headers,
        body: body.as_bytes(),
        fault,
    };
    expected.assert_eq(&match choose(&connector, &asked) {
        Choice::Example(example) => example.name.clone(),
        Choice::None { status, message } => format!("{}: {message}", status.as_u16()),
    });
}

#[track_caller]
fn check(request: &str, body: &str, expected: Expect) {
    check_asked(request, body, None, "Bearer shop_made_up", expected);
}

#[track_caller]
fn check_fault(request: &str, fault: &str, expected: Expect) {
    check_asked(
        request,
        "",
        Some(fault.parse().unwrap()),
        "Bearer shop_made_up",
        expected,
    );
}

#[test]
fn the_call_most_like_it_answers() {
    check("POST /orders", r#"{"item":"hat"}"#, expect!["created"]);
    check(
        "POST /orders",
        r#"{"item":"scarf","note":"red"}"#,
        expect!["created"],
    );
    check(
        "POST /orders",
        r#"{"item":"scarf","parts":["fringe"]}"#,
        expect!["created_parts"],
    );
    check("GET /orders/o1", "", expect!["order"]);
    check("GET /orders/o77", "", expect!["order"]);
}

#[test]
fn switches_weigh_more_than_anything_else() {
    check(
        "POST /orders",
        r#"{"item":"scarf","stream":true}"#,
        expect!["created_stream"],
    );
    check(
        "POST /orders",
        r#"{"item":"hat","stream":false}"#,
        expect!["created"],
    );
    check(
        "POST /orders",
        r#"{"item":"hat","stream":true,"parts":["brim","band"]}"#,
        expect!["created_stream"],
    );
}

#[test]
fn pages_end() {
    check("GET /orders", "", expect!["list"]);
    check("GET /orders?limit=2", "", expect!["page_1"]);
    check("GET /orders?limit=100", "", expect!["list"]);
    check("GET /orders?limit=2&after=o2", "", expect!["page_2"]);
    check("GET /orders?after=anything", "", expect!["page_2"]);
}

#[test]
fn an_error_recorded_for_exactly_this_call_answers() {
    check("GET /orders/missing", "", expect!["error_404"]);
    check(
        "POST /orders",
        r#"{"item":"bonnet"}"#,
        expect!["error_out_of_hats"],
    );
    check(
        "POST /orders",
        r#"{"item":"bonnet","note":"red"}"#,
        expect!["created"],
    );
}

#[test]
fn what_is_missing_or_wrong_is_refused_as_the_vendor_does() {
    check("POST /orders", r#"{"stream":true}"#, expect!["error_400"]);
    check("POST /orders", "{", expect!["error_400"]);
    check_asked(
        "GET /orders",
        "",
        None,
        "Bearer other",
        expect!["error_401"],
    );
    check_asked(
        "GET /orders/o1",
        "",
        None,
        "Basic shop_made_up",
        expect!["error_401"],
    );
}

#[test]
fn faults_are_the_vendors_own() {
    check_fault("GET /orders", "401", expect!["error_401"]);
    check_fault("GET /orders/o1", "401", expect!["error_401"]);
    check_fault("GET /orders", "429", expect!["error_429_list"]);
    check_fault("GET /orders/o1", "429", expect!["error_429_order"]);
    // It has no 503 recorded; a 500 means the same.
    check_fault("GET /orders", "503", expect!["error_500"]);
    check_fault("GET /nowhere", "429", expect!["error_429_list"]);
    check_fault("GET /orders/o1", "slow", expect!["order"]);
}

#[test]
fn what_nobody_recorded_is_said_to_be_missing() {
    let message = || {
        expect![
            "404: the sandbox has no example for `GET /carts` of Shop; `trunkline operations shop` lists what it has"
        ]
    };
    check("GET /carts", "", message());
    check(
        "DELETE /orders",
        "",
        expect![
            "404: the sandbox has no example for `DELETE /orders` of Shop; `trunkline operations shop` lists what it has"
        ],
    );
}

/// The law for all connectors: whoever makes a recorded call gets a good answer to it if one was
/// recorded, and an answer recorded for it in any case.
#[test]
fn every_recorded_call_is_answered_from_its_recordings() {
    for entry in Catalog::load(Vec::new()).unwrap().iter() {
        let connector = &entry.connector;
        for example in &connector.examples {
            let request = &example.request;
            let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
            let headers: HeaderMap = request.headers.iter().cloned().collect();
            let body = match &request.body {
                BodyText::Json(text) | BodyText::Form(text) | BodyText::Text(text) => text.as_str(),
                BodyText::Empty | BodyText::Events(_) => "",
            };
            let method = &request.method;
            let asked = Asked {
                method,
                path,
                query,
                headers: &headers,
                body: body.as_bytes(),
                fault: None,
            };
            let place = format!("{}/{}", connector.name, example.name);
            let Choice::Example(chosen) = choose(connector, &asked) else {
                panic!("{place}: nothing was chosen");
            };
            if example.class == Class::Ok {
                assert_eq!(
                    chosen.call, example.call,
                    "{place}: {} was chosen",
                    chosen.name
                );
                assert_eq!(
                    chosen.class,
                    Class::Ok,
                    "{place}: {} was chosen",
                    chosen.name
                );
            }
        }
    }
}
