//! Reads the numbers of an answer: leniently, and never guessing.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, HeaderName};
use serde_json::Value;

use super::{ComesBack, NumberFrom, RefillFrom, Told, ToldRule};
use crate::format::{Counts, Refill};
use crate::outcome::Answer;
use crate::wait::{self, form};

impl ToldRule {
    /// What an answer tells; `None` where it does not say how much is left.
    pub fn read(&self, answer: &Answer<'_>, now: SystemTime) -> Option<Told> {
        let limit = self.limit.as_ref().and_then(|from| from.read(answer));
        let remaining = self.remaining.read(answer)?;
        let comes_back = match &self.refill {
            RefillFrom::Reset(name, unit, refill) => only(answer.headers, name)
                .and_then(|text| wait::parse(*unit, text, now))
                .map(|wait| until(wait, *refill, limit, remaining)),
            RefillFrom::PerSecond(from) => {
                let amount = from.read(answer).filter(|amount| *amount != 0);
                let per = Duration::from_secs(1);
                amount.map(|amount| ComesBack::Steady { amount, per })
            }
            RefillFrom::Nowhere => None,
        };
        Some(Told {
            counts: self.counts,
            limit,
            remaining,
            comes_back: comes_back.unwrap_or(ComesBack::Unknown),
        })
    }

    pub(super) fn reads_body(&self) -> bool {
        let is_body = |from: &NumberFrom| matches!(from, NumberFrom::Body(_));
        let in_refill = match &self.refill {
            RefillFrom::PerSecond(from) => is_body(from),
            RefillFrom::Reset(..) | RefillFrom::Nowhere => false,
        };
        is_body(&self.remaining) || self.limit.as_ref().is_some_and(is_body) || in_refill
    }
}

/// What a bucket lacks, divided by the time until it is full, is the rate at which it fills. While
/// little is lacking the rounding of that time outweighs the rest, and the whole is there soon.
fn until(wait: Duration, refill: Refill, limit: Option<u64>, remaining: u64) -> ComesBack {
    let lacking = limit.and_then(|limit| limit.checked_sub(remaining));
    match (refill, lacking) {
        (Refill::Steady, Some(amount)) if remaining < amount && !wait.is_zero() => {
            ComesBack::Steady { amount, per: wait }
        }
        (Refill::AtOnce | Refill::Steady, _) => ComesBack::In(wait),
    }
}

impl NumberFrom {
    fn read(&self, answer: &Answer<'_>) -> Option<u64> {
        match self {
            Self::Header(name) => whole(only(answer.headers, name)?),
            Self::Body(pointer) => whole_of_value(answer.body?.pointer(pointer)?),
        }
    }
}

/// The one value of a header; `None` where there are several that differ.
pub(super) fn only<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?;
    if values.any(|other| other != first) {
        return None;
    }
    first.to_str().ok().map(str::trim)
}

/// A number that is 0 or more, rounded down.
pub(super) fn whole(text: &str) -> Option<u64> {
    text.parse().ok().or_else(|| floor(form::number(text)?))
}

pub(super) fn whole_of_value(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64().or_else(|| floor(number.as_f64()?)),
        Value::String(text) => whole(text.trim()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

pub(super) fn floor(number: f64) -> Option<u64> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "negative and infinite numbers are sorted out, and the cast stops at the ends"
    )]
    let floored = number.floor() as u64;
    (number.is_finite() && number >= 0.0).then_some(floored)
}

/// Of each thing that is counted what leaves least, then what comes back last.
pub(super) fn tightest(all: impl IntoIterator<Item = Told>) -> Vec<Told> {
    let mut kept: Vec<Told> = Vec::new();
    for told in all {
        match kept.iter_mut().find(|kept| kept.counts == told.counts) {
            Some(kept) if is_tighter(&told, kept) => *kept = told,
            Some(_) => {}
            None => kept.push(told),
        }
    }
    let place = |counts| Counts::ALL.iter().position(|one| *one == counts);
    kept.sort_by_key(|told| place(told.counts));
    kept
}

fn is_tighter(one: &Told, other: &Told) -> bool {
    let wait = |told: &Told| match told.comes_back {
        ComesBack::In(wait) => wait,
        ComesBack::Steady { .. } | ComesBack::Unknown => Duration::ZERO,
    };
    (one.remaining, wait(other)) < (other.remaining, wait(one))
}
