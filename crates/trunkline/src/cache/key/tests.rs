//! What tells kept answers apart.

use http::{HeaderName, HeaderValue};
use url::Url;

use super::*;
use crate::config::Keep;
use crate::installed::Methods;

/// What a key is made of, each part of which may differ.
#[derive(Clone)]
struct Case {
    connector: &'static str,
    url: &'static str,
    target: &'static str,
    identity: [u8; 16],
    presents: u8,
    validate: u8,
    caller: Caller,
    own_token: Option<&'static [u8]>,
    headers: Vec<(&'static str, &'static str)>,
    body: Option<&'static [u8]>,
    query: Option<Vec<String>>,
}

fn case() -> Case {
    Case {
        connector: "acme",
        url: "https://acme.example",
        target: "/things?page=2&q=a",
        identity: [1; 16],
        presents: 0,
        validate: 1,
        caller: Caller::Anyone,
        own_token: None,
        headers: vec![("accept-language", "en"), ("x-other", "1")],
        body: None,
        query: None,
    }
}

fn key(case: &Case) -> (Address, Key) {
    let url: Url = case.url.parse().unwrap();
    let origin = Origin::from_url(&url).unwrap();
    let target = case.target.parse().unwrap();
    let mut headers = HeaderMap::new();
    for (name, value) in &case.headers {
        let name: HeaderName = name.parse().unwrap();
        headers.append(name, HeaderValue::from_static(value));
    }
    let keeping = Keeping {
        time: Keep::Headers,
        methods: Methods::Reading,
        query: case.query.clone(),
        headers: Some(vec![header::ACCEPT_LANGUAGE, header::ACCEPT]),
        tags: Vec::new(),
    };
    let resource = Resource {
        connector: case.connector,
        origin: &origin,
        target: &target,
    };
    let asker = Asker {
        identity: &case.identity,
        presents: case.presents,
        validate: case.validate,
        caller: &case.caller,
        own_token: case.own_token,
        headers: &headers,
        body: case.body,
    };
    let policy = (Policy::Headers, Some(&keeping));
    let question = Question::new(Naming::Shared, &resource, &asker, policy);
    (question.address(), question.key)
}

/// One way in which a call may differ from another, and the change.
type Difference = (&'static str, fn(&mut Case));

/// Every way in which a call may differ from another, each with a change.
const DIFFERENCES: [Difference; 15] = [
    ("connector", |case| case.connector = "other"),
    ("host", |case| case.url = "https://other.example"),
    ("port", |case| case.url = "https://acme.example:444"),
    ("scheme", |case| case.url = "http://acme.example:443"),
    ("path", |case| case.target = "/things/?page=2&q=a"),
    ("query", |case| case.target = "/things?page=2&q=b"),
    ("credential", |case| case.identity = [2; 16]),
    ("presents", |case| case.presents = 1),
    ("validate", |case| case.validate = 2),
    ("caller", |case| case.caller = Caller::Named("a".into())),
    ("listener", |case| {
        case.caller = Caller::Listener("acme".parse().unwrap());
    }),
    ("signed-in user", |case| case.own_token = Some(b"token")),
    ("chosen header", |case| case.headers[0].1 = "de"),
    ("second chosen header", |case| {
        case.headers.push(("accept", "en"));
    }),
    ("body", |case| case.body = Some(b"{}")),
];

#[test]
fn whatever_differs_has_another_key() {
    let mut keys = vec![("none", key(&case()).1)];
    for (what, change) in DIFFERENCES {
        let mut changed = case();
        change(&mut changed);
        let key = key(&changed).1;
        let same = keys.iter().find(|(_, known)| *known == key);
        assert!(
            same.is_none(),
            "{what} is as {:?}",
            same.map(|(what, _)| what)
        );
        keys.push((what, key));
    }
}

#[test]
fn an_address_is_the_resources_whoever_asks() {
    let (address, _) = key(&case());
    for (what, change) in DIFFERENCES {
        let mut changed = case();
        change(&mut changed);
        let is_resource = ["connector", "host", "port", "scheme", "path", "query"].contains(&what);
        assert_eq!(key(&changed).0 == address, !is_resource, "{what}");
    }
}

#[test]
fn other_headers_and_fields_that_were_not_chosen_do_not_matter() {
    let mut chosen = case();
    chosen.query = Some(vec!["page".to_owned(), "q".to_owned()]);
    let (address, known) = key(&chosen);
    for target in [
        "/things?q=a&page=2",
        "/things?utm=x&page=2&q=a",
        "/things?page=2&q=a&",
        "/things?%70age=2&q=a",
    ] {
        let mut other = chosen.clone();
        other.target = target;
        other.headers[1].1 = "2";
        let is_encoded = target.contains('%');
        assert_eq!(key(&other) == (address, known), !is_encoded, "{target}");
    }
    for target in [
        "/things?page=2",
        "/things?page=2&page=3&q=a",
        "/things?page=3&q=a",
    ] {
        let mut other = chosen.clone();
        other.target = target;
        assert_ne!(key(&other).1, known, "{target}");
    }
}
