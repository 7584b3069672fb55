//! `schemas/*.json`: JSON Schemas, and the places where operations name them.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::Value;

use super::Files;
use super::check::Check;
use crate::connector::{SchemaFile, SchemaRef};
use crate::document::{Path, Problem, Source};
use crate::format::OperationsFile;
use crate::words;

/// The schemas of a connector.
pub(super) struct Schemas {
    /// Sorted by name.
    files: Vec<Found>,
    /// What operations and other schemas name.
    named: BTreeSet<usize>,
}

struct Found {
    file: SchemaFile,
    /// Its content and the name that is shown; `None` where it is not looked at.
    read: Option<Read>,
}

/// A file that was looked at; `json` is `None` where it is none.
struct Read {
    source: Source,
    json: Option<Value>,
}

impl Schemas {
    /// Files that are read, and files that were checked before and are only kept.
    pub(super) fn new(
        sources: Vec<(String, Source)>,
        kept: Vec<SchemaFile>,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let mut files: Vec<Found> = Vec::new();
        for (name, source) in sources {
            let json = source.json().map_err(|problem| problems.push(problem)).ok();
            let text = Cow::Owned(source.text.clone());
            files.push(Found {
                file: SchemaFile { name, text },
                read: Some(Read { source, json }),
            });
        }
        files.extend(kept.into_iter().map(|file| Found { file, read: None }));
        files.sort_by(|left, right| left.file.name.cmp(&right.file.name));
        Self {
            files,
            named: BTreeSet::new(),
        }
    }

    /// What a value of an operations file names: `file.json` or `file.json#/$defs/Name`.
    pub(super) fn find(
        &mut self,
        check: &mut Check<'_>,
        path: &Path,
        text: &str,
    ) -> Option<SchemaRef> {
        match self.resolve(text) {
            Ok(found) => {
                self.named.insert(found.file);
                Some(found)
            }
            Err((message, hint)) => {
                check.refuse_with(path, message, hint);
                None
            }
        }
    }

    /// Checks what schemas name themselves, and that each is named by something.
    pub(super) fn check(
        &mut self,
        operations: &Files<OperationsFile>,
        problems: &mut Vec<Problem>,
    ) {
        for (place, found) in self.files.iter().enumerate() {
            let Some(Read {
                source,
                json: Some(json),
            }) = &found.read
            else {
                continue;
            };
            let mut texts = BTreeSet::new();
            collect_references(json, &mut texts);
            for text in texts {
                match self.resolve_within(place, json, text) {
                    Ok(Some(other)) => {
                        self.named.insert(other);
                    }
                    Ok(None) => {}
                    Err((message, hint)) => {
                        let at = source.text.find(&format!("{text:?}")).unwrap_or(0);
                        problems.push(source.problem(at, message).with_hint(hint));
                    }
                }
            }
        }
        for (place, found) in self.files.iter().enumerate() {
            let Some(Read { source, .. }) = &found.read else {
                continue;
            };
            if !operations.has_gaps && !self.named.contains(&place) {
                let message = format!("nothing names the schema `{}`", found.file.name);
                let hint = "name it as an operation's `reply.schema`, `reply.event_schema` or \
                            `request_schema`, or remove it";
                problems.push(source.problem(0, message).with_hint(hint));
            }
        }
    }

    pub(super) fn into_files(self) -> Vec<SchemaFile> {
        self.files.into_iter().map(|found| found.file).collect()
    }

    fn resolve(&self, text: &str) -> Result<SchemaRef, (String, String)> {
        let (name, pointer) = text.split_once('#').unwrap_or((text, ""));
        let place = self.files.iter().position(|found| found.file.name == name);
        let Some((place, found)) = place.and_then(|place| Some((place, self.files.get(place)?)))
        else {
            let names = self.files.iter().map(|found| found.file.name.as_str());
            let hint = match self.files.as_slice() {
                [] => "put it into the folder `schemas`".to_owned(),
                _ => words::allowed(name, names),
            };
            return Err((format!("there is no schema `{name}`"), hint));
        };
        let json = found.read.as_ref().and_then(|read| read.json.as_ref());
        if let Some(json) = json {
            has_part(json, name, pointer)?;
        }
        Ok(SchemaRef {
            file: place,
            pointer: pointer.to_owned(),
        })
    }

    /// What a `$ref` names: another file's place, or `None` for the same file.
    fn resolve_within(
        &self,
        place: usize,
        json: &Value,
        text: &str,
    ) -> Result<Option<usize>, (String, String)> {
        if let Some(fragment) = text.strip_prefix('#') {
            let name = self.files.get(place).map_or("", |found| &found.file.name);
            // A name without a slash is an `$anchor`, which whoever uses the schema looks up.
            if fragment.is_empty() || fragment.starts_with('/') {
                has_part(json, name, fragment)?;
            }
            return Ok(None);
        }
        if text.contains("://") {
            let message = format!("`{text}` is an address, and schemas are never fetched");
            let hint = "put it into the folder `schemas` and name its file";
            return Err((message, hint.to_owned()));
        }
        self.resolve(text).map(|found| Some(found.file))
    }
}

fn has_part(json: &Value, name: &str, pointer: &str) -> Result<(), (String, String)> {
    if json.pointer(pointer).is_some() {
        return Ok(());
    }
    let parts = json.get("$defs").and_then(Value::as_object);
    let parts: Vec<String> = parts
        .into_iter()
        .flat_map(|parts| parts.keys())
        .map(|part| format!("#/$defs/{part}"))
        .collect();
    let hint = words::allowed(&format!("#{pointer}"), parts.iter().map(String::as_str));
    Err((format!("the schema `{name}` has no `{pointer}`"), hint))
}

/// Every `$ref` of a schema.
fn collect_references<'j>(json: &'j Value, texts: &mut BTreeSet<&'j str>) {
    match json {
        Value::Object(fields) => {
            for (key, value) in fields {
                match value {
                    Value::String(text) if key == "$ref" => {
                        texts.insert(text);
                    }
                    value => collect_references(value, texts),
                }
            }
        }
        Value::Array(values) => {
            for value in values {
                collect_references(value, texts);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
