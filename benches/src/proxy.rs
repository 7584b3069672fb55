//! The gateway beside nginx, both doing the same job: swap a credential and pass the request on.
//!
//! They take turns, since the machine is never quiet for long: only what neighbours in time say about
//! each other means something, and of that the median.

use anyhow::{Context, Result, ensure};

use crate::binary::Binary;
use crate::effort::Effort;
use crate::figure::{self, Bound, Figure, Unit};
use crate::gateway::{Gateway, Threads};
use crate::nginx::{Nginx, Role};
use crate::program::pinned;
use crate::wrk::{self, Load};
use crate::{machine, say, usage};

/// The processor time of a call that we want, in that of nginx.
const PROCESSOR_TIME_AIM: f64 = 1.05;

/// Length of the load before the first round, so that connections are open and memory is warm.
const WARM_UP_SECONDS: u32 = 1;

/// What one of them did in one round.
struct Turn {
    load: Load,
    /// Processor time per request, in microseconds.
    each: f64,
}

/// One proxy on core 0, the other idle; wrk and the upstream on core 1.
pub(crate) fn measure(binary: &Binary, effort: &Effort) -> Result<Vec<Figure>> {
    let (core, other_core) = machine::cores().unzip();
    let upstream = Nginx::start(Role::Upstream, other_core)?;
    let nginx = Nginx::start(Role::Proxy(upstream.address()), core)?;
    let command = pinned(core, &binary.path);
    let gateway = Gateway::start(command, Threads::One, upstream.address())?;
    let turn_of_nginx = |seconds| {
        turn(nginx.id(), || {
            wrk::load(nginx.address(), seconds, other_core)
        })
        .context("nginx could not be measured")
    };
    let turn_of_gateway = |seconds| {
        turn(gateway.id(), || {
            wrk::load(gateway.address(), seconds, other_core)
        })
        .context("the gateway could not be measured")
    };
    turn_of_nginx(WARM_UP_SECONDS)?;
    turn_of_gateway(WARM_UP_SECONDS)?;
    say::line(
        "       | nginx                            | gateway                          | gateway / nginx",
    );
    say::line(
        " round |    req/s  cpu µs   p50 µs   p99 µs |    req/s  cpu µs   p50 µs   p99 µs |  req/s    cpu",
    );
    let (mut speeds, mut times) = (Vec::new(), Vec::new());
    for round in 1..=effort.rounds {
        let theirs = turn_of_nginx(effort.seconds)?;
        let ours = turn_of_gateway(effort.seconds)?;
        let speed = ours.load.per_second / theirs.load.per_second;
        let time = ours.each / theirs.each;
        let (theirs, ours) = (theirs.columns(), ours.columns());
        say::line(&format!(
            " {round:>5} | {theirs} | {ours} | {speed:>6.3} {time:>6.3}"
        ));
        speeds.push(speed);
        times.push(time);
    }
    let figure = |what: &str, values: &[f64], bound| -> Result<Figure> {
        let value = figure::median(values).context("there was no round")?;
        let what = format!("{what}, median of {} rounds", effort.rounds);
        Ok(Figure {
            what,
            value,
            unit: Unit::Times,
            bound,
        })
    };
    Ok(vec![
        figure("requests per second against nginx", &speeds, Bound::None)?,
        figure(
            "processor time per request against nginx",
            &times,
            Bound::Aim(PROCESSOR_TIME_AIM),
        )?,
    ])
}

fn turn(id: u32, load: impl Fn() -> Result<Load>) -> Result<Turn> {
    let before = usage::processor_time(id)?;
    let load = load()?;
    let used = usage::processor_time(id)?.saturating_sub(before);
    ensure!(0.0 < load.requests && !used.is_zero(), "it did nothing");
    Ok(Turn {
        each: used.as_secs_f64() * 1e6 / load.requests,
        load,
    })
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
