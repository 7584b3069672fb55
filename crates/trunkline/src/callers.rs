//! How many calls each caller may make.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use trunkline_limit::fields::{self, Quota};
use trunkline_limit::gcra::{self, Bucket, Window};
use trunkline_limit::keys::{Forgettable, Keys};
use trunkline_limit::{Nanos, Reserved};

use crate::call::Caller;
use crate::config::Limit;

/// So many callers are told apart; what comes beyond shares one limit.
const CALLERS_MAX: usize = 16 * 1024;

/// The most windows that the settings can have.
pub(crate) const WINDOWS_MAX: usize = 8;

/// How many calls each caller may make. Clones count together.
#[derive(Debug, Clone)]
pub(crate) struct Callers {
    start: Instant,
    limits: Vec<Limit>,
    counted: Arc<Keys<Caller, Counted>>,
}

/// What one caller has taken.
#[derive(Debug, Default)]
struct Counted([Bucket; WINDOWS_MAX]);

impl Forgettable for Counted {
    fn is_idle(&self, now: Nanos) -> bool {
        self.0.iter().all(|bucket| bucket.is_full(now))
    }
}

impl Callers {
    pub(crate) fn new(start: Instant) -> Self {
        Self {
            start,
            limits: Vec::new(),
            counted: Arc::new(Keys::new(CALLERS_MAX)),
        }
    }

    /// The same callers under these limits; what they have taken counts still.
    pub(crate) fn under(&self, limits: &[Limit]) -> Self {
        Self {
            limits: limits.to_vec(),
            ..self.clone()
        }
    }

    /// Takes a call, if the caller has one left at once.
    pub(crate) fn reserve(&self, caller: &Caller, now: Instant) -> Reserved {
        if self.limits.is_empty() {
            return Reserved::Now;
        }
        let now = self.at(now);
        let counted = self.counted.find(caller, now).into_state();
        if let ([only], [bucket, ..]) = (&*self.limits, &counted.0) {
            return bucket.reserve(&only.rate, now, NonZeroU32::MIN, Duration::ZERO);
        }
        let windows: Vec<_> = self.windows(&counted).collect();
        gcra::reserve_all(&windows, now, Duration::ZERO)
    }

    /// The fields `RateLimit-Policy` and `RateLimit` of an answer.
    pub(crate) fn fields(&self, caller: &Caller, now: Instant) -> Option<(String, String)> {
        let now = self.at(now);
        let counted = self.counted.find(caller, now).into_state();
        let quotas = self
            .limits
            .iter()
            .zip(&counted.0)
            .map(|(limit, bucket)| Quota::of_bucket(&limit.name, bucket, &limit.rate, now));
        let quotas: Vec<_> = quotas.collect();
        let is_any = !quotas.is_empty();
        is_any.then(|| (fields::policy(&quotas), fields::limit(&quotas)))
    }

    fn windows<'a>(&'a self, counted: &'a Counted) -> impl Iterator<Item = Window<'a>> {
        let windows = self.limits.iter().zip(&counted.0);
        windows.map(|(limit, bucket)| Window {
            bucket,
            rate: &limit.rate,
            weight: NonZeroU32::MIN,
        })
    }

    fn at(&self, moment: Instant) -> Nanos {
        Nanos::since_start(moment.saturating_duration_since(self.start))
    }
}

#[cfg(test)]
mod tests;
