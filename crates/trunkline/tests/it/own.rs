//! A connector of a test's own, called `up`, and an engine for it.

use std::fmt::Write as _;
use std::sync::Arc;

use trunkline::connector::Connector;
use trunkline::{Catalog, Clock, Error, Trunkline};

use crate::stand::{Stand, config, secrets, source};

/// What a test says of it; the rest is the same everywhere.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Own<'a> {
    /// Where it answers, and further tables of `connector.toml`.
    pub(crate) connector: &'a str,
    /// Operations besides `things.list` and `things.create`.
    pub(crate) operations: &'a str,
    /// Lines of its section in the settings.
    pub(crate) settings: &'a str,
    /// All the variables that there are.
    pub(crate) variables: &'a [(&'a str, &'a str)],
}

const IDENTITY: &str = r#"
schema = 1

[verify]
operation = "things.list"

[connector]
name = "up"
title = "Up"
docs = "https://up.example/docs"
checked = "2026-11-22"
"#;

const OPERATIONS: &str = r#"
[[operations]]
name = "things.list"
title = "List things"
method = "GET"
path = "/things"
docs = "https://up.example/docs"

[[operations]]
name = "things.create"
title = "Make a thing"
method = "POST"
path = "/things"
docs = "https://up.example/docs"
body = "json"
"#;

impl Own<'_> {
    pub(crate) fn load(&self) -> Connector {
        let connector = format!("{IDENTITY}{}", self.connector);
        let operations = format!("{OPERATIONS}{}", self.operations);
        let files = vec![
            source("up/connector.toml", &connector),
            source("up/operations/things.toml", &operations),
        ];
        Connector::load(files).unwrap_or_else(|problems| panic!("{problems:#?}"))
    }

    /// An engine that knows this connector alone.
    pub(crate) fn try_stand(&self) -> Result<Stand, Error> {
        let config = config(&format!(
            "[egress]\nallow = [\"127.0.0.1\"]\n[connectors.up]\n\
             timeouts = {{ connect = \"1d\", first_byte = \"1d\", idle = \"1d\" }}\n{}\n",
            self.settings
        ));
        let catalog = Catalog::of_one(Arc::new(self.load()));
        let (clock, time) = Clock::manual();
        let engine = Trunkline::new(config, catalog, &secrets(self.variables), clock)?;
        Ok(Stand { engine, time })
    }

    #[track_caller]
    pub(crate) fn stand(&self) -> Stand {
        self.try_stand().expect("the settings fit together")
    }
}

/// The table of a secret that may be left out: its variable is `UP_` and its name.
pub(crate) fn secret(name: &str) -> String {
    format!(
        "[secrets.{name}]\nenv = \"UP_{}\"\nneed = \"optional\"\nexample = \"made-up\"\n\
         obtain = \"https://up.example/keys\"\n",
        name.to_uppercase()
    )
}

/// Everything that an error says, its sources too.
pub(crate) fn all_of(error: &Error) -> String {
    let mut text = format!("{error} {error:?} {:?}", error.hint());
    let mut source = std::error::Error::source(error);
    while let Some(err) = source {
        write!(text, " {err} {err:?}").unwrap();
        source = err.source();
    }
    text
}

/// Code, message and hint.
pub(crate) fn shown(error: &Error) -> String {
    let code = error.kind().code();
    format!("{code}: {error}\n{}", error.hint().unwrap_or("-"))
}
