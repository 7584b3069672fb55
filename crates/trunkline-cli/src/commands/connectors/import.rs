//! `trunkline connectors import`: connectors made of what others wrote down of an API.

mod openapi;
mod place;

use clap::Subcommand;

use crate::commands::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// Make a connector of a document that describes an API
#[derive(Debug, Subcommand)]
pub(crate) enum Import {
    Openapi(Box<openapi::Openapi>),
}

impl Import {
    /// Does what is asked for.
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        match self {
            Self::Openapi(openapi) => openapi.run(context),
        }
    }
}
