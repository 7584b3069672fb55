//! Parts of `multipart/form-data` bodies (RFC 7578), to be put together around files' bytes.

use http::HeaderValue;

use super::file::{FileContent, FileValue};
use super::form;
use super::place::Field;
use crate::format::ListStyle;

/// One part of a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The field's name.
    pub name: String,
    /// The file's name, where it is a file.
    pub file_name: Option<String>,
    /// What it is, where that is said.
    pub content_type: Option<HeaderValue>,
    /// Its bytes, or where they are.
    pub content: FileContent,
}

impl Part {
    /// What stands before the part's bytes, its boundary included. The bytes come after it, and
    /// then the next part's head or [`closing`].
    pub fn head(&self, boundary: &str) -> Vec<u8> {
        let mut head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"",
            quoted(&self.name)
        );
        if let Some(name) = &self.file_name {
            head.push_str("; filename=\"");
            head.push_str(&quoted(name));
            head.push('"');
        }
        let mut head = head.into_bytes();
        if let Some(content_type) = &self.content_type {
            head.extend_from_slice(b"\r\nContent-Type: ");
            head.extend_from_slice(content_type.as_bytes());
        }
        head.extend_from_slice(b"\r\n\r\n");
        head
    }
}

/// What stands between the bytes of one part and the head of the next.
pub const PART_END: &[u8] = b"\r\n";

/// What stands after the last part, behind its [`PART_END`].
pub fn closing(boundary: &str) -> Vec<u8> {
    format!("--{boundary}--\r\n").into_bytes()
}

/// As browsers write names (WHATWG HTML, "multipart/form-data encoding algorithm").
fn quoted(name: &str) -> String {
    name.replace('"', "%22")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// The parts that inputs become.
pub(super) fn parts(fields: &[Field]) -> Vec<Part> {
    fields.iter().flat_map(parts_of).collect()
}

fn parts_of(field: &Field) -> Vec<Part> {
    if let Some(file) = FileValue::of(&field.value).filter(|_| field.is_file) {
        let file_name = file.told_name().unwrap_or(&field.name).to_owned();
        return vec![Part {
            name: field.name.clone(),
            content_type: Some(file.type_or(None)),
            file_name: Some(file_name),
            content: file.content,
        }];
    }
    let pairs = form::pairs(field, ListStyle::Indexed).into_iter();
    let parts = pairs.map(|pair| Part {
        name: pair.name,
        file_name: None,
        content_type: None,
        content: FileContent::Bytes(pair.values.join(",").into_bytes()),
    });
    parts.collect()
}
