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

/// What an attempt took, so that it goes back to where it came from.
#[derive(Debug)]
pub(crate) struct Taken {
    /// For this moment.
    when: Nanos,
    from: TakenFrom,
}

/// From what.
#[derive(Debug)]
enum TakenFrom {
    /// The buckets of the only process there is.
    Own,
    /// Of windows that several processes keep to: from each window's.
    Each(Box<[Source]>),
}

/// From what of one window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    /// What was leased of Redis.
    Lease,
    /// The own bucket, at this rate.
    Bucket(Rate),
}

impl Windows {
    /// The windows of these limits; what was taken from those `before` them counts still. `scope`
    /// names them in every process alike.
    pub(crate) fn new(
        limits: &[Limit],
        before: Option<&Self>,
        (sharing, scope): (Option<&Sharing>, &str),
    ) -> Self {
        let windows = limits.iter().enumerate().map(|(place, limit)| {
            let known = before.and_then(|before| before.0.get(place));
            let bucket = known.map_or_else(Arc::default, |known| Arc::clone(&known.bucket));
            let shared = sharing.and_then(|sharing| {
                let name = format!("{scope}/{place}");
                let known = known.and_then(|known| known.shared.as_deref());
                SharedWindow::new(sharing, (&name, limit), &bucket, known).map(Arc::new)
            });
            Window {
                limit: limit.clone(),
                bucket,
                shared,
                weight: NonZeroU32::MIN,
            }
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
    pub(crate) fn reserve(&self, now: Nanos, wait_max: Duration) -> (Reserved, Option<Taken>) {
        let (reserved, from) = match &*self.0 {
            [] => return (Reserved::Now, None),
            _ if self.is_shared(now) => self.spend(now),
            windows if windows.iter().any(|window| window.shared.is_some()) => {
                let rates = self.rates();
                let reserved = gcra::reserve_all(&self.asked(&rates), now, wait_max);
                if reserved.when(now).is_some() {
                    for (window, rate) in windows.iter().zip(&rates) {
                        window.owe(rate, now);
                    }
                }
                let sources = rates.into_iter().map(Source::Bucket).collect();
                (reserved, TakenFrom::Each(sources))
            }
            [only] => {
                let rate = &only.limit.rate;
                let reserved = only.bucket.reserve(rate, now, only.weight, wait_max);
                (reserved, TakenFrom::Own)
            }
            windows => {
                let own = windows.iter().map(|one| one.asked(&one.limit.rate));
                let asked: Vec<_> = own.collect();
                (gcra::reserve_all(&asked, now, wait_max), TakenFrom::Own)
            }
        };
        let taken = reserved.when(now).map(|when| Taken { when, from });
        (reserved, taken)
    }

    /// Gives back what was taken and not used: to where it was taken from, or to nobody.
    pub(crate) fn refund(&self, now: Nanos, taken: &Taken) {
        let when = taken.when;
        match &taken.from {
            TakenFrom::Own => {
                for window in &self.0 {
                    let rate = &window.limit.rate;
                    window.bucket.refund(rate, now, window.weight, when);
                }
            }
            TakenFrom::Each(sources) => {
                for (window, source) in self.0.iter().zip(sources) {
                    window.give_back(*source, now, when);
                }
            }
        }
    }

    /// Whether a refusal may mean only that more has to be asked for: of one of them at least.
    pub(crate) fn is_shared(&self, now: Nanos) -> bool {
        self.0.iter().any(|window| window.leases(now).is_some())
    }

    /// Asks for more where there is too little; how long to wait if nobody has any.
    pub(crate) async fn ask(&self, now: Nanos) -> Option<(usize, Duration)> {
        let mut longest: Option<(usize, Duration)> = None;
        for (place, window) in self.0.iter().enumerate() {
            let wait = match window.leases(now) {
                Some(shared) => match shared.more(window.weight, now).await {
                    Asked::More | Asked::Away => continue,
                    Asked::After(wait) => wait,
                },
                // What is not leased just now is waited for as long as the own bucket says.
                None => window.next(now),
            };
            if !wait.is_zero() && longest.is_none_or(|(_, longest)| longest < wait) {
                longest = Some((place, wait));
            }
        }
        longest
    }

    /// Takes from each for this moment: from what was leased, or from the own bucket where nothing
    /// can be.
    fn spend(&self, now: Nanos) -> (Reserved, TakenFrom) {
        let mut sources = Vec::with_capacity(self.0.len());
        for (place, window) in self.0.iter().enumerate() {
            match window.spend(now) {
                Ok(source) => sources.push(source),
                Err(refused) => {
                    for (before, source) in self.0.iter().zip(sources) {
                        before.give_back(source, now, now);
                    }
                    return (at(place, refused), TakenFrom::Each(Box::default()));
                }
            }
        }
        (Reserved::Now, TakenFrom::Each(sources.into()))
    }

    /// The rates that hold here: of what processes share, this process's part.
    fn rates(&self) -> Vec<Rate> {
        self.0.iter().map(Window::rate).collect()
    }

    fn asked<'a>(&'a self, rates: &'a [Rate]) -> Vec<gcra::Window<'a>> {
        let asked = self.0.iter().zip(rates);
        asked.map(|(window, rate)| window.asked(rate)).collect()
    }

    /// How long until the next call could go if so many go before it.
    pub(crate) fn turn(&self, now: Nanos, ahead: usize) -> Duration {
        let ahead = u32::try_from(ahead).unwrap_or(u32::MAX);
        let turns = self.0.iter().map(|window| {
            // Only Redis knows when the next of a shared one may go.
            let next = match window.leases(now) {
                Some(_) => Duration::ZERO,
                None => window.next(now),
            };
            let each = window.limit.rate.refilled_in() / window.limit.rate.capacity().max(1);
            let line = each.saturating_mul(ahead.saturating_mul(window.weight.get()));
            next.saturating_add(line)
        });
        turns.max().unwrap_or_default()
    }

    /// The name of the one that holds the next call longest.
    pub(crate) fn slowest(&self, now: Nanos) -> Option<&str> {
        let slowest = self
            .0
            .iter()
            .max_by_key(|window| window.look(now).when(now));
        Some(&slowest?.limit.name)
    }

    pub(super) fn views(&self, now: Nanos) -> Vec<WindowView> {
        let views = self.0.iter().map(|window| WindowView {
            name: window.limit.name.clone(),
            capacity: window.limit.rate.capacity(),
            left: window.bucket.available(&window.rate(), now),
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

    /// What it is leased by just now; `None` where it is counted here.
    fn leases(&self, now: Nanos) -> Option<&SharedWindow> {
        self.shared.as_deref().filter(|shared| shared.is_up(now))
    }

    /// The rate that holds here: of what processes share, this process's part.
    fn rate(&self) -> Rate {
        let shared = self.shared.as_ref();
        shared.map_or(self.limit.rate, |shared| shared.part())
    }

    /// When a call could go by what is counted here.
    fn look(&self, now: Nanos) -> Reserved {
        self.bucket.look(&self.rate(), now, self.weight)
    }

    /// How long until then.
    fn next(&self, now: Nanos) -> Duration {
        self.look(now).when(now).unwrap_or(now).since(now)
    }

    /// Takes what a call needs now, or says why it cannot.
    fn spend(&self, now: Nanos) -> Result<Source, Reserved> {
        let Some(shared) = self.leases(now) else {
            let rate = self.rate();
            return match self.bucket.reserve(&rate, now, self.weight, Duration::ZERO) {
                Reserved::Now | Reserved::At { .. } => {
                    self.owe(&rate, now);
                    Ok(Source::Bucket(rate))
                }
                refused => Err(refused),
            };
        };
        if !shared.spend(self.weight, now) {
            return Err(Reserved::Refused {
                retry_after: Duration::ZERO,
                by: By::Window(0),
            });
        }
        Ok(Source::Lease)
    }

    /// Notes what was taken of the own bucket, if others share the window.
    fn owe(&self, rate: &Rate, now: Nanos) {
        if let Some(shared) = &self.shared {
            shared.owe(self.weight, rate, now);
        }
    }

    /// Gives back what was taken for `when`.
    fn give_back(&self, source: Source, now: Nanos, when: Nanos) {
        match source {
            Source::Lease => {
                if let Some(shared) = &self.shared {
                    shared.unspend(self.weight, now, when);
                }
            }
            Source::Bucket(rate) => {
                if let Some(shared) = &self.shared {
                    shared.owe_less(self.weight);
                }
                // Another part of the window is another measure.
                if rate == self.rate() {
                    self.bucket.refund(&rate, now, self.weight, when);
                }
            }
        }
    }
}

/// A refusal of the window at that place.
fn at(place: usize, refused: Reserved) -> Reserved {
    match refused {
        Reserved::Refused { retry_after, .. } => Reserved::Refused {
            retry_after,
            by: By::Window(place),
        },
        Reserved::TooHeavy {
            weight, capacity, ..
        } => Reserved::TooHeavy {
            weight,
            capacity,
            window: place,
        },
        Reserved::Now | Reserved::At { .. } => refused,
    }
}

#[cfg(test)]
mod tests;
