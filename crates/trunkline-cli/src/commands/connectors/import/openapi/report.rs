//! What was imported, and what could not be carried over, for people and for programs.

#[cfg(test)]
mod tests;

use std::path::Path;

use serde_json::{Value, json};
use trunkline_import::{Imported, Place, Places};

use super::Written;
use crate::commands::count;
use crate::failure::Failure;

/// One line about a connector.
pub(super) fn summary(written: &Written) -> String {
    let Imported {
        operations,
        files,
        report,
        ..
    } = &written.imported;
    let lost = match report.total() {
        0 => "everything carried over".to_owned(),
        lost => format!("{lost} not carried over as they stand"),
    };
    format!(
        "{}: {} in {}, {lost}",
        written.folder.display(),
        count(*operations, "operation"),
        count(files.len(), "file"),
    )
}

/// A line for each kind of loss, with its first places below.
pub(super) fn losses(imported: &Imported) -> Vec<String> {
    let mut lines = Vec::new();
    for (loss, places) in imported.report.losses() {
        lines.push(format!("  {} x {}", places.count, loss.in_words()));
        for place in &places.first {
            lines.push(format!("      {}", in_words(place)));
        }
        let more = places.count - places.first.len();
        if 0 < more {
            lines.push(format!("      and {more} more"));
        }
    }
    lines
}

fn in_words(Place { at, detail }: &Place) -> String {
    let at = if at.is_empty() { "the document" } else { at };
    if detail.is_empty() {
        at.to_owned()
    } else {
        format!("{at} ({detail})")
    }
}

pub(super) fn as_json(document: &Path, written: &Written) -> Value {
    let imported = &written.imported;
    let losses = imported.report.losses().map(|(loss, places)| {
        let Places { count, first } = places;
        let first = first
            .iter()
            .map(|Place { at, detail }| json!({ "at": at, "detail": detail }));
        json!({
            "kind": loss.code(),
            "what": loss.in_words(),
            "count": count,
            "first": first.collect::<Vec<_>>(),
        })
    });
    let files = imported.files.iter().map(|file| file.name.as_str());
    json!({
        "document": document.display().to_string(),
        "name": imported.name.as_str(),
        "title": imported.title,
        "version": imported.version,
        "operations": imported.operations,
        "folder": written.folder.display().to_string(),
        "files": files.collect::<Vec<_>>(),
        "losses": losses.collect::<Vec<_>>(),
        "warnings": written.warnings,
    })
}

pub(super) fn failure_as_json(document: &Path, failure: &Failure) -> Value {
    let messages = failure
        .complaints
        .iter()
        .map(|complaint| complaint.message.as_str());
    json!({
        "document": document.display().to_string(),
        "error": messages.collect::<Vec<_>>().join("; "),
    })
}
