//! Answers that are kept: where they are, how they are found, and how they are taken away.

mod key;
mod packed;
mod purge;
mod second;

use std::fmt::Write as _;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use trunkline_redis::Redis;
use trunkline_store::{Address, Bounds, Fills, Mark, Naming, Store};

use crate::config;
use crate::error::Error;
use crate::installed::Keeping;
use crate::pipeline::look::OwnAnswer;
use crate::source::Handed;

pub(crate) use key::{Asker, Question, Resource};
pub(crate) use packed::VERSION;
pub use purge::Purge;

/// What is shared of a call that several askers wait for: why there is no answer; what is for the
/// first of them alone.
pub(crate) type SharedFills = Fills<Arc<Error>, Handed<Box<OwnAnswer>>>;

/// How long it is remembered that answers to a question are not kept.
const PASSING_FOR: Duration = Duration::from_secs(10);

/// Answers that are kept, for all threads.
#[derive(Debug)]
pub(crate) struct Cache {
    pub(crate) fills: Arc<SharedFills>,
    pub(crate) naming: Naming,
    /// Calls under way whose answers may be kept.
    asked_for: Arc<AtomicUsize>,
    /// What other processes keep too.
    redis: Option<Redis>,
    /// What Redis has yet to forget.
    forgetting: Arc<purge::Forgetting>,
    counts: [AtomicU64; Word::ALL.len()],
}

/// What the cache did for a call, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Word {
    /// It had a fresh answer.
    Hit,
    /// It had a stale one that may be served.
    Stale,
    /// It had one that the upstream said is good still.
    Revalidated,
    /// Another call's answer served this one too.
    Collapsed,
    /// It had none.
    Miss,
}

/// A call under way whose answer may be kept. As long as it is there, changes are told to the store.
#[derive(Debug)]
pub(crate) struct AskedFor {
    /// By which the store knows whether the answer is outdated.
    pub(crate) mark: Mark,
    count: Arc<AtomicUsize>,
}

impl Drop for AskedFor {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Word {
    pub(crate) const ALL: [Self; 5] = [
        Self::Hit,
        Self::Stale,
        Self::Revalidated,
        Self::Collapsed,
        Self::Miss,
    ];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Hit => "hit",
            Self::Stale => "stale",
            Self::Revalidated => "revalidated",
            Self::Collapsed => "collapsed",
            Self::Miss => "miss",
        }
    }
}

impl Cache {
    /// An empty store of this size.
    pub(crate) fn store_of(settings: config::Cache) -> Arc<Store> {
        Arc::new(Store::new(bounds(settings)))
    }

    pub(crate) fn new(store: Arc<Store>, redis: Option<Redis>) -> Self {
        Self {
            fills: Arc::new(Fills::new(store)),
            naming: match redis {
                Some(_) => Naming::Shared,
                None => Naming::Own(chance()),
            },
            asked_for: Arc::default(),
            redis,
            forgetting: Arc::default(),
            counts: Default::default(),
        }
    }

    pub(crate) fn store(&self) -> &Arc<Store> {
        self.fills.store()
    }

    pub(crate) fn resize(&self, settings: config::Cache) {
        self.store().set_bounds(bounds(settings));
    }

    /// Whether anything is kept that could be outdated.
    pub(crate) fn holds_any(&self) -> bool {
        self.redis.is_some()
            || self.asked_for.load(Ordering::SeqCst) != 0
            || self.store().figures().entries != 0
    }

    /// Begins to ask for an answer that may be kept.
    pub(crate) fn ask_for(&self, question: &Question) -> AskedFor {
        // Before the mark: who changes something at the upstream looks in the other order.
        self.asked_for.fetch_add(1, Ordering::SeqCst);
        AskedFor {
            mark: self.store().mark(&question.address()),
            count: Arc::clone(&self.asked_for),
        }
    }

    /// For a while, whoever asks this does not wait for others: what they get is not kept.
    pub(crate) fn remember_passing(&self, question: &Question, now: Instant) {
        let until = now + PASSING_FOR;
        self.store()
            .remember_passing(question.key, question.address(), until);
    }

    /// Names a resource, whoever asks for it. `keeping` says which part of its query matters.
    pub(crate) fn address(&self, resource: &Resource<'_>, keeping: Option<&Keeping>) -> Address {
        key::address(self.naming, resource, keeping)
    }

    pub(crate) fn count(&self, word: Word) {
        if let Some(count) = self.counts.get(word as usize) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How often it did what, and how much it holds, in the text format of Prometheus.
    pub(crate) fn render(&self) -> String {
        let counts = Word::ALL.iter().zip(&self.counts);
        let counts: Vec<_> = counts
            .map(|(word, count)| (word.as_str(), count.load(Ordering::Relaxed)))
            .collect();
        let mut text = String::new();
        if counts.iter().any(|(_, count)| *count != 0) {
            // Writing to a `String` cannot go wrong.
            self.write(&mut text, &counts).ok();
        }
        text
    }

    fn write(&self, text: &mut String, counts: &[(&str, u64)]) -> std::fmt::Result {
        let name = "trunkline_cache_calls_total";
        writeln!(
            text,
            "# HELP {name} Calls that passed the cache, by what it did for them.\n# TYPE {name} counter"
        )?;
        for (word, count) in counts {
            writeln!(text, "{name}{{cache=\"{word}\"}} {count}")?;
        }
        let figures = self.store().figures();
        let shared = self.fills.len() as u64;
        for (name, about, value) in [
            (
                "trunkline_cache_answers",
                "Answers that are kept.",
                figures.entries as u64,
            ),
            (
                "trunkline_cache_bytes",
                "Memory that they take.",
                figures.bytes,
            ),
            (
                "trunkline_cache_calls_shared",
                "Calls under way that others may join.",
                shared,
            ),
        ] {
            writeln!(
                text,
                "# HELP {name} {about}\n# TYPE {name} gauge\n{name} {value}"
            )?;
        }
        Ok(())
    }
}

/// 128 bits that nobody else knows.
fn chance() -> [u64; 2] {
    let chance = RandomState::new();
    [chance.hash_one(0), chance.hash_one(1)]
}

fn bounds(settings: config::Cache) -> Bounds {
    Bounds {
        bytes_max: settings.bytes_max,
        entry_bytes_max: settings.answer_bytes_max,
    }
}
