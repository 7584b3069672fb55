//! Lock files of npm pin versions and hashes, never the address a package came from.

#![expect(
    clippy::indexing_slicing,
    reason = "indexing JSON cannot panic: what is missing reads as null"
)]

use serde_json::Value;

/// Finds addresses in a `package-lock.json`.
pub(crate) fn check(path: &str, text: &str) -> Vec<String> {
    if path.rsplit('/').next() != Some("package-lock.json") {
        return Vec::new();
    }
    let Ok(lock) = serde_json::from_str::<Value>(text) else {
        return vec![format!("{path}: it is not JSON")];
    };
    let packages = lock["packages"].as_object().into_iter().flatten();
    let mut findings = Vec::new();
    for (name, package) in packages.filter(|(name, _)| !name.is_empty()) {
        if package.get("resolved").is_some() {
            findings.push(format!("{path}: `{name}` has `resolved`; npm leaves it out with `omit-lockfile-registry-resolved=true` in .npmrc"));
        }
        if package.get("integrity").is_none() && package["link"] != true {
            findings.push(format!("{path}: `{name}` has no `integrity`"));
        }
    }
    findings
}

#[cfg(test)]
mod tests;
