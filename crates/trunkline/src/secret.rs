//! Values that must never be seen, and where they are found.

use std::collections::BTreeMap;
use std::fmt;

use trunkline_connector::published;
use zeroize::Zeroizing;

/// How many characters of a secret a person may see to recognize it.
const RECOGNIZABLE_CHARS: usize = 4;

/// A value that must never be seen. It has no `Display` and no `Serialize`, and its memory is
/// overwritten when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a value in; there is no way back but [`expose`](Self::expose).
    pub fn new(value: impl Into<String>) -> Self {
        Self(Zeroizing::new(value.into()))
    }

    /// The value itself. Search for this word to find every place that can leak one.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The first characters, so that a person can tell two keys apart; nothing of short values.
    pub fn first_chars(&self) -> String {
        if self.0.chars().count() < 4 * RECOGNIZABLE_CHARS {
            return "…".to_owned();
        }
        let mut shown: String = self.0.chars().take(RECOGNIZABLE_CHARS).collect();
        shown.push('…');
        shown
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The variables of the process, captured once when it starts.
#[derive(Clone, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// The given variables.
    pub fn new(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(variables.into_iter().collect())
    }

    /// The value of a variable; an empty one counts as not set.
    pub fn find(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.trim().is_empty())
    }

    /// The variable of that name behind a prefix by which bundlers publish it.
    fn published(&self, name: &str) -> Option<&str> {
        let known = self.0.keys().map(String::as_str);
        known
            .filter(|known| published::publisher(known).is_some())
            .find(|known| {
                known
                    .strip_suffix(name)
                    .is_some_and(|prefix| prefix.ends_with('_'))
            })
    }

    /// The variables whose names begin with `prefix`, sorted.
    pub fn with_prefix<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        self.0
            .iter()
            .filter(move |(name, _)| name.starts_with(prefix))
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Environment({} variables)", self.0.len())
    }
}

/// A place where secrets are looked for.
#[derive(Debug, Clone)]
struct Shelf {
    name: String,
    values: Environment,
}

/// Every place where secrets are looked for, the first that has one wins.
#[derive(Debug, Clone, Default)]
pub struct Secrets {
    shelves: Vec<Shelf>,
}

/// A secret and where it was found.
#[derive(Debug, Clone)]
pub struct Found {
    /// The value.
    pub secret: Secret,
    /// The place, in words: `the environment`, `.env.local`.
    pub place: String,
}

/// Why there is no secret to use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// Nobody has it.
    #[error("`{env}` is not set")]
    Missing {
        /// The variable's name.
        env: String,
    },
    /// It stands only under a name that is published to every visitor.
    #[error(
        "`{env}` is not set, and `{public}` in {place} is a name that front-end bundlers publish to every visitor"
    )]
    Exposed {
        /// The variable's name.
        env: String,
        /// The name under which it was found.
        public: String,
        /// Where it was found.
        place: String,
    },
    /// It holds a character that no header can carry.
    #[error("`{env}` in {place} holds a line break or another character that cannot be sent")]
    Unusable {
        /// The variable's name.
        env: String,
        /// Where it was found.
        place: String,
    },
}

impl Secrets {
    /// The process environment first, then the given `.env` files (name and text) in their order.
    pub fn read(environment: &Environment, files: Vec<(String, String)>) -> Self {
        let mut shelves = vec![Shelf {
            name: "the environment".to_owned(),
            values: environment.clone(),
        }];
        for (name, text) in files {
            shelves.push(Shelf {
                name,
                values: read_dotenv(&text),
            });
        }
        Self { shelves }
    }

    /// Looks for the secret that the variable `env` holds.
    ///
    /// # Errors
    /// When nobody has it, when only a published name has it, or when it cannot be sent.
    pub fn find(&self, env: &str) -> Result<Found, SecretError> {
        for shelf in &self.shelves {
            if let Some(value) = shelf.values.find(env) {
                let value = value.trim();
                if value
                    .bytes()
                    .any(|byte| byte.is_ascii_control() || !byte.is_ascii())
                {
                    return Err(SecretError::Unusable {
                        env: env.to_owned(),
                        place: shelf.name.clone(),
                    });
                }
                return Ok(Found {
                    secret: Secret::new(value),
                    place: shelf.name.clone(),
                });
            }
        }
        for shelf in &self.shelves {
            if let Some(public) = shelf.values.published(env) {
                let (env, public, place) = (env.to_owned(), public.to_owned(), shelf.name.clone());
                return Err(SecretError::Exposed { env, public, place });
            }
        }
        Err(SecretError::Missing {
            env: env.to_owned(),
        })
    }
}

/// Reads a `.env` file as its users write it: `NAME=value`, `export NAME=value`, comments, single
/// quotes as they stand, double quotes with `\n`, `\"` and `\\`, values over several lines in
/// quotes. What is no assignment is passed over, as every dotenv reader does.
fn read_dotenv(text: &str) -> Environment {
    let mut variables = Vec::new();
    let mut rest = text.trim_start_matches('\u{feff}');
    while !rest.is_empty() {
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        let Some((name, value)) = assignment(line) else {
            rest = after;
            continue;
        };
        let value_at = line.len() - value.len();
        let from_value = rest.get(value_at..).unwrap_or_default();
        let (value, used) = dotenv_value(from_value, value);
        variables.push((name.to_owned(), value));
        rest = from_value.get(used..).unwrap_or_default();
        rest = rest.split_once('\n').map_or("", |(_, after)| after);
    }
    Environment::new(variables)
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

/// The value that begins `text`, whose first line is `line`, and how many bytes it takes.
fn dotenv_value(text: &str, line: &str) -> (String, usize) {
    for quote in ['"', '\'', '`'] {
        let Some(inner) = text.strip_prefix(quote) else {
            continue;
        };
        if let Some(end) = closing_quote(inner, quote) {
            let raw = inner.get(..end).unwrap_or_default();
            let value = if quote == '"' {
                unescape(raw)
            } else {
                raw.to_owned()
            };
            return (value, end + 2);
        }
    }
    let bare = line
        .split_once(" #")
        .map_or(line, |(value, _)| value)
        .trim_end();
    (bare.to_owned(), line.len())
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

#[cfg(test)]
mod tests;
