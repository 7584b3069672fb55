//! The built-in connectors' examples.

use super::*;

#[test]
fn every_example_of_every_builtin_connector_becomes_its_recorded_request() {
    let catalog = Catalog::load(Vec::new()).unwrap();
    let mut wrong = Vec::new();
    for entry in catalog.iter() {
        for outcome in run(&entry.connector).unwrap() {
            if let Err(reason) = outcome.result {
                wrong.push(format!(
                    "{}/{}: {reason}",
                    entry.connector.name, outcome.example
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
