//! What the gateways take of the machine over time, and whether that grows.

use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::figure;
use crate::soak::gateways::Gateway;
use crate::usage;

/// At least as long after the start nothing is compared, if there is time enough.
const WARM_UP_MIN: Duration = Duration::from_mins(2);

/// What one gateway takes now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Sample {
    /// Since the beginning.
    pub(super) at: Duration,
    /// In bytes.
    pub(super) memory: u64,
    /// Open files, connections among them.
    pub(super) files: usize,
    /// Threads.
    pub(super) threads: usize,
}

impl Sample {
    /// Looks at one.
    pub(super) fn of(gateway: &Gateway, at: Duration) -> Result<Self> {
        let id = gateway.id();
        Ok(Self {
            at,
            memory: usage::memory(id)?,
            files: usage::files(id)?,
            threads: usage::threads(id)?,
        })
    }
}

/// Looks at all of them, before anything has happened.
pub(super) fn look_at_all(gateways: &[Gateway]) -> Result<Vec<Sample>> {
    let samples = gateways.iter();
    samples
        .map(|gateway| Sample::of(gateway, Duration::ZERO))
        .collect()
}

/// How long everything warms up before it is compared.
pub(super) fn warm_up(length: Duration) -> Duration {
    (length / 10).max(WARM_UP_MIN.min(length / 3))
}

/// The last quarter in terms of the first one after the warm-up, each by its median.
pub(super) fn growth(samples: &[Sample], length: Duration) -> Result<f64> {
    let warm: Vec<f64> = samples
        .iter()
        .filter(|sample| warm_up(length) <= sample.at)
        .map(|sample| figure::megabytes(sample.memory))
        .collect();
    let quarter = warm.len().div_ceil(4);
    let first = figure::median(warm.get(..quarter).unwrap_or_default());
    let last = figure::median(warm.get(warm.len() - quarter..).unwrap_or_default());
    let (first, last) = first.zip(last).context("there are too few samples")?;
    Ok(last / first)
}

#[cfg(test)]
mod tests;
