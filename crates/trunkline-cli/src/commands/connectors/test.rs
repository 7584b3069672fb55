//! `trunkline connectors test`: runs the examples, which are a connector's tests, offline.

use std::sync::Arc;

use clap::Args;
use serde_json::{Value, json};
use trunkline::examples::{self, Outcome};
use trunkline_connector::Connector;

use crate::arguments::{ListOptions, SettingsOptions};
use crate::commands::{self, Context, count};
use crate::exit::Exit;
use crate::failure::{Complaint, Failure};
use crate::folder::Folder;
use crate::printer::{Ink, Printer};

/// Run the examples of one connector, or of all, offline
#[derive(Debug, Args)]
#[command(after_help = "\
An example holds a call, the exact request it must become, a recorded answer and the reply it
must give. Nothing is sent.

Examples:
  trunkline connectors test
  trunkline connectors test stripe")]
pub(crate) struct Test {
    /// The connector; all of them where none is named
    #[arg(value_name = "NAME")]
    name: Option<String>,
    #[command(flatten)]
    list: ListOptions,
    #[command(flatten)]
    settings: SettingsOptions,
}

/// A connector and what came of its examples.
struct Tested {
    connector: Arc<Connector>,
    outcomes: Vec<Outcome>,
}

impl Test {
    /// Runs the examples and prints what came of them.
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        let catalog = Folder::open(self.settings.config.as_deref())?.catalog()?;
        if let Some(name) = &self.name {
            commands::find(&catalog, name)?;
        }
        let mut tested = Vec::new();
        for entry in catalog.iter() {
            let connector = Arc::clone(&entry.connector);
            if self
                .name
                .as_deref()
                .is_none_or(|name| connector.name.as_str() == name)
            {
                tested.push(Tested {
                    outcomes: examples::run(&connector)?,
                    connector,
                });
            }
        }
        if self.list.json {
            let outcomes = tested.iter().flat_map(outcomes_json);
            context.printer.json(&Value::Array(outcomes.collect()))?;
        } else {
            for tested in &tested {
                print(tested, &mut context.printer)?;
            }
        }
        if tested.iter().all(|tested| tested.failed() == 0) {
            return Ok(Exit::Success);
        }
        Err(Failure::silent(Exit::Usage))
    }
}

impl Tested {
    fn failed(&self) -> usize {
        self.outcomes
            .iter()
            .filter(|outcome| outcome.result.is_err())
            .count()
    }
}

fn print(tested: &Tested, printer: &mut Printer) -> Result<(), Failure> {
    let name = tested.connector.name;
    for outcome in &tested.outcomes {
        if let Err(reason) = &outcome.result {
            let message = format!("example `{}` of `{name}` does not hold", outcome.example);
            printer.complain(&Complaint::new(message).note("reason", reason.as_str()));
        }
    }
    let failed = tested.failed();
    let all = count(tested.outcomes.len(), "example");
    let look = printer.out_look();
    if failed == 0 {
        return printer.line(format_args!(
            "{name}: {all}, {}",
            look.paint(Ink::Good, "all hold")
        ));
    }
    let failed = format!("{failed} failed");
    printer.line(format_args!(
        "{name}: {all}, {}",
        look.paint(Ink::Bad, &failed)
    ))
}

fn outcomes_json(tested: &Tested) -> impl Iterator<Item = Value> + '_ {
    tested.outcomes.iter().map(|outcome| {
        json!({
            "connector": tested.connector.name.as_str(),
            "example": outcome.example,
            "holds": outcome.result.is_ok(),
            "reason": outcome.result.as_ref().err(),
        })
    })
}
