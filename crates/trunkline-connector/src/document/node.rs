//! The values of a TOML text, each with the place where it stands.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::place::{Path, Step};

/// A value and where it stands, in bytes; a table with a header stands at its header.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) span: Range<usize>,
    pub(super) value: Value,
}

/// A value.
#[derive(Debug, Clone)]
pub(super) enum Value {
    Text(String),
    Integer(i64),
    /// A whole number of more than 64 bits.
    HugeInteger,
    Float(f64),
    Boolean(bool),
    /// A date, a time or both.
    Datetime,
    List(Vec<Node>),
    Table(Vec<Entry>),
}

/// A key, where it stands, and its value.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) span: Range<usize>,
    pub(super) node: Node,
}

impl Node {
    /// The whole document, which stands at its beginning.
    pub(super) fn of_document(root: &Spanned<DeTable<'_>>) -> Self {
        Self {
            span: 0..0,
            value: Value::of_table(root.get_ref()),
        }
    }

    fn of(value: &Spanned<DeValue<'_>>) -> Self {
        Self {
            span: value.span(),
            value: Value::of(value.get_ref()),
        }
    }

    /// The value that `path` leads to, or the nearest one above it.
    pub(super) fn nearest(&self, path: &Path) -> &Self {
        let mut nearest = self;
        for step in path.steps() {
            let Some(next) = nearest.child(step) else {
                return nearest;
            };
            nearest = next;
        }
        nearest
    }

    /// The value that `path` leads to.
    pub(super) fn find(&self, path: &Path) -> Option<&Self> {
        path.steps().iter().try_fold(self, Self::child)
    }

    fn child(&self, step: &Step) -> Option<&Self> {
        match (step, &self.value) {
            (Step::Key(key), Value::Table(entries)) => entries
                .iter()
                .find(|entry| entry.key == *key)
                .map(|entry| &entry.node),
            (Step::Index(index), Value::List(items)) => items.get(*index),
            _ => None,
        }
    }
}

impl Value {
    fn of(value: &DeValue<'_>) -> Self {
        match value {
            DeValue::String(text) => Self::Text(text.clone().into_owned()),
            DeValue::Integer(digits) => i64::from_str_radix(digits.as_str(), digits.radix())
                .map_or(Self::HugeInteger, Self::Integer),
            DeValue::Float(digits) => Self::Float(digits.as_str().parse().unwrap_or(f64::NAN)),
            DeValue::Boolean(value) => Self::Boolean(*value),
            DeValue::Datetime(_) => Self::Datetime,
            DeValue::Array(items) => Self::List(items.iter().map(Node::of).collect()),
            DeValue::Table(table) => Self::of_table(table),
        }
    }

    fn of_table(table: &DeTable<'_>) -> Self {
        let entry = |(key, value): (&Spanned<DeString<'_>>, _)| Entry {
            key: key.get_ref().clone().into_owned(),
            span: key.span(),
            node: Node::of(value),
        };
        Self::Table(table.iter().map(entry).collect())
    }
}
