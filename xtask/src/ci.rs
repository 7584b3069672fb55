//! Everything that must hold before a change lands, in order. Each step says what it does, how
//! long it took and what it left out; all of them run, so that one round shows every failure.

mod features;
mod packages;
pub(crate) mod report;
mod tally;
pub(crate) mod testing;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::ci::report::{Outcome, Report};
use crate::process::{Ending, Program};
use crate::workspace::Workspace;
use crate::{generate, say, tidy};

/// The largest binary that may ship.
const BINARY_BYTES_MAX: u64 = 25_000_000;

struct Step {
    name: &'static str,
    run: fn(&Workspace) -> Result<Outcome>,
}

/// The release binary is built once, before what uses it: the generated command reference and
/// the product tests.
const STEPS: &[Step] = &[
    Step {
        name: "format",
        run: format,
    },
    Step {
        name: "our own rules",
        run: own_rules,
    },
    Step {
        name: "clippy",
        run: clippy,
    },
    Step {
        name: "features",
        run: features::check,
    },
    Step {
        name: "documentation",
        run: documentation,
    },
    Step {
        name: "release binary",
        run: release_binary,
    },
    Step {
        name: "generated files",
        run: generated_files,
    },
    Step {
        name: "SDK packages",
        run: packages::install,
    },
    Step {
        name: "tests",
        run: testing::run,
    },
    Step {
        name: "documentation tests",
        run: testing::run_documentation,
    },
    Step {
        name: "dependency rules",
        run: dependency_rules,
    },
];

/// Runs every step and ends with `N passed, N failed`.
pub(crate) fn run(workspace: &Workspace) -> ExitCode {
    let mut report = Report::default();
    for (place, step) in STEPS.iter().enumerate() {
        say::line(&format!("\n[{}/{}] {}", place + 1, STEPS.len(), step.name));
        let (outcome, took) = timed(|| (step.run)(workspace));
        let outcome = outcome.unwrap_or_else(|err| Outcome::failed(format!("{err:#}")));
        say::line(&outcome.to_line(took));
        report.add(step.name, outcome, took);
    }
    say::line("");
    for line in report.lines() {
        say::line(&line);
    }
    report.exit_code()
}

/// Runs a program as a step that either passes or fails.
pub(crate) fn passes(mut program: Program) -> Result<Outcome> {
    say::line(&format!("$ {}", program.shown()));
    Ok(match program.run()? {
        Ending::Success => Outcome::passed(),
        Ending::Failure => Outcome::failed("see above".into()),
    })
}

/// `cargo fmt` in the form that only looks.
pub(crate) fn format(workspace: &Workspace) -> Result<Outcome> {
    passes(Program::new(&workspace.root, "cargo fmt --all --check"))
}

/// Clippy over everything, where a warning is an error.
pub(crate) fn clippy(workspace: &Workspace) -> Result<Outcome> {
    passes(Program::new(
        &workspace.root,
        "cargo clippy --workspace --all-targets -- -D warnings",
    ))
}

/// What `cargo xtask tidy` finds.
pub(crate) fn own_rules(workspace: &Workspace) -> Result<Outcome> {
    Ok(Outcome::of_findings(&tidy::findings(workspace)?))
}

fn generated_files(workspace: &Workspace) -> Result<Outcome> {
    Ok(Outcome::of_findings(&generate::stale(workspace)?))
}

fn documentation(workspace: &Workspace) -> Result<Outcome> {
    passes(
        Program::new(&workspace.root, "cargo doc --workspace --no-deps --lib")
            .variable("RUSTDOCFLAGS", "-D warnings"),
    )
}

fn release_binary(workspace: &Workspace) -> Result<Outcome> {
    let built = passes(Program::new(&workspace.root, "cargo build --release"))?;
    if built.is_failure() {
        return Ok(built);
    }
    Ok(judge_size(
        std::fs::metadata(workspace.release_binary())?.len(),
    ))
}

fn judge_size(bytes: u64) -> Outcome {
    let note = format!("{bytes} bytes, allowed are {BINARY_BYTES_MAX}");
    if bytes < BINARY_BYTES_MAX {
        Outcome::passed().with_note(note)
    } else {
        Outcome::failed(note)
    }
}

fn dependency_rules(workspace: &Workspace) -> Result<Outcome> {
    if workspace.has_program("cargo-deny") {
        // Unmatched: `tidy` sees what stands in Cargo.lock, cargo-deny what our features bring in.
        let line = "cargo deny check --allow unmatched-skip bans licenses sources";
        return passes(Program::new(&workspace.root, line));
    }
    let note = "cargo-deny is not installed; `tidy` has applied deny.toml's rules already";
    Ok(Outcome::passed().with_note(note.into()))
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long a step took is shown, nothing depends on it"
)]
fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let result = work();
    (result, start.elapsed())
}

#[cfg(test)]
mod tests;
