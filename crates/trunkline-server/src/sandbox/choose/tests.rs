//! Which recorded answer a request gets.

use expect_test::{Expect, expect};
use http::Request;
use trunkline::connector::Connector;
use trunkline::connector::document::Source;
use trunkline::connector::format::{BodyText, Class};
use trunkline::{Catalog, Fault};

use super::{Asked, Choice, Credential, choose};
use crate::sandbox::given::Sent;
use crate::sandbox::jobs::tests::mill;

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
stop = { empty_at = "/next" }

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

/// What a connector answers to a request: the example's name, or our own words.
fn answer(connector: &Connector, request: Request<&str>, fault: Option<Fault>) -> String {
    let (parts, body) = request.into_parts();
    let is_shown = trunkline::shows_example_credential(connector, &parts, body.as_bytes());
    let asked = Asked {
        method: &parts.method,
        sent: Sent {
            path: parts.uri.path(),
            query: parts.uri.query().unwrap_or_default(),
            headers: &parts.headers,
            body: body.as_bytes(),
        },
        credential: if is_shown {
            Credential::Right
        } else {
            Credential::Wrong
        },
        fault,
    };
    match choose(connector, &asked) {
        Choice::Example(example) => example.name.clone(),
        Choice::Looks(looks) => {
            let names = looks.iter().map(|example| example.name.as_str());
            names.collect::<Vec<_>>().join(", then ")
        }
        Choice::None { status, message } => format!("{}: {message}", status.as_u16()),
    }
}

#[track_caller]
fn check_asked(request: &str, body: &str, fault: Option<Fault>, key: &str, expected: Expect) {
    let (method, target) = request.split_once(' ').unwrap();
    let request = Request::builder()
        .method(method)
        .uri(target)
        .header("authorization", key)
        .header("content-type", "application/json");
    let request = request.body(body).unwrap();
    expected.assert_eq(&answer(&shop(), request, fault));
}

/// What a request shows of who sends it.
#[derive(Clone, Copy)]
enum Key {
    Right,
    Wrong,
    None,
}

/// What a built-in connector answers to a request, with JSON for a body.
#[track_caller]
fn check_of(connector: &str, key: Key, request: &str, body: &str, expected: Expect) {
    let catalog = Catalog::load(Vec::new()).unwrap();
    let connector = &catalog.find(connector).unwrap().connector;
    let (method, target) = request.split_once(' ').unwrap();
    let mut request = Request::builder().method(method).uri(target);
    let verify = connector.verify.operation;
    let mut examples = connector.examples().iter();
    let example = examples
        .find(|example| example.operation == verify)
        .unwrap();
    for name in connector.auth.headers() {
        let recorded = &example.request.headers;
        let value = recorded.iter().find(|(recorded, _)| *recorded == name);
        let value = value.unwrap().1.clone();
        request = match key {
            Key::Right => request.header(name, value),
            Key::Wrong => request.header(name, "Bearer other"),
            Key::None => request,
        };
    }
    if !body.is_empty() {
        request = request.header("content-type", "application/json");
    }
    expected.assert_eq(&answer(connector, request.body(body).unwrap(), None));
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
    // What an SDK adds by itself makes no other call of it.
    check(
        "POST /orders",
        r#"{"item":"bonnet","options":{}}"#,
        expect!["error_out_of_hats"],
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
            "404: the sandbox answers from examples, and `shop` has none for `GET /carts`: add one to its folder `examples`, or call one of its other operations"
        ]
    };
    check("GET /carts", "", message());
    check(
        "DELETE /orders",
        "",
        expect![
            "404: the sandbox answers from examples, and `shop` has none for `DELETE /orders`: add one to its folder `examples`, or call one of its other operations"
        ],
    );
}

