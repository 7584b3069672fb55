//! What came of it all, in figures.

use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::Result;

use crate::figure::{Bound, Figure, Unit, megabytes};
use crate::soak::control::Seen;
use crate::soak::gateways::Gateway;
use crate::soak::memory::{self, Sample};
use crate::soak::run::Run;
use crate::soak::settings::{LIMITED_RATE, LOG_MAX};
use crate::soak::tally::Counted;
use crate::{metrics, say};

/// How much memory may have grown.
const GROWTH_MAX: f64 = 1.10;

/// Files that may be open more than before the load, once nobody calls: connections to upstreams
/// and Redis that are kept for a while.
const FILES_MORE_MAX: f64 = 80.0;

/// How much more than its limit an operation may have had: a Redis that begins anew has a full
/// burst, and so has each gateway while it is away.
const LIMITED_MAX: f64 = 1.25;

/// Lines that are shown of what a gateway has logged as errors.
const SHOWN: usize = 10;

/// What gateways count and is worth showing.
const METRICS: [&str; 13] = [
    "trunkline_redis_times_away_total",
    "trunkline_redis_operations_total",
    "trunkline_redis_timeouts_total",
    "trunkline_redis_failures_total",
    "trunkline_redis_values_dropped_total",
    "trunkline_call_log_written_total",
    "trunkline_call_log_dropped_total",
    "trunkline_attempts_total",
    "trunkline_upstream_suspended_total",
    "trunkline_upstream_waiting",
    "trunkline_upstream_refused_total",
    "trunkline_refused_total",
    "trunkline_cache_bytes",
];

/// Looks at everything for the last time.
pub(super) fn make(
    run: &Run,
    gateways: &[Gateway],
    seen: &Seen,
    rested: &[Sample],
) -> Result<Vec<Figure>> {
    let counted = run.tally().so_far();
    say_counted(&counted);
    let upstream = run.upstream();
    let limited = f64::from(u32::try_from(upstream.limited.load(Ordering::Relaxed))?);
    let allowed = f64::from(LIMITED_RATE) * seen.length.as_secs_f64();
    let mut figures = vec![
        count("calls", counted.calls(), Bound::None),
        count("outages", run.outages().count() as u64, Bound::None),
        count(
            "times that Redis was away",
            seen.redis_away.into(),
            Bound::None,
        ),
        count("reloads", seen.reloads.into(), Bound::None),
        count(
            "errors that an outage explains",
            counted.explained.values().sum(),
            Bound::None,
        ),
        nothing("errors that were not injected", counted.unexplained),
        nothing(
            "times that a gateway did not find Redis again",
            seen.redis_lost.into(),
        ),
        nothing("reloads that were not taken up", seen.reloads_lost.into()),
        nothing(
            "calls that were repeated and may not be",
            upstream.twice.load(Ordering::Relaxed),
        ),
        Figure {
            what: "Redis was found again within".to_owned(),
            value: seen.redis_found_within.as_secs_f64() * 1e3,
            unit: Unit::Milliseconds,
            bound: Bound::None,
        },
        Figure {
            what: "calls of the limited operation, what its limit allows = 1".to_owned(),
            value: limited / allowed,
            unit: Unit::Times,
            bound: Bound::Gate(LIMITED_MAX),
        },
    ];
    let all = gateways.iter().zip(&seen.samples).zip(rested);
    for (place, ((gateway, samples), rested)) in all.enumerate() {
        let more = of_gateway(gateway, samples, *rested, seen.length)?;
        figures.extend(more.into_iter().map(|figure| Figure {
            what: format!("gateway {place}: {}", figure.what),
            ..figure
        }));
    }
    Ok(figures)
}

fn say_counted(counted: &Counted) {
    let Counted {
        good,
        cache,
        limited,
        left,
        unmade,
        explained,
        after,
        ..
    } = counted;
    say::line(&format!(
        "{good} good answers, {limited} refused by the small limit, {left} callers left, {unmade} calls not made because all were waiting"
    ));
    for (word, count) in cache {
        say::line(&format!("  {count:>8} {word}"));
    }
    say::line("errors that an outage explains:");
    for (name, count) in explained {
        say::line(&format!("  {count:>8} {name}"));
    }
    say::line("and how long after its end they still came, at most:");
    for (name, after) in after.iter().filter(|(_, after)| !after.is_zero()) {
        say::line(&format!("  {after:>8.1?} {name}"));
    }
}

fn of_gateway(
    gateway: &Gateway,
    samples: &[Sample],
    rested: Sample,
    length: Duration,
) -> Result<Vec<Figure>> {
    let last = Sample::of(gateway, length)?;
    say_metrics(gateway)?;
    let log = gateway.complaints();
    let errors = errors(&log);
    for line in errors.iter().take(SHOWN) {
        say::line(&format!("  LOGGED: {line}"));
    }
    let (database, ahead) = gateway.log_bytes();
    let most = samples.iter().map(|sample| sample.memory).max();
    let metrics = gateway.metrics()?;
    let dropped = metrics::counter(&metrics, "trunkline_call_log_dropped_total");
    let in_megabytes = |what: &str, bytes, bound| Figure {
        what: what.to_owned(),
        value: megabytes(bytes),
        unit: Unit::Megabytes,
        bound,
    };
    let files_max = f64::from(u32::try_from(rested.files)?) + FILES_MORE_MAX;
    Ok(vec![
        Figure {
            what: "memory in the last quarter, in the first one = 1".to_owned(),
            value: memory::growth(samples, length)?,
            unit: Unit::Times,
            bound: Bound::Gate(GROWTH_MAX),
        },
        in_megabytes("memory, at most", most.unwrap_or_default(), Bound::None),
        in_megabytes("memory, once nobody calls", last.memory, Bound::None),
        count(
            "files open, once nobody calls",
            last.files as u64,
            Bound::Gate(files_max),
        ),
        count("threads, at the start", rested.threads as u64, Bound::None),
        count(
            "threads, once nobody calls",
            last.threads as u64,
            Bound::None,
        ),
        in_megabytes(
            "its log of calls",
            database,
            Bound::Gate(megabytes(LOG_MAX)),
        ),
        in_megabytes("what is about to go into it", ahead, Bound::None),
        count(
            "calls not logged",
            dropped.unwrap_or_default(),
            Bound::Gate(0.0),
        ),
        nothing("errors that it has logged", errors.len() as u64),
    ])
}

fn say_metrics(gateway: &Gateway) -> Result<()> {
    let metrics = gateway.metrics()?;
    say::line(&format!("what process {} has counted:", gateway.id()));
    for name in METRICS {
        if let Some(value) = metrics::counter(&metrics, name) {
            say::line(&format!("  {value:>10} {name}"));
        }
    }
    Ok(())
}

/// What a gateway's own log says was an error or worse.
fn errors(log: &str) -> Vec<&str> {
    let is_error = |line: &&str| line.contains(" ERROR ") || line.contains("panicked");
    log.lines().filter(is_error).collect()
}

fn nothing(what: &str, value: u64) -> Figure {
    count(what, value, Bound::Gate(0.0))
}

#[expect(clippy::cast_precision_loss, reason = "nobody counts to 2^53")]
fn count(what: &str, value: u64, bound: Bound) -> Figure {
    Figure {
        what: what.to_owned(),
        value: value as f64,
        unit: Unit::Count,
        bound,
    }
}

#[cfg(test)]
mod tests;
