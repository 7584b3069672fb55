//! The schema files of one connector, read when they are asked for, and what `$ref` leads to.

use std::sync::{Arc, OnceLock};

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use serde_json::Value;
use trunkline_connector::{Connector, SchemaRef};

/// What file names are relative to. It is no address of anything.
pub(super) const BASE: &str = "schemas:/";

/// What cannot stand in an address as it is.
const ESCAPED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// The schema files of one connector.
#[derive(Debug)]
pub(crate) struct Documents {
    connector: Arc<Connector>,
    /// In the connector's order; `None` for a file that is no JSON.
    read: Vec<OnceLock<Option<Arc<Value>>>>,
}

/// A schema, and the document that it is a part of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part<'a> {
    pub(super) schema: &'a Value,
    pub(super) document: &'a Value,
}

impl Documents {
    pub(super) fn new(connector: Arc<Connector>) -> Self {
        let read = connector.schemas.iter().map(|_| OnceLock::new());
        Self {
            read: read.collect(),
            connector,
        }
    }

    /// The address by which the library asks for a schema.
    pub(super) fn address(&self, schema: &SchemaRef) -> String {
        let file = self.connector.schemas.get(schema.file);
        let name = utf8_percent_encode(file.map_or("", |file| &file.name), ESCAPED);
        let pointer = utf8_percent_encode(&schema.pointer, ESCAPED);
        format!("{BASE}{name}#{pointer}")
    }

    /// The document at an address.
    pub(super) fn find(&self, address: &str) -> Option<&Arc<Value>> {
        let name = name_of(address)?;
        let schemas = &self.connector.schemas;
        self.file(schemas.iter().position(|file| file.name == name)?)
    }

    /// A schema as it stands in its file.
    pub(super) fn part(&self, schema: &SchemaRef) -> Option<Part<'_>> {
        let document = self.file(schema.file)?;
        Some(Part {
            schema: document.pointer(&schema.pointer)?,
            document,
        })
    }

    fn file(&self, place: usize) -> Option<&Arc<Value>> {
        let read = self.read.get(place)?.get_or_init(|| {
            let whole = SchemaRef {
                file: place,
                pointer: String::new(),
            };
            self.connector.schema(&whole).ok().map(Arc::new)
        });
        read.as_ref()
    }
}

impl<'a> Part<'a> {
    /// A document as one schema.
    pub(super) fn whole(document: &'a Value) -> Self {
        Self {
            schema: document,
            document,
        }
    }

    /// Another part of the same document.
    pub(super) fn with(self, schema: &'a Value) -> Self {
        Self { schema, ..self }
    }

    /// What a `$ref` in this part leads to, where that is another part or another file. An anchor
    /// or an id is not followed.
    pub(super) fn follow(self, reference: &str, documents: Option<&'a Documents>) -> Option<Self> {
        let (file, fragment) = reference.split_once('#').unwrap_or((reference, ""));
        let pointer = percent_decode_str(fragment).decode_utf8().ok()?;
        let document = match file {
            "" => self.document,
            file => documents?.find(&format!("{BASE}{file}"))?,
        };
        Some(Self {
            schema: document.pointer(&pointer)?,
            document,
        })
    }
}

/// The name of the file at an address of ours.
pub(super) fn name_of(address: &str) -> Option<String> {
    let path = address.strip_prefix(BASE)?;
    let path = path.split_once('#').map_or(path, |(path, _)| path);
    Some(percent_decode_str(path).decode_utf8_lossy().into_owned())
}
