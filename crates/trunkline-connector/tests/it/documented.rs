//! What the documentation shows of `[limits]` is a connector's that loads.

use std::fs;
use std::path::Path;

use trunkline_connector::{Connector, limits::Limits};

use crate::{folder, sources};

/// The limits of a connector with the block of a page that begins with `[limits]`.
#[track_caller]
fn limits_in(page: &str) -> Limits {
    let page = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(page);
    let text = fs::read_to_string(page).unwrap();
    let (_, from) = text.split_once("```toml\n[limits]").unwrap();
    let (block, _) = from.split_once("```").unwrap();
    let mut files = sources(&folder("globex"));
    files[0].text = format!("{}\n[limits]{block}", files[0].text);
    let globex = Connector::load(files).unwrap();
    assert_eq!(globex.warnings, []);
    globex.limits
}

#[test]
fn the_limits_in_the_guide_load() {
    let limits = limits_in("docs/guide/connectors.md");
    assert_eq!(limits.told.len(), 1);
    assert!(limits.tells_used());
}

#[test]
fn the_limits_beside_the_connectors_load() {
    let limits = limits_in("connectors/README.md");
    assert_eq!(limits.told.len(), 1);
    assert_eq!(limits.everything.len(), 1);
}
