//! `[pagination]`: ways of paging, and whether operations can be paged so.

use super::Folder;
use super::check::Check;
use crate::document::Path;
use crate::format::{ConnectorFile, PaginationSection, StopRule};

pub(super) fn check(check: &mut Check<'_>, file: &ConnectorFile, folder: &Folder) {
    for (name, section) in &file.pagination {
        let path = Path::root().key("pagination").key(name);
        for (key, pointer) in pointers(section) {
            check.pointer(&path.key(key), pointer);
        }
        check.pointer(&path.key("stop").key("pointer"), &stop(section).pointer);
        let is_used = folder
            .operation_sections()
            .any(|operation| operation.pagination.as_ref() == Some(name));
        if !is_used && !folder.operations.has_gaps {
            let hint = "name it as an operation's `pagination`, or remove it";
            check.refuse_with(&path, format!("no operation is paged by `{name}`"), hint);
        }
    }
}

/// The input that a way of paging sets for the next page.
pub(super) fn input(section: &PaginationSection) -> Option<&str> {
    match section {
        PaginationSection::LastItem { input, .. } | PaginationSection::Cursor { input, .. } => {
            Some(input)
        }
        PaginationSection::NextUrl { .. } => None,
    }
}

fn stop(section: &PaginationSection) -> &StopRule {
    match section {
        PaginationSection::LastItem { stop, .. }
        | PaginationSection::Cursor { stop, .. }
        | PaginationSection::NextUrl { stop, .. } => stop,
    }
}

fn pointers(section: &PaginationSection) -> [(&'static str, &str); 2] {
    match section {
        PaginationSection::LastItem { items, field, .. } => [("items", items), ("field", field)],
        PaginationSection::Cursor { items, cursor, .. } => [("items", items), ("cursor", cursor)],
        PaginationSection::NextUrl { items, next, .. } => [("items", items), ("next", next)],
    }
}
