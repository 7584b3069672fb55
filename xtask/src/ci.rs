//! Everything that must hold before a change lands, in order. Each step says what it does, how
//! long it took and what it left out; all of them run, so that one round shows every failure.

mod features;
mod packages;
pub(crate) mod report;
mod tally;
pub(crate) mod testing;

use std::mem;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::ci::report::{Outcome, Report};
use crate::process::{Echo, Ending, Program, Running};
use crate::workspace::Workspace;
use crate::{generate, say, tidy};

/// The largest binary that may ship.
const BINARY_BYTES_MAX: u64 = 25_000_000;

/// What one round has at hand.
struct Round<'a> {
    workspace: &'a Workspace,
    /// The release binary, which is being built: its last part, linking, keeps one core busy while
    /// the other steps need the others.
    release: Release,
}

enum Release {
    Building(Running),
    Built,
    Broken,
}

type Step = fn(&mut Round<'_>) -> Result<Outcome>;

/// The release binary comes before what uses it: the generated command reference and the product
/// tests.
const STEPS: &[(&str, Step)] = &[
    ("format", |round| format(round.workspace)),
    ("our own rules", |round| own_rules(round.workspace)),
    ("clippy", |round| clippy(round.workspace)),
    ("features", |round| features::check(round.workspace)),
    ("documentation", |round| documentation(round.workspace)),
    ("build of the tests", |round| {
        testing::build(round.workspace)
    }),
    ("release binary", release_binary),
    ("generated files", |round| generated_files(round.workspace)),
    ("SDK packages", |round| packages::install(round.workspace)),
    ("tests", tests),
    ("documentation tests", |round| {
        testing::run_documentation(round.workspace)
    }),
    ("dependency rules", |round| {
        dependency_rules(round.workspace)
    }),
];

/// Runs every step and ends with `N passed, N failed`.
pub(crate) fn run(workspace: &Workspace) -> Result<ExitCode> {
    let mut build = Program::new(&workspace.root, "cargo build --release");
    say::line(&format!("meanwhile: $ {}", build.shown()));
    let mut round = Round {
        workspace,
        release: Release::Building(build.start(Echo::Silent)?),
    };
    let mut report = Report::default();
    for (place, (name, step)) in STEPS.iter().enumerate() {
        say::line(&format!("\n[{}/{}] {name}", place + 1, STEPS.len()));
        let (outcome, took) = timed(|| step(&mut round));
        let outcome = outcome.unwrap_or_else(|err| Outcome::failed(format!("{err:#}")));
        say::line(&outcome.to_line(took));
        report.add(name, outcome, took);
    }
    say::line("");
    for line in report.lines() {
        say::line(&line);
    }
    Ok(report.exit_code())
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

fn release_binary(round: &mut Round<'_>) -> Result<Outcome> {
    let Release::Building(build) = mem::replace(&mut round.release, Release::Broken) else {
        bail!("the release binary is built once");
    };
    let (ending, text) = build.finish()?;
    if ending == Ending::Failure {
        say::line(text.trim_end());
        return Ok(Outcome::failed("it does not build".into()));
    }
    round.release = Release::Built;
    let binary = round.workspace.release_binary();
    Ok(judge_size(std::fs::metadata(binary)?.len()))
}

/// Without the product its tests would say nothing but that, some hundred times.
fn tests(round: &mut Round<'_>) -> Result<Outcome> {
    match round.release {
        Release::Built => testing::run(round.workspace),
        Release::Building(_) | Release::Broken => {
            let note = "the product's tests were left out: there is no release binary";
            Ok(testing::run_fast(round.workspace)?.with_note(note.into()))
        }
    }
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
