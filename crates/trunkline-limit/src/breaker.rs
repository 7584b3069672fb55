//! Whether an upstream that keeps failing is called at all.
//!
//! Closed, it counts calls and failures of the last while. When enough of enough calls failed it
//! opens: nobody is let through until the time of the next probe. Then a few calls at a time are let
//! through as probes. When they do well it closes; when one fails it is open again, for twice as
//! long, up to a cap. Being told to slow down (a 429) is an answer, not a failure.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::{Nanos, Outcome, lock};

mod policy;
mod recent;
mod view;

pub use policy::Policy;
pub use view::{Status, View};

use recent::Recent;

/// When all probes are under way, the next may be tried after this.
const PROBE_AGAIN: Duration = Duration::from_secs(1);

/// Without a call for this long, what was counted may be forgotten.
const FORGET: Duration = Duration::from_hours(1);

/// A probe that says nothing for this long is given up, so that a lost one does not keep it open.
const PROBE_PATIENCE: Duration = Duration::from_mins(2);

/// The breaker of one upstream.
#[derive(Debug, Default)]
pub struct Breaker {
    /// What [`Breaker::enter`] needs to know while it is closed: even when closed, odd when not. Goes
    /// up with each change, so that late results of an earlier phase are known by it.
    generation: AtomicU64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    phase: Phase,
    recent: Recent,
    /// How often it opened in a row, for the next time to be longer.
    trips_in_row: u32,
    trips: u64,
    closed_at: Nanos,
    /// When a call was counted last.
    counted_at: Option<Nanos>,
}

#[derive(Debug, Clone, Copy, Default)]
enum Phase {
    #[default]
    Closed,
    Open {
        until: Nanos,
    },
    HalfOpen {
        under_way: u32,
        did_well: u32,
        since: Nanos,
    },
}

/// A call that was let through, until it is given to [`Breaker::leave`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "a probe that never reports keeps others waiting"]
pub struct Pass {
    generation: u64,
}

/// Whether a call may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entry {
    /// Yes, as ever.
    Closed(Pass),
    /// Yes, to see whether the upstream is well again.
    Probe(Pass),
    /// No.
    Refused {
        /// From when a probe may be let through.
        next_probe: Nanos,
        /// Why not now.
        by: Reason,
    },
}

/// Why a call is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The upstream failed too often.
    Open,
    /// As many probes as may be are under way.
    Probing,
}

/// What the end of a call did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Nothing.
    None,
    /// It opened.
    Opened {
        /// From when a probe may be let through.
        next_probe: Nanos,
        /// How many calls failed; for a probe, itself.
        failures: u32,
        /// Of how many.
        calls: u32,
    },
    /// It closed.
    Closed,
}

impl Breaker {
    /// Lets a call through, or says when to come again.
    pub fn enter(&self, policy: &Policy, now: Nanos) -> Entry {
        let generation = self.generation.load(Ordering::Acquire);
        if generation.is_multiple_of(2) {
            return Entry::Closed(Pass { generation });
        }
        let state = &mut *lock(&self.state);
        match state.phase {
            // Somebody was quicker.
            Phase::Closed => Entry::Closed(Pass {
                generation: self.generation.load(Ordering::Acquire),
            }),
            Phase::Open { until } if now < until => Entry::Refused {
                next_probe: until,
                by: Reason::Open,
            },
            Phase::Open { .. } => self.probe(state, 0, 0, now),
            Phase::HalfOpen {
                under_way,
                did_well,
                since,
            } => {
                if under_way < policy.probes_max.max(1) {
                    return self.probe(state, under_way, did_well, now);
                }
                if PROBE_PATIENCE <= now.since(since) {
                    self.turn_over(next_not_closed);
                    return self.probe(state, 0, 0, now);
                }
                Entry::Refused {
                    next_probe: now.plus(PROBE_AGAIN),
                    by: Reason::Probing,
                }
            }
        }
    }

