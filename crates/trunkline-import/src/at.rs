//! The way to a value of the document, written as a JSON Pointer only when somebody asks.

use std::fmt;

/// The way to a value, as a chain over the callers' own frames.
#[derive(Debug, Clone, Copy)]
pub(crate) enum At<'a> {
    /// A whole pointer; nothing for the document itself.
    Pointer(&'a str),
    /// One key further.
    Key(&'a At<'a>, &'a str),
    /// One place of a list further, from 0.
    Index(&'a At<'a>, usize),
}

impl At<'_> {
    /// The document itself.
    pub(crate) const ROOT: At<'static> = At::Pointer("");

    pub(crate) fn key<'b>(&'b self, key: &'b str) -> At<'b> {
        At::Key(self, key)
    }

    pub(crate) fn index(&self, index: usize) -> At<'_> {
        At::Index(self, index)
    }
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            At::Pointer(pointer) => f.write_str(pointer),
            At::Key(parent, key) => {
                write!(f, "{parent}/{}", key.replace('~', "~0").replace('/', "~1"))
            }
            At::Index(parent, index) => write!(f, "{parent}/{index}"),
        }
    }
}
