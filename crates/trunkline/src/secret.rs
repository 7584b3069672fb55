//! Values that must never be seen, and where they are found.

mod dotenv;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;

use trunkline_connector::document::{Problem, Source};
use trunkline_connector::published;
use trunkline_connector::{Connector, FoundUrl, SecretSpec};
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
    doubts: Vec<Problem>,
    kind: Kind,
}

/// Where the values come from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Kind {
    /// From the shelves.
    #[default]
    Found,
    /// Each connector brings its own made-up ones.
    Examples,
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
    /// It is not of the form that the connector says it has, and a part of it is needed.
    #[error("`{env}` has not the form that it must have")]
    Misshapen {
        /// The variable's name.
        env: String,
    },
    /// It names a file that cannot be read.
    #[error("`{env}` names a file that cannot be read")]
    Unreadable {
        /// The variable's name.
        env: String,
    },
    /// It is a key file that cannot be used.
    #[error("the key file in `{env}` cannot be used: {reason}")]
    KeyFile {
        /// The variable's name.
        env: String,
        /// Why; nothing of the file.
        reason: &'static str,
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
    /// The made-up values that every connector brings along: for requests that nobody sends.
    pub(crate) fn of_examples() -> Self {
        Self {
            kind: Kind::Examples,
            ..Self::default()
        }
    }

    /// Whether they are [`of_examples`](Self::of_examples).
    pub(crate) fn are_examples(&self) -> bool {
        self.kind == Kind::Examples
    }

    /// The process environment first, then the given `.env` files in their order.
    pub fn read(environment: &Environment, files: Vec<Source>) -> Self {
        let mut shelves = vec![Shelf {
            name: "the environment".to_owned(),
            values: environment.clone(),
        }];
        let mut doubts = Vec::new();
        for file in files {
            let (values, doubtful) = dotenv::read(&file);
            doubts.extend(doubtful);
            shelves.push(Shelf {
                name: file.name,
                values,
            });
        }
        Self {
            shelves,
            doubts,
            kind: Kind::Found,
        }
    }

    /// Lines of the `.env` files that are perhaps not as they were meant. No value is in them.
    pub fn doubts(&self) -> &[Problem] {
        &self.doubts
    }

    /// Looks for the secret that the variable `env` holds.
    ///
    /// # Errors
    /// When nobody has it, when only a published name has it, or when it cannot be sent.
    pub fn find(&self, env: &str) -> Result<Found, SecretError> {
        match self.look(env) {
            Some(found) => found.on_one_line(env),
            None => Err(self.missing(env)),
        }
    }

    /// Looks for a connector's secret: in the variable that the settings name, or in those that the
    /// connector does.
    ///
    /// # Errors
    /// As [`find`](Self::find).
    pub fn find_for(
        &self,
        connector: &Connector,
        spec: &SecretSpec,
        named: Option<&String>,
    ) -> Result<Found, SecretError> {
        if let Some(env) = named {
            return self.find(env);
        }
        let place = connector.secrets.iter().position(|of| of.name == spec.name);
        for env in spec.variables() {
            if let Some(found) = self.look(env) {
                // A key file is a text of many lines.
                return if place.is_some_and(|place| connector.auth.takes_file(place)) {
                    Ok(found)
                } else {
                    found.on_one_line(env)
                };
            }
        }
        Err(self.missing(&spec.env))
    }

    /// Looks for an API's address, which is no secret.
    pub fn find_address(&self, address: &FoundUrl) -> Option<Found> {
        address.variables().find_map(|env| self.look(env))
    }

    /// The value of a variable of the app's own, wherever such values are found.
    pub(crate) fn variable(&self, env: &str) -> Option<Found> {
        self.look(env)
    }

    fn look(&self, env: &str) -> Option<Found> {
        self.shelves.iter().find_map(|shelf| {
            let value = shelf.values.find(env)?.trim();
            Some(Found {
                secret: Secret::new(value),
                place: shelf.name.clone(),
            })
        })
    }

    fn missing(&self, env: &str) -> SecretError {
        for shelf in &self.shelves {
            if let Some(public) = shelf.values.published(env) {
                let (env, public, place) = (env.to_owned(), public.to_owned(), shelf.name.clone());
                return SecretError::Exposed { env, public, place };
            }
        }
        SecretError::Missing {
            env: env.to_owned(),
        }
    }
}

impl Found {
    fn on_one_line(self, env: &str) -> Result<Self, SecretError> {
        let mut bytes = self.secret.expose().bytes();
        if bytes.any(|byte| byte.is_ascii_control() || !byte.is_ascii()) {
            return Err(SecretError::Unusable {
                env: env.to_owned(),
                place: self.place,
            });
        }
        Ok(self)
    }
}
