//! Why inputs do not make a request, in words for whoever gave them.

use serde_json::Value;

use crate::connector::{Input, Inputs, Operation};
use crate::{graphql, words};

/// Why an input does not fit its operation.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InputProblem {
    /// A required input that was not given.
    #[error("`{name}` is missing{}{}", about_it(about.as_deref()), mistaken(instead.as_deref()))]
    Missing {
        /// The input's name.
        name: String,
        /// What it is.
        about: Option<String>,
        /// What was given and looks like it.
        instead: Option<String>,
    },
    /// A value of another kind.
    #[error("`{name}` is {got}; it takes {expected}")]
    WrongKind {
        /// The input's name.
        name: String,
        /// What it takes, such as `a whole number`.
        expected: &'static str,
        /// What was given, such as `the text "ten"`.
        got: String,
    },
    /// A value that is not among those allowed.
    #[error("`{name}` is {got}; allowed: {allowed}")]
    NotAllowed {
        /// The input's name.
        name: String,
        /// What was given.
        got: String,
        /// The values that are allowed.
        allowed: String,
    },
    /// A value that would make the path mean something else.
    #[error("`{name}` cannot be part of the path: {reason}")]
    BadPathPart {
        /// The input's name.
        name: String,
        /// What is wrong with the value.
        reason: &'static str,
    },
    /// An address that the operation does not go to.
    #[error("`{name}` cannot be called: {reason}")]
    BadAddress {
        /// The input's name.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A value that no header can hold.
    #[error("`{name}` is sent as a header, which holds one line of visible characters")]
    BadHeader {
        /// The input's name.
        name: String,
    },
    /// A document that is no GraphQL, or variables that it does not take.
    #[error("`{name}`: {error}")]
    Graphql {
        /// The input's name: `query`, or the variable's.
        name: String,
        /// What is wrong.
        error: graphql::DocumentError,
    },
    /// A part of the path that is a secret which is not known.
    #[error("{}", secret_missing(name))]
    SecretMissing {
        /// The secret's name within the connector, with a dot before one of its groups.
        name: String,
    },
}

fn about_it(about: Option<&str>) -> String {
    about.map(|about| format!(": {about}")).unwrap_or_default()
}

fn mistaken(instead: Option<&str>) -> String {
    instead
        .map(|given| format!(" (was it meant by `{given}`?)"))
        .unwrap_or_default()
}

fn secret_missing(name: &str) -> String {
    match name.split_once('.') {
        None => format!("the secret `{name}` is part of the path and not known"),
        Some((secret, group)) => format!(
            "`{group}` of the secret `{secret}` is part of the path, and the secret is not known \
             or does not have the form that its pattern says"
        ),
    }
}

impl InputProblem {
    /// The input, or the secret, that it is about.
    pub fn name(&self) -> &str {
        match self {
            Self::Missing { name, .. }
            | Self::WrongKind { name, .. }
            | Self::NotAllowed { name, .. }
            | Self::BadPathPart { name, .. }
            | Self::BadAddress { name, .. }
            | Self::BadHeader { name }
            | Self::Graphql { name, .. }
            | Self::SecretMissing { name } => name,
        }
    }

    pub(super) fn missing(input: &Input) -> Self {
        Self::Missing {
            name: input.name.clone(),
            about: input.about.clone(),
            instead: None,
        }
    }

    /// As [`InputProblem::missing`], where something else was given that looks like it.
    pub(super) fn mistaken(input: &Input, given: &Inputs, operation: &Operation) -> Self {
        let names = given.keys().map(String::as_str);
        let others = names.filter(|name| operation.input(name).is_none());
        Self::Missing {
            name: input.name.clone(),
            about: input.about.clone(),
            instead: words::nearest(&input.name, others).map(str::to_owned),
        }
    }

    pub(super) fn wrong_kind(name: &str, expected: &'static str, given: &Value) -> Self {
        Self::WrongKind {
            name: name.to_owned(),
            expected,
            got: words::of_value(given),
        }
    }
}
