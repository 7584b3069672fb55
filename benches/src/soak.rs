//! An hour of load while Redis dies, upstreams fail and settings change: nothing else may go wrong.

mod ask;
mod content;
mod control;
mod gateways;
mod judge;
mod load;
mod memory;
mod outages;
mod plan;
mod port;
mod redis;
mod report;
mod settings;
mod run;
mod tally;
mod upstream;
mod wire;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};

use crate::binary::Binary;
use crate::clock;
use crate::effort::{Effort, Soak};
use crate::figure::Figure;
use crate::say;
use crate::soak::control::Control;
use crate::soak::gateways::Gateway;
use crate::soak::load::Load;
use crate::soak::redis::Redis;
use crate::soak::run::Run;
use crate::soak::settings::Settings;
use crate::soak::upstream::Upstream;

/// The connectors that are called, each with an upstream of its own.
const CONNECTORS: [&str; 2] = ["acme", "beta"];

/// How many gateways share one Redis.
const GATEWAYS: usize = 2;

/// From the end of the load to the last look: connections that are not needed go meanwhile.
const REST: Duration = Duration::from_secs(5);

/// Runs it all. What is started here ends when this returns, however it returns.
pub(crate) fn measure(binary: &Binary, effort: &Effort) -> Result<Vec<Figure>> {
    let Soak { minutes, rate, .. } = effort.soak;
    let seed = effort.soak.seed.unwrap_or_else(|| fastrand::u32(1..));
    say::line(&format!(
        "{minutes} minutes, {rate} calls a second, --seed {seed}"
    ));
    let length = Duration::from_mins(minutes.into());
    let run = Run::new();
    let folder = tempfile::tempdir().context("no folder can be made")?;
    let mut chance = fastrand::Rng::with_seed(seed.into());
    let upstreams = [
        Upstream::start(&run, port::free(&mut chance)?)?,
        Upstream::start(&run, port::free(&mut chance)?)?,
    ];
    let mut redis = Redis::start(folder.path(), &mut chance)?;
    let settings = Settings {
        upstreams: upstreams.each_ref().map(Upstream::address),
        redis: redis.url(),
        edition: 0,
    };
    let gateways = start_gateways(binary, folder.path(), &settings)?;
    let rested = memory::look_at_all(&gateways)?;
    let load = Load::start(&run, &gateways, effort.soak, seed)?;
    let control = Control::new(&run, &upstreams, &gateways, &mut redis, settings);
    let watched = control.run(&plan::steps(&mut chance, length), length);
    // Callers end before those whom they call, also where something went wrong.
    load.stop()?;
    let watched = watched?;
    clock::pause(REST);
    let figures = report::make(&run, &gateways, &watched, &rested)?;
    for gateway in gateways {
        gateway.stop()?;
    }
    Ok(figures)
}

fn start_gateways(binary: &Binary, folder: &Path, settings: &Settings) -> Result<Vec<Gateway>> {
    let folders = (0..GATEWAYS).map(|place| folder.join(format!("gateway-{place}")));
    folders
        .map(|folder| Gateway::start(binary, folder, settings))
        .collect()
}
