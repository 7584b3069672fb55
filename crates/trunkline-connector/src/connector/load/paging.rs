//! `[pagination]`: ways of paging, and whether operations can be paged so.

use super::Folder;
use super::check::Check;
use crate::document::Path;
use crate::format::{ConnectorFile, InputKind, OperationSection, PaginationSection, StopRule};
use crate::words;

pub(super) fn check(check: &mut Check<'_>, file: &ConnectorFile, folder: &Folder) {
    for (name, section) in &file.pagination {
        let path = Path::root().key("pagination").key(name);
        for (key, pointer) in pointers(section) {
            check.pointer(&path.key(key), pointer);
        }
        if let Some(stop) = section.stop() {
            stop_rule(check, &path.key("stop"), section, stop);
        }
        if let PaginationSection::Offset { limit, size, .. }
        | PaginationSection::Page { limit, size, .. } = section
            && limit.is_some()
            && size.is_none()
        {
            let hint = "say with `size` how many records are asked for";
            check.refuse_with(&path.key("limit"), "`limit` is there without `size`", hint);
        }
        let is_used = folder
            .operation_sections()
            .any(|operation| operation.pagination.as_ref() == Some(name));
        if !is_used && !folder.operations.has_gaps {
            let hint = "name it as an operation's `pagination`, or remove it";
            check.refuse_with(&path, format!("no operation is paged by `{name}`"), hint);
        }
    }
}

/// A rule must be able to come true, and to be judged by what one page says.
fn stop_rule(check: &mut Check<'_>, path: &Path, section: &PaginationSection, stop: &StopRule) {
    let counts = matches!(
        section,
        PaginationSection::Offset { .. } | PaginationSection::Page { .. }
    );
    let size = match section {
        PaginationSection::Offset { size, .. } | PaginationSection::Page { size, .. } => *size,
        PaginationSection::LastItem { .. }
        | PaginationSection::Cursor { .. }
        | PaginationSection::NextUrl { .. }
        | PaginationSection::LinkHeader { .. }
        | PaginationSection::Graphql { .. } => None,
    };
    let is_page = matches!(section, PaginationSection::Page { .. });
    match stop {
        StopRule::FalseAt(pointer) => check.pointer(&path.key("false_at"), pointer),
        StopRule::TrueAt(pointer) => check.pointer(&path.key("true_at"), pointer),
        StopRule::EmptyAt(pointer) => check.pointer(&path.key("empty_at"), pointer),
        StopRule::TotalAt(pointer) => {
            check.pointer(&path.key("total_at"), pointer);
            if !counts {
                let hint = "only `offset` and `page` know how many records came before";
                check.refuse_with(path, "`total_at` does not fit this way of paging", hint);
            } else if is_page && size.is_none() {
                let hint = "say with `size` how many records a page has";
                check.refuse_with(path, "`total_at` needs the size of a page", hint);
            }
        }
        StopRule::ShortPage if !counts => {
            let hint = "only pages of `offset` and `page` have a size; use `empty_page`";
            check.refuse_with(path, "`short_page` does not fit this way of paging", hint);
        }
        StopRule::ShortPage if size.is_none() => {
            let hint = "say with `size` how many records a page has";
            check.refuse_with(path, "`short_page` needs the size of a page", hint);
        }
        StopRule::NoNext if counts || matches!(section, PaginationSection::LastItem { .. }) => {
            let hint = "only `cursor` and `next_url` name the next page";
            check.refuse_with(path, "`no_next` does not fit this way of paging", hint);
        }
        StopRule::ShortPage | StopRule::NoNext | StopRule::EmptyPage => {}
    }
}

fn pointers(section: &PaginationSection) -> Vec<(&'static str, &str)> {
    let items = section.items().map(|items| ("items", items));
    let own = match section {
        PaginationSection::LastItem { field, .. } => Some(("field", field.as_str())),
        PaginationSection::Cursor { cursor, .. } => Some(("cursor", cursor.as_str())),
        PaginationSection::NextUrl { next, .. } => Some(("next", next.as_str())),
        PaginationSection::Graphql { page_info, .. } => {
            page_info.as_deref().map(|pointer| ("page_info", pointer))
        }
        PaginationSection::Offset { .. }
        | PaginationSection::Page { .. }
        | PaginationSection::LinkHeader { .. } => None,
    };
    items.into_iter().chain(own).collect()
}

/// Whether an operation can be paged as it says.
pub(super) fn bind(
    check: &mut Check<'_>,
    path: &Path,
    operation: &OperationSection,
    file: &ConnectorFile,
) {
    let Some(name) = &operation.pagination else {
        for (key, is_there) in [
            ("not_paged_with", !operation.not_paged_with.is_empty()),
            ("items", operation.items.is_some()),
            ("page_info", operation.page_info.is_some()),
        ] {
            if is_there {
                let message = format!("`{key}` is of operations with `pagination`");
                check.refuse_with(
                    &path.key(key),
                    message,
                    "name a way of paging, or remove it",
                );
            }
        }
        return;
    };
    let at = path.key("pagination");
    let Some(section) = file.pagination.get(name) else {
        let hint = words::allowed(name, file.pagination.keys().map(String::as_str));
        check.refuse_with(&at, format!("`[pagination]` has no `{name}`"), hint);
        return;
    };
    for input in section.inputs() {
        let Some(declared) = operation.inputs.get(input) else {
            let message =
                format!("`pagination.{name}` sets `{input}`, which is no input of this operation");
            check.refuse_with(&at, message, "declare it under `[operations.inputs]`");
            continue;
        };
        if matches!(
            declared.kind,
            InputKind::Object | InputKind::Array | InputKind::File | InputKind::Boolean
        ) {
            let message = format!("`pagination.{name}` sets `{input}` to a text or a number");
            let path = path.key("inputs").key(input).key("type");
            check.refuse_with(&path, message, "make it a `string` or an `integer`");
        }
    }
    let is_graphql = matches!(section, PaginationSection::Graphql { .. });
    if section.items().is_none() && operation.items.is_none() && !is_graphql {
        let message =
            format!("neither `pagination.{name}` nor this operation says where the records are");
        check.refuse_with(&at, message, "give one of them `items`");
    }
    if operation.page_info.is_some() && !is_graphql {
        let message = format!("`pagination.{name}` has no use for `page_info`");
        check.refuse(&path.key("page_info"), message);
    }
}
