//! A page's next address is asked at the API's own hosts, and at nobody else's.

use trunkline_connector::Connector;
use trunkline_connector::document::Source;
use trunkline_egress::Origin;
use url::Url;

use super::{Base, below, without_credential};
use crate::installed::credential_names;

fn connector(base_url: &str) -> Connector {
    let text = format!(
        r#"
schema = 1
[connector]
name = "acme"
title = "Acme"
base_url = "{base_url}"
docs = "https://acme.example/docs"
checked = "2026-11-22"
[[connector.hosts]]
path = "/calendar"
base_url = "https://www.acme.example/calendar/v3"
[caller]
credential_query = ["key"]
credential_paths = ["/bot{{token}}"]
[secrets.token]
env = "ACME_TOKEN"
example = "made-up"
obtain = "https://acme.example/keys"
[secrets.other]
env = "ACME_OTHER"
example = "made-up"
obtain = "https://acme.example/keys"
need = "optional"
[auth]
kind = "any_of"
[[auth.of]]
kind = "query"
name = "other_key"
secret = "other"
[[auth.of]]
kind = "none"
[verify]
operation = "things.list"
"#
    );
    let operations = r#"
[[operations]]
name = "things.list"
title = "List things"
method = "GET"
path = "/things"
docs = "https://acme.example/docs/list"
"#;
    let example = r#"
operation = "things.list"
title = "things"
request = { method = "GET", path = "/things" }
answer = { status = 200, headers = { content-type = "application/json" }, body = { json = "[]" } }
reply = { class = "ok" }
"#;
    let files = [
        ("connector.toml", text.as_str()),
        ("operations/things.toml", operations),
        ("examples/list.toml", example),
    ];
    let source = |(name, text): (&str, &str)| Source {
        name: format!("acme/{name}"),
        text: text.to_owned(),
    };
    Connector::load(files.map(source).to_vec()).expect("the connector is right")
}

fn base(prefix: &str, url: &str) -> Base {
    let url = Url::parse(url).expect("the address is one");
    Base {
        prefix: prefix.to_owned(),
        origin: Origin::from_url(&url).expect("the address is one"),
        path: url.path().trim_end_matches('/').to_owned(),
    }
}

#[track_caller]
fn check(bases: &[Base], url: &str, expected: Option<&str>) {
    let url = Url::parse(url).expect("the address is one");
    let found = below(&connector("https://api.acme.example/v2"), bases, &url);
    assert_eq!(found.as_deref(), expected, "{url}");
}

/// As the connector declares.
fn declared() -> [Base; 2] {
    [
        base("", "https://api.acme.example/v2"),
        base("/calendar", "https://www.acme.example/calendar/v3"),
    ]
}

/// Something that stands in for the API, under a path of its own.
fn stand_in() -> [Base; 2] {
    [
        base("", "http://127.0.0.1:4000/acme/v2"),
        base("/calendar", "http://127.0.0.1:4000/acme/v2/calendar"),
    ]
}

#[test]
fn an_address_of_the_api_is_called_by_its_path() {
    let own = declared();
    check(
        &own,
        "https://api.acme.example/v2/things?page=2",
        Some("/things?page=2"),
    );
    check(&own, "https://api.acme.example:443/v2", Some("/"));
    check(
        &own,
        "https://www.acme.example/calendar/v3/events?a=%2F",
        Some("/calendar/events?a=%2F"),
    );
}

#[test]
fn an_address_of_somebody_else_is_not_called() {
    let own = declared();
    for foreign in [
        "https://evil.example/v2/things",
        "https://api.acme.example.evil.example/v2/things",
        "http://api.acme.example/v2/things",
        "https://api.acme.example:8443/v2/things",
        "https://api.acme.example@evil.example/v2/things",
        "https://user:password@api.acme.example/v2/things",
        "https://api.acme.example/v20/things",
        "https://api.acme.example/v2/../admin",
        "https://www.acme.example/other",
        "http://127.0.0.1:4000/acme/v2/things",
    ] {
        check(&own, foreign, None);
    }
}

#[test]
fn behind_a_stand_in_answers_may_name_either() {
    let instead = stand_in();
    check(
        &instead,
        "http://127.0.0.1:4000/acme/v2/things?page=2",
        Some("/things?page=2"),
    );
    check(
        &instead,
        "https://api.acme.example/v2/things?page=2",
        Some("/things?page=2"),
    );
    // What the API writes as `/v2/things` is joined to where the stand-in listens.
    check(
        &instead,
        "http://127.0.0.1:4000/v2/things?page=2",
        Some("/things?page=2"),
    );
    check(&instead, "http://127.0.0.1:4001/acme/v2/things", None);
    check(&instead, "http://127.0.0.1:4000/other/things", None);
    check(
        &instead,
        "http://127.0.0.1:4000/acme/v2/calendar/events",
        Some("/calendar/events"),
    );
}

#[test]
fn a_credential_in_an_address_is_taken_out() {
    let connector = connector("https://api.acme.example");
    let bases = [base("", "http://127.0.0.1:9000/acme")];
    let (_, fields) = credential_names(&connector);
    let without = |text: &str| {
        let url = Url::parse(text).expect("the address is one");
        without_credential(&connector, &fields, &bases, url).to_string()
    };
    assert_eq!(
        without("https://api.acme.example/a?key=secret&page=2"),
        "https://api.acme.example/a?page=2"
    );
    assert_eq!(
        without("https://api.acme.example/a?k%65y=secret"),
        "https://api.acme.example/a"
    );
    // That of one of several ways of proving who calls.
    assert_eq!(
        without("https://api.acme.example/a?other_key=secret"),
        "https://api.acme.example/a"
    );
    for (address, expected) in [
        (
            "https://api.acme.example/botsecret/x?n=1",
            "https://api.acme.example/bothidden/x?n=1",
        ),
        (
            "http://127.0.0.1:9000/acme/botsecret",
            "http://127.0.0.1:9000/acme/bothidden",
        ),
        (
            "https://api.acme.example/robots/x",
            "https://api.acme.example/robots/x",
        ),
    ] {
        assert_eq!(without(address), expected);
    }
}
