//! One set of settings out of many: defaults, file, environment, command line.

use std::path::{Path as FilePath, PathBuf};

use serde_json::{Map, Value};
use trunkline_connector::document::{Document, Path, Problem, Source, Step};

use super::file::{File, Part};
use super::{DEFAULTS, Layers};

/// Sections whose settings may also be given as variables.
const FIXED_SECTIONS: [&str; 6] = ["server", "data", "egress", "cache", "redis", "calls"];

/// Variables of ours that are no settings.
const OTHER_VARIABLES: [&str; 2] = ["TRUNKLINE_LOG", "TRUNKLINE_BIN"];

/// Where a setting came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Nobody set it.
    Default,
    /// The settings file, with its line.
    File {
        /// The file.
        name: String,
        /// The line, from 1.
        line: usize,
    },
    /// An environment variable.
    Variable(String),
    /// The command line.
    Argument,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { name, line } => write!(f, "{name}:{line}"),
            Self::Variable(name) => f.write_str(name),
            Self::Argument => f.write_str("command line"),
        }
    }
}

/// One setting as `trunkline config show` prints it.
#[derive(Debug, Clone)]
pub struct Setting {
    /// Its key, such as `server.listen`.
    pub key: String,
    /// Its value.
    pub value: Value,
    /// Where it came from.
    pub place: Place,
}

/// All layers put together.
#[derive(Debug)]
pub(super) struct Merged {
    pub(super) file: File,
    pub(super) warnings: Vec<String>,
    values: Value,
    /// The last one that says something wins.
    layers: Vec<Layer>,
}

#[derive(Debug)]
struct Layer {
    from: From,
    document: Document,
}

#[derive(Debug)]
enum From {
    Defaults,
    File,
    Variable(String),
    Argument,
}

impl Merged {
    pub(super) fn read(sources: Layers<'_>) -> Result<Self, Vec<Problem>> {
        let defaults = Source {
            name: "the defaults".to_owned(),
            text: DEFAULTS.to_owned(),
        };
        let mut given = vec![(From::Defaults, defaults)];
        given.extend(sources.file.map(|file| (From::File, file)));
        let keys = fixed_keys();
        let mut warnings = Vec::new();
        for (variable, text) in sources.environment.with_prefix("TRUNKLINE_") {
            match keys.iter().find(|known| known.variable() == variable) {
                Some(known) => {
                    let source = known.source(format!("the variable {variable}"), text);
                    given.push((From::Variable(variable.to_owned()), source));
                }
                None if OTHER_VARIABLES.contains(&variable) => {}
                None => warnings.push(format!("`{variable}` is no setting and is not used")),
            }
        }
        for (key, text) in sources.arguments {
            if let Some(known) = keys.iter().find(|known| known.path() == key) {
                given.push((
                    From::Argument,
                    known.source("the command line".to_owned(), &text),
                ));
            }
        }
        let mut merged = Self::put_together(given)?;
        merged.warnings = warnings;
        Ok(merged)
    }

