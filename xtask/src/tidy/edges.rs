//! Dependencies between crates point one way, and each crate keeps its "only" sentence.

use std::collections::BTreeSet;

use crate::tidy::dependencies::{Direct, Kind};
use crate::tidy::table;

/// The heading in ARCHITECTURE.md whose table lists our crates.
const HEADING: &str = "## Code map";
/// The crate that does no I/O and is not async.
pub(crate) const PURE_CRATE: &str = "trunkline-connector";
/// What does I/O or is async, at the bottom of any such dependency.
const IMPURE: &[&str] = &["async-io", "hyper", "mio", "rustls", "socket2", "tokio"];
/// Crates that drive or measure the product, and may do it by any means.
const TEST_CRATES: &[&str] = &["trunkline-benches", "trunkline-tests"];

/// A dependency, or a feature of one, that only some crates may have.
struct Held {
    name: &'static str,
    feature: Option<&'static str>,
    owners: &'static [&'static str],
    reason: &'static str,
}

const HELD: &[Held] = &[
    Held {
        name: "tokio",
        feature: Some("net"),
        owners: &["trunkline-egress", "trunkline-server"],
        reason: "only egress dials, only the server listens",
    },
    Held {
        name: "hyper",
        feature: Some("client"),
        owners: &["trunkline-egress"],
        reason: "only egress sends",
    },
    Held {
        name: "hyper-util",
        feature: Some("client"),
        owners: &["trunkline-egress"],
        reason: "only egress sends",
    },
    Held {
        name: "hyper",
        feature: Some("server"),
        owners: &["trunkline-server"],
        reason: "only the server listens",
    },
    Held {
        name: "rustls",
        feature: None,
        owners: &["trunkline-egress", "trunkline-redis"],
        reason: "only egress dials, and Redis is the operator's own",
    },
    Held {
        name: "tokio-rustls",
        feature: None,
        owners: &["trunkline-egress"],
        reason: "only egress dials",
    },
    Held {
        name: "redis",
        feature: None,
        owners: &["trunkline-redis"],
        reason: "only it speaks to Redis",
    },
    Held {
        name: "rusqlite",
        feature: None,
        owners: &["trunkline-log"],
        reason: "only the log of calls keeps a database",
    },
    Held {
        name: "clap",
        feature: None,
        owners: &["trunkline-cli"],
        reason: "only the command line reads arguments",
    },
];

/// Compares the edges between our crates with the table in ARCHITECTURE.md, both ways.
pub(crate) fn between_our_crates(architecture: &str, direct: &[Direct]) -> Vec<String> {
    let rows = table::rows(architecture, HEADING);
    if rows.is_empty() {
        return vec![format!(
            "ARCHITECTURE.md: there is no table under `{HEADING}`"
        )];
    }
    let ours: BTreeSet<&str> = direct.iter().map(|edge| edge.owner.as_str()).collect();
    let written: BTreeSet<(&str, &str)> = rows.iter().flat_map(|row| edges_of_row(row)).collect();
    let actual: BTreeSet<(&str, &str)> = direct
        .iter()
        .filter(|edge| ours.contains(edge.name.as_str()) && edge.owner != edge.name)
        .map(|edge| (edge.owner.as_str(), edge.name.as_str()))
        .collect();
    let forbidden = actual.difference(&written).map(|(owner, name)| {
        format!(
            "crates/{owner}/Cargo.toml: `{owner}` may not use `{name}` (ARCHITECTURE.md, code map)"
        )
    });
    let stale = written
        .difference(&actual)
        .map(|(owner, name)| format!("ARCHITECTURE.md: `{owner}` does not use `{name}`"));
    forbidden.chain(stale).collect()
}

/// A row names the crate in its first cell and what it may use in its last.
fn edges_of_row<'a>(row: &[&'a str]) -> Vec<(&'a str, &'a str)> {
    let (Some(first), Some(last)) = (row.first(), row.last()) else {
        return Vec::new();
    };
    let Some(owner) = table::quoted(first).into_iter().next() else {
        return Vec::new();
    };
    table::quoted(last)
        .into_iter()
        .map(|name| (owner, name))
        .collect()
}

/// Finds crates that have what only others may have; what they use for their tests is free.
pub(crate) fn held_by_one_crate(direct: &[Direct]) -> Vec<String> {
    let mut findings = Vec::new();
    for edge in direct.iter().filter(|edge| edge.kind == Kind::Shipped) {
        if TEST_CRATES.contains(&edge.owner.as_str()) {
            continue;
        }
        for held in HELD.iter().filter(|held| held.covers(edge)) {
            let feature = held
                .feature
                .map(|feature| format!(" with `{feature}`"))
                .unwrap_or_default();
            findings.push(format!(
                "crates/{}/Cargo.toml: `{}`{feature} may only be used by {}: {}",
                edge.owner,
                edge.name,
                held.owners.join(" and "),
                held.reason,
            ));
        }
    }
    findings
}

impl Held {
    fn covers(&self, edge: &Direct) -> bool {
        let asked = |feature: &str| edge.features.iter().any(|asked| asked.starts_with(feature));
        edge.name == self.name
            && self.feature.is_none_or(asked)
            && !self.owners.contains(&edge.owner.as_str())
    }
}

/// Finds what does I/O or is async below the crate that must not.
pub(crate) fn in_pure_crate(closure: &BTreeSet<String>) -> Vec<String> {
    IMPURE
        .iter()
        .filter(|name| closure.contains(**name))
        .map(|name| {
            format!("crates/{PURE_CRATE}/Cargo.toml: it does no I/O, yet is built with `{name}`")
        })
        .collect()
}

#[cfg(test)]
mod tests;
