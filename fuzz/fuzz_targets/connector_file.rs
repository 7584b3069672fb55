//! Connector files of any bytes: problems or a connector, never a panic.

#![no_main]

use libfuzzer_sys::fuzz_target;
use trunkline_connector::Connector;
use trunkline_connector::document::Source;

fuzz_target!(|text: &str| {
    for name in ["acme/connector.toml", "acme/operations/a.toml", "acme/examples/a.toml"] {
        let source = Source { name: name.to_owned(), text: text.to_owned() };
        if let Err(problems) = Connector::load(vec![source]) {
            assert!(!problems.is_empty());
        }
    }
});
