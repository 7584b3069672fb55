//! Every command that a developer or CI runs: `cargo xtask help`.

mod bench;
mod check;
mod ci;
mod generate;
mod hooks;
mod process;
mod say;
mod scaffold;
mod tidy;
mod workspace;

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::workspace::Workspace;

const HELP: &str = "\
cargo xtask COMMAND

  check                  what to run before pushing: format, clippy, the fast tests
  ci                     everything CI runs, in the same order; ends with `N passed, N failed`
  tidy                   our own rules: dependency edges, stage order, error codes, names, bans
  gen [--check]          writes what is generated (editor schemas, docs/reference);
                         with --check, says what differs from the committed files
  bench [ARG…]           runs the benchmarks; `cargo xtask bench --help` lists theirs
  hooks                  installs a pre-commit hook that runs `check`
  new connector NAME     a connector's folder with its first operation and example
  new command NAME       a file for a command of `trunkline`
  new stage NAME         a file for a stage of the pipeline
  help                   this

`ci` skips what needs a program that is not installed (node, chromium, nginx, …) and says so.
With CI=true it skips nothing: a missing program is a failure.
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments) {
        Ok(status) => status,
        Err(err) => {
            say::line(&format!("error: {err:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[&str]) -> Result<ExitCode> {
    let workspace = Workspace::here();
    match arguments {
        ["check"] => check::run(&workspace),
        ["ci"] => ci::run(&workspace),
        ["tidy"] => tidy::run(&workspace),
        ["gen"] => generate::write(&workspace),
        ["gen", "--check"] => generate::check(&workspace),
        ["bench", rest @ ..] => bench::run(&workspace, rest),
        ["hooks"] => hooks::install(&workspace),
        ["new", kind, name] => scaffold::new(&workspace, kind, name),
        [] | ["help" | "--help" | "-h"] | [_, "help" | "--help" | "-h"] => {
            say::line(HELP.trim_end());
            Ok(ExitCode::SUCCESS)
        }
        _ => bail!(
            "there is no command `{}`; `cargo xtask help` lists them",
            arguments.join(" ")
        ),
    }
}
