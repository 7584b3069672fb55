//! `trunkline cache`: the answers that a gateway keeps.

mod purge;

use clap::Subcommand;

use crate::commands::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// Have a running gateway forget answers
#[derive(Debug, Subcommand)]
pub(crate) enum Cache {
    Purge(purge::Purge),
}

impl Cache {
    /// Does what is asked for.
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        match self {
            Self::Purge(purge) => purge.run(context),
        }
    }
}
