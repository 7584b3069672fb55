//! How long the program takes until it listens.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;

use anyhow::{Context, Result};

use crate::binary::Binary;
use crate::clock::Began;
use crate::effort::Effort;
use crate::figure::{self, Bound, Figure, Unit};
use crate::gateway::Gateway;
use crate::gateway::settings::{Features, Settings};

/// The longest start that is allowed, in milliseconds.
const MILLISECONDS_MAX: f64 = 100.0;

/// Starts it again and again, each time in a folder of its own.
pub(crate) fn measure(binary: &Binary, effort: &Effort) -> Result<Vec<Figure>> {
    let mut times = Vec::with_capacity(effort.starts);
    for _ in 0..effort.starts {
        times.push(once(binary)?);
    }
    let median = figure::median(&times).context("there was no start")?;
    Ok(vec![Figure {
        what: format!("start to `listening on`, median of {}", effort.starts),
        value: median,
        unit: Unit::Milliseconds,
        bound: Bound::Gate(MILLISECONDS_MAX),
    }])
}

/// In milliseconds.
fn once(binary: &Binary) -> Result<f64> {
    // Nothing is called, so nothing needs to be there.
    let nobody = SocketAddr::from((Ipv4Addr::LOCALHOST, 9));
    let settings = Settings::default_threads(Features::Default, nobody);
    let began = Began::now();
    let gateway = Gateway::start(Command::new(&binary.path), &settings)?;
    let took = began.elapsed();
    drop(gateway);
    Ok(took.as_secs_f64() * 1e3)
}
