//! Edges that are not in the table, table rows that are not edges, and what one crate holds.

use expect_test::{Expect, expect};

use super::{between_our_crates, held_by_one_crate, in_pure_crate};
use crate::tidy::dependencies::{Direct, Kind};

const ARCHITECTURE: &str = "\
# Architecture

## Code map

Text with `words`.

| crate | does | may use |
| --- | --- | --- |
| `trunkline-server` | HTTP in: `Gateway` | `trunkline`, `trunkline-connector` |
| `trunkline` | decides | none |

## Invariants
";

fn edge(owner: &str, name: &str) -> Direct {
    Direct {
        owner: owner.into(),
        name: name.into(),
        kind: Kind::Shipped,
        features: Vec::new(),
    }
}

#[track_caller]
fn check_edges(edges: &[Direct], expected: Expect) {
    let everyone =
        ["trunkline", "trunkline-connector", "trunkline-server"].map(|owner| edge(owner, "http"));
    let edges: Vec<Direct> = everyone.into_iter().chain(edges.iter().cloned()).collect();
    expected.assert_eq(&between_our_crates(ARCHITECTURE, &edges).join("\n"));
}

#[test]
fn edges_in_the_table_are_fine() {
    check_edges(
        &[
            edge("trunkline-server", "trunkline"),
            edge("trunkline-server", "trunkline-connector"),
        ],
        expect![""],
    );
}

#[test]
fn other_edges_and_stale_rows_are_found() {
    check_edges(
        &[
            edge("trunkline-server", "trunkline"),
            edge("trunkline", "trunkline-server"),
        ],
        expect![[r#"
            crates/trunkline/Cargo.toml: `trunkline` may not use `trunkline-server` (ARCHITECTURE.md, code map)
            ARCHITECTURE.md: `trunkline-server` does not use `trunkline-connector`"#]],
    );
}

#[test]
fn a_missing_table_is_found() {
    assert_eq!(
        between_our_crates("# Architecture\n", &[]),
        ["ARCHITECTURE.md: there is no table under `## Code map`"]
    );
}

#[track_caller]
fn check_held(owner: &str, name: &str, feature: &str, expected: Expect) {
    let edge = Direct {
        features: vec![feature.into()],
        ..edge(owner, name)
    };
    expected.assert_eq(&held_by_one_crate(&[edge]).join("\n"));
}

#[test]
fn only_egress_sends() {
    check_held("trunkline-egress", "hyper", "client", expect![""]);
    check_held("trunkline-tests", "hyper", "client", expect![""]);
    check_held(
        "trunkline",
        "hyper",
        "client",
        expect![
            "crates/trunkline/Cargo.toml: `hyper` with `client` may only be used by trunkline-egress: only egress sends"
        ],
    );
    check_held(
        "trunkline-server",
        "hyper-util",
        "client-legacy",
        expect![
            "crates/trunkline-server/Cargo.toml: `hyper-util` with `client` may only be used by trunkline-egress: only egress sends"
        ],
    );
    check_held(
        "trunkline",
        "tokio-rustls",
        "ring",
        expect![
            "crates/trunkline/Cargo.toml: `tokio-rustls` may only be used by trunkline-egress: only egress dials"
        ],
    );
}

#[test]
fn only_the_server_listens() {
    check_held("trunkline-server", "hyper", "server", expect![""]);
    check_held("trunkline-server", "tokio", "net", expect![""]);
    check_held("trunkline", "tokio", "rt", expect![""]);
    check_held(
        "trunkline",
        "tokio",
        "net",
        expect![
            "crates/trunkline/Cargo.toml: `tokio` with `net` may only be used by trunkline-egress and trunkline-server: only egress dials, only the server listens"
        ],
    );
}

#[test]
fn what_tests_use_is_free() {
    let edge = Direct {
        kind: Kind::Tests,
        features: vec!["net".into()],
        ..edge("trunkline", "tokio")
    };
    assert!(held_by_one_crate(&[edge]).is_empty());
}

#[test]
fn the_pure_crate_is_built_without_a_runtime() {
    let closure = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    assert!(in_pure_crate(&closure(&["http", "serde"])).is_empty());
    assert_eq!(
        in_pure_crate(&closure(&["http", "tokio"])),
        ["crates/trunkline-connector/Cargo.toml: it does no I/O, yet is built with `tokio`"]
    );
}
