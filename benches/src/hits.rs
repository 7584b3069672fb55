//! Answers from the cache, beside those of nginx's `proxy_cache`.

use anyhow::Result;

use crate::binary::Binary;
use crate::effort::Effort;
use crate::figure::{Aim, Figure};
use crate::gateway::settings::Features;
use crate::nginx::Extra;
use crate::proxy::{self, Pair};
use crate::say;
use crate::upstream::Caching;

const AIM: Aim = Aim {
    now: 0.75,
    later: Some(0.6),
};

/// The caches alone.
const CACHE: Pair<'_> = Pair {
    extras: &[Extra::Cache],
    features: Features::Cache,
    caching: Caching::Long,
    name: ", cache hits",
    aim: AIM,
};

/// Both write down every hit, and count it against a limit.
const EVERYTHING: Pair<'_> = Pair {
    extras: &[Extra::Cache, Extra::Log, Extra::Limit],
    features: Features::Everything,
    name: ", cache hits, everything on",
    ..CACHE
};

/// Measures both pairs.
pub(crate) fn measure(binary: &Binary, effort: &Effort) -> Result<Vec<Figure>> {
    say::line("the caches alone");
    let mut figures = proxy::measure_pair(binary, effort, &CACHE)?;
    say::line("with log and limits on both sides");
    figures.extend(proxy::measure_pair(binary, effort, &EVERYTHING)?);
    Ok(figures)
}
