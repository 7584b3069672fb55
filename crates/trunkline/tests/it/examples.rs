//! Every example of every built-in connector, through the stages up to sending.

use std::sync::Arc;

use trunkline::connector::Connector;
use trunkline::{Catalog, examples};

use crate::stand::{acme, source};

#[test]
fn every_call_becomes_the_request_that_its_example_has() {
    let catalog = Catalog::load(Vec::new()).expect("the built-in connectors are right");
    let mut count = 0;
    for entry in catalog.iter() {
        for outcome in examples::run(&entry.connector).unwrap() {
            let (name, example) = (entry.connector.name, &outcome.example);
            assert_eq!(outcome.result, Ok(()), "{name}, {example}");
            count += 1;
        }
    }
    assert!(count > 100, "{count} examples");
}

/// What differs where one text of an example is another one.
#[track_caller]
fn check_differs(from: &str, to: &str, expected: &str) {
    let files = acme("").into_iter().map(|file| {
        let text = if file.name.ends_with("create.toml") {
            assert!(file.text.contains(from), "{from}");
            file.text.replace(from, to)
        } else {
            file.text
        };
        source(&file.name, &text)
    });
    let connector = Connector::load(files.collect()).expect("the connector is right");
    let outcomes = examples::run(&Arc::new(connector)).unwrap();
    let differing: Vec<_> = outcomes
        .into_iter()
        .filter_map(|outcome| Some((outcome.example, outcome.result.err()?)))
        .collect();
    assert_eq!(differing, [("create".to_owned(), expected.to_owned())]);
}

#[test]
fn a_request_that_differs_from_its_example_is_told() {
    check_differs(
        "path = \"/things\"",
        "path = \"/things?x=1\"",
        "the address is `https://acme.example/things`, and the example has `https://acme.example/things?x=1`",
    );
    check_differs(
        "x-acme-key = \"acme-made-up\"",
        "x-acme-key = \"another\"",
        "x-acme-key is `acme-made-up`, and the example has `another`",
    );
    check_differs(
        "x-acme-key = \"acme-made-up\"\n",
        "",
        "the header `x-acme-key` is sent, and the example does not have it",
    );
    check_differs(
        r#"{"name": "lamp"}'"#,
        r#"{"name": "rug"}'"#,
        r#"the body is `{"name":"lamp"}`, and the example has `{"name":"rug"}`"#,
    );
}
