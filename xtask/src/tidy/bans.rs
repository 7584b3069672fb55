//! The rules of deny.toml, for those who do not have cargo-deny: one text, two readers.

#![expect(
    clippy::indexing_slicing,
    reason = "indexing JSON cannot panic: what is missing reads as null"
)]

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::tidy::dependencies::Package;
use crate::tidy::licenses;

/// What deny.toml says, as far as it is about names, licences and sources.
#[derive(Debug)]
pub(crate) struct Rules {
    banned: Vec<String>,
    licenses: Vec<String>,
    doubles: Vec<String>,
    registries: Vec<String>,
}

impl Rules {
    /// Reads deny.toml.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let file: Value = toml::from_str(text).context("deny.toml")?;
        Ok(Self {
            banned: strings(&file["bans"]["deny"], "crate"),
            licenses: strings(&file["licenses"]["allow"], "crate"),
            doubles: strings(&file["bans"]["skip"], "crate"),
            registries: strings(&file["sources"]["allow-registry"], "crate"),
        })
    }
}

/// The texts of a list, whose items may be tables that hold the text under a key.
fn strings(list: &Value, key: &str) -> Vec<String> {
    let items = list.as_array().into_iter().flatten();
    items
        .filter_map(|item| item.as_str().or(item[key].as_str()))
        .map(str::to_owned)
        .collect()
}

/// Finds packages that are banned, twice there, of an unknown licence or from elsewhere.
pub(crate) fn check(rules: &Rules, packages: &[Package]) -> Vec<String> {
    let mut findings = Vec::new();
    for package in packages {
        let Package {
            name,
            version,
            license,
            source,
        } = package;
        if rules.banned.contains(name) {
            findings.push(format!("Cargo.lock: `{name}` is banned (deny.toml)"));
        }
        if !licenses::allows(license, &rules.licenses) {
            findings.push(format!("Cargo.lock: `{name}` {version} has the licence `{license}`, which deny.toml does not allow"));
        }
        if source
            .as_ref()
            .is_some_and(|source| !rules.comes_from_registry(source))
        {
            findings.push(format!(
                "Cargo.lock: `{name}` {version} does not come from an allowed registry"
            ));
        }
    }
    findings.extend(doubles(rules, packages));
    findings
}

impl Rules {
    fn comes_from_registry(&self, source: &str) -> bool {
        let address = source
            .strip_prefix("registry+")
            .or_else(|| source.strip_prefix("sparse+"));
        address.is_some_and(|address| self.registries.iter().any(|allowed| allowed == address))
    }
}

/// Two versions of one crate are two of everything in it; each exception is written down.
fn doubles(rules: &Rules, packages: &[Package]) -> Vec<String> {
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in packages {
        versions
            .entry(&package.name)
            .or_default()
            .push(&package.version);
    }
    let mut findings = Vec::new();
    for (name, versions) in &versions {
        let excepted = |version: &&&str| rules.doubles.contains(&format!("{name}@{version}"));
        if 1 < versions.iter().filter(|version| !excepted(version)).count() {
            findings.push(format!(
                "Cargo.lock: `{name}` is there as {}",
                versions.join(" and ")
            ));
        }
    }
    for double in &rules.doubles {
        let exists = |(name, versions): (&&str, &Vec<&str>)| {
            versions
                .iter()
                .any(|version| *double == format!("{name}@{version}"))
        };
        if !versions.iter().any(exists) {
            findings.push(format!(
                "deny.toml: `{double}` is excepted and no longer there"
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests;
