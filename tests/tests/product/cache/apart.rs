//! Nobody gets another's answer: the credential, the listener, the address and the settings that
//! were in force are part of what an answer is kept under, whatever the upstream says of it.

use std::collections::BTreeMap;

use trunkline_tests::{Answer, Gateway, Product, Request, Script, Upstream, answer};

use crate::cache::{BY_BEARER, BY_HEADER, acme, put};

/// Answers everything with a number that it counts up, for everybody and for long.
fn counting() -> Upstream {
    let counted = |number: usize| -> Script {
        let response = answer(200).header("cache-control", "public, s-maxage=3600");
        response.body(number.to_string()).script()
    };
    let scripts: Vec<Script> = (0..40).map(counted).collect();
    let ping = vec![answer(200).header("cache-control", "no-store").script(); 10_000];
    Upstream::start_by_path(|_| {
        BTreeMap::from([("thing".to_owned(), scripts), ("ping".to_owned(), ping)])
    })
}

/// Sends requests that must not share an answer, each twice, in turn.
#[track_caller]
fn check_apart(upstream: &Upstream, ask: &[(&str, &dyn Fn() -> Answer)]) {
    for (number, (who, ask)) in ask.iter().enumerate() {
        assert_eq!(
            ask().expect(200).text(),
            number.to_string(),
            "{who} got another's answer"
        );
    }
    for (number, (who, ask)) in ask.iter().enumerate() {
        let again = ask().expect(200);
        assert_eq!(
            again.text(),
            number.to_string(),
            "{who} got another's answer"
        );
        let said = again.header("cache-status").unwrap_or_default();
        assert!(said.contains("hit"), "{who}: {said:?}");
    }
    assert_eq!(upstream.heard_under("thing").len(), ask.len());
}

const BY_BASIC: &str = "[auth]\nkind = \"basic\"\nusername = \"user\"\npassword = \"key\"";
const BY_QUERY: &str = "[auth]\nkind = \"query\"\nname = \"api_key\"\nsecret = \"key\"";
const BY_SEVERAL: &str =
    "[auth]\nkind = \"headers\"\nset = { apikey = \"{key}\", x-tenant = \"{user}\" }";
const BY_NOTHING: &str = "[auth]\nkind = \"none\"";

