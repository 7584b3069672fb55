//! Counts calls for those who watch. Labels have few values: connector, operation, how it ended.

mod upstreams;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustc_hash::FxHashMap;
use trunkline_connector::ConnectorName;

use crate::observe::{CallEnded, Ended};

pub(crate) use upstreams::render as render_upstreams;

/// Upper bounds of the duration buckets, in seconds: from a cache on the same machine to the
/// longest answers of language models.
const BOUNDS_SECS: [f64; 12] = [
    0.001, 0.005, 0.01, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0, 600.0,
];

/// The same bounds as they are compared.
const BOUNDS: [Duration; 12] = {
    const fn millis(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }
    [
        millis(1),
        millis(5),
        millis(10),
        millis(25),
        millis(100),
        millis(250),
        millis(500),
        millis(1_000),
        millis(2_500),
        millis(10_000),
        millis(60_000),
        millis(600_000),
    ]
};

/// Everything that is counted, over all threads.
#[derive(Debug, Default)]
pub struct Metrics {
    shards: Mutex<Vec<Arc<Shard>>>,
    looks: Arc<Looks>,
}

/// Whether a reply is what its operation promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Promise {
    /// It is, or nothing is promised.
    Kept,
    /// It is not.
    Broken,
}

/// Replies that were compared with what is known of them. Few are, so they share one lock.
#[derive(Debug, Default)]
pub(crate) struct Looks(Mutex<BTreeMap<(ConnectorName, Arc<str>), Looked>>);

#[derive(Debug, Clone, Copy, Default)]
struct Looked {
    replies: u64,
    broken: u64,
}

/// What one thread counts, so that threads do not wait for each other.
#[derive(Debug, Default)]
pub(crate) struct Shard(Mutex<FxHashMap<Key, Series>>);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    connector: Option<Arc<str>>,
    operation: Option<Arc<str>>,
    ended: Ended,
}

#[derive(Debug, Clone, Default)]
struct Series {
    calls: u64,
    attempts: u64,
    took: Duration,
    /// Calls per bucket, the last beyond every bound.
    buckets: [u64; BOUNDS.len() + 1],
}

impl Shard {
    pub(crate) fn count(&self, event: &CallEnded<'_>) {
        let key = Key {
            connector: event.connector.map(Arc::clone),
            operation: event.operation.map(Arc::clone),
            ended: event.ended,
        };
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let series = counted.entry(key).or_default();
        series.calls += 1;
        series.attempts += u64::from(event.attempts);
        series.took += event.took;
        let bucket = BOUNDS
            .iter()
            .take_while(|bound| **bound < event.took)
            .count();
        if let Some(bucket) = series.buckets.get_mut(bucket) {
            *bucket += 1;
        }
    }
}

impl Looks {
    /// Counts one. Whether it is the first of its operation that breaks a promise.
    pub(crate) fn count(
        &self,
        connector: ConnectorName,
        operation: &Arc<str>,
        is: Promise,
    ) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let looked = all.entry((connector, Arc::clone(operation))).or_default();
        looked.replies += 1;
        if is == Promise::Broken {
            looked.broken += 1;
        }
        is == Promise::Broken && looked.broken == 1
    }

    fn render(&self, text: &mut String) -> std::fmt::Result {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.is_empty() {
            return Ok(());
        }
        let mut write = |name: &str, help: &str, count: fn(&Looked) -> u64| {
            writeln!(text, "# HELP {name} {help}")?;
            writeln!(text, "# TYPE {name} counter")?;
            for ((connector, operation), looked) in all.iter() {
                let labels = format!(r#"connector="{connector}",operation="{operation}""#);
                writeln!(text, "{name}{{{labels}}} {}", count(looked))?;
            }
            Ok(())
        };
        write(
            "trunkline_replies_checked_total",
            "Replies that were compared with their schema or with recorded ones; at most five per operation and second.",
            |looked| looked.replies,
        )?;
        write(
            "trunkline_replies_broken_total",
            "Replies among them that are not what the operation promises.",
            |looked| looked.broken,
        )
    }
}

impl Metrics {
    pub(crate) fn looks(&self) -> &Arc<Looks> {
        &self.looks
    }

    pub(crate) fn new_shard(&self) -> Arc<Shard> {
        let shard = Arc::new(Shard::default());
        self.shards
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Arc::clone(&shard));
        shard
    }

    /// Everything in the text format of Prometheus, sorted.
    pub fn render(&self) -> String {
        let mut all: FxHashMap<Key, Series> = FxHashMap::default();
        for shard in self
            .shards
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
        {
            for (key, series) in shard
                .0
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .iter()
            {
                all.entry(key.clone()).or_default().add(series);
            }
        }
        // Two ways to end may have one label.
        let mut sorted: BTreeMap<String, Series> = BTreeMap::new();
        for (key, series) in all {
            sorted.entry(key.labels()).or_default().add(&series);
        }
        let mut text = render(&sorted);
        // Writing to a `String` cannot go wrong.
        self.looks.render(&mut text).ok();
        text
    }
}

impl Series {
    fn add(&mut self, other: &Self) {
        self.calls += other.calls;
        self.attempts += other.attempts;
        self.took += other.took;
        for (mine, theirs) in self.buckets.iter_mut().zip(other.buckets) {
            *mine += theirs;
        }
    }
}

impl Key {
    /// Every value is a name that was checked when its connector was read, so none needs escaping.
    fn labels(&self) -> String {
        let connector = self.connector.as_deref().unwrap_or("");
        let operation = self.operation.as_deref().unwrap_or("");
        let ended = self.ended.as_str();
        format!(r#"connector="{connector}",operation="{operation}",ended="{ended}""#)
    }
}

fn render(sorted: &BTreeMap<String, Series>) -> String {
    let mut text = String::new();
    // Writing to a `String` cannot go wrong.
    let _ = write_all(&mut text, sorted);
    text
}

fn write_all(text: &mut String, sorted: &BTreeMap<String, Series>) -> std::fmt::Result {
    writeln!(
        text,
        "# HELP trunkline_attempts_total HTTP exchanges with upstreams."
    )?;
    writeln!(text, "# TYPE trunkline_attempts_total counter")?;
    for (labels, series) in sorted {
        writeln!(
            text,
            "trunkline_attempts_total{{{labels}}} {}",
            series.attempts
        )?;
    }
    writeln!(
        text,
        "# HELP trunkline_call_duration_seconds Calls, from request to the reply's end."
    )?;
    writeln!(text, "# TYPE trunkline_call_duration_seconds histogram")?;
    for (labels, series) in sorted {
        let mut so_far = 0;
        for (bound, calls) in BOUNDS_SECS.iter().zip(series.buckets) {
            so_far += calls;
            writeln!(
                text,
                r#"trunkline_call_duration_seconds_bucket{{{labels},le="{bound}"}} {so_far}"#
            )?;
        }
        writeln!(
            text,
            r#"trunkline_call_duration_seconds_bucket{{{labels},le="+Inf"}} {}"#,
            series.calls
        )?;
        writeln!(
            text,
            "trunkline_call_duration_seconds_sum{{{labels}}} {}",
            series.took.as_secs_f64()
        )?;
        writeln!(
            text,
            "trunkline_call_duration_seconds_count{{{labels}}} {}",
            series.calls
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
