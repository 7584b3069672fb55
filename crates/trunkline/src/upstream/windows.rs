//! The windows of the settings that an attempt takes from.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use trunkline_limit::fields::{self, Quota, Unit};
use trunkline_limit::gcra::{self, Bucket};
use trunkline_limit::{By, Nanos, Rate, Reserved};

use super::lease::{Asked, SharedWindow, Sharing};
use super::view::WindowView;
use crate::config::Limit;

/// Some windows that hold together, and what was taken from each. Clones share that.
#[derive(Debug, Clone, Default)]
pub(crate) struct Windows(Vec<Window>);

/// One of them. Several operations may share its bucket.
#[derive(Debug, Clone)]
struct Window {
    limit: Limit,
    bucket: Arc<Bucket>,
    /// Where several processes keep to it together.
    shared: Option<Arc<SharedWindow>>,
    /// How much one call takes.
    weight: NonZeroU32,
}

/// Whether processes keep to windows together just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kept {
    /// By Redis.
    Together,
    /// Each to its part, since Redis is away.
    ByParts,
    /// There is only one process.
    Alone,
}

impl Windows {
    /// The windows of these limits; what was taken from those `before` them counts still. `scope`
    /// names them in every process alike.
    pub(crate) fn new(
        limits: &[Limit],
        before: Option<&Self>,
        (sharing, scope): (Option<&Sharing>, &str),
    ) -> Self {
        let bucket = |place: usize| {
            let known = before.and_then(|before| before.0.get(place));
            known.map_or_else(Arc::default, |known| Arc::clone(&known.bucket))
        };
        let windows = limits.iter().enumerate().map(|(place, limit)| Window {
            limit: limit.clone(),
            bucket: bucket(place),
            shared: sharing.and_then(|sharing| {
                let name = format!("{scope}/{place}");
                SharedWindow::new(sharing, &name, limit).map(Arc::new)
            }),
            weight: NonZeroU32::MIN,
        });
        Self(windows.collect())
    }

    /// These windows with so much taken by each call, and then further ones.
    pub(crate) fn and(&self, weight: NonZeroU32, further: &Self) -> Self {
        let ours = self.0.iter().map(|window| Window {
            weight,
            ..window.clone()
        });
        Self(ours.chain(further.0.iter().cloned()).collect())
    }

    /// The longest that a call waits for its turn, where one of them says so.
    pub(crate) fn wait_max(&self) -> Option<Duration> {
        self.0.iter().map(|window| window.limit.wait_max).min()
    }

    /// The name of the first in which a call never fits, with what it holds at most.
    pub(crate) fn too_small(&self) -> Option<(&str, u32)> {
        let mut capacities = self.0.iter().map(|window| {
            let capacity = window.limit.rate.capacity();
            (window, capacity)
        });
        let (window, capacity) =
            capacities.find(|(window, capacity)| *capacity < window.weight.get())?;
        Some((&window.limit.name, capacity))
    }

    /// Takes from all of them for the moment at which all let it go, or from none.
    ///
    /// Where processes keep to them together, a refusal may mean only that [`Windows::ask`] has to be
    /// asked for more.
    pub(crate) fn reserve(&self, now: Nanos, wait_max: Duration) -> Reserved {
        match self.kept(now) {
            Kept::Together => self.spend(now),
            Kept::Alone => match &*self.0 {
                [] => Reserved::Now,
                [only] => {
                    let rate = &only.limit.rate;
                    only.bucket.reserve(rate, now, only.weight, wait_max)
                }
                windows => {
                    let asked: Vec<_> = windows
                        .iter()
                        .map(|one| one.asked(&one.limit.rate))
                        .collect();
                    gcra::reserve_all(&asked, now, wait_max)
                }
            },
            Kept::ByParts => {
                let parts = self.parts();
                gcra::reserve_all(&self.asked(&parts), now, wait_max)
            }
        }
    }

    /// Gives back what was taken for `when` and not used.
    pub(crate) fn refund(&self, now: Nanos, when: Nanos) {
        if self.kept(now) == Kept::Together {
            for window in &self.0 {
                window.unspend(now);
            }
            return;
        }
        let rates = self.rates(now);
        gcra::refund_all(&self.asked(&rates), now, when);
    }

    /// Whether a refusal may mean only that more has to be asked for.
    pub(crate) fn is_shared(&self, now: Nanos) -> bool {
        self.kept(now) == Kept::Together
    }

    /// Asks for more where there is too little; how long to wait if nobody has any.
    pub(crate) async fn ask(&self, now: Nanos) -> Option<(usize, Duration)> {
        let mut longest: Option<(usize, Duration)> = None;
        for (place, window) in self.0.iter().enumerate() {
            let Some(shared) = &window.shared else {
                continue;
            };
            if shared.spend(window.weight, now) {
                shared.unspend(window.weight, now);
                continue;
            }
            match shared.ask(window.weight, now).await {
                Asked::More | Asked::Away => {}
                Asked::After(wait) => {
                    if longest.is_none_or(|(_, longest)| longest < wait) {
                        longest = Some((place, wait));
                    }
                }
            }
        }
        longest
    }

