//! The program under test: its settings, its variables, and runs of it, each in a folder of its
//! own with nothing of this machine's environment.

mod gateway;
mod program;

use std::collections::BTreeMap;
use std::fmt::Display;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use tempfile::TempDir;

use crate::binary;
use crate::upstream::Upstream;

pub use crate::product::gateway::Gateway;
pub use crate::product::program::{Finished, Program, memory_most};

/// Keys that no vendor ever gave out, in the form of the real ones.
const KEYS: [(&str, &str); 6] = [
    (
        "OPENAI_API_KEY",
        "sk-proj-Uw3Ck7RealOpenaiKeyQ9xT2mV8bN4hJ6sLpZ0dFgYeAi",
    ),
    (
        "ANTHROPIC_API_KEY",
        "sk-ant-api03-Hq5RealAnthropicKeyV2nB8xC4mL7kJ1sD9fG3wE6tY0uPzQrXvAA",
    ),
    (
        "STRIPE_SECRET_KEY",
        "sk_test_51RealStripeKeyM4nB7vC2xZ9lK3jH6gF8dS1aP5oI0uY",
    ),
    ("TWILIO_ACCOUNT_SID", "AC7e1d9b3f5a2c4e6880fbd1c3e5a79b2d"),
    ("TWILIO_AUTH_TOKEN", "9f1c3e5a7b2d4f6880ace1d3b5f7092c"),
    (
        "SLACK_BOT_TOKEN",
        "xoxb-201938475610-384756102938-RealSlackTokenK7dJ2mQ9",
    ),
];

/// A folder with settings, and the variables that runs in it get.
#[derive(Debug, Clone)]
pub struct Product {
    folder: Arc<TempDir>,
    settings: BTreeMap<String, String>,
    variables: BTreeMap<String, String>,
}

impl Product {
    /// Nothing but settings that tests always need: any free port, and loopback may be called.
    pub fn new() -> Self {
        let folder = TempDir::new().expect("a folder can be made");
        let product = Self {
            folder: Arc::new(folder),
            settings: BTreeMap::new(),
            variables: BTreeMap::new(),
        };
        product
            .set("server.listen", r#""127.0.0.1:0""#)
            .set("egress.allow", r#"["127.0.0.1/32"]"#)
    }

    /// Every built-in connector has its key, and this one calls a scripted upstream without
    /// waiting long between attempts.
    pub fn calling(connector: &str, upstream: &Upstream) -> Self {
        Self::new()
            .with_keys()
            .set(
                &format!("connectors.{connector}.base_url"),
                format!("{:?}", upstream.url()),
            )
            .set(
                &format!("connectors.{connector}.retry.wait_first"),
                r#""1ms""#,
            )
    }

    /// A folder without any settings, as a newcomer has it.
    pub fn bare() -> Self {
        let mut product = Self::new();
        product.settings.clear();
        product
    }

    /// Gives every built-in connector a key.
    #[must_use]
    pub fn with_keys(self) -> Self {
        KEYS.iter()
            .fold(self, |product, (name, value)| product.variable(name, value))
    }

    /// The key that [`Self::with_keys`] gives.
    pub fn key(name: &str) -> &'static str {
        let found = KEYS.iter().find(|(known, _)| *known == name);
        found.map_or_else(|| panic!("there is no key `{name}`"), |(_, value)| *value)
    }

    /// Sets one setting, such as `server.threads`, to a TOML value.
    #[must_use]
    pub fn set(mut self, key: &str, value: impl Display) -> Self {
        self.settings.insert(key.to_owned(), value.to_string());
        self
    }

    /// Sets a variable for every run.
    #[must_use]
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Writes a file into the folder.
    #[must_use]
    pub fn file(self, path: &str, text: &str) -> Self {
        self.write(path, text);
        self
    }

    /// Writes a file into the folder, also while the program runs.
    pub fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).expect("a folder can be made");
        }
        fs::write(path, text).expect("a file can be written");
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes the settings file as things stand, unless there is nothing to say.
    pub fn write_settings(&self) {
        if !self.settings.is_empty() {
            let lines = self
                .settings
                .iter()
                .map(|(key, value)| format!("{key} = {value}\n"));
            self.write("trunkline.toml", &lines.collect::<String>());
        }
    }

    /// A command of this program, ready to run in the folder.
    pub fn command(&self, arguments: &[&str]) -> Command {
        self.write_settings();
        let mut command = Command::new(binary::path());
        command
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .envs(&self.variables);
        command
    }

    /// Runs a command to its end.
    #[track_caller]
    pub fn run(&self, arguments: &[&str]) -> Finished {
        Program::start(self.command(arguments)).finish()
    }

    /// Runs a command to its end and gives it a text on standard input.
    #[track_caller]
    pub fn run_with_input(&self, arguments: &[&str], input: &str) -> Finished {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped());
        Program::start_with_input(command, input).finish()
    }

    /// Starts the gateway.
    #[track_caller]
    pub fn serve(&self) -> Gateway {
        self.serve_with(&[])
    }

    /// Starts the gateway with the built-in stand-in for every vendor.
    #[track_caller]
    pub fn serve_sandbox(&self) -> Gateway {
        self.serve_with(&["--sandbox"])
    }

    /// Starts the gateway with further arguments.
    #[track_caller]
    pub fn serve_with(&self, arguments: &[&str]) -> Gateway {
        let listeners = self
            .settings
            .keys()
            .filter(|key| key.starts_with("listeners."))
            .count();
        let arguments: Vec<&str> = ["serve"].iter().chain(arguments).copied().collect();
        Gateway::start(
            self.command(&arguments),
            1 + listeners,
            Arc::clone(&self.folder),
        )
    }
}

impl Default for Product {
    fn default() -> Self {
        Self::new()
    }
}
