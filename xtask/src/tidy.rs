//! Our own rules, those that neither the compiler nor clippy knows.
//!
//! Each rule is a function over text that gives its findings, one line each, beginning with the
//! place. What the rules compare with stands where people read it: the edges between crates and
//! the order of the stages in ARCHITECTURE.md, banned crates and licences in deny.toml.

mod bans;
mod codes;
mod connectors;
pub(crate) mod dependencies;
mod edges;
mod licenses;
mod links;
mod locks;
mod names;
pub(crate) mod source;
mod stages;
mod table;
mod tree;

use std::process::ExitCode;

use anyhow::Result;

use crate::say;
use crate::tidy::tree::Tree;
use crate::workspace::Workspace;

/// Prints every finding.
pub(crate) fn run(workspace: &Workspace) -> Result<ExitCode> {
    let findings = findings(workspace)?;
    for finding in &findings {
        say::line(finding);
    }
    Ok(if findings.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Everything in the tree that breaks a rule.
pub(crate) fn findings(workspace: &Workspace) -> Result<Vec<String>> {
    let tree = Tree::read(&workspace.root)?;
    let metadata = dependencies::metadata(workspace)?;
    let direct = dependencies::direct(&metadata);
    let architecture = tree.text("ARCHITECTURE.md");
    let rules = bans::Rules::parse(tree.text("deny.toml"))?;
    let mut findings = vec![
        edges::between_our_crates(architecture, &direct),
        edges::held_by_one_crate(&direct),
        edges::in_pure_crate(&dependencies::closure(&metadata, edges::PURE_CRATE)),
        bans::check(&rules, &dependencies::packages(&metadata)),
        stages::check(architecture, tree.text(stages::PIPELINE)),
        codes::check(tree.text(codes::TABLE), tree.text(codes::PAGE)),
    ];
    for file in tree.files() {
        findings.push(names::check(&file.path));
        findings.push(source::check(&file.path, &file.text));
        findings.push(locks::check(&file.path, &file.text));
        findings.push(connectors::check(&file.path, &file.text));
        findings.push(links::check(&file.path, &file.text, |target| {
            tree.has(target)
        }));
    }
    Ok(findings.concat())
}
