//! Which operations a document has, under which names, and which of them are wanted.

use regex::Regex;
use serde_json::Value;
use trunkline_connector::format::MethodName;

use crate::at::At;
use crate::names::{self, Unique};
use crate::paths::{self, DocumentPath};
use crate::report::{Loss, Report};
use crate::spec::{self, Fields, Spec};

const METHODS: [(&str, Option<MethodName>); 9] = [
    ("get", Some(MethodName::Get)),
    ("put", Some(MethodName::Put)),
    ("post", Some(MethodName::Post)),
    ("delete", Some(MethodName::Delete)),
    ("head", Some(MethodName::Head)),
    ("patch", Some(MethodName::Patch)),
    ("options", None),
    ("trace", None),
    ("query", None),
];

/// An operation of the document, before it is looked into.
#[derive(Debug)]
pub(crate) struct Outlined<'d> {
    pub(crate) name: String,
    pub(crate) resource: String,
    pub(crate) method: MethodName,
    /// Where it is called, with parts as the document calls them.
    pub(crate) path: DocumentPath,
    /// The path item.
    pub(crate) item: &'d Fields,
    /// The operation.
    pub(crate) fields: &'d Fields,
    /// JSON Pointer to the operation.
    pub(crate) at: String,
}

/// Which operations are wanted; all of them where neither says anything.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Those whose name, or whose method and path (`GET /v1/customers`), this finds something in.
    pub only: Option<Regex>,
    /// Those that have one of these tags.
    pub tags: Vec<String>,
}

/// Every operation that is wanted, in the document's order.
pub(crate) fn collect<'d>(
    spec: Spec<'d>,
    selection: &Selection,
    report: &mut Report,
) -> Vec<Outlined<'d>> {
    let mut found = Vec::new();
    let mut unique = Unique::default();
    let all = At::ROOT.key("paths");
    for (path, item) in spec::entries(spec.root(), "paths") {
        let at = all.key(path);
        if path.starts_with("x-") {
            continue;
        }
        let Some(item) = spec.object(item, &at, report) else {
            continue;
        };
        let read_path = paths::read(path);
        for (key, method) in METHODS {
            let Some(operation) = item.get(key) else {
                continue;
            };
            let at = at.key(key);
            let Some(fields) = operation.as_object() else {
                report.add(Loss::Malformed, &at, "no operation");
                continue;
            };
            let name = unique.give(name_of(fields, key, path));
            if !selection.wants(&name, key, path, fields) {
                continue;
            }
            let Some(method) = method else {
                report.add(Loss::Method, &at, key.to_ascii_uppercase());
                continue;
            };
            found.push(Outlined {
                resource: resource_of(&name, fields, path),
                name,
                method,
                path: read_path.clone(),
                item,
                fields,
                at: at.to_string(),
            });
        }
    }
    for (name, _) in spec::entries(spec.root(), "webhooks") {
        report.add(Loss::Webhook, &At::ROOT.key("webhooks").key(name), "");
    }
    found
}

impl Selection {
    fn wants(&self, name: &str, method: &str, path: &str, fields: &Fields) -> bool {
        let is_named = self.only.as_ref().is_none_or(|only| {
            only.is_match(name) || only.is_match(&format!("{} {path}", method.to_ascii_uppercase()))
        });
        let has_tag = || {
            let mut tags = spec::items(fields, "tags").iter().filter_map(Value::as_str);
            tags.any(|tag| {
                self.tags
                    .iter()
                    .any(|wanted| wanted.eq_ignore_ascii_case(tag))
            })
        };
        is_named && (self.tags.is_empty() || has_tag())
    }
}

fn name_of(fields: &Fields, method: &str, path: &str) -> String {
    let id = spec::text(fields, "operationId").and_then(names::of_operation_id);
    id.unwrap_or_else(|| names::of_path(method, path))
}

/// The file that an operation stands in: by its name, by its first tag, or by its path.
fn resource_of(name: &str, fields: &Fields, path: &str) -> String {
    if let Some((first, _)) = name.rsplit_once('.') {
        return names::of_file(first);
    }
    let tag = spec::items(fields, "tags").iter().find_map(Value::as_str);
    if let Some(tag) = tag.filter(|tag| !names::snake(tag).is_empty()) {
        return names::of_file(tag);
    }
    let named = names::of_path("", path);
    names::of_file(named.split('.').next().unwrap_or_default())
}
