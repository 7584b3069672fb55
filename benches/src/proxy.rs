//! A call and nothing more, beside nginx: swap a credential and pass the request on.

use anyhow::{Result, ensure};

use crate::binary::Binary;
use crate::effort::Effort;
use crate::figure::{Aim, Bound, Figure};
use crate::gateway::Gateway;
use crate::gateway::settings::{Features, Settings};
use crate::nginx::{Extra, Nginx, Role};
use crate::program::pinned;
use crate::rounds::{self, Job, Measured as _};
use crate::upstream::Caching;
use crate::{machine, probe, wrk};

/// What a pair of proxies does.
pub(crate) struct Pair<'a> {
    /// What nginx does besides passing requests on.
    pub(crate) extras: &'a [Extra<'a>],
    /// What the gateway does.
    pub(crate) features: Features,
    /// What the upstream says about keeping its answers.
    pub(crate) caching: Caching,
    /// Added to the figures' names.
    pub(crate) name: &'a str,
    /// The processor time that we want.
    pub(crate) aim: Aim,
}

const PLAIN: Pair<'_> = Pair {
    extras: &[],
    features: Features::Plain,
    caching: Caching::Unsaid,
    name: "",
    aim: Aim {
        now: 1.05,
        later: Some(0.85),
    },
};

/// Measures the plain route.
pub(crate) fn measure(binary: &Binary, effort: &Effort) -> Result<Vec<Figure>> {
    measure_pair(binary, effort, &PLAIN)
}

/// One proxy on core 0, the other idle; wrk and the upstream on core 1.
pub(crate) fn measure_pair(
    binary: &Binary,
    effort: &Effort,
    pair: &Pair<'_>,
) -> Result<Vec<Figure>> {
    let (core, other_core) = machine::cores().unzip();
    let upstream = Nginx::start(Role::Upstream(pair.caching), other_core)?;
    let nginx = Nginx::start(Role::Proxy(upstream.address(), pair.extras), core)?;
    let settings = Settings::one_thread(pair.features, upstream.address());
    let gateway = Gateway::start(pinned(core, &binary.path), &settings)?;
    if pair.features != Features::Plain {
        let reply = probe::measured(gateway.address())?;
        let asked = reply.header("cache-status");
        ensure!(asked.is_some(), "the gateway does not ask its cache");
    }
    let job = Job {
        load: &|address, seconds| wrk::load(address, wrk::CONNECTIONS, seconds, other_core),
        look: &|address| {
            let is_hit = probe::measured(address)?.is_hit();
            let should = pair.caching == Caching::Long;
            ensure!(is_hit == should, "an answer was a hit: {is_hit}");
            Ok(())
        },
        besides: &|| Ok(()),
    };
    let rounds = rounds::take(&nginx, &gateway, &job, effort)?;
    gateway.say_dropped()?;
    let name = pair.name;
    Ok(vec![
        rounds.speed(&format!("requests per second{name}"))?,
        rounds.time(
            &format!("processor time per request{name}"),
            Bound::Aim(pair.aim),
        )?,
    ])
}
