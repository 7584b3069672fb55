//! Files of `NAME=value` lines, read as people write them.
//!
//! `NAME=value`, `export NAME=value`, comments, single quotes as they stand, double quotes with
//! `\n`, `\"` and `\\`, values over several lines in quotes. What is no assignment is passed over,
//! as every such reader does, but not without a word.

#[cfg(test)]
mod tests;

use trunkline_connector::document::{Problem, Source};

use super::Environment;

const QUOTES: [char; 3] = ['"', '\'', '`'];

/// The variables of a file, and what in it is perhaps not as it was meant. Such a line is named by
/// its place, since whatever stands there may be a secret.
pub(super) fn read(file: &Source) -> (Environment, Vec<Problem>) {
    let mut variables = Vec::new();
    let mut doubts = Vec::new();
    let mut number = 1;
    let mut rest = file.text.trim_start_matches('\u{feff}');
    while !rest.is_empty() {
        let entry = Entry::first(rest);
        doubts.extend(entry.doubt.map(|doubt| doubt.at(file, number)));
        variables.extend(entry.variable);
        let (used, after) = rest.split_at_checked(entry.bytes).unwrap_or((rest, ""));
        number += used.matches('\n').count();
        rest = after;
    }
    (Environment::new(variables), doubts)
}

/// One line, or the lines that one value takes.
struct Entry {
    variable: Option<(String, String)>,
    doubt: Option<Doubt>,
    /// How much of the text it is, its line end included.
    bytes: usize,
}

/// What is perhaps not as it was meant.
enum Doubt {
    /// A line that assigns nothing.
    NoAssignment,
    /// The variable's value begins with a quote and does not end with one.
    OpenQuote(String),
    /// The variable's value is followed by something.
    BehindQuote(String),
}

impl Entry {
    fn first(text: &str) -> Self {
        let (line, _) = text.split_once('\n').unwrap_or((text, ""));
        let Some((name, value)) = assignment(line) else {
            return Self {
                variable: None,
                doubt: (!is_for_others(line)).then_some(Doubt::NoAssignment),
                bytes: line.len() + 1,
            };
        };
        let value_at = line.len() - value.len();
        let from_value = text.get(value_at..).unwrap_or_default();
        let Some((quoted, used)) = quoted(from_value) else {
            let is_open = value.starts_with(QUOTES);
            return Self {
                variable: Some((name.to_owned(), bare(value))),
                doubt: is_open.then(|| Doubt::OpenQuote(name.to_owned())),
                bytes: line.len() + 1,
            };
        };
        let behind = from_value.get(used..).unwrap_or_default();
        let (behind, _) = behind.split_once('\n').unwrap_or((behind, ""));
        let is_clean = behind.trim().is_empty() || behind.trim_start().starts_with('#');
        Self {
            variable: Some((name.to_owned(), quoted)),
            doubt: (!is_clean).then(|| Doubt::BehindQuote(name.to_owned())),
            bytes: value_at + used + behind.len() + 1,
        }
    }
}

impl Doubt {
    fn at(self, file: &Source, line: usize) -> Problem {
        let (message, hint) = match self {
            Self::NoAssignment => (
                "this line is no `NAME=value` and is passed over".to_owned(),
                "names have ASCII letters, digits and `_`; a comment begins with `#`",
            ),
            Self::OpenQuote(name) => (
                format!("the quote that begins the value of `{name}` is not closed"),
                "close it, or the quote itself is taken for a part of the value",
            ),
            Self::BehindQuote(name) => (
                format!("what stands behind the quoted value of `{name}` is passed over"),
                "perhaps the quote that begins it is not closed on its own line",
            ),
        };
        let problem = Problem::of_file(file.name.as_str(), message).with_hint(hint);
        Problem { line, ..problem }
    }
}

fn assignment(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once('=')?;
    let name = name.trim();
    let name = name.strip_prefix("export ").map_or(name, str::trim_start);
    let is_name = !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !name.starts_with(|first: char| first.is_ascii_digit());
    is_name.then_some((name, value.trim_start()))
}

/// Whether a line that is no assignment is meant so: empty, a comment, or a name that other
/// programs know how to use.
fn is_for_others(line: &str) -> bool {
    let line = line.trim();
    let is_name = |name: &str| {
        let name = name.trim();
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte))
    };
    line.is_empty()
        || line.starts_with('#')
        || line.split_once('=').is_some_and(|(name, _)| is_name(name))
}

/// The value between the quotes that begin `text`, and how many bytes it takes with them.
fn quoted(text: &str) -> Option<(String, usize)> {
    let quote = text.chars().next().filter(|first| QUOTES.contains(first))?;
    let inner = text.get(1..)?;
    let end = closing_quote(inner, quote)?;
    let raw = inner.get(..end)?;
    let value = if quote == '"' {
        unescape(raw)
    } else {
        raw.to_owned()
    };
    Some((value, end + 2))
}

fn bare(line: &str) -> String {
    let value = line.split_once(" #").map_or(line, |(value, _)| value);
    value.trim_end().to_owned()
}

fn closing_quote(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, character) in text.char_indices() {
        if escaped {
            escaped = false;
        } else if character == '\\' && quote == '"' {
            escaped = true;
        } else if character == quote {
            return Some(at);
        }
    }
    None
}

fn unescape(text: &str) -> String {
    let mut value = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            value.push(character);
            continue;
        }
        match characters.next() {
            Some('n') => value.push('\n'),
            Some('r') => value.push('\r'),
            Some('t') => value.push('\t'),
            Some(other) => value.push(other),
            None => value.push('\\'),
        }
    }
    value
}
