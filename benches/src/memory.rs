//! How much memory the program takes: with nothing to do, with busy connections, full of streams.

use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::runtime::{Builder, Runtime};

use crate::binary::Binary;
use crate::client::{self, Streams};
use crate::effort::Effort;
use crate::figure::{Bound, Figure, Unit, megabytes};
use crate::gateway::Gateway;
use crate::gateway::settings::{Features, Settings};
use crate::rounds::Measured as _;
use crate::upstream::{Caching, Manner, Upstream};
use crate::{machine, say, usage};

/// The most memory that is allowed, in megabytes. Of an idle process 20 are wanted; how much of its
/// file is mapped varies by two with how that lies in the system's cache.
const IDLE_MAX: f64 = 22.0;
const BUSY_MAX: f64 = 60.0;
const STREAMS_MAX: f64 = 500.0;

/// Calls that each busy connection makes, one after the other.
const CALLS_EACH: u32 = 20;

/// Files that a process has open besides connections, with room to spare.
const OTHER_FILES: usize = 128;

/// The busy connections' upstream takes so long that each of them keeps one of its own.
const MANNER: Manner = Manner {
    answer: Duration::from_millis(50),
    event: Duration::from_secs(2),
    ..Manner::AT_ONCE
};

/// Runs a gateway of its own for each figure, with the threads that users get who set nothing.
pub(crate) fn measure(binary: &Binary, effort: &Effort) -> Result<Vec<Figure>> {
    let files = machine::raise_open_files()?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let upstream = Upstream::start(MANNER)?;
    let start = || start(binary, Features::Default, &upstream);
    let idle = usage::memory(start()?.id())?;
    let busy_most = busy(&runtime, &start()?, effort)?;
    let busy_full = busy_full(&runtime, binary, effort)?;
    // The gateway has two connections open for each stream, and so has this program.
    let count = effort.streams.min(files.saturating_sub(OTHER_FILES) / 2);
    let full = streams(&runtime, &start()?, count)?;
    let mut figures = vec![
        figure("memory, idle".to_owned(), idle, Bound::Gate(IDLE_MAX)),
        figure(
            format!("memory, {} busy connections, at most", effort.connections),
            busy_most,
            Bound::Gate(BUSY_MAX),
        ),
        figure(
            format!(
                "memory, {} busy connections, everything on, at most",
                effort.connections
            ),
            busy_full,
            Bound::Gate(BUSY_MAX),
        ),
    ];
    let name = |count| format!("memory, {count} open streams, at most");
    if count < effort.streams {
        say::line(&format!(
            "only {count} streams fit into the {files} files that a process may open"
        ));
        figures.push(figure(name(count), full, Bound::None));
        let all = reckon(idle, full, count, effort.streams).context("no stream fits at all")?;
        let name = format!(
            "memory, {} open streams, reckoned from these",
            effort.streams
        );
        figures.push(figure(name, all, Bound::Gate(STREAMS_MAX)));
    } else {
        figures.push(figure(name(count), full, Bound::Gate(STREAMS_MAX)));
    }
    Ok(figures)
}

fn figure(what: String, bytes: u64, bound: Bound) -> Figure {
    Figure {
        what,
        value: megabytes(bytes),
        unit: Unit::Megabytes,
        bound,
    }
}

fn start(binary: &Binary, features: Features, upstream: &Upstream) -> Result<Gateway> {
    let settings = Settings::default_threads(features, upstream.address());
    Gateway::start(Command::new(&binary.path), &settings)
}

fn busy_full(runtime: &Runtime, binary: &Binary, effort: &Effort) -> Result<u64> {
    let upstream = Upstream::start(Manner {
        caching: Caching::Never,
        ..MANNER
    })?;
    busy(
        runtime,
        &start(binary, Features::Everything, &upstream)?,
        effort,
    )
}

fn busy(runtime: &Runtime, gateway: &Gateway, effort: &Effort) -> Result<u64> {
    let calls = u32::try_from(effort.connections)? * CALLS_EACH;
    runtime.block_on(client::call(gateway.address(), effort.connections, calls))?;
    gateway.check()?;
    usage::memory_most(gateway.id())
}

fn streams(runtime: &Runtime, gateway: &Gateway, count: usize) -> Result<u64> {
    let mut streams = runtime.block_on(Streams::open(gateway.address(), count))?;
    let most = usage::memory_most(gateway.id())?;
    streams.are_open()?;
    Ok(most)
}

/// What `wanted` streams take, if each takes what each of `count` did.
fn reckon(idle: u64, full: u64, count: usize, wanted: usize) -> Option<u64> {
    let (count, wanted) = (u64::try_from(count).ok()?, u64::try_from(wanted).ok()?);
    let more = full
        .saturating_sub(idle)
        .checked_mul(wanted)?
        .checked_div(count)?;
    Some(idle + more)
}