#[test]
fn a_secret_in_a_path_is_looked_at_and_no_other_is_asked_for() {
    let webhook = |request: &str, expected| {
        let message = r#"{"content":"Hello, world"}"#;
        check_of("discord", Key::None, request, message, expected);
    };
    let path = "/api/v10/webhooks/1234567890";
    webhook(
        &format!("POST {path}/made-up-token?wait=true"),
        expect!["webhook"],
    );
    webhook(
        &format!("POST {path}/other?wait=true"),
        expect!["error_401_webhook"],
    );
    webhook(
        &format!("PATCH {path}/other/messages/1"),
        expect!["error_401_webhook"],
    );
    let me = "GET /api/v10/users/@me";
    check_of("discord", Key::Right, me, "", expect!["user"]);
    check_of("discord", Key::None, me, "", expect!["error_401"]);
}

#[test]
fn one_of_several_ways_to_prove_who_calls_will_do() {
    let list = "GET /calendar/v3/calendars/primary/events";
    check_of("google", Key::Right, list, "", expect!["events"]);
    check_of("google", Key::Wrong, list, "", expect!["error_401"]);
}

#[test]
fn an_address_that_is_an_input_needs_no_credential() {
    let send = |request: &str, expected| {
        check_of("slack", Key::None, request, "Hello, world", expected);
    };
    send(
        "POST /upload/v1/made-up-upload-address",
        expect!["upload_send"],
    );
    send("POST /upload/v1/another", expect!["upload_send"]);
    let get = |request: &str, expected| check_of("replicate", Key::None, request, "", expected);
    get(
        "GET /v1/files/made-up-stream-1",
        expect!["prediction_stream"],
    );
    get(
        "GET /v1/files/made-up-stream-9",
        expect!["error_404_stream"],
    );
    get("GET /v1/files/made-up-file-1", expect!["error_401"]);
}

#[test]
fn a_name_with_slashes_may_be_written_as_it_is() {
    let get = |connector, request: &str, expected| {
        check_of(connector, Key::Right, request, "", expected);
    };
    let object = "GET /storage/v1/object/avatars";
    get(
        "supabase",
        &format!("{object}/folder/cat.txt"),
        expect!["download"],
    );
    get(
        "supabase",
        &format!("{object}/folder%2Fcat.txt"),
        expect!["download"],
    );
    // What no example shows with a slash ends where its template does.
    get(
        "stripe",
        "GET /v1/customers/cus_1/cards",
        expect![
            "404: the sandbox answers from examples, and `stripe` has none for `GET /v1/customers/cus_1/cards`: add one to its folder `examples`, or call one of its other operations"
        ],
    );
}

