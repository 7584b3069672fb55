//! What is shown of an upstream: in metrics, and to whoever runs the gateway.

use std::sync::atomic::Ordering;
use std::time::Duration;

use serde::Serialize;
use trunkline_connector::ConnectorName;
use trunkline_limit::Nanos;
use trunkline_limit::breaker;
use trunkline_limit::learned::Dimension;

use super::{Lane, Pacing, Upstream, Windows};

/// The most scopes that are shown of one upstream.
const LANES_SHOWN: usize = 32;

/// How an upstream does, and how far its limits are used.
#[derive(Debug, Clone, Serialize)]
pub struct UpstreamView {
    /// The connector.
    pub connector: ConnectorName,
    /// Attempts and streams under way.
    pub in_flight: u32,
    /// How many may be, where that is limited.
    pub concurrency: Option<u32>,
    /// Attempts that wait for their turn.
    pub waiting: usize,
    /// Attempts that had to wait, so far.
    pub waited: u64,
    /// Attempts that were refused because they would have waited too long, so far.
    pub refused: u64,
    /// Attempts that were refused because the upstream keeps failing, so far.
    pub suspended: u64,
    /// Repeated attempts of the last ten seconds.
    pub retries: u32,
    /// How many more may be repeated within the next.
    pub retries_left: u32,
    /// Each host, and whether it is left alone.
    pub breakers: Vec<BreakerView>,
    /// What is left of the windows of the settings, by their names; behind those of the connector come
    /// those of its operations, each with the operation's name.
    pub windows: Vec<WindowView>,
    /// What the upstream told of its own limits.
    pub told: Vec<LaneView>,
}

/// A host, and whether it is left alone because it keeps failing.
#[derive(Debug, Clone, Serialize)]
pub struct BreakerView {
    /// The host.
    pub host: String,
    /// `closed`: calls go through; `open`: none do; `half_open`: a few, to see.
    pub state: &'static str,
    /// Calls of the last seconds.
    pub calls: u32,
    /// Those among them that failed.
    pub failures: u32,
    /// How often it has opened.
    pub opened: u64,
    /// Seconds until it is tried again, while it is open.
    pub next_probe_secs: Option<f64>,
}

/// What is left of a window of the settings.
#[derive(Debug, Clone, Serialize)]
pub struct WindowView {
    /// Its name, such as `10/1s`.
    pub name: String,
    /// How much it holds.
    pub capacity: u32,
    /// How much of it is left.
    pub left: u32,
}

/// What an upstream told of the limits of one scope.
#[derive(Debug, Clone, Serialize)]
pub struct LaneView {
    /// Which: a model, an operation, a bucket; `None` for all calls of a connection.
    pub scope: Option<String>,
    /// Attempts that wait in it.
    pub waiting: usize,
    /// Seconds for which nothing goes, since the upstream said so.
    pub blocked_secs: Option<f64>,
    /// What is left, by what is counted.
    pub left: Vec<LeftView>,
}

/// What an upstream said is left.
#[derive(Debug, Clone, Serialize)]
pub struct LeftView {
    /// `requests`, `tokens`, `tokens_in`, `tokens_out` or `other`.
    pub counts: &'static str,
    /// The most there can be, where it was told.
    pub limit: Option<u64>,
    /// What is left.
    pub remaining: u64,
    /// Seconds until it is whole again, where that comes at once.
    pub reset_secs: Option<f64>,
}

impl Upstream {
    pub(crate) fn view(&self, pacing: &Pacing) -> UpstreamView {
        let now = self.now();
        let instant = self.clock.now();
        let count = |count: &std::sync::atomic::AtomicU64| count.load(Ordering::Relaxed);
        let mut told: Vec<_> = self.common.view(None, now).into_iter().collect();
        let mut waiting = self.common.line.waiting();
        self.lanes.for_each(|scope, lane| {
            waiting += lane.line.waiting();
            if told.len() < LANES_SHOWN {
                told.extend(lane.view(Some(scope), now));
            }
        });
        told.sort_by(|one, other| one.scope.cmp(&other.scope));
        UpstreamView {
            connector: self.connector,
            in_flight: self.concurrency.in_flight(),
            concurrency: self
                .concurrency
                .limit(pacing.bounds)
                .map(|(limit, _)| limit),
            waiting,
            waited: count(&self.counts.waited),
            refused: count(&self.counts.refused),
            suspended: count(&self.counts.suspended),
            retries: self.budget.retries(instant),
            retries_left: self.budget.left(instant),
            breakers: self.breaker_views(pacing, now),
            windows: pacing.windows.views(now),
            told,
        }
    }

    /// What is left of the windows of an operation, which is named before each.
    pub(crate) fn window_views(&self, operation: &str, windows: &Windows) -> Vec<WindowView> {
        let mut views = windows.views(self.now());
        for view in &mut views {
            view.name = format!("{operation} {}", view.name);
        }
        views
    }

    fn breaker_views(&self, pacing: &Pacing, now: Nanos) -> Vec<BreakerView> {
        let Some(policy) = &pacing.breaking else {
            return Vec::new();
        };
        let breakers = self.breakers();
        let views = breakers.iter().map(|(origin, breaker)| {
            let breaker::View {
                status,
                calls,
                failures,
                trips,
                next_probe,
            } = breaker.view(policy, now);
            BreakerView {
                host: origin.to_string(),
                state: status.name(),
                calls,
                failures,
                opened: trips,
                next_probe_secs: next_probe.map(|at| secs(at.since(now))),
            }
        });
        views.collect()
    }
}

impl Lane {
    /// What is known of it; `None` where nothing is.
    fn view(&self, scope: Option<&str>, now: Nanos) -> Option<LaneView> {
        let known = self.learned.view(now);
        let left = Dimension::ALL.into_iter().filter_map(|dimension| {
            let left = (*known.left.get(dimension))?;
            Some(LeftView {
                counts: dimension.name(),
                limit: left.limit,
                remaining: left.remaining,
                reset_secs: left.refilled_at.map(|at| secs(at.since(now))),
            })
        });
        let view = LaneView {
            scope: scope.map(str::to_owned),
            waiting: self.line.waiting(),
            blocked_secs: known.blocked_until.map(|until| secs(until.since(now))),
            left: left.collect(),
        };
        let is_anything = view.blocked_secs.is_some() || !view.left.is_empty() || view.waiting != 0;
        is_anything.then_some(view)
    }
}

/// To the millisecond.
fn secs(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e3).round() / 1e3
}
