//! A measured figure, and what it may be.

use std::fmt;

/// A measured figure.
#[derive(Debug, Clone)]
pub(crate) struct Figure {
    /// What was measured.
    pub(crate) what: String,
    /// What came out.
    pub(crate) value: f64,
    /// What it is counted in.
    pub(crate) unit: Unit,
    /// What it may be.
    pub(crate) bound: Bound,
}

/// What a figure is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// How many.
    Count,
    /// Millions of bytes.
    Megabytes,
    /// Thousandths of a second.
    Milliseconds,
    /// How many times as much as something else.
    Times,
}

/// What a figure may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Bound {
    /// Anything: it is only worth knowing.
    None,
    /// At most this, or the run fails.
    Gate(f64),
    /// At most this is what we want. It varies too much from run to run to fail for it.
    Aim(Aim),
}

/// What we want.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Aim {
    /// At most this.
    pub(crate) now: f64,
    /// And at most this in a later version, if it is known already.
    pub(crate) later: Option<f64>,
}

impl Figure {
    /// Whether no gate is in its way.
    pub(crate) fn is_allowed(&self) -> bool {
        match self.bound {
            Bound::Gate(most) => self.value <= most,
            Bound::None | Bound::Aim(_) => true,
        }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.what, self.unit.show(self.value))?;
        let verdict = |most, good, bad| if self.value <= most { good } else { bad };
        match self.bound {
            Bound::None => Ok(()),
            Bound::Gate(most) => {
                let verdict = verdict(most, "ok", "TOO MUCH");
                write!(out, " (allowed: {}) {verdict}", self.unit.show(most))
            }
            Bound::Aim(aim) => {
                let verdict = verdict(aim.now, "reached", "not reached");
                write!(out, " (aim: {}", self.unit.show(aim.now))?;
                if let Some(later) = aim.later {
                    write!(out, "; later: {}", self.unit.show(later))?;
                }
                write!(out, ") {verdict}")
            }
        }
    }
}

impl Unit {
    fn show(self, value: f64) -> String {
        match self {
            Self::Count => format!("{value:.0}"),
            Self::Megabytes => format!("{value:.1} MB"),
            Self::Milliseconds => format!("{value:.1} ms"),
            Self::Times => format!("{value:.3}x"),
        }
    }
}

/// Bytes as a figure shows them.
#[expect(clippy::cast_precision_loss, reason = "no program has 2^53 bytes")]
pub(crate) fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// The one in the middle; the mean of the two, if there are two. Nothing has none.
pub(crate) fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = *sorted.get(sorted.len() / 2)?;
    let lower = *sorted.get(sorted.len().checked_sub(1)? / 2)?;
    Some(f64::midpoint(lower, upper))
}

/// The value that such a share of them, of 0.0 to 1.0, is below. Nothing has none.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is a place in the list, or the one behind it"
)]
pub(crate) fn part<T: Ord + Copy>(values: &[T], share: f64) -> Option<T> {
    let mut sorted = values.to_vec();
    sorted.sort();
    let place = (sorted.len() as f64 * share) as usize;
    sorted.get(place).or(sorted.last()).copied()
}

#[cfg(test)]
mod tests;
