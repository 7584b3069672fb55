//! `trunkline completions`: what a shell needs to complete our words.

use clap::{Args, CommandFactory as _};
use clap_complete::Shell;

use crate::arguments::Arguments;
use crate::commands::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// Print a completion script for a shell
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  trunkline completions bash > ~/.local/share/bash-completion/completions/trunkline
  trunkline completions zsh > ~/.zfunc/_trunkline
  trunkline completions fish > ~/.config/fish/completions/trunkline.fish")]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

impl Completions {
    /// Prints the script.
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, Failure> {
        let mut command = Arguments::command();
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command, "trunkline", &mut script);
        context.printer.bytes(&script)?;
        Ok(Exit::Success)
    }
}
