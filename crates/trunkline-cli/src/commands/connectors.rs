//! `trunkline connectors`: the catalog, and connectors of one's own.

mod check;
mod drift;
mod import;
mod list;
mod new;
mod show;
mod test;

use clap::Subcommand;

use crate::commands::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// List, show, check, test, begin and import connectors
#[derive(Debug, Subcommand)]
pub(crate) enum Connectors {
    List(list::List),
    Show(show::Show),
    Check(check::Check),
    Drift(drift::Drift),
    Test(test::Test),
    New(new::New),
    #[command(subcommand)]
    Import(import::Import),
}

impl Connectors {
    /// Does what is asked for.
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        match self {
            Self::List(list) => list.run(context),
            Self::Show(show) => show.run(context),
            Self::Check(check) => check.run(context),
            Self::Drift(drift) => drift.run(context),
            Self::Test(test) => test.run(context),
            Self::New(new) => new.run(context),
            Self::Import(import) => import.run(context),
        }
    }
}