#[track_caller]
fn check_document(document: &str, variables: &str, expected: Expect) {
    let body = format!(r#"{{"query":"{document}","variables":{variables}}}"#);
    check_of("github", Key::Right, "POST /graphql", &body, expected);
}

#[test]
fn documents_are_told_apart_by_what_they_ask() {
    check_document("query { viewer { login } }", "{}", expect!["graphql"]);
    check_document("{viewer{login}}", "{}", expect!["graphql"]);
    check_document("query { viewer { nme } }", "{}", expect!["error_graphql"]);
    let issues = "query ($o: String!, $n: Int!, $after: String) { repository(owner: $o, name: $o) { issues(first: $n, after: $after) { nodes { title } pageInfo { hasNextPage endCursor } } } }";
    check_document(issues, r#"{"o":"a","n":9}"#, expect!["graphql_page_1"]);
    let second = r#"{"o":"a","n":9,"after":"made-up-cursor-2"}"#;
    check_document(issues, second, expect!["graphql_page_2"]);
    let other = "query { viewer { bio } }";
    check_document(
        other,
        "{}",
        expect![
            "200: the sandbox has no answer to this document; it has those that GitHub's examples ask, and what is a part of one"
        ],
    );
}

#[test]
fn several_documents_share_an_address() {
    let catalog = Catalog::load(Vec::new()).unwrap();
    let shopify = &catalog.find("shopify").unwrap().connector;
    let products = shopify.operation("products").unwrap();
    let document = products.input("query").unwrap().default.as_ref().unwrap();
    let document = document.as_str().unwrap().replace(' ', "  ");
    let check = |body: &str, expected| {
        let post = "POST /admin/api/2026-10/graphql.json";
        check_of("shopify", Key::Right, post, body, expected);
    };
    let body = format!(r#"{{"query":"{document}","variables":{{"first":50}}}}"#);
    check(&body, expect!["products"]);
    check(r#"{"query":"{ shop { name } }"}"#, expect!["graphql"]);
}

#[test]
fn a_whole_body_is_compared_piece_by_piece() {
    let exec = |body: &str, expected| check_of("upstash", Key::Right, "POST /", body, expected);
    exec(r#"["SET","a","b","EX","9"]"#, expect!["exec"]);
    exec(r#"["HGETALL","user:2"]"#, expect!["exec_hash"]);
    exec("[]", expect!["exec"]);
    exec("", expect!["error_400"]);
}

#[test]
fn no_connection_is_changed() {
    let connect = "GET /realtime/v1/websocket?vsn=2.0.0";
    check_of(
        "supabase",
        Key::Right,
        connect,
        "",
        expect!["501: the sandbox opens no WebSocket: what Supabase says over one is not recorded"],
    );
    check_of(
        "supabase",
        Key::Wrong,
        connect,
        "",
        expect!["error_401_realtime"],
    );
}

#[test]
fn a_page_that_nobody_recorded_is_the_last() {
    let list = |query: &str, expected| {
        let request = format!("GET /api/v10/channels/1/messages{query}");
        check_of("discord", Key::Right, &request, "", expected);
    };
    list("", expect!["messages"]);
    list("?before=200000000000000002", expect!["messages_page_2"]);
    list("?before=1", expect!["messages_page_3"]);
    let rows = |query: &str, expected| {
        let request = format!("GET /rest/v1/users{query}");
        check_of("supabase", Key::Right, &request, "", expected);
    };
    rows("?offset=0&limit=9", expect!["select"]);
    rows("?offset=7&limit=9", expect!["select_page_3"]);
}

#[test]
fn a_job_that_was_looked_at_several_times_runs_before_it_is_done() {
    let ask = |request: Request<&str>| answer(&mill(), request, None);
    let look = Request::get("/jobs/j").body("").unwrap();
    assert_eq!(
        ask(look),
        "look_grinding, then look_waiting, then look_done"
    );
    let other = Request::get("/jobs/k").body("").unwrap();
    assert_eq!(ask(other), "look_done");
    let begin = Request::post("/jobs").body("").unwrap();
    assert_eq!(ask(begin), "create");
}

/// The law for all connectors: whoever makes a recorded request gets an answer that was recorded
/// for it, a good one if there is one, and else the refusal.
#[test]
fn every_recorded_request_is_answered_from_its_recordings() {
    for entry in Catalog::load(Vec::new()).unwrap().iter() {
        let connector = &entry.connector;
        for example in connector.examples() {
            // No body has its parts yet.
            if matches!(example.request.body, BodyText::Parts(_)) {
                continue;
            }
            let recorded = &example.request;
            let mut request = Request::builder()
                .method(&recorded.method)
                .uri(&recorded.path);
            for (name, value) in &recorded.headers {
                request = request.header(name, value);
            }
            let body = match &recorded.body {
                BodyText::Json(text) | BodyText::Form(text) | BodyText::Text(text) => text.as_str(),
                BodyText::Empty | BodyText::Events(_) | BodyText::Parts(_) => "",
            };
            let chosen = answer(connector, request.body(body).unwrap(), None);
            let place = format!("{}/{}: {chosen}", connector.name, example.name);
            let operation = &connector.operations[example.operation];
            if operation.upgrade.is_some() {
                assert!(chosen.starts_with("501: "), "{place}");
                continue;
            }
            let chosen = chosen.split(", then ").next().unwrap();
            let chosen = connector.examples().iter().find(|one| one.name == chosen);
            let chosen = chosen.unwrap_or_else(|| panic!("{place}"));
            let is_refusal = example.class == Class::CallerError;
            if example.class == Class::Ok || (is_refusal && chosen.class != Class::Ok) {
                assert_eq!(chosen.class, example.class, "{place}");
                assert_eq!(chosen.operation, example.operation, "{place}");
            }
            if example.class == Class::Ok {
                assert_eq!(chosen.call, example.call, "{place}");
            }
        }
    }
}
