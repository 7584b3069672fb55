//! A call with everything on, beside an nginx that writes a log and counts its callers' requests.

use anyhow::Result;

use crate::binary::Binary;
use crate::effort::Effort;
use crate::figure::{Aim, Figure};
use crate::gateway::settings::Features;
use crate::nginx::Extra;
use crate::proxy::{self, Pair};
use crate::upstream::Caching;

/// The cache is asked for each call, and may keep no answer.
const FULL: Pair<'_> = Pair {
    extras: &[Extra::Log, Extra::Limit],
    features: Features::Everything,
    caching: Caching::Never,
    name: ", everything on",
    aim: Aim {
        now: 1.25,
        later: Some(1.0),
    },
};

/// Measures both.
pub(crate) fn measure(binary: &Binary, effort: &Effort) -> Result<Vec<Figure>> {
    proxy::measure_pair(binary, effort, &FULL)
}
