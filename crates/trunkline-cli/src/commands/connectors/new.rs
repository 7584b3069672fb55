//! `trunkline connectors new`: the beginning of a connector of one's own.

#[cfg(test)]
mod tests;

use std::fs;
use std::io;
use std::path::Path;
use std::time::SystemTime;

use clap::Args;
use jiff::Timestamp;
use trunkline::Clock;
use trunkline_connector::document::Source;
use trunkline_connector::{ConnectorName, builtin};

use crate::arguments::SettingsOptions;
use crate::commands::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::folder::Folder;

/// The files of a connector that passes every check, with `{name}` and the like to be filled in.
const TEMPLATE: [(&str, &str); 6] = [
    (
        "connector.toml",
        include_str!("new/template/connector.toml"),
    ),
    (
        "operations/items.toml",
        include_str!("new/template/operations/items.toml"),
    ),
    (
        "examples/items_list.toml",
        include_str!("new/template/examples/items_list.toml"),
    ),
    (
        "examples/items_create.toml",
        include_str!("new/template/examples/items_create.toml"),
    ),
    (
        "examples/error_401.toml",
        include_str!("new/template/examples/error_401.toml"),
    ),
    (
        "examples/error_429.toml",
        include_str!("new/template/examples/error_429.toml"),
    ),
];

/// Begin a connector of your own
#[derive(Debug, Args)]
#[command(after_help = "\
Writes `connectors/NAME/`: a secret, two operations, a way of paging to be taken into use, rules
for errors, and examples, which are its tests. A name that is built in is overridden.

Examples:
  trunkline connectors new acme
  trunkline connectors check connectors/acme
  trunkline connectors test acme")]
pub(crate) struct New {
    /// A letter, then lower-case letters, digits and `-`, 31 at most
    #[arg(value_name = "NAME")]
    name: ConnectorName,
    #[command(flatten)]
    settings: SettingsOptions,
}

impl New {
    /// Writes the connector's folder, unless there is one.
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        let folder = Folder::open(self.settings.config.as_deref())?;
        let target = folder.connectors_dir().join(self.name.as_str());
        let shown = target.display().to_string();
        if target.exists() {
            let message = format!("`{shown}` is there already");
            return Err(Failure::usage(
                message,
                "choose another name, or edit what is there",
            ));
        }
        let files = files(self.name, Clock::system().wall());
        write(&target, &files).map_err(|err| Failure::of_file(&shown, &err))?;
        let printer = &mut context.printer;
        for file in &files {
            printer.line(format_args!("{shown}/{}", file.name))?;
        }
        if builtin::names().any(|name| name == self.name) {
            printer.warn(&format!(
                "`{shown}` overrides the built-in connector of the same name"
            ));
        }
        printer.note(format_args!(
            "next: edit them, then `trunkline connectors check {shown}`"
        ));
        Ok(Exit::Success)
    }
}

/// The template, filled in.
fn files(name: ConnectorName, today: SystemTime) -> Vec<Source> {
    let env = format!(
        "{}_API_KEY",
        name.as_str().to_ascii_uppercase().replace('-', "_")
    );
    let today = Timestamp::try_from(today)
        .unwrap_or_default()
        .strftime("%Y-%m-%d")
        .to_string();
    let fill = |text: &str| {
        text.replace("{name}", name.as_str())
            .replace("{title}", &title(name))
            .replace("{env}", &env)
            .replace("{today}", &today)
    };
    let files = TEMPLATE.iter();
    files
        .map(|(name, text)| Source {
            name: (*name).to_owned(),
            text: fill(text),
        })
        .collect()
}

/// `acme-mail` as `Acme Mail`.
fn title(name: ConnectorName) -> String {
    let words = name
        .as_str()
        .split('-')
        .filter(|word| !word.is_empty())
        .map(|word| {
            let (first, rest) = word.split_at_checked(1).unwrap_or((word, ""));
            first.to_ascii_uppercase() + rest
        });
    words.collect::<Vec<_>>().join(" ")
}

/// Writes everything beside the target and moves it there, so that nothing is ever half there.
fn write(target: &Path, files: &[Source]) -> io::Result<()> {
    let parent = target.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(parent)?;
    let name = target.file_name().unwrap_or_default().display();
    let draft = parent.join(format!(".{name}-{}", std::process::id()));
    let written = write_files(&draft, files).and_then(|()| fs::rename(&draft, target));
    if written.is_err() {
        // It may not be there; the first error is the one to tell.
        drop(fs::remove_dir_all(&draft));
    }
    written
}

fn write_files(folder: &Path, files: &[Source]) -> io::Result<()> {
    for file in files {
        let path = folder.join(&file.name);
        fs::create_dir_all(path.parent().unwrap_or(folder))?;
        fs::write(path, &file.text)?;
    }
    Ok(())
}
