//! Makes a JSON value of a text that is JSON or YAML, or says where it is neither.

mod yaml;
#[cfg(test)]
mod tests;

use serde_json::Value;
use trunkline_connector::document::{Problem, Source};

/// Reads a document.
///
/// What begins with `{` is JSON, unless the file's name says YAML and JSON it is not.
///
/// # Errors
///
/// The first place at which it cannot be read.
pub(crate) fn read(source: &Source) -> Result<Value, Box<Problem>> {
    let text = source.text.trim_start_matches('\u{feff}');
    let is_yaml = [".yaml", ".yml"]
        .iter()
        .any(|ending| source.name.ends_with(ending));
    if !text.trim_start().starts_with('{') {
        return yaml::read(&source.name, text);
    }
    match serde_json::from_str(text) {
        Ok(value) => Ok(value),
        Err(_) if is_yaml => yaml::read(&source.name, text),
        Err(error) => Err(Box::new(json_problem(source, text, &error))),
    }
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
