//! `RateLimit-Policy` and `RateLimit`, by which an answer tells what is left.
//!
//! In the form of draft-ietf-httpapi-ratelimit-headers-11 (May 2026): lists of Structured Fields
//! strings with parameters, `"burst";q=100;w=10` and `"burst";r=42;t=1`. A bucket is told as a quota
//! of its capacity in the time in which it refills, and its effective window ends with the next call
//! that fits. `Retry-After` is never earlier than that (section 6 of the draft).

use std::fmt::Write as _;
use std::time::Duration;

use crate::gcra::{Bucket, Word};
use crate::{Nanos, Rate};

/// The largest integer of a Structured Field (RFC 9651 section 3.3.1).
const INTEGER_MAX: u64 = 999_999_999_999_999;

/// What one policy has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota<'a> {
    /// Its name; what is not printable ASCII becomes `_`.
    pub name: &'a str,
    /// What is counted.
    pub unit: Unit,
    /// How much there is.
    pub quota: u64,
    /// In which time, if it comes back with time.
    pub window: Option<Duration>,
    /// How much of it is left.
    pub available: u64,
    /// How long no more than that can be used, if it comes back with time.
    pub next_in: Option<Duration>,
}

/// What a quota counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Requests, by their weight.
    Requests,
    /// Requests that are under way.
    ConcurrentRequests,
}

impl<'a> Quota<'a> {
    /// What a bucket has left.
    pub fn of_bucket<W: Word>(name: &'a str, bucket: &Bucket<W>, rate: &Rate, now: Nanos) -> Self {
        Self {
            name,
            unit: Unit::Requests,
            quota: u64::from(rate.capacity()),
            window: Some(rate.refilled_in()),
            available: u64::from(bucket.available(rate, now)),
            next_in: Some(bucket.next_in(rate, now)),
        }
    }

    /// How many more may be under way.
    pub fn of_concurrency(name: &'a str, limit: u32, in_flight: u32) -> Self {
        Self {
            name,
            unit: Unit::ConcurrentRequests,
            quota: u64::from(limit),
            window: None,
            available: u64::from(limit.saturating_sub(in_flight)),
            next_in: None,
        }
    }
}

/// The value of `RateLimit-Policy`; empty, and not to be sent, if there is no quota.
pub fn policy(quotas: &[Quota<'_>]) -> String {
    list(quotas, |text, quota| {
        parameter(text, "q", quota.quota);
        match quota.unit {
            Unit::Requests => {}
            Unit::ConcurrentRequests => text.push_str(";qu=\"concurrent-requests\""),
        }
        if let Some(window) = quota.window {
            parameter(text, "w", nearest_secs(window));
        }
    })
}

/// The value of `RateLimit`; empty, and not to be sent, if there is no quota.
pub fn limit(quotas: &[Quota<'_>]) -> String {
    list(quotas, |text, quota| {
        parameter(text, "r", quota.available);
        if let Some(next_in) = quota.next_in {
            parameter(text, "t", whole_secs(next_in));
        }
    })
}

/// The value of `Retry-After`: whole seconds, at least one, never too early.
pub fn whole_secs(wait: Duration) -> u64 {
    let part = u64::from(wait.subsec_nanos() != 0);
    wait.as_secs().saturating_add(part).max(1)
}

/// A bucket refills in a little more than its window, since a tick is the least that it counts.
fn nearest_secs(window: Duration) -> u64 {
    const HALF: Duration = Duration::from_millis(500);
    window.saturating_add(HALF).as_secs().max(1)
}

fn list(quotas: &[Quota<'_>], parameters: impl Fn(&mut String, &Quota<'_>)) -> String {
    let mut text = String::new();
    for quota in quotas {
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.push('"');
        for character in quota.name.chars() {
            match character {
                '"' | '\\' => text.extend(['\\', character]),
                ' '..='~' => text.push(character),
                _ => text.push('_'),
            }
        }
        text.push('"');
        parameters(&mut text, quota);
    }
    text
}

fn parameter(text: &mut String, key: &str, value: u64) {
    let written = write!(text, ";{key}={}", value.min(INTEGER_MAX));
    debug_assert!(written.is_ok(), "a string takes what is written to it");
}

#[cfg(test)]
mod tests;
