//! The gateway beside nginx, both doing the same job.
//!
//! They take turns, since the machine is never quiet for long: only what neighbors in time say about
//! each other means something, and of that the median.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

use crate::clock::{self, Began};
use crate::effort::Effort;
use crate::figure::{self, Bound, Figure, Unit};
use crate::{say, usage};

/// Length of the load before the first round, so that connections are open and memory is warm.
const WARM_UP_SECONDS: u32 = 1;

/// Who has used no processor time for so long is done with what it was asked.
const QUIET: Duration = Duration::from_millis(300);

/// How long that may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A program whose work is measured.
pub(crate) trait Measured {
    /// Where callers reach it.
    fn address(&self) -> SocketAddr;

    /// The id of its first process.
    fn id(&self) -> u32;

    /// Refuses to have done less than it was asked.
    fn check(&self) -> Result<()>;
}

/// What both do.
pub(crate) struct Job<'a> {
    /// Asks whoever is there for so many seconds; anything but good answers alone is an error.
    pub(crate) load: &'a dyn Fn(SocketAddr, u32) -> Result<Load>,
    /// Asks once, before and after all rounds, and looks at the answer more closely.
    pub(crate) look: &'a dyn Fn(SocketAddr) -> Result<()>,
    /// Does what else belongs into each round, once both have had their turns.
    pub(crate) besides: &'a dyn Fn() -> Result<()>,
}

/// What one turn's load has seen.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Load {
    /// What was asked for and came: requests, or chunks of streams.
    pub(crate) count: f64,
    /// The same, per second.
    pub(crate) per_second: f64,
    /// The time that half of the answers took at most.
    pub(crate) p50: Duration,
    /// The time that all but a hundredth of the answers took at most.
    pub(crate) p99: Duration,
}

/// What one of them did in one round.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Turn {
    load: Load,
    /// Processor time for each of what came, in microseconds.
    each: f64,
}

/// All rounds, each with the turn of nginx and that of the gateway.
#[derive(Debug)]
pub(crate) struct Rounds(Vec<(Turn, Turn)>);

/// Lets them take turns.
pub(crate) fn take(
    nginx: &impl Measured,
    gateway: &impl Measured,
    job: &Job<'_>,
    effort: &Effort,
) -> Result<Rounds> {
    let turn_of_nginx = |seconds| turn(nginx, job, seconds).context("nginx cannot be measured");
    let turn_of_gateway =
        |seconds| turn(gateway, job, seconds).context("the gateway cannot be measured");
    let look_at_both = || {
        (job.look)(nginx.address()).context("nginx does not do the job")?;
        (job.look)(gateway.address()).context("the gateway does not do the job")
    };
    turn_of_nginx(WARM_UP_SECONDS)?;
    turn_of_gateway(WARM_UP_SECONDS)?;
    look_at_both()?;
    say::line(
        "       | nginx                            | gateway                          | gateway / nginx",
    );
    say::line(
        " round |    per s  cpu µs   p50 µs   p99 µs |    per s  cpu µs   p50 µs   p99 µs |  per s    cpu",
    );
    let mut rounds = Vec::new();
    for round in 1..=effort.rounds {
        let theirs = turn_of_nginx(effort.seconds)?;
        let ours = turn_of_gateway(effort.seconds)?;
        let (speed, time) = (speed(&(theirs, ours)), time(&(theirs, ours)));
        say::line(&format!(
            " {round:>5} | {} | {} | {speed:>6.3} {time:>6.3}",
            theirs.columns(),
            ours.columns(),
        ));
        rounds.push((theirs, ours));
        (job.besides)()?;
    }
    look_at_both()?;
    Ok(Rounds(rounds))
}

fn turn(program: &impl Measured, job: &Job<'_>, seconds: u32) -> Result<Turn> {
    let before = usage::processor_time(program.id())?;
    let load = (job.load)(program.address(), seconds)?;
    let used = when_quiet(program.id())?.saturating_sub(before);
    program.check()?;
    ensure!(0.0 < load.count && !used.is_zero(), "it did nothing");
    Ok(Turn {
        each: used.as_secs_f64() * 1e6 / load.count,
        load,
    })
}

/// The processor time of a program once it rests: what it puts off counts too, and may not fall into
/// the other's turn.
fn when_quiet(id: u32) -> Result<Duration> {
    let began = Began::now();
    let mut used = usage::processor_time(id)?;
    while began.elapsed() < PATIENCE {
        clock::pause(QUIET);
        let now = usage::processor_time(id)?;
        if now == used {
            return Ok(used);
        }
        used = now;
    }
    bail!("it is still at work after {PATIENCE:?}, though nobody asks any more")
}

fn speed((theirs, ours): &(Turn, Turn)) -> f64 {
    ours.load.per_second / theirs.load.per_second
}

fn time((theirs, ours): &(Turn, Turn)) -> f64 {
    ours.each / theirs.each
}

impl Turn {
    fn columns(&self) -> String {
        let (p50, p99) = (self.load.p50.as_micros(), self.load.p99.as_micros());
        format!(
            "{:>8.0} {:>7.1} {p50:>8} {p99:>8}",
            self.load.per_second, self.each
        )
    }
}

impl Rounds {
    /// How fast the gateway was, in what nginx was.
    pub(crate) fn speed(&self, what: &str) -> Result<Figure> {
        self.figure(what, speed, Bound::None)
    }

    /// What the gateway used of the processor, in what nginx used.
    pub(crate) fn time(&self, what: &str, bound: Bound) -> Result<Figure> {
        self.figure(what, time, bound)
    }

    /// How much longer than `direct`, which has a time for each round, half of the answers took at
    /// most: from nginx, and from the gateway. In milliseconds.
    pub(crate) fn delays(&self, direct: &[Duration]) -> Option<(f64, f64)> {
        let of = |side: fn(&(Turn, Turn)) -> Turn| {
            let rounds = self.0.iter().zip(direct);
            let delays = rounds.map(|(round, direct)| {
                (side(round).load.p50.as_secs_f64() - direct.as_secs_f64()) * 1e3
            });
            figure::median(&delays.collect::<Vec<f64>>())
        };
        of(|round| round.0).zip(of(|round| round.1))
    }

    fn figure(&self, what: &str, of: fn(&(Turn, Turn)) -> f64, bound: Bound) -> Result<Figure> {
        let values: Vec<f64> = self.0.iter().map(of).collect();
        Ok(Figure {
            what: format!("{what}, nginx = 1, median of {} rounds", values.len()),
            value: figure::median(&values).context("there was no round")?,
            unit: Unit::Times,
            bound,
        })
    }
}

#[cfg(test)]
mod tests;
