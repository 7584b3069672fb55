//! An engine that calls an API with lists in every way of paging, and jobs, answered by a script.

use std::sync::Arc;

use trunkline::connector::Connector;
use trunkline::connector::document::Source;
use trunkline::{Catalog, Clock, Trunkline};

use crate::stand::{Stand, config, secrets, settings_of, source};
use crate::upstream::{Act, Upstream, answer};

pub(crate) const KEY: &str = "shelf-canary-51d07e";

/// An upstream that follows the script, and an engine that calls it.
pub(crate) fn shelf(script: impl IntoIterator<Item = Act>) -> (Upstream, Stand) {
    let upstream = Upstream::start(script);
    let config = config(&settings_of("shelf", upstream.address, ""));
    let (clock, time) = Clock::manual();
    let engine = Trunkline::new(config, catalog(), &secrets(&[("SHELF_KEY", KEY)]), clock);
    let stand = Stand {
        engine: engine.expect("the settings fit together"),
        time,
    };
    (upstream, stand)
}

fn catalog() -> Catalog {
    let mut files = vec![
        source("shelf/connector.toml", include_str!("shelf/connector.toml")),
        source(
            "shelf/operations/lists.toml",
            include_str!("shelf/lists.toml"),
        ),
    ];
    files.extend(examples());
    let connector = Connector::load(files).expect("the connector is right");
    Catalog::of_one(Arc::new(connector))
}

/// One that says nothing, since an operation must have one.
fn examples() -> Vec<Source> {
    let calls = [
        ("by_cursor", "GET", "/api/cursor", ""),
        ("by_post", "POST", "/api/search", ""),
        ("by_form", "POST", "/api/form", ""),
        (
            "by_last_item",
            "GET",
            "/api/last/a",
            "call = { kind = \"a\" }",
        ),
        ("by_offset", "GET", "/api/offset", ""),
        ("by_number", "GET", "/api/number", ""),
        ("by_patience", "GET", "/api/patience", ""),
        ("by_address", "GET", "/api/address", ""),
        ("by_link", "GET", "/api/link", ""),
        (
            "graphql",
            "POST",
            "/api/graphql",
            "call = { query = \"{ a }\" }",
        ),
        ("one", "GET", "/api/one", ""),
        ("jobs.create", "POST", "/api/jobs", ""),
        ("jobs.get", "GET", "/api/jobs/1", "call = { id = \"1\" }"),
    ];
    let example = |(operation, method, path, call): (&str, &str, &str, &str)| {
        let text = format!(
            "operation = \"{operation}\"\ntitle = \"a call\"\n{call}\n\
             request = {{ method = \"{method}\", path = \"{path}\" }}\n\
             answer = {{ status = 200, headers = {{ content-type = \"application/json\" }}, body = {{ json = \"[]\" }} }}\n\
             reply = {{ class = \"ok\" }}\n"
        );
        source(&format!("shelf/examples/{operation}.toml"), &text)
    };
    calls.map(example).to_vec()
}

/// An answer of JSON with one more header.
pub(crate) fn json_with(header: (&str, &str), body: &str) -> Act {
    let headers = [("content-type", "application/json"), header];
    Act::Answer(answer(200, &headers, body))
}
