//! The windows of the settings that an attempt, or a call, takes from.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use trunkline_limit::fields::{self, Quota};
use trunkline_limit::gcra::{self, Bucket};
use trunkline_limit::{Nanos, Reserved};

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
    /// How much one call takes.
    weight: NonZeroU32,
}

impl Windows {
    /// The windows of these limits; what was taken from those `before` them counts still.
    pub(crate) fn new(limits: &[Limit], before: Option<&Self>) -> Self {
        let bucket = |place: usize| {
            let known = before.and_then(|before| before.0.get(place));
            known.map_or_else(Arc::default, |known| Arc::clone(&known.bucket))
        };
        let windows = limits.iter().enumerate().map(|(place, limit)| Window {
            limit: limit.clone(),
            bucket: bucket(place),
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
    pub(crate) fn reserve(&self, now: Nanos, wait_max: Duration) -> Reserved {
        match &*self.0 {
            [] => Reserved::Now,
            [only] => {
                let rate = &only.limit.rate;
                only.bucket.reserve(rate, now, only.weight, wait_max)
            }
            windows => gcra::reserve_all(&asked(windows), now, wait_max),
        }
    }

    /// Gives back what was taken for `when` and not used.
    pub(crate) fn refund(&self, now: Nanos, when: Nanos) {
        gcra::refund_all(&asked(&self.0), now, when);
    }

    /// How long until the next call could go if so many go before it.
    pub(crate) fn turn(&self, now: Nanos, ahead: usize) -> Duration {
        let ahead = u32::try_from(ahead).unwrap_or(u32::MAX);
        let turns = self.0.iter().map(|window| {
            let rate = &window.limit.rate;
            let next = window.bucket.look(rate, now, window.weight);
            let next = next.when(now).unwrap_or(now).since(now);
            let each = rate.refilled_in() / rate.capacity().max(1);
            let line = each.saturating_mul(ahead.saturating_mul(window.weight.get()));
            next.saturating_add(line)
        });
        turns.max().unwrap_or_default()
    }

    /// The name of the one that holds the next call longest.
    pub(crate) fn slowest(&self, now: Nanos) -> Option<&str> {
        let slowest = self.0.iter().max_by_key(|window| {
            let rate = &window.limit.rate;
            window.bucket.look(rate, now, window.weight).when(now)
        });
        Some(&slowest?.limit.name)
    }

    pub(super) fn views(&self, now: Nanos) -> Vec<WindowView> {
        let views = self.0.iter().map(|window| WindowView {
            name: window.limit.name.clone(),
            capacity: window.limit.rate.capacity(),
            left: window.bucket.available(&window.limit.rate, now),
        });
        views.collect()
    }

    /// The fields `RateLimit-Policy` and `RateLimit` of an answer.
    pub(crate) fn fields(&self, now: Nanos) -> Option<(String, String)> {
        let quotas = self.0.iter().map(|window| {
            let (rate, bucket) = (&window.limit.rate, &*window.bucket);
            Quota::of_bucket(&window.limit.name, bucket, rate, now)
        });
        let quotas: Vec<_> = quotas.collect();
        let is_any = !quotas.is_empty();
        is_any.then(|| (fields::policy(&quotas), fields::limit(&quotas)))
    }

    /// The name of the window at a place.
    pub(crate) fn name(&self, place: usize) -> Option<&str> {
        Some(&self.0.get(place)?.limit.name)
    }
}

fn asked(windows: &[Window]) -> Vec<gcra::Window<'_>> {
    let asked = windows.iter().map(|window| gcra::Window {
        bucket: &*window.bucket,
        rate: &window.limit.rate,
        weight: window.weight,
    });
    asked.collect()
}
