//! When which upstream was out of order, and what that explains.

use std::sync::Mutex;
use std::time::Duration;

/// What an upstream in trouble does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Nobody listens any more, and open connections are reset.
    Refuses,
    /// Whoever connects or asks is reset.
    Resets,
    /// Every answer is a 503.
    Unavailable,
    /// No answer comes before the end of the outage, and streams stand still.
    Hangs,
    /// Every answer is a 429 that says to come again in a second.
    Busy,
    /// Every answer breaks off in the middle.
    Cuts,
}

impl Kind {
    /// All of them.
    pub(super) const ALL: [Self; 6] = [
        Self::Refuses,
        Self::Resets,
        Self::Unavailable,
        Self::Hangs,
        Self::Busy,
        Self::Cuts,
    ];
}

/// One outage.
#[derive(Debug, Clone, Copy)]
struct Outage {
    upstream: usize,
    kind: Kind,
    from: Duration,
    until: Option<Duration>,
}

/// All outages so far.
#[derive(Debug, Default)]
pub(super) struct Outages(Mutex<Vec<Outage>>);

/// A time with its upstream.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    /// Which upstream was asked.
    pub(super) upstream: usize,
    /// When.
    pub(super) from: Duration,
    /// And until when.
    pub(super) until: Duration,
}

impl Outages {
    /// One begins.
    pub(super) fn begin(&self, upstream: usize, kind: Kind, now: Duration) {
        let outage = Outage {
            upstream,
            kind,
            from: now,
            until: None,
        };
        self.with(|all| all.push(outage));
    }

    /// That of the upstream is over.
    pub(super) fn end(&self, upstream: usize, now: Duration) {
        self.with(|all| {
            let mut open = all.iter_mut().filter(|outage| outage.until.is_none());
            if let Some(outage) = open.find(|outage| outage.upstream == upstream) {
                outage.until = Some(now);
            }
        });
    }

    /// The last outage that was on at some time of the span, or had ended no longer than `grace`
    /// before it; and how long after its end the span began.
    pub(super) fn explain(&self, span: Span, grace: Duration) -> Option<(Kind, Duration)> {
        self.with(|all| {
            let own = all
                .iter()
                .rev()
                .filter(|outage| outage.upstream == span.upstream && outage.from <= span.until);
            let after = own.map(|outage| {
                let after = outage
                    .until
                    .map_or(Duration::ZERO, |until| span.from.saturating_sub(until));
                (outage.kind, after)
            });
            after.take(1).find(|(_, after)| *after <= grace)
        })
    }

    /// How many there were.
    pub(super) fn count(&self) -> usize {
        self.with(|all| all.len())
    }

    fn with<T>(&self, work: impl FnOnce(&mut Vec<Outage>) -> T) -> T {
        let mut all = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        work(&mut all)
    }
}

#[cfg(test)]
mod tests;
