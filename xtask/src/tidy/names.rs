//! What files may be called.

/// Names that say nothing about what a file holds.
const DRAWERS: &[&str] = &[
    "common", "helper", "helpers", "manager", "misc", "shared", "types", "util", "utils",
];

/// Finds `mod.rs` and drawers.
pub(crate) fn check(path: &str) -> Vec<String> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.split('.').next().unwrap_or(name);
    let mut findings = Vec::new();
    if name == "mod.rs" {
        findings.push(format!(
            "{path}: `foo.rs` stands beside `foo/`; there is no `mod.rs`"
        ));
    }
    if DRAWERS.contains(&stem) {
        findings.push(format!("{path}: `{stem}` does not say what is in it"));
    }
    findings
}

#[cfg(test)]
mod tests;
