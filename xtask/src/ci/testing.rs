//! Runs the tests of every crate, product tests against the release binary included.

use anyhow::Result;

use crate::ci;
use crate::ci::report::Outcome;
use crate::ci::tally;
use crate::process::{Ending, Program};
use crate::say;
use crate::workspace::Workspace;

/// A program that tests drive: they live in modules of the name that stands second.
struct Driven {
    program: &'static str,
    module: &'static str,
}

const DRIVEN: &[Driven] = &[
    Driven {
        program: "node",
        module: "needs_node",
    },
    Driven {
        program: "chromium",
        module: "needs_chromium",
    },
    Driven {
        program: "nginx",
        module: "needs_nginx",
    },
    Driven {
        program: "wrk",
        module: "needs_nginx",
    },
    Driven {
        program: "redis-server",
        module: "needs_redis",
    },
    Driven {
        program: "valgrind",
        module: "needs_valgrind",
    },
];

/// Builds the tests and runs none.
pub(crate) fn build(workspace: &Workspace) -> Result<Outcome> {
    let line = match Runner::of(workspace) {
        Runner::Nextest => "cargo nextest run --workspace --no-run".to_owned(),
        Runner::Libtest => format!("{LIBTEST} --no-run"),
    };
    ci::passes(Program::new(&workspace.root, &line))
}

/// All tests of the workspace, by cargo-nextest where it is installed.
pub(crate) fn run(workspace: &Workspace) -> Result<Outcome> {
    let missing: Vec<&Driven> = DRIVEN
        .iter()
        .filter(|driven| !workspace.has_program(driven.program))
        .collect();
    let modules: Vec<&str> = missing.iter().map(|driven| driven.module).collect();
    let runner = Runner::of(workspace);
    let program = runner
        .program(workspace, &modules)
        .variable("TRUNKLINE_BIN", workspace.release_binary());
    let left_out = missing
        .iter()
        .map(|driven| format!("tests that need {}, which is not installed", driven.program))
        .collect();
    Ok(count(program, runner)?.without(workspace, left_out))
}

/// The tests of each crate alone: no product, no programs to drive.
pub(crate) fn run_fast(workspace: &Workspace) -> Result<Outcome> {
    let runner = Runner::of(workspace);
    let program = match runner {
        Runner::Nextest => Program::new(&workspace.root, NEXTEST)
            .argument("not (package(trunkline-tests) or package(trunkline-benches))"),
        Runner::Libtest => {
            let without = "--exclude trunkline-tests --exclude trunkline-benches";
            Program::new(&workspace.root, &format!("{LIBTEST} {without}"))
        }
    };
    count(program, runner)
}

/// The examples in doc comments, which cargo-nextest does not run.
pub(crate) fn run_documentation(workspace: &Workspace) -> Result<Outcome> {
    let mut program = Program::new(
        &workspace.root,
        "cargo test --doc --workspace --no-fail-fast",
    );
    say::line(&format!("$ {}", program.shown()));
    let (ending, output) = program.run_and_copy()?;
    // A crate may have no example at all; whether those there are pass is what counts.
    Ok(match (ending, tally::of_libtest(&output)) {
        (Ending::Success, Some(tally)) if tally.passed == 0 => Outcome::passed(),
        (ending, tally) => Outcome::of_tests(tally, ending),
    })
}

const NEXTEST: &str = "cargo nextest run --workspace --no-fail-fast --filterset";
const LIBTEST: &str = "cargo test --workspace --lib --bins --tests --no-fail-fast";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Runner {
    Nextest,
    Libtest,
}

impl Runner {
    fn of(workspace: &Workspace) -> Self {
        if workspace.has_program("cargo-nextest") {
            Self::Nextest
        } else {
            Self::Libtest
        }
    }

    fn program(self, workspace: &Workspace, without: &[&str]) -> Program {
        match self {
            Self::Nextest => Program::new(&workspace.root, NEXTEST).argument(&filter(without)),
            Self::Libtest => {
                let mut line = LIBTEST.to_owned();
                for (place, module) in without.iter().enumerate() {
                    line.push_str(if place == 0 {
                        " -- --skip "
                    } else {
                        " --skip "
                    });
                    line.push_str(module);
                    line.push_str("::");
                }
                Program::new(&workspace.root, &line)
            }
        }
    }
}

/// Nextest's expression for every test outside some modules.
fn filter(without: &[&str]) -> String {
    let parts: Vec<String> = without
        .iter()
        .map(|module| format!("not test({module}::)"))
        .collect();
    if parts.is_empty() {
        "all()".into()
    } else {
        parts.join(" and ")
    }
}

fn count(mut program: Program, runner: Runner) -> Result<Outcome> {
    say::line(&format!("$ {}", program.shown()));
    let (ending, output) = program.run_and_copy()?;
    let tally = match runner {
        Runner::Nextest => tally::of_nextest(&output),
        Runner::Libtest => tally::of_libtest(&output),
    };
    Ok(Outcome::of_tests(tally, ending))
}

#[cfg(test)]
mod tests;
