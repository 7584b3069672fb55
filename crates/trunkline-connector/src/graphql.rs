//! GraphQL documents: what they ask for, and whether variables fit what they declare. Pure.
//!
//! No schema of the API is known, so that of variables only the scalars of the language itself
//! (`Int`, `Float`, `Boolean`, `String`, `ID`), lists and `!` are checked; enumerations, input
//! objects and an API's own scalars are the upstream's to judge.

mod fit;
mod read;
#[cfg(test)]
mod tests;

use std::fmt;

use crate::words;

/// The deepest nesting of a document that is read.
const DEPTH_MAX: usize = 200;

/// The longest document that is read, in words and signs.
const TOKENS_MAX: usize = 50_000;

/// A document that can be executed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Its operations, in order; at least one.
    pub operations: Vec<Operation>,
}

/// One operation of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// What it asks for.
    pub kind: OperationKind,
    /// Its name, where it has one.
    pub name: Option<String>,
    /// What it declares, in order.
    pub variables: Vec<Variable>,
    line: usize,
    column: usize,
}

/// What an operation asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperationKind {
    /// To read: it may be repeated.
    Query,
    /// To change something.
    Mutation,
    /// To be told of events.
    Subscription,
}

/// A variable that an operation declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    /// Its name, without `$`.
    pub name: String,
    /// Its type.
    pub of: Type,
    /// Whether the document says what it is where it is left out.
    pub has_default: bool,
    line: usize,
    column: usize,
}

/// A type as a document writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Type {
    /// A type by its name.
    Named(String),
    /// A list.
    List(Box<Type>),
    /// A type without null.
    NonNull(Box<Type>),
}

/// What is wrong with a document, or with the variables given to it, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct DocumentError {
    /// The line in the document, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

impl Document {
    /// The operation of that name; without a name the only one.
    ///
    /// # Errors
    ///
    /// If there is none, or there are several and none is named.
    pub fn operation(&self, name: Option<&str>) -> Result<&Operation, DocumentError> {
        let names = || self.operations.iter().filter_map(|one| one.name.as_deref());
        let refused = |message| DocumentError {
            line: 1,
            column: 1,
            message,
        };
        match (name, self.operations.as_slice()) {
            (None, [only]) => Ok(only),
            (None, _) => Err(refused(format!(
                "the document has several operations; choose one with `operation_name`: {}",
                words::any_of(names())
            ))),
            (Some(name), operations) => {
                let found = operations
                    .iter()
                    .find(|one| one.name.as_deref() == Some(name));
                found.ok_or_else(|| {
                    let hint = words::allowed(name, names());
                    refused(format!("the document has no operation `{name}`; {hint}"))
                })
            }
        }
    }
}

impl Variable {
    /// Whether the operation cannot be executed without it.
    pub fn is_required(&self) -> bool {
        matches!(self.of, Type::NonNull(_)) && !self.has_default
    }
}

impl OperationKind {
    /// The word that documents use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Mutation => "mutation",
            Self::Subscription => "subscription",
        }
    }
}

impl fmt::Display for OperationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => f.write_str(name),
            Self::List(of) => write!(f, "[{of}]"),
            Self::NonNull(of) => write!(f, "{of}!"),
        }
    }
}
