//! `trunkline calls`: what became of the calls of a gateway.

mod list;
mod path;
mod show;

#[cfg(test)]
mod tests;

use clap::Subcommand;

use crate::commands::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// List and show calls that a gateway has made
#[derive(Debug, Subcommand)]
pub(crate) enum Calls {
    List(list::List),
    Show(show::Show),
}

impl Calls {
    /// Does what is asked for.
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        match self {
            Self::List(list) => list.run(context),
            Self::Show(show) => show.run(context),
        }
    }
}

/// `0.4 ms`, `12 ms`, `1.5 s`, for people.
fn duration(millis: f64) -> String {
    if millis < 10.0 {
        format!("{millis:.1} ms")
    } else if millis < 1_000.0 {
        format!("{millis:.0} ms")
    } else {
        format!("{:.1} s", millis / 1_000.0)
    }
}

/// A text that may not be there.
fn or_dash(text: Option<&str>) -> &str {
    text.filter(|text| !text.is_empty()).unwrap_or("-")
}