    /// Counts how a call ended.
    pub fn leave(&self, pass: Pass, outcome: Outcome, policy: &Policy, now: Nanos) -> Turn {
        let state = &mut *lock(&self.state);
        if pass.generation != self.generation.load(Ordering::Acquire) {
            return Turn::None;
        }
        state.counted_at = Some(now);
        let verdict = Verdict::of(outcome);
        match (state.phase, verdict) {
            (Phase::Closed, Verdict::Well) => {
                state.recent.count(now, policy.window, 0);
                Turn::None
            }
            (Phase::Closed, Verdict::Failed) => {
                state.recent.count(now, policy.window, 1);
                let (calls, failures) = state.recent.sums(now, policy.window);
                if policy.has_enough_of(calls, failures) {
                    return self.open(state, policy, now, (failures, calls));
                }
                Turn::None
            }
            (Phase::HalfOpen { .. }, Verdict::Failed) => self.open(state, policy, now, (1, 1)),
            (
                Phase::HalfOpen {
                    under_way,
                    did_well,
                    since,
                },
                Verdict::Well | Verdict::Unknown,
            ) => {
                let did_well = did_well + u32::from(verdict == Verdict::Well);
                if policy.probes_max.max(1) <= did_well {
                    self.turn_over(next_closed);
                    state.phase = Phase::Closed;
                    state.closed_at = now;
                    return Turn::Closed;
                }
                state.phase = Phase::HalfOpen {
                    under_way: under_way.saturating_sub(1),
                    did_well,
                    since,
                };
                Turn::None
            }
            (Phase::Closed, Verdict::Unknown) | (Phase::Open { .. }, _) => Turn::None,
        }
    }

    /// What to show of it.
    pub fn view(&self, policy: &Policy, now: Nanos) -> View {
        let state = lock(&self.state);
        let (calls, failures) = state.recent.sums(now, policy.window);
        let (status, next_probe) = match state.phase {
            Phase::Closed => (Status::Closed, None),
            Phase::Open { until } => (Status::Open, Some(until)),
            Phase::HalfOpen { .. } => (Status::HalfOpen, None),
        };
        View {
            status,
            calls,
            failures,
            trips: state.trips,
            next_probe,
        }
    }

    /// Whether it is closed and has counted nothing for an hour, so that it can be forgotten.
    pub fn is_idle(&self, now: Nanos) -> bool {
        let state = lock(&self.state);
        match state.phase {
            Phase::Closed => state.counted_at.is_none_or(|at| FORGET <= now.since(at)),
            Phase::Open { .. } | Phase::HalfOpen { .. } => false,
        }
    }

    fn probe(&self, state: &mut State, under_way: u32, did_well: u32, now: Nanos) -> Entry {
        state.phase = Phase::HalfOpen {
            under_way: under_way + 1,
            did_well,
            since: now,
        };
        Entry::Probe(Pass {
            generation: self.generation.load(Ordering::Acquire),
        })
    }

    fn open(
        &self,
        state: &mut State,
        policy: &Policy,
        now: Nanos,
        (failures, calls): (u32, u32),
    ) -> Turn {
        // Soon after it closed, the trouble is the same still.
        let is_relapse = match state.phase {
            Phase::Closed => now.since(state.closed_at) < policy.open_max,
            Phase::Open { .. } | Phase::HalfOpen { .. } => true,
        };
        state.trips_in_row = if is_relapse {
            state.trips_in_row.saturating_add(1)
        } else {
            1
        };
        state.trips = state.trips.saturating_add(1);
        let next_probe = now.plus(policy.open_for(state.trips_in_row));
        state.phase = Phase::Open { until: next_probe };
        state.recent = Recent::default();
        self.turn_over(next_not_closed);
        Turn::Opened {
            next_probe,
            failures,
            calls,
        }
    }

    /// Ends the generation; only called with the state locked.
    fn turn_over(&self, next: fn(u64) -> u64) {
        let ended = self.generation.load(Ordering::Acquire);
        self.generation.store(next(ended), Ordering::Release);
    }
}

/// Generations that are closed are even.
fn next_closed(generation: u64) -> u64 {
    (generation | 1).wrapping_add(1)
}

/// Others are odd.
fn next_not_closed(generation: u64) -> u64 {
    generation.wrapping_add(1) | 1
}

/// What an outcome says about the upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Well,
    Failed,
    Unknown,
}

impl Verdict {
    fn of(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Fine | Outcome::Throttled => Self::Well,
            Outcome::Unavailable | Outcome::TimedOut | Outcome::Failed => Self::Failed,
            Outcome::Unknown => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests;
