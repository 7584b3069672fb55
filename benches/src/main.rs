//! Measures the program as it ships: beside nginx, under callgrind, full of streams, at its start.

mod arguments;
mod binary;
mod callgrind;
mod certificate;
mod client;
mod clock;
mod effort;
mod figure;
mod full;
mod gateway;
mod hits;
mod instructions;
mod machine;
mod memory;
mod metrics;
mod nginx;
mod pages;
mod probe;
mod program;
mod proxy;
mod rounds;
mod say;
mod size;
mod soak;
mod sse;
mod start;
mod tls;
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
    /// Bytes of the binary.
    Size,
    /// From start to the first connection it would take.
    Start,
    /// Instructions of a call, counted by callgrind.
    Instructions,
    /// The same with everything on.
    InstructionsFull,
    /// The same of an answer from the cache.
    InstructionsHits,
    /// Memory: idle, busy, full of streams.
    Streams,
    /// A list of a million records, read to its end.
    Pages,
    /// Requests per second and processor time, beside nginx.
    Proxy,
    /// The same with everything on.
    Full,
    /// The same of answers from the cache.
    Hits,
    /// Processor time of a stream's chunks, beside nginx.
    Sse,
    /// Processor time with TLS to the upstream, beside nginx.
    Tls,
    /// Load in spite of everything, for an hour. It is no part of all.
    Soak,
}

impl Bench {
    /// What is measured when nothing is named.
    const ALL: [Self; 12] = [
        Self::Size,
        Self::Start,
        Self::Instructions,
        Self::InstructionsFull,
        Self::InstructionsHits,
        Self::Streams,
        Self::Pages,
        Self::Proxy,
        Self::Full,
        Self::Hits,
        Self::Sse,
        Self::Tls,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Size => "size",
            Self::Start => "start",
            Self::Instructions => "instructions",
            Self::InstructionsFull => "instructions-full",
            Self::InstructionsHits => "instructions-hits",
            Self::Streams => "streams",
            Self::Pages => "pages",
            Self::Proxy => "proxy",
            Self::Full => "full",
            Self::Hits => "hits",
            Self::Sse => "sse",
            Self::Tls => "tls",
            Self::Soak => "soak",
        }
    }

    /// The programs that it cannot do without.
    fn needs(self) -> &'static [&'static str] {
        match self {
            Self::Size => &["strip"],
            Self::Start | Self::Pages => &[],
            Self::Instructions | Self::InstructionsFull | Self::InstructionsHits => {
                &["valgrind", "callgrind_annotate"]
            }
            Self::Streams => &["prlimit"],
            Self::Proxy | Self::Full | Self::Hits => &["nginx", "wrk", "taskset"],
            Self::Sse => &["nginx", "taskset"],
            Self::Tls => &["nginx", "wrk", "taskset", "openssl"],
            Self::Soak => &["redis-server"],
        }
    }

    fn run(self, binary: &Binary, effort: &Effort) -> Result<Vec<Figure>> {
        match self {
            Self::Size => size::measure(binary),
            Self::Start => start::measure(binary, effort),
            Self::Instructions => instructions::measure(binary, effort, instructions::PLAIN),
            Self::InstructionsFull => instructions::measure(binary, effort, instructions::FULL),
            Self::InstructionsHits => instructions::measure(binary, effort, instructions::HITS),
            Self::Streams => memory::measure(binary, effort),
            Self::Pages => pages::measure(binary, effort),
            Self::Proxy => proxy::measure(binary, effort),
            Self::Full => full::measure(binary, effort),
            Self::Hits => hits::measure(binary, effort),
            Self::Sse => sse::measure(binary, effort),
            Self::Tls => tls::measure(binary, effort),
            Self::Soak => soak::measure(binary, effort),
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
        match bench.run(&binary, &wish.effort) {
            Ok(more) => figures.extend(more),
            // What else was asked for is worth knowing all the same.
            Err(err) => {
                complain(&err);
                is_whole = false;
            }
        }
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