#[test]
fn different_credentials_in_any_shape_never_share() {
    let upstream = counting();
    let shapes = [
        ("bearer-a", BY_BEARER, "u", "key-a"),
        ("bearer-b", BY_BEARER, "u", "key-b"),
        ("header-a", BY_HEADER, "u", "key-a"),
        ("header-b", BY_HEADER, "u", "key-b"),
        ("basic-a", BY_BASIC, "user-a", "key-a"),
        ("basic-b", BY_BASIC, "user-b", "key-a"),
        ("basic-c", BY_BASIC, "user-a", "key-b"),
        // Joined by a colon, both are the same text.
        ("basic-d", BY_BASIC, "a", "b:c"),
        ("query-a", BY_QUERY, "u", "key-a"),
        ("query-b", BY_QUERY, "u", "key-b"),
        ("several-a", BY_SEVERAL, "user-a", "key-a"),
        ("several-b", BY_SEVERAL, "user-b", "key-a"),
        ("nothing", BY_NOTHING, "u", "key-a"),
    ];
    let product = shapes
        .iter()
        .fold(Product::new(), |product, (name, auth, user, key)| {
            let variable = name.to_uppercase().replace('-', "_");
            put(product, name, auth, &upstream)
                .variable(&format!("{variable}_USER"), user)
                .variable(&format!("{variable}_KEY"), key)
                .set(&format!("connectors.{name}.cache"), r#""headers""#)
        });
    let gateway = product.serve();
    let asks = shapes.map(|(name, ..)| {
        let gateway = &gateway;
        (name, move || gateway.get(&format!("/{name}/thing")))
    });
    let asks: Vec<(&str, &dyn Fn() -> Answer)> = asks
        .iter()
        .map(|(name, ask)| -> (&str, &dyn Fn() -> Answer) { (name, ask) })
        .collect();
    check_apart(&upstream, &asks);
}

/// An API at which people sign in, as Supabase is.
const SIGNED_IN: &str = r#"[auth]
kind = "headers"
set = { apikey = "{key}", authorization = "Bearer {key}" }

[[caller.own_tokens]]
header = "authorization"
pattern = '^Bearer [a-z]+\.[a-z]+\.[a-z]+$'
unless_in = "apikey"
"#;

#[test]
fn whoever_has_signed_in_gets_their_own() {
    let upstream = counting();
    let gateway = put(Product::new(), "acme", SIGNED_IN, &upstream)
        .variable("ACME_KEY", "the.apps.key")
        .set("connectors.acme.cache", r#""headers""#)
        .serve();
    let by = |token: &str| {
        let request = Request::get("/acme/thing").header("authorization", token);
        gateway.send(&request.header("apikey", "anything"))
    };
    check_apart(
        &upstream,
        &[
            ("the app", &|| gateway.get("/acme/thing")),
            ("one user", &|| by("Bearer user.a.token")),
            ("another user", &|| by("Bearer user.b.token")),
            ("a third user", &|| by("Bearer user.a.tokens")),
        ],
    );
    // What is no token of theirs is the app's.
    assert_eq!(by("Basic dXNlcg==").text(), "0");
    let seen = upstream.heard_under("thing");
    let tokens: Vec<_> = seen
        .iter()
        .map(|heard| heard.head.header("authorization"))
        .collect();
    let expected = [
        "Bearer the.apps.key",
        "Bearer user.a.token",
        "Bearer user.b.token",
        "Bearer user.a.tokens",
    ];
    assert_eq!(tokens, expected.map(Some));
}

#[test]
fn each_listener_keeps_its_own() {
    let upstream = counting();
    let gateway = acme(&upstream).serve();
    check_apart(
        &upstream,
        &[
            ("the dedicated listener", &|| {
                Request::get("/thing").send_after(gateway.dedicated())
            }),
            ("the main listener", &|| gateway.get("/acme/thing")),
        ],
    );
}

#[test]
fn addresses_and_methods_are_told_apart() {
    let upstream = counting();
    let gateway = acme(&upstream).serve();
    let get = |target: &'static str| {
        move |gateway: &Gateway| Request::get(target).send_after(gateway.dedicated())
    };
    let targets = [
        "/thing",
        "/thing/",
        "/thing?a=b",
        "/thing?b=a",
        "/thing?a=b&c=d",
        "/thing?c=d&a=b",
        "/thing?a=b%26c=d",
        "/thing/a%2Fb",
        "/thing/a/b",
        "/thing/A/b",
    ];
    let asks = targets.map(|target| {
        let (gateway, get) = (&gateway, get(target));
        (target, move || get(gateway))
    });
    let asks: Vec<(&str, &dyn Fn() -> Answer)> = asks
        .iter()
        .map(|(target, ask)| -> (&str, &dyn Fn() -> Answer) { (target, ask) })
        .collect();
    check_apart(&upstream, &asks);
}

/// Asks until the gateway has read its settings anew, which this tells.
#[track_caller]
fn until(gateway: &Gateway, is_new: impl Fn() -> bool) {
    gateway.program().signal("HUP");
    let mut asked = (0..5_000).map(|_| {
        gateway.get("/acme/ping").expect(200);
        is_new()
    });
    assert!(asked.any(|is_new| is_new), "the new settings are not used");
}

#[test]
fn what_a_former_key_brought_is_not_served_under_the_next() {
    let upstream = counting();
    let product = put(Product::new(), "acme", BY_HEADER, &upstream)
        .set("connectors.acme.cache", r#""headers""#)
        .file(".env", "ACME_KEY=key-before-the-hangup\n");
    let gateway = product.serve();
    assert_eq!(gateway.get("/acme/thing").text(), "0");
    assert_eq!(gateway.get("/acme/thing").text(), "0");
    product.write(".env", "ACME_KEY=key-after-the-hangup\n");
    until(&gateway, || {
        let heard = upstream.heard_under("ping");
        let last = heard.last().expect("a ping came");
        last.head.header("x-acme-key") == Some("key-after-the-hangup")
    });
    assert_eq!(gateway.get("/acme/thing").text(), "1");
}

#[test]
fn what_a_former_address_brought_is_not_served_for_the_next() {
    let (first, second) = (counting(), counting());
    let product = acme(&first);
    let gateway = product.serve();
    assert_eq!(gateway.get("/acme/thing").text(), "0");
    product
        .set("connectors.acme.base_url", format!("{:?}", second.url()))
        .write_settings();
    until(&gateway, || second.count() != 0);
    gateway.get("/acme/thing").expect(200);
    assert_eq!(second.heard_under("thing").len(), 1);
}

#[test]
fn what_is_asked_in_the_body_of_a_get_is_nobody_elses() {
    let upstream = counting();
    let gateway = acme(&upstream).serve();
    let ask = |body: &str| {
        let request = Request::get("/acme/thing").body(body);
        request.send_after(gateway.address()).expect(200).text()
    };
    let bodies = ["alice", "bob", "", "alice", ""];
    // Without a body, the second has what the first was answered.
    assert_eq!(bodies.map(ask), ["0", "1", "2", "3", "2"]);
}

#[test]
fn a_change_by_graphql_is_made_each_time() {
    let upstream = Upstream::start((0..6).map(|number| {
        let json = format!(r#"{{"data":{{"number":{number}}}}}"#);
        answer(200).json(&json)
    }));
    let gateway = Product::calling("github", &upstream)
        .variable("GITHUB_TOKEN", "token-of-a-test")
        .set("connectors.github.cache", r#""10m""#)
        .set("connectors.github.operations.\"graphql\".cache", r#""10m""#)
        .serve();
    let ask = |document: &str| {
        let body = serde_json::json!({ "query": document }).to_string();
        let request = Request::post("/github/graphql", body);
        let answer = request.send_after(gateway.address()).expect(200);
        answer.json()["data"]["number"].as_u64().expect("a number")
    };
    let (reads, changes) = ("query { number }", "mutation { number }");
    assert_eq!([reads, reads].map(ask), [0, 0], "what only asks is kept");
    assert_eq!([changes, changes].map(ask), [1, 2]);
    assert_eq!(ask(reads), 3, "a change outdates what was read");
    assert_eq!(ask("what is no document"), 4);
    assert_eq!(ask("what is no document"), 5);
}

#[test]
fn headers_that_only_begin_like_those_of_traces_choose_what_is_answered() {
    let upstream = counting();
    let gateway = acme(&upstream).serve();
    let ask = |name: &'static str, value: &'static str| {
        let request = Request::get("/acme/thing").header(name, value);
        request.send_after(gateway.address()).expect(200).text()
    };
    for (number, name) in [
        "x-request-id-tenant",
        "baggage-account",
        "x-stainless-tenant",
    ]
    .into_iter()
    .enumerate()
    {
        let number = 2 * number;
        assert_eq!(ask(name, "a"), number.to_string(), "{name}");
        assert_eq!(ask(name, "b"), (number + 1).to_string(), "{name}");
        assert_eq!(ask(name, "a"), number.to_string(), "{name}");
    }
    assert_eq!(ask("x-request-id", "a"), "6");
    assert_eq!(ask("x-request-id", "b"), "6");
}

#[test]
fn a_body_too_long_to_tell_apart_passes_and_is_not_kept() {
    let upstream = Upstream::start((0..2).map(|number| answer(200).json(&number.to_string())));
    let gateway = Product::calling("openai", &upstream)
        .set(
            "connectors.openai.operations.\"embeddings.create\".cache",
            r#""1d""#,
        )
        .serve();
    let body = format!(r#"{{"model":"m","input":"{}"}}"#, "x".repeat(300_000));
    for number in ["0", "1"] {
        let request = Request::post("/openai/v1/embeddings", body.clone());
        let answer = request.send_after(gateway.address()).expect(200);
        assert_eq!(answer.text(), number);
    }
    assert_eq!(upstream.heard()[1].body.len(), body.len());
}
