//! What happens when, all of it by chance. Pure.

use std::time::Duration;

use crate::soak::CONNECTORS;
use crate::soak::outages::Kind;

/// The calm before the end, in which everything comes to itself again.
const CALM: Duration = Duration::from_secs(20);

/// And the calm at the beginning, in which connections are opened.
const QUIET: Duration = Duration::from_secs(5);

/// One disturbance, or its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Redis is killed.
    KillRedis,
    /// And started anew, empty.
    StartRedis,
    /// Redis stands still.
    StopRedis,
    /// And goes on.
    ContinueRedis,
    /// An upstream is out of order.
    Fail(usize, Kind),
    /// And well again.
    Mend(usize),
    /// The settings change.
    Reload,
}

/// Milliseconds.
type Range = std::ops::Range<u64>;

/// Until the first of a kind.
const FIRST: Range = 1_000..30_000;

const REDIS_DEAD: Range = 200..6_000;
const REDIS_STOPPED: Range = 500..2_500;
const REDIS_PAUSE: Range = 15_000..60_000;

const OUTAGE: Range = 1_000..6_000;
const OUTAGE_PAUSE: Range = 25_000..70_000;

/// So long that the breaker opens: by then most attempts of the last ten seconds have failed.
const LONG_OUTAGE: Range = 10_000..25_000;
/// And so long after it that the breaker takes the next for one of its own.
const LONG_PAUSE: Range = 90_000..130_000;

const RELOAD_PAUSE: Range = 8_000..30_000;

/// A disturbance, how it ends after so long, and how long nothing follows.
struct Disturbance {
    begin: Step,
    end: Option<(Step, Range)>,
    pause: Range,
}

/// All steps in their order. What begins ends before the calm.
pub(super) fn steps(chance: &mut fastrand::Rng, length: Duration) -> Vec<(Duration, Step)> {
    let mut steps = track(chance, length, |chance| {
        let (begin, end) = if chance.bool() {
            (Step::KillRedis, (Step::StartRedis, REDIS_DEAD))
        } else {
            (Step::StopRedis, (Step::ContinueRedis, REDIS_STOPPED))
        };
        Disturbance {
            begin,
            end: Some(end),
            pause: REDIS_PAUSE,
        }
    });
    for upstream in 0..CONNECTORS.len() {
        steps.extend(track(chance, length, |chance| {
            let (lasts, pause) = if chance.bool() {
                (OUTAGE, OUTAGE_PAUSE)
            } else {
                (LONG_OUTAGE, LONG_PAUSE)
            };
            let kind = chance.choice(Kind::ALL).unwrap_or(Kind::Refuses);
            Disturbance {
                begin: Step::Fail(upstream, kind),
                end: Some((Step::Mend(upstream), lasts)),
                pause,
            }
        }));
    }
    steps.extend(track(chance, length, |_| Disturbance {
        begin: Step::Reload,
        end: None,
        pause: RELOAD_PAUSE,
    }));
    steps.sort_by_key(|(at, _)| *at);
    steps
}

/// Disturbances that follow each other.
fn track(
    chance: &mut fastrand::Rng,
    length: Duration,
    choose: impl Fn(&mut fastrand::Rng) -> Disturbance,
) -> Vec<(Duration, Step)> {
    let mut steps = Vec::new();
    let mut now = QUIET + milliseconds(chance, FIRST);
    loop {
        let Disturbance { begin, end, pause } = choose(chance);
        let begins = now;
        let end = end.map(|(step, lasts)| (begins + milliseconds(chance, lasts), step));
        let ends = end.map_or(begins, |(ends, _)| ends);
        if length.saturating_sub(CALM) <= ends {
            return steps;
        }
        steps.push((begins, begin));
        steps.extend(end);
        now = ends + milliseconds(chance, pause);
    }
}

fn milliseconds(chance: &mut fastrand::Rng, range: Range) -> Duration {
    Duration::from_millis(chance.u64(range))
}

#[cfg(test)]
mod tests;