    fn kept(&self, now: Nanos) -> Kept {
        match self.0.first().and_then(|window| window.shared.as_ref()) {
            None => Kept::Alone,
            Some(shared) if shared.is_up(now) => Kept::Together,
            Some(_) => Kept::ByParts,
        }
    }

    /// Spends what was taken from the shared buckets.
    fn spend(&self, now: Nanos) -> Reserved {
        for (place, window) in self.0.iter().enumerate() {
            if window.spend(now) {
                continue;
            }
            for before in self.0.iter().take(place) {
                before.unspend(now);
            }
            return Reserved::Refused {
                retry_after: Duration::ZERO,
                by: By::Window(place),
            };
        }
        Reserved::Now
    }

    /// This process's part of each, for while Redis is away.
    fn parts(&self) -> Vec<Rate> {
        let parts = self.0.iter().map(|window| {
            let shared = window.shared.as_ref();
            shared.map_or(window.limit.rate, |shared| shared.part())
        });
        parts.collect()
    }

    /// The rates that hold just now, as far as they are counted here.
    fn rates(&self, now: Nanos) -> Vec<Rate> {
        match self.kept(now) {
            Kept::Alone => self.0.iter().map(|window| window.limit.rate).collect(),
            Kept::Together | Kept::ByParts => self.parts(),
        }
    }

    fn asked<'a>(&'a self, rates: &'a [Rate]) -> Vec<gcra::Window<'a>> {
        let asked = self.0.iter().zip(rates);
        asked.map(|(window, rate)| window.asked(rate)).collect()
    }

    /// How long until the next call could go if so many go before it.
    pub(crate) fn turn(&self, now: Nanos, ahead: usize) -> Duration {
        let ahead = u32::try_from(ahead).unwrap_or(u32::MAX);
        let is_shared = self.is_shared(now);
        let rates = self.rates(now);
        let turns = self.0.iter().zip(&rates).map(|(window, rate)| {
            // Only Redis knows when the next of a shared one may go.
            let next = if is_shared {
                Duration::ZERO
            } else {
                let next = window.bucket.look(rate, now, window.weight);
                next.when(now).unwrap_or(now).since(now)
            };
            let each = window.limit.rate.refilled_in() / window.limit.rate.capacity().max(1);
            let line = each.saturating_mul(ahead.saturating_mul(window.weight.get()));
            next.saturating_add(line)
        });
        turns.max().unwrap_or_default()
    }

    /// The name of the one that holds the next call longest.
    pub(crate) fn slowest(&self, now: Nanos) -> Option<&str> {
        let rates = self.rates(now);
        let slowest =
            self.0.iter().zip(&rates).max_by_key(|(window, rate)| {
                window.bucket.look(rate, now, window.weight).when(now)
            });
        Some(&slowest?.0.limit.name)
    }

    pub(super) fn views(&self, now: Nanos) -> Vec<WindowView> {
        let rates = self.rates(now);
        let views = self.0.iter().zip(&rates).map(|(window, rate)| WindowView {
            name: window.limit.name.clone(),
            capacity: window.limit.rate.capacity(),
            left: window.bucket.available(rate, now),
        });
        views.collect()
    }

    /// The fields `RateLimit-Policy` and `RateLimit` of an answer that refuses a call.
    pub(crate) fn fields(&self, now: Nanos, retry_after: Duration) -> Option<(String, String)> {
        let quotas = self.0.iter().map(|window| window.quota(now, retry_after));
        let quotas: Vec<_> = quotas.collect();
        let is_any = !quotas.is_empty();
        is_any.then(|| (fields::policy(&quotas), fields::limit(&quotas)))
    }

    /// The name of the window at a place.
    pub(crate) fn name(&self, place: usize) -> Option<&str> {
        Some(&self.0.get(place)?.limit.name)
    }
}

impl Window {
    /// What is left of it, as an answer that refuses a call says it.
    fn quota(&self, now: Nanos, retry_after: Duration) -> Quota<'_> {
        let (name, rate) = (&self.limit.name, &self.limit.rate);
        if self.shared.is_none() {
            return Quota::of_bucket(name, &*self.bucket, rate, now);
        }
        // What the others have taken is not known here, only that too little is left.
        Quota {
            name,
            unit: Unit::Requests,
            quota: rate.capacity().into(),
            window: Some(rate.refilled_in()),
            available: 0,
            next_in: Some(retry_after),
        }
    }

    fn asked<'a>(&'a self, rate: &'a Rate) -> gcra::Window<'a> {
        gcra::Window {
            bucket: &*self.bucket,
            rate,
            weight: self.weight,
        }
    }

    /// Spends what was taken from the shared bucket. The own one is charged too, so that it is warm
    /// when Redis goes away.
    fn spend(&self, now: Nanos) -> bool {
        let Some(shared) = &self.shared else {
            return true;
        };
        if !shared.spend(self.weight, now) {
            return false;
        }
        let charged = self
            .bucket
            .reserve(&shared.part(), now, self.weight, Duration::ZERO);
        debug_assert!(!matches!(charged, Reserved::At { .. }), "nobody waits here");
        true
    }

    fn unspend(&self, now: Nanos) {
        if let Some(shared) = &self.shared {
            shared.unspend(self.weight, now);
        }
    }
}