    fn put_together(given: Vec<(From, Source)>) -> Result<Self, Vec<Problem>> {
        let mut values = Value::Object(Map::from_iter([
            ("listeners".to_owned(), Value::Object(Map::new())),
            ("callers".to_owned(), Value::Object(Map::new())),
            ("redis".to_owned(), Value::Object(Map::new())),
            ("connectors".to_owned(), Value::Object(Map::new())),
        ]));
        let mut layers = Vec::new();
        let mut problems = Vec::new();
        for (from, source) in given {
            match read(source) {
                Ok((document, own)) => {
                    merge(&mut values, own);
                    layers.push(Layer { from, document });
                }
                Err(found) => problems.extend(found),
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        // Every layer had the right shape, and the defaults have every key.
        let file = serde_json::from_value(values.clone()).map_err(|err| {
            let (file, message) = ("the settings".to_owned(), err.to_string());
            vec![Problem {
                file,
                line: 1,
                column: 1,
                message,
                hint: None,
            }]
        })?;
        Ok(Self {
            file,
            warnings: Vec::new(),
            values,
            layers,
        })
    }

    /// A problem with the setting at `path`, wherever it came from.
    pub(super) fn problem(&self, path: &Path, message: String) -> Problem {
        let layer = self
            .layers
            .iter()
            .rev()
            .find(|layer| layer.document.place(path).is_some());
        match layer.or(self.layers.first()) {
            Some(layer) => layer.document.problem(path, message),
            None => Problem {
                file: String::new(),
                line: 1,
                column: 1,
                message,
                hint: None,
            },
        }
    }

    /// The folder that files are named from: that of the settings file.
    pub(super) fn folder(&self) -> PathBuf {
        let file = self
            .layers
            .iter()
            .find(|layer| matches!(layer.from, From::File));
        let name = file.map_or("", |layer| layer.document.name());
        FilePath::new(name)
            .parent()
            .map(FilePath::to_owned)
            .unwrap_or_default()
    }

    pub(super) fn settings(&self) -> Vec<Setting> {
        let mut settings = Vec::new();
        self.list(&mut Vec::new(), &self.values, &mut settings);
        settings
    }

    fn list(&self, steps: &mut Vec<String>, value: &Value, settings: &mut Vec<Setting>) {
        if let Value::Object(object) = value {
            for (name, value) in object {
                steps.push(name.clone());
                self.list(steps, value, settings);
                steps.pop();
            }
            return;
        }
        let path: Path = steps.iter().map(|step| Step::from(step.as_str())).collect();
        let found = self
            .layers
            .iter()
            .rev()
            .find_map(|layer| layer.place(&path));
        let place = found.unwrap_or(Place::Default);
        settings.push(Setting {
            key: steps.join("."),
            value: value.clone(),
            place,
        });
    }
}

impl Layer {
    fn place(&self, path: &Path) -> Option<Place> {
        let place = self.document.place(path)?;
        Some(match &self.from {
            From::Defaults => Place::Default,
            From::File => Place::File {
                name: self.document.name().to_owned(),
                line: place.line,
            },
            From::Variable(name) => Place::Variable(name.clone()),
            From::Argument => Place::Argument,
        })
    }
}

fn read(source: Source) -> Result<(Document, Value), Vec<Problem>> {
    let document = Document::parse(source)?;
    let Part(value) = document.read()?;
    Ok((document, value))
}

/// Tables are merged key by key; everything else is replaced.
fn merge(under: &mut Value, over: Value) {
    match (under, over) {
        (Value::Object(under), Value::Object(over)) => {
            for (key, value) in over {
                merge(under.entry(key).or_insert(Value::Null), value);
            }
        }
        (under, over) => *under = over,
    }
}

/// A setting that a variable may give.
struct FixedKey {
    section: &'static str,
    name: String,
    kind: Kind,
}

/// How a setting's text in a variable is to be read.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Bare,
    List,
}

impl FixedKey {
    fn path(&self) -> String {
        format!("{}.{}", self.section, self.name)
    }

    fn variable(&self) -> String {
        format!("TRUNKLINE_{}_{}", self.section, self.name).to_ascii_uppercase()
    }

    /// The setting as a file of one line, so that it is checked as a file is.
    fn source(&self, name: String, text: &str) -> Source {
        let is_bare = text.parse::<u32>().is_ok() || text.parse::<bool>().is_ok();
        let value = match self.kind {
            Kind::Bare if is_bare => Value::Null,
            Kind::Text | Kind::Bare => Value::from(text),
            Kind::List => {
                let items = text
                    .split(',')
                    .map(str::trim)
                    .filter(|item| !item.is_empty());
                items.map(Value::from).collect()
            }
        };
        // JSON's texts and lists are TOML's too.
        let value = if value.is_null() {
            text.to_owned()
        } else {
            value.to_string()
        };
        Source {
            name,
            text: format!("{}.{} = {value}", self.section, self.name),
        }
    }
}

/// Every setting that a variable may give, from the same schema that files are checked against.
fn fixed_keys() -> Vec<FixedKey> {
    let schema = schemars::schema_for!(File).to_value();
    let mut keys = Vec::new();
    for section in FIXED_SECTIONS {
        let reference = schema.pointer(&format!("/properties/{section}/$ref"));
        let Some(at) = reference
            .and_then(Value::as_str)
            .and_then(|text| text.strip_prefix('#'))
        else {
            continue;
        };
        let properties = schema
            .pointer(&format!("{at}/properties"))
            .and_then(Value::as_object);
        for (name, shape) in properties.into_iter().flatten() {
            keys.push(FixedKey {
                section,
                name: name.clone(),
                kind: kind_of(shape),
            });
        }
    }
    keys
}

fn kind_of(shape: &Value) -> Kind {
    let kind = shape.get("type");
    let is = |wanted: &str| match kind {
        Some(Value::String(name)) => name == wanted,
        Some(Value::Array(names)) => names.iter().any(|name| name == wanted),
        _ => false,
    };
    if is("integer") || is("boolean") {
        Kind::Bare
    } else if is("array") {
        Kind::List
    } else {
        Kind::Text
    }
}
