//! `trunkline config`: every setting, its value, and where it came from.

use clap::Subcommand;
use serde_json::{Value, json};
use trunkline::config::Setting;

use crate::arguments::{ListOptions, SettingsOptions};
use crate::commands::Context;
use crate::engine;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::folder::Folder;
use crate::table::Table;

/// Look at settings
#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Print every setting, its value, and where it came from; secrets are hidden
    #[command(after_help = "\
Examples:
  trunkline config show
  TRUNKLINE_SERVER_LISTEN=127.0.0.1:4444 trunkline config show --json")]
    Show {
        #[command(flatten)]
        list: ListOptions,
        #[command(flatten)]
        settings: SettingsOptions,
    },
}

impl Config {
    /// Prints the settings.
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        let Self::Show { list, settings } = self;
        let folder = Folder::open(settings.config.as_deref())?;
        let (config, warnings) = folder.config(&context.environment, Vec::new())?;
        for warning in warnings {
            context.printer.warn(&warning);
        }
        engine::check_addresses(&config)?;
        let printer = &mut context.printer;
        if list.json {
            let settings = config.settings().iter().map(|setting| {
                json!({
                    "key": setting.key,
                    "value": shown(setting),
                    "from": setting.place.to_string(),
                })
            });
            printer.json(&Value::Array(settings.collect()))?;
            return Ok(Exit::Success);
        }
        let mut table = Table::new(["SETTING", "VALUE", "FROM"]);
        for setting in config.settings() {
            table.row([
                setting.key.clone(),
                shown(setting).to_string(),
                setting.place.to_string(),
            ]);
        }
        table.print(printer)?;
        Ok(Exit::Success)
    }
}

/// The value, unless its key says that it is a secret: people put keys into headers.
fn shown(setting: &Setting) -> Value {
    const SECRET_WORDS: [&str; 8] = [
        "authorization",
        "cookie",
        "key",
        "token",
        "secret",
        "password",
        "credential",
        "auth",
    ];
    let mut parts = setting.key.split('.').rev();
    let last = parts.next().unwrap_or_default().to_ascii_lowercase();
    let is_header = parts.next() == Some("headers");
    if is_header && SECRET_WORDS.iter().any(|word| last.contains(word)) {
        return Value::from("(hidden)");
    }
    let holds_password = |text: &str| text.contains('@') || text.contains("pass=");
    if setting.key == "redis.url" && setting.value.as_str().is_some_and(holds_password) {
        return Value::from("(hidden)");
    }
    setting.value.clone()
}

#[cfg(test)]
mod tests;
