//! What depends on what, as `cargo metadata` tells it.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::process::Program;
use crate::workspace::Workspace;

/// A line in one of our manifests' `[dependencies]`, `[dev-dependencies]` and so on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Direct {
    /// Our crate.
    pub(crate) owner: String,
    /// What it depends on.
    pub(crate) name: String,
    /// What for.
    pub(crate) kind: Kind,
    /// The features it asks for.
    pub(crate) features: Vec<String>,
}

/// What a dependency is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// For the crate itself or its build script.
    Shipped,
    /// For its tests.
    Tests,
}

/// A package of the dependency graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Package {
    /// Its name.
    pub(crate) name: String,
    /// Its version.
    pub(crate) version: String,
    /// Its licence, as an SPDX expression.
    pub(crate) license: String,
    /// Where it comes from; `None` for our own.
    pub(crate) source: Option<String>,
}

/// Asks cargo.
pub(crate) fn metadata(workspace: &Workspace) -> Result<Value> {
    let text = Program::new(&workspace.root, "cargo metadata --format-version 1").output()?;
    serde_json::from_str(&text).context("what `cargo metadata` prints cannot be read")
}

/// The packages of this workspace.
pub(crate) fn own_packages(metadata: &Value) -> impl Iterator<Item = &Value> {
    list(metadata, "packages").filter(|package| {
        list(metadata, "workspace_members").any(|member| *member == package["id"])
    })
}

/// Everything our manifests ask for.
pub(crate) fn direct(metadata: &Value) -> Vec<Direct> {
    let mut found = Vec::new();
    for package in own_packages(metadata) {
        for dependency in list(package, "dependencies") {
            found.push(Direct {
                owner: text(package, "name"),
                name: text(dependency, "name"),
                kind: if dependency["kind"] == "dev" {
                    Kind::Tests
                } else {
                    Kind::Shipped
                },
                features: list(dependency, "features")
                    .filter_map(|feature| feature.as_str().map(str::to_owned))
                    .collect(),
            });
        }
    }
    found
}

/// Every package of the graph, ours included.
pub(crate) fn packages(metadata: &Value) -> Vec<Package> {
    list(metadata, "packages")
        .map(|package| Package {
            name: text(package, "name"),
            version: text(package, "version"),
            license: text(package, "license"),
            source: package["source"].as_str().map(str::to_owned),
        })
        .collect()
}

/// The names of everything that a crate of ours is built from, at any depth, tests left out.
pub(crate) fn closure(metadata: &Value, root: &str) -> BTreeSet<String> {
    let id = own_packages(metadata)
        .find(|package| package["name"] == root)
        .map(|package| &package["id"]);
    let mut waiting: Vec<&Value> = id.into_iter().collect();
    let mut seen: Vec<&Value> = Vec::new();
    while let Some(id) = waiting.pop() {
        if seen.contains(&id) {
            continue;
        }
        seen.push(id);
        let node = list(&metadata["resolve"], "nodes").find(|node| node["id"] == *id);
        for edge in node.into_iter().flat_map(|node| list(node, "deps")) {
            if list(edge, "dep_kinds").any(|kind| kind["kind"] != "dev") {
                waiting.push(&edge["pkg"]);
            }
        }
    }
    list(metadata, "packages")
        .filter(|package| seen.contains(&&package["id"]))
        .map(|package| text(package, "name"))
        .collect()
}

fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    value[key].as_array().into_iter().flatten()
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests;
