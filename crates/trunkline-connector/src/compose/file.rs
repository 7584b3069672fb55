//! Files among inputs. This crate reads none: a file is its text, or a name that the call knows.

use http::HeaderValue;
use serde_json::{Map, Value};

/// A file as an input's value.
///
/// Among inputs it is an object: `{ "text": "…" }`, or `{ "file": "name" }` for one that the call
/// brings beside its inputs, under that name. A name is no path: what comes in as JSON can never
/// name a file that the call does not bring. Both take `file_name` and `content_type`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileValue {
    /// Where its bytes are.
    pub content: FileContent,
    /// The name that the upstream is told.
    pub file_name: Option<String>,
    /// What it is, where the caller says.
    pub content_type: Option<HeaderValue>,
}

/// Where a file's bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileContent {
    /// Here.
    Bytes(Vec<u8>),
    /// In the file that the call brings under this name.
    Named(String),
}

/// What files are by their names' endings; servers look at it for pictures and documents.
const TYPES: [(&str, &str); 20] = [
    ("csv", "text/csv"),
    ("gif", "image/gif"),
    ("html", "text/html"),
    ("jpeg", "image/jpeg"),
    ("jpg", "image/jpeg"),
    ("json", "application/json"),
    ("jsonl", "application/jsonl"),
    ("m4a", "audio/mp4"),
    ("md", "text/markdown"),
    ("mp3", "audio/mpeg"),
    ("mp4", "video/mp4"),
    ("mpeg", "video/mpeg"),
    ("pdf", "application/pdf"),
    ("png", "image/png"),
    ("svg", "image/svg+xml"),
    ("txt", "text/plain"),
    ("wav", "audio/wav"),
    ("webm", "video/webm"),
    ("webp", "image/webp"),
    ("zip", "application/zip"),
];

const OCTETS: HeaderValue = HeaderValue::from_static("application/octet-stream");

impl FileValue {
    /// A file that the call brings under `name`.
    pub fn named(name: impl Into<String>, file_name: Option<String>) -> Self {
        Self {
            content: FileContent::Named(name.into()),
            file_name,
            content_type: None,
        }
    }

    /// The file that an input's value is, if it is one.
    pub fn of(value: &Value) -> Option<Self> {
        let fields = value.as_object()?;
        let text = |key: &str| fields.get(key).map(Value::as_str);
        // A key that is there must be a text.
        let optional = |key: &str| match text(key) {
            None => Some(None),
            Some(text) => text.map(Some),
        };
        let content = match (text("text"), text("file")) {
            (Some(Some(text)), None) => FileContent::Bytes(text.as_bytes().to_vec()),
            (None, Some(Some(name))) => FileContent::Named(name.to_owned()),
            _ => return None,
        };
        let known = ["text", "file", "file_name", "content_type"];
        if fields.keys().any(|key| !known.contains(&key.as_str())) {
            return None;
        }
        let content_type = match optional("content_type")? {
            None => None,
            Some(text) => Some(HeaderValue::from_str(text).ok()?),
        };
        Some(Self {
            content,
            file_name: optional("file_name")?.map(str::to_owned),
            content_type,
        })
    }

    /// The value that an input takes for it. Bytes that are no UTF-8 become replacement characters.
    pub fn to_value(&self) -> Value {
        let (key, text) = match &self.content {
            FileContent::Bytes(bytes) => ("text", String::from_utf8_lossy(bytes).into_owned()),
            FileContent::Named(name) => ("file", name.clone()),
        };
        let mut fields = Map::new();
        fields.insert(key.to_owned(), Value::String(text));
        if let Some(name) = &self.file_name {
            fields.insert("file_name".to_owned(), Value::String(name.clone()));
        }
        let content_type = self.content_type.as_ref();
        if let Some(text) = content_type.and_then(|value| value.to_str().ok()) {
            fields.insert("content_type".to_owned(), Value::String(text.to_owned()));
        }
        Value::Object(fields)
    }

    /// The name that the upstream is told: as given, or the end of the name that the call has.
    pub fn told_name(&self) -> Option<&str> {
        let of_content = match &self.content {
            FileContent::Named(name) => name.rsplit(['/', '\\']).next(),
            FileContent::Bytes(_) => None,
        };
        self.file_name.as_deref().or(of_content)
    }

    /// What it is: as given, or `declared`, or by its name's ending, or just bytes.
    pub(super) fn type_or(&self, declared: Option<&HeaderValue>) -> HeaderValue {
        let given = self.content_type.as_ref().or(declared);
        let ending = self
            .told_name()
            .and_then(|name| Some(name.rsplit_once('.')?.1));
        let by_ending = |ending: &str| {
            let mut types = TYPES.iter();
            types.find(|(known, _)| ending.eq_ignore_ascii_case(known))
        };
        match (given, ending.and_then(by_ending)) {
            (Some(given), _) => given.clone(),
            (None, Some((_, known))) => HeaderValue::from_static(known),
            (None, None) => OCTETS,
        }
    }
}
