//! `trunkline connectors import openapi`: a connector of an OpenAPI document, or one of each.

mod report;
mod walk;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;
use jiff::Timestamp;
use regex::Regex;
use serde_json::Value;
use trunkline::Clock;
use trunkline_connector::document::Source;
use trunkline_connector::{Connector, ConnectorName, builtin};
use trunkline_import::{Address, AuthChoice, Imported, Loss, Options, Selection};

use super::place::{self, Existing};
use crate::arguments::{ListOptions, SettingsOptions};
use crate::commands::{Context, count};
use crate::exit::Exit;
use crate::failure::{Complaint, Failure};
use crate::file;
use crate::folder::Folder;

/// The largest document that is read.
const DOCUMENT_BYTES_MAX: u64 = 128 << 20;

/// Make a connector of an OpenAPI document (3.1, 3.0 or Swagger 2.0; JSON or YAML)
#[derive(Debug, Args)]
#[command(after_help = "\
Writes `connectors/NAME/`, all of it or nothing, and says what could not be carried over. The
connector passes `connectors check`; then it is yours to edit.

Examples:
  trunkline connectors import openapi stripe.json
  trunkline connectors import openapi api.yaml --name acme --base-url https://acme.example/api
  trunkline connectors import openapi github.json --tag issues --auth bearer
  trunkline connectors import openapi --dir documents --json")]
pub(crate) struct Openapi {
    /// The document
    #[arg(
        value_name = "FILE",
        required_unless_present = "dir",
        conflicts_with = "dir"
    )]
    file: Option<PathBuf>,
    /// Import every .json, .yaml and .yml document below a folder, each into its own connector
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// The connector's name [default: after the file, the host or the title]
    #[arg(long, value_name = "NAME", conflicts_with = "dir")]
    name: Option<ConnectorName>,
    /// Where the API answers [default: as the document says]
    #[arg(long, value_name = "URL", conflicts_with = "dir")]
    base_url: Option<Address>,
    /// How a request proves who calls: bearer, basic, header:NAME, query:NAME or none
    /// [default: as the document says]
    #[arg(long, value_name = "WAY")]
    auth: Option<AuthChoice>,
    /// Only operations in whose name, or `METHOD /path`, this regular expression finds something
    #[arg(long, value_name = "REGEX")]
    only: Option<Regex>,
    /// Only operations with this tag; may be repeated
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,
    /// Replace a connector that is there, and what was changed in it
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    list: ListOptions,
    #[command(flatten)]
    settings: SettingsOptions,
}

/// A connector that was written.
struct Written {
    imported: Imported,
    folder: PathBuf,
    warnings: Vec<String>,
}

