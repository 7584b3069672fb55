//! The order of the stages: what ARCHITECTURE.md tells is what the pipeline does.

use crate::tidy::table;

/// The file that shows the order and nothing else.
pub(crate) const PIPELINE: &str = "crates/trunkline/src/pipeline.rs";
/// The heading in ARCHITECTURE.md whose numbered list names the stages.
const HEADING: &str = "## The life of a call";
/// The file is read first by everybody; beyond this it holds more than the order.
const LINES_MAX: usize = 150;

/// Compares the `mod` lines with the list, and the file's length with its limit.
pub(crate) fn check(architecture: &str, pipeline: &str) -> Vec<String> {
    let mut findings = Vec::new();
    let told = table::numbered(architecture, HEADING);
    let done = modules(pipeline);
    if done.is_empty() {
        findings.push(format!("{PIPELINE}: there is no `mod` line"));
    }
    if told != done {
        findings.push(format!(
            "{PIPELINE}: the stages are {}; ARCHITECTURE.md, the life of a call, has {}",
            done.join(", "),
            told.join(", "),
        ));
    }
    let lines = pipeline.lines().count();
    if LINES_MAX < lines {
        findings.push(format!(
            "{PIPELINE}: {lines} lines, allowed are {LINES_MAX}"
        ));
    }
    findings
}

fn modules(source: &str) -> Vec<&str> {
    source
        .lines()
        .filter_map(|line| {
            line.strip_prefix("pub(crate) mod ")
                .or_else(|| line.strip_prefix("mod "))
        })
        .filter_map(|rest| rest.split_once(';'))
        .map(|(name, _)| name)
        .filter(|name| *name != "tests")
        .collect()
}

#[cfg(test)]
mod tests;
