//! `trunkline doctor`: whether everything that calls need is there.

mod findings;
mod live;
mod machine;
mod secrets;

#[cfg(test)]
mod tests;

use clap::Args;
use trunkline::{Clock, Trunkline};
use trunkline_connector::{ConnectorName, words};

use crate::arguments::{ListOptions, SettingsOptions};
use crate::commands::doctor::findings::Findings;
use crate::commands::{Context, count};
use crate::engine::{self, Engine, Parts, Upstreams};
use crate::exit::Exit;
use crate::failure::{Complaint, Failure};
use crate::folder::{Folder, SETTINGS_FILE};
use crate::logging;

/// Check settings, keys, clock, data folder and ports
#[derive(Debug, Args)]
#[command(after_help = "\
Of keys only the first characters are shown. Missing keys of connectors that nothing uses are no
mistake. With --live each connector whose keys are set is asked one cheap question.

Examples:
  trunkline doctor
  trunkline doctor --live

Exit status: 0 where nothing is wrong, 2 otherwise.")]
pub(crate) struct Doctor {
    /// Ask each connector whose keys are set one cheap question: this sends one request each
    #[arg(long)]
    live: bool,
    #[command(flatten)]
    list: ListOptions,
    #[command(flatten)]
    settings: SettingsOptions,
}

impl Doctor {
    /// Prints what was found.
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        logging::for_command(&context.environment, context.printer.err_look())?;
        let folder = Folder::open(self.settings.config.as_deref())?;
        let mut findings = Findings::default();
        if let Some(parts) = examine(&folder, context, &mut findings)? {
            machine::examine(&parts.config, &Clock::system(), &mut findings);
            let ready = secrets::examine(&parts, &mut findings);
            if self.live && !ready.is_empty() {
                let names = words::all_of(ready.iter().map(ConnectorName::as_str));
                let requests = count(ready.len(), "cheap request");
                let said = format!("--live sends {requests}, to {names}");
                context.printer.note(said);
                let engine = Engine::start(parts, Upstreams::Real)?;
                engine.run(live::examine(&engine.trunkline, &ready, &mut findings));
            }
        }
        if self.list.json {
            context.printer.json(&findings.to_json())?;
        } else {
            findings.print(&mut context.printer)?;
        }
        if findings.is_well() {
            return Ok(Exit::Success);
        }
        Err(Failure::silent(Exit::Usage))
    }
}

/// Reads everything; what cannot be read is a finding, and what depends on it is left out.
fn examine(
    folder: &Folder,
    context: &Context,
    findings: &mut Findings,
) -> Result<Option<Parts>, Failure> {
    const AREA: &str = "settings";
    match folder.settings_file() {
        Ok(Some(file)) => findings.good(AREA, format!("`{}` is read", file.name)),
        Ok(None) => findings.good(
            AREA,
            format!("there is no `{SETTINGS_FILE}`: defaults hold"),
        ),
        // Only a file that was named can be missing.
        Err(failure) => return Err(failure),
    }
    let config = folder.config(&context.environment, Vec::new());
    let catalog = folder.catalog();
    let secrets = folder.secrets(&context.environment);
    match (config, catalog, secrets) {
        (Ok((config, warnings)), Ok(catalog), Ok(secrets)) => {
            for warning in warnings {
                findings.doubtful(AREA, Complaint::new(warning));
            }
            for doubt in secrets.doubts() {
                findings.doubtful("secrets", Complaint::from(doubt.clone()));
            }
            let parts = Parts {
                config,
                catalog,
                secrets,
            };
            check_together(&parts, findings);
            Ok(Some(parts))
        }
        (config, catalog, secrets) => {
            let failures = [
                (AREA, config.err()),
                ("connectors", catalog.err()),
                ("secrets", secrets.err()),
            ];
            for (area, failure) in failures {
                for complaint in failure.into_iter().flat_map(|failure| failure.complaints) {
                    findings.bad(area, complaint);
                }
            }
            Ok(None)
        }
    }
}

/// Whether settings, connectors and secrets fit together.
fn check_together(parts: &Parts, findings: &mut Findings) {
    let config = std::sync::Arc::new(parts.config.clone());
    let checked = engine::check_addresses(&config);
    if let Err(failure) = checked.and_then(|()| engine::check_names(&config, &parts.catalog)) {
        for complaint in failure.complaints {
            findings.bad("settings", complaint);
        }
        return;
    }
    let engine = Trunkline::new(
        config,
        parts.catalog.clone(),
        &parts.secrets,
        Clock::system(),
    );
    match engine {
        Ok(_) => findings.good(
            "settings",
            "settings and connectors fit together".to_owned(),
        ),
        Err(err) => {
            for complaint in Failure::from(err).complaints {
                findings.bad("settings", complaint);
            }
        }
    }
}