impl Openapi {
    /// Writes the connectors and says what could not be carried over.
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        let home = Folder::open(self.settings.config.as_deref())?.connectors_dir();
        match (&self.file, &self.dir) {
            (_, Some(dir)) => self.import_all(dir, &home, context),
            (Some(file), None) => self.import_one(file, &home, context),
            // The arguments' own rules ask for one of the two.
            (None, None) => Err(Failure::silent(Exit::Usage)),
        }
    }

    fn import_one(&self, file: &Path, home: &Path, context: &mut Context) -> Result<Exit, Failure> {
        check_word(file)?;
        let written = self.import((file, home), self.name, &BTreeSet::new())?;
        let printer = &mut context.printer;
        for warning in &written.warnings {
            printer.warn(warning);
        }
        if self.list.json {
            printer.json(&report::as_json(file, &written))?;
            return Ok(Exit::Success);
        }
        printer.line(report::summary(&written))?;
        for line in report::losses(&written.imported) {
            printer.line(line)?;
        }
        if written.imported.report.of(Loss::NoCredential).is_some() {
            printer.note("the document does not say how a call proves who calls: `--auth bearer` and the like do");
        }
        let folder = written.folder.display();
        printer.note(format_args!(
            "next: read `{folder}/connector.toml`, then `trunkline operations {}`",
            written.imported.name
        ));
        Ok(Exit::Success)
    }

    fn import_all(&self, dir: &Path, home: &Path, context: &mut Context) -> Result<Exit, Failure> {
        let documents = walk::documents(dir)?;
        if documents.is_empty() {
            let message = format!("`{}` holds no .json, .yaml or .yml file", dir.display());
            return Err(Failure::usage(message, "name a folder with documents"));
        }
        let mut taken = BTreeSet::new();
        let mut values = Vec::new();
        let mut failed = 0;
        for document in &documents {
            let below = document
                .strip_prefix(dir)
                .unwrap_or(document)
                .display()
                .to_string();
            let name = trunkline_import::name_of_path(&below);
            let printer = &mut context.printer;
            match self.import((document, home), name, &taken) {
                Ok(written) => {
                    taken.insert(written.imported.name);
                    if self.list.json {
                        values.push(report::as_json(document, &written));
                    } else {
                        printer.line(report::summary(&written))?;
                    }
                }
                Err(failure) => {
                    failed += 1;
                    if self.list.json {
                        values.push(report::failure_as_json(document, &failure));
                    }
                    for complaint in &failure.complaints {
                        printer.complain(complaint);
                    }
                }
            }
        }
        if self.list.json {
            context.printer.json(&Value::Array(values))?;
        }
        let done = count(documents.len() - failed, "connector");
        context.printer.note(format_args!(
            "{done} written, {} not imported",
            count(failed, "document")
        ));
        Ok(if failed == 0 {
            Exit::Success
        } else {
            Exit::Usage
        })
    }

    /// Imports one document into a folder below `home`. `taken` are the names of connectors that
    /// were written just before.
    fn import(
        &self,
        (path, home): (&Path, &Path),
        name: Option<ConnectorName>,
        taken: &BTreeSet<ConnectorName>,
    ) -> Result<Written, Failure> {
        let text = file::read_text(path, DOCUMENT_BYTES_MAX);
        let text = text.map_err(|err| Failure::of_text(path.display(), &err))?;
        let source = Source {
            name: path.display().to_string(),
            text,
        };
        let options = Options {
            name: name.map(|name| free(name, taken)),
            base_url: self.base_url.clone(),
            auth: self.auth.clone(),
            selection: Selection {
                only: self.only.clone(),
                tags: self.tag.clone(),
            },
            today: today(),
        };
        let imported = trunkline_import::import(&source, &options);
        let imported = imported.map_err(|problem| Failure::from(vec![*problem]))?;
        drop(source);
        let folder = home.join(imported.name.as_str());
        let shown = folder.display().to_string();
        self.check_place(path, &folder)?;
        let warnings = warnings(&imported, &shown)?;
        let existing = if self.force {
            Existing::Replace
        } else {
            Existing::Keep
        };
        place::put(&folder, &imported.files, existing)
            .map_err(|err| Failure::of_file(&shown, &err))?;
        Ok(Written {
            imported,
            folder,
            warnings,
        })
    }

    /// Whether the connector of a document may be written there.
    fn check_place(&self, document: &Path, folder: &Path) -> Result<(), Failure> {
        if folder.symlink_metadata().is_err() {
            return Ok(());
        }
        let there = format!("{}: `{}` is there", document.display(), folder.display());
        if !folder.join("connector.toml").is_file() {
            let message = format!("{there} and is no connector: it has no `connector.toml`");
            let hint = "choose another name with `--name`, or move it away first";
            return Err(Failure::usage(message, hint));
        }
        if !self.force {
            let hint = "choose another name with `--name`, or replace it with `--force`";
            return Err(Failure::usage(format!("{there} already"), hint));
        }
        Ok(())
    }
}

/// What people write in the place of a file and expect to work.
fn check_word(file: &Path) -> Result<(), Failure> {
    let word = file.to_string_lossy();
    if word == "-" {
        let hint = "for standard input write `/dev/stdin`";
        return Err(Failure::usage("`-` is no file", hint));
    }
    if word.starts_with("http://") || word.starts_with("https://") {
        let message = "a document is read from a file, not from an address";
        return Err(Failure::usage(message, "download it first"));
    }
    Ok(())
}

/// What is allowed and unwise in a connector. Nothing is written that `check` refuses.
fn warnings(imported: &Imported, folder: &str) -> Result<Vec<String>, Failure> {
    let connector = Connector::load(imported.files.clone()).map_err(|problems| {
        let complaint = Complaint::new("the connector that was made does not pass its own check");
        let first = problems
            .first()
            .map(ToString::to_string)
            .unwrap_or_default();
        Failure::new(Exit::Bug, complaint.note("caused by", first))
    })?;
    let mut warnings: Vec<String> = connector
        .warnings
        .iter()
        .map(|warning| warning.message.clone())
        .collect();
    if builtin::names().any(|name| name == imported.name) {
        warnings.push(format!(
            "`{folder}` overrides the built-in connector of the same name"
        ));
    }
    Ok(warnings)
}

/// The name itself, or with the first number behind it that no other has.
fn free(name: ConnectorName, taken: &BTreeSet<ConnectorName>) -> ConnectorName {
    if !taken.contains(&name) {
        return name;
    }
    let numbered = (2..).filter_map(|number: usize| {
        let number = format!("-{number}");
        let kept = name.as_str().len().min(31 - number.len());
        let kept = name.as_str().get(..kept)?.trim_end_matches('-');
        format!("{kept}{number}").parse::<ConnectorName>().ok()
    });
    numbered
        .into_iter()
        .find(|name| !taken.contains(name))
        .unwrap_or(name)
}

fn today() -> String {
    let now = Timestamp::try_from(Clock::system().wall()).unwrap_or_default();
    now.strftime("%Y-%m-%d").to_string()
}
