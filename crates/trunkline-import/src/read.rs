//! Makes a JSON value of a text that is JSON or YAML, or says where it is neither.

mod twice;
mod yaml;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use serde_json::Value;
use trunkline_connector::document::{Problem, Source};

use crate::at::At;
use crate::report::{Loss, Report};

/// The most keys that stand twice and are told of.
const TWICE_MAX: usize = 20;

/// A text that was read.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Read {
    pub(crate) value: Value,
    /// Where keys stand that were there before, as JSON Pointers.
    twice: Vec<String>,
    /// Whether another document follows.
    has_more: bool,
}

impl Read {
    /// Says what was passed over.
    pub(crate) fn report(&self, report: &mut Report) {
        for at in &self.twice {
            report.add(Loss::Twice, &At::Pointer(at), "");
        }
        if self.has_more {
            report.add(Loss::OtherDocument, &At::ROOT, "");
        }
    }
}

/// Reads a document.
///
/// What begins with `{` is JSON, unless the file's name says YAML and JSON it is not.
///
/// # Errors
///
/// The first place at which it cannot be read.
pub(crate) fn read(source: &Source) -> Result<Read, Box<Problem>> {
    let text = source.text.trim_start_matches('\u{feff}');
    let is_yaml = [".yaml", ".yml"]
        .iter()
        .any(|ending| source.name.ends_with(ending));
    if !text.trim_start().starts_with('{') {
        return yaml::read(&source.name, text);
    }
    match serde_json::from_str(text) {
        Ok(value) => Ok(Read {
            value,
            twice: twice::find(text),
            has_more: false,
        }),
        Err(_) if is_yaml => yaml::read(&source.name, text),
        Err(error) => Err(Box::new(json_problem(source, text, &error))),
    }
}

/// A JSON Pointer of these steps.
fn pointer<'s>(steps: impl Iterator<Item = Cow<'s, str>>) -> String {
    steps.fold(String::new(), |parent, step| {
        At::Pointer(&parent).key(&step).to_string()
    })
}

fn json_problem(source: &Source, text: &str, error: &serde_json::Error) -> Problem {
    let line = text
        .lines()
        .nth(error.line().saturating_sub(1))
        .unwrap_or_default();
    // The library counts bytes, and names the place behind what it has read.
    let before = line.get(..error.column().saturating_sub(1)).unwrap_or(line);
    let written = error.to_string();
    let why = written
        .rsplit_once(" at line ")
        .map_or(&*written, |(why, _)| why);
    Problem {
        file: source.name.clone(),
        line: error.line().max(1),
        column: before.chars().count() + 1,
        message: format!("the file is no JSON: {why}"),
        hint: None,
    }
}
