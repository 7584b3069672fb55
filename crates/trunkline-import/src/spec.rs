//! The document as it was read: its version, and where its references lead.

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};
use trunkline_connector::document::{Problem, Source};

use crate::at::At;
use crate::report::{Loss, Report};

/// The longest chain of references that is followed.
const HOPS_MAX: usize = 32;

/// An object of the document.
pub(crate) type Fields = Map<String, Value>;

/// A document that was read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spec<'d> {
    root: &'d Fields,
    /// Whether what stands beside a `$ref` counts, as from 3.1 on.
    pub(crate) keeps_siblings: bool,
}

impl<'d> Spec<'d> {
    /// Looks at the version.
    pub(crate) fn new(
        source: &Source,
        value: &'d Value,
        report: &mut Report,
    ) -> Result<Self, Box<Problem>> {
        let refuse = |message: String, hint: &str| {
            Box::new(Problem::of_file(&source.name, message).with_hint(hint))
        };
        let hint = "allowed: OpenAPI 3.1, 3.0 or 2.0 (Swagger), as JSON or YAML";
        let Some(root) = value.as_object() else {
            return Err(refuse("the file is no OpenAPI document".to_owned(), hint));
        };
        let Some(version) = root.get("openapi").and_then(text_of) else {
            return Err(refuse("the file does not say `openapi`".to_owned(), hint));
        };
        let keeps_siblings = match version.split('.').take(2).collect::<Vec<_>>().as_slice() {
            ["3", "0"] => false,
            ["3", "1"] => true,
            ["3", _] => {
                report.add(Loss::Version, &At::ROOT.key("openapi"), &version);
                true
            }
            _ => {
                let version: String = version.chars().take(20).collect();
                return Err(refuse(
                    format!("`{version}` is no version that can be read"),
                    hint,
                ));
            }
        };
        Ok(Self {
            root,
            keeps_siblings,
        })
    }

    pub(crate) fn root(&self) -> &'d Fields {
        self.root
    }

    /// A table of the document, by its way from the top.
    pub(crate) fn table(&self, keys: &[&str]) -> Option<&'d Fields> {
        let found = keys
            .iter()
            .try_fold(self.root, |table, key| table.get(*key)?.as_object());
        found.filter(|table| !table.is_empty())
    }

    /// What a reference leads to, in this document: `#/components/schemas/Pet`.
    pub(crate) fn find(&self, reference: &str) -> Option<&'d Value> {
        let pointer = reference.strip_prefix('#')?;
        if let Some(found) = self.find_pointer(pointer) {
            return Some(found);
        }
        let decoded = percent_decode_str(pointer).decode_utf8().ok()?;
        self.find_pointer(&decoded)
    }

    fn find_pointer(&self, pointer: &str) -> Option<&'d Value> {
        let mut keys = pointer.strip_prefix('/')?.split('/');
        let first = self.root.get(&unescaped(keys.next()?))?;
        keys.try_fold(first, |value, key| {
            let key = unescaped(key);
            match value {
                Value::Object(fields) => fields.get(&key),
                Value::Array(items) => items.get(key.parse::<usize>().ok()?),
                _ => None,
            }
        })
    }

    /// The object that a value is, or that its `$ref` leads to. Reports what leads nowhere.
    pub(crate) fn object(
        &self,
        value: &'d Value,
        at: &At<'_>,
        report: &mut Report,
    ) -> Option<&'d Fields> {
        match self.follow(value) {
            Ok(Value::Object(fields)) => Some(fields),
            Ok(_) => {
                report.add(Loss::Malformed, at, "no object");
                None
            }
            Err(reference) => {
                report.add(Loss::Reference, at, reference);
                None
            }
        }
    }

    /// The value itself, or what its `$ref` leads to, by way of further ones too.
    ///
    /// # Errors
    ///
    /// The reference that leads nowhere.
    pub(crate) fn follow(&self, value: &'d Value) -> Result<&'d Value, &'d str> {
        let mut value = value;
        let mut last = "";
        for _ in 0..HOPS_MAX {
            let Some(reference) = reference_of(value) else {
                return Ok(value);
            };
            last = reference;
            value = self.find(reference).ok_or(reference)?;
        }
        Err(last)
    }
}

/// Where a `$ref` leads, if the value has one.
pub(crate) fn reference_of(value: &Value) -> Option<&str> {
    value.get("$ref")?.as_str()
}

/// A text, or a number that somebody wrote where a text belongs.
pub(crate) fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// A text field of an object.
pub(crate) fn text<'d>(fields: &'d Fields, key: &str) -> Option<&'d str> {
    fields
        .get(key)?
        .as_str()
        .map(str::trim)
        .filter(|text| !text.is_empty())
}

/// The fields of an object within an object; nothing where there is none.
pub(crate) fn entries<'d>(
    fields: &'d Fields,
    key: &str,
) -> impl Iterator<Item = (&'d String, &'d Value)> {
    fields
        .get(key)
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
}

/// The values of a list within an object; nothing where there is none.
pub(crate) fn items<'d>(fields: &'d Fields, key: &str) -> &'d [Value] {
    fields
        .get(key)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

fn unescaped(key: &str) -> String {
    key.replace("~1", "/").replace("~0", "~")
}
