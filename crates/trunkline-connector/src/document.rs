//! TOML whose every value knows its place, so that every complaint can name one.

mod node;
mod place;
mod shape;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::OnceLock;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use toml::de::{DeTable, Deserializer};

use node::Node;

pub use place::{Path, Step};
pub(crate) use shape::Shape;

/// A text and the name by which messages call it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The path that is shown, such as `openai/connector.toml`.
    pub name: String,
    /// The text.
    pub text: String,
}

/// A TOML text whose every value knows its place.
#[derive(Debug, Clone)]
pub struct Document {
    source: Source,
    /// Made when it is first asked for: whoever knows that all is well asks for no place.
    root: OnceLock<Node>,
}

/// One thing that is wrong with a file, and where. Sorts by place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file, by its [`Source::name`].
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to do about it, or what is allowed.
    pub hint: Option<String>,
}

/// A place in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

impl Document {
    /// Reads a TOML text.
    ///
    /// # Errors
    ///
    /// Every place at which it is not TOML.
    pub fn parse(source: Source) -> Result<Self, Vec<Problem>> {
        let (root, errors) = DeTable::parse_recoverable(&source.text);
        if errors.is_empty() {
            let root = OnceLock::from(Node::of_document(&root));
            return Ok(Self { source, root });
        }
        let mut problems: Vec<_> = errors
            .iter()
            .map(|error| source.problem_in(error))
            .collect();
        // Of several at one place the first says why; the others follow from it, and those of
        // nested values say the same again. What is not closed mostly follows too.
        problems.sort_by_key(|problem| {
            let follows = problem.message.starts_with("unclosed");
            (problem.line, problem.column, follows)
        });
        problems.dedup_by_key(|problem| (problem.line, problem.column));
        Err(problems)
    }

    /// Reads a text that was checked before, such as one that is compiled in, as a `T`: without
    /// comparing its shape. `None` where it is not what was thought.
    pub(crate) fn read_checked<T: DeserializeOwned>(source: Source) -> Option<(Self, T)> {
        let read = toml::from_str(&source.text).ok()?;
        let root = OnceLock::new();
        Some((Self { source, root }, read))
    }

    /// Reads the document as a `T`, once its shape fits `T`'s JSON Schema.
    ///
    /// # Errors
    ///
    /// Every place at which the shape does not fit, and what is allowed there, in order.
    pub fn read<T: DeserializeOwned + JsonSchema>(&self) -> Result<T, Vec<Problem>> {
        self.read_as(&Shape::of::<T>())
    }

    /// As [`Document::read`], with the shape of `T` made before.
    pub(crate) fn read_as<T: DeserializeOwned>(&self, shape: &Shape) -> Result<T, Vec<Problem>> {
        let mut problems: Vec<_> = shape
            .check(self.root())
            .into_iter()
            .map(|complaint| Problem {
                hint: complaint.hint,
                ..self.source.problem(complaint.at, complaint.message)
            })
            .collect();
        problems.sort();
        if !problems.is_empty() {
            return Err(problems);
        }
        // The text is read anew, since the library's own tree borrows from it.
        let read = Deserializer::parse(&self.source.text).and_then(T::deserialize);
        read.map_err(|error| vec![self.source.problem_in(&error)])
    }

    /// The name by which messages call it.
    pub fn name(&self) -> &str {
        &self.source.name
    }

    /// Where the value at `path` stands; `None` where there is none.
    pub fn place(&self, path: &Path) -> Option<Place> {
        let offset = self.root().find(path)?.span.start;
        let Problem { line, column, .. } = self.source.problem(offset, "");
        Some(Place { line, column })
    }

    /// A problem at the value that `path` leads to, or at the nearest one above it.
    ///
    /// A table that has a header of its own stands at its header.
    pub fn problem(&self, path: &Path, message: impl Into<String>) -> Problem {
        self.source
            .problem(self.root().nearest(path).span.start, message)
    }

    fn root(&self) -> &Node {
        self.root.get_or_init(|| {
            let (root, _) = DeTable::parse_recoverable(&self.source.text);
            Node::of_document(&root)
        })
    }
}

impl Source {
    /// Reads the text as JSON.
    pub(crate) fn json(&self) -> Result<serde_json::Value, Problem> {
        serde_json::from_str(&self.text).map_err(|error| {
            let line_start = match error.line() {
                0 | 1 => 0,
                line => self
                    .text
                    .match_indices('\n')
                    .nth(line - 2)
                    .map_or(0, |(at, _)| at + 1),
            };
            // The library counts bytes, and names the place behind what it has read.
            let at = line_start + error.column().saturating_sub(1);
            let text = error.to_string();
            let why = text.rsplit_once(" at line ").map_or(&*text, |(why, _)| why);
            self.problem(
                at.min(self.text.len()),
                format!("the file is no JSON: {why}"),
            )
        })
    }

    /// A problem at a place in bytes.
    pub(crate) fn problem(&self, offset: usize, message: impl Into<String>) -> Problem {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let before = self.text.get(..offset).unwrap_or(&self.text);
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        Problem {
            file: self.name.clone(),
            line: before.matches('\n').count() + 1,
            column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
            message: message.into(),
            hint: None,
        }
    }

    fn problem_in(&self, error: &toml::de::Error) -> Problem {
        self.problem(error.span().map_or(0, |span| span.start), error.message())
    }
}

impl Problem {
    /// A problem of a file as a whole.
    pub fn of_file(file: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            line: 1,
            column: 1,
            message: message.into(),
            hint: None,
        }
    }

    /// The same problem with what to do about it.
    #[must_use]
    pub fn with_hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}:{}: {}",
            self.file, self.line, self.column, self.message
        )?;
        match &self.hint {
            None => Ok(()),
            Some(hint) => write!(f, "\n  hint: {hint}"),
        }
    }
}
