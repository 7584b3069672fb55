//! Measures the program as it ships: beside nginx, under callgrind, full of streams, at its start.

mod arguments;
mod binary;
mod callgrind;
mod client;
mod clock;
mod effort;
mod figure;
mod gateway;
mod instructions;
mod machine;
mod memory;
mod nginx;
mod pages;
mod program;
mod proxy;
mod say;
mod size;
mod start;
mod upstream;
mod usage;
mod wrk;

use std::process::ExitCode;

use anyhow::Result;

use crate::arguments::{Asked, Wish};
use crate::binary::Binary;
use crate::effort::Effort;
use crate::figure::Figure;

/// One thing that is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bench {
    /// Requests per second and processor time, beside nginx.
    Proxy,
    /// Instructions of a call, counted by callgrind.
    Instructions,
    /// Memory: idle, busy, full of streams.
    Streams,
    /// From start to the first connection it would take.
    Start,
    /// A list of a million records, read to its end.
    Pages,
    /// Bytes of the binary.
    Size,
}

impl Bench {
    const ALL: [Self; 6] = [
        Self::Size,
        Self::Start,
        Self::Instructions,
        Self::Streams,
        Self::Pages,
        Self::Proxy,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Proxy => "proxy",
            Self::Instructions => "instructions",
            Self::Streams => "streams",
            Self::Start => "start",
            Self::Pages => "pages",
            Self::Size => "size",
        }
    }

    /// The programs that it cannot do without.
    fn needs(self) -> &'static [&'static str] {
        match self {
            Self::Proxy => &["nginx", "wrk", "taskset"],
            Self::Instructions => &["valgrind", "callgrind_annotate"],
            Self::Streams => &["prlimit"],
            Self::Start | Self::Pages => &[],
            Self::Size => &["strip"],
        }
    }

    fn run(self, binary: &Binary, effort: &Effort) -> Result<Vec<Figure>> {
        match self {
            Self::Proxy => proxy::measure(binary, effort),
            Self::Instructions => instructions::measure(binary, effort),
            Self::Streams => memory::measure(binary, effort),
            Self::Start => start::measure(binary, effort),
            Self::Pages => pages::measure(binary, effort),
            Self::Size => size::measure(binary),
        }
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments::parse(&arguments) {
        Ok(Asked::Help) => {
            say::line(arguments::HELP.trim_end());
            ExitCode::SUCCESS
        }
        Ok(Asked::Run(wish)) => run(&wish).unwrap_or_else(|err| complain(&err)),
        Err(err) => complain(&err),
    }
}

fn complain(err: &anyhow::Error) -> ExitCode {
    say::line(&format!("error: {err:#}"));
    ExitCode::FAILURE
}

fn run(wish: &Wish) -> Result<ExitCode> {
    let binary = Binary::find()?;
    say::line(&machine::describe(&binary));
    say::line(&format!("command: cargo xtask bench {}", wish.shown));
    let mut figures = Vec::new();
    let mut is_whole = true;
    for bench in &wish.benches {
        say::line(&format!("\n# {}", bench.name()));
        if let Some(program) = machine::missing(bench.needs()) {
            say::line(&format!("left out: `{program}` is not installed"));
            is_whole &= !wish.is_strict;
            continue;
        }
        figures.extend(bench.run(&binary, &wish.effort)?);
    }
    say::line("\n# Results");
    for figure in &figures {
        say::line(&figure.to_string());
    }
    let is_good = figures
        .iter()
        .all(|figure| !binary.is_as_shipped() || figure.is_allowed());
    Ok(if is_whole && is_good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

#[cfg(test)]
mod tests;
