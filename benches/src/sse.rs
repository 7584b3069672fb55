//! Streams of server-sent events, beside nginx: what each chunk costs, and how long it is held up.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::runtime::Builder;

use crate::binary::Binary;
use crate::clock::Began;
use crate::effort::Effort;
use crate::figure::{self, Aim, Bound, Figure, Unit};
use crate::gateway::settings::{Features, Settings};
use crate::gateway::{CALLERS_KEY, Gateway, KEY};
use crate::nginx::{Extra, Nginx, Role};
use crate::program::pinned;
use crate::rounds::{self, Job, Load};
use crate::upstream::{Caching, Manner, Upstream};
use crate::{client, machine};

/// The processor time of a chunk that we want, in that of nginx.
const AIM: Aim = Aim {
    now: 1.05,
    later: None,
};

/// Streams that are open at once.
const STREAMS: usize = 64;

/// Chunks of each stream.
const CHUNKS: u32 = 100;

const MANNER: Manner = Manner {
    answer: Duration::ZERO,
    event: Duration::from_millis(2),
    events: Some(CHUNKS),
    caching: Caching::Unsaid,
};

/// One proxy on core 0, the other idle; upstream and callers, which are this program, on core 1.
pub(crate) fn measure(binary: &Binary, effort: &Effort) -> Result<Vec<Figure>> {
    let (core, other_core) = machine::cores().unzip();
    machine::on_core(other_core, || {
        let upstream = Upstream::start(MANNER)?;
        let role = Role::Proxy(upstream.address(), &[Extra::Streams]);
        let nginx = Nginx::start(role, core)?;
        let settings = Settings::one_thread(Features::Plain, upstream.address());
        let gateway = Gateway::start(pinned(core, &binary.path), &settings)?;
        let direct = RefCell::new(Vec::new());
        let job = Job {
            load: &|address, seconds| load(address, CALLERS_KEY, seconds),
            // Every stream is read to its end and counted.
            look: &|_| Ok(()),
            // On the core of the proxies, which rest, since callers and upstream on one core hold
            // each other up.
            besides: &|| {
                let load = || load(upstream.address(), KEY, effort.seconds);
                let load = machine::on_core(core, load);
                let load = load.context("the upstream cannot be measured")?;
                direct.borrow_mut().push(load.p50);
                Ok(())
            },
        };
        let rounds = rounds::take(&nginx, &gateway, &job, effort)?;
        let direct = direct.into_inner();
        let (theirs, ours) = rounds.delays(&direct).context("there was no round")?;
        let whole = figure::part(&direct, 0.5).context("there was no round")?;
        let time = rounds.time("processor time per chunk of a stream", Bound::Aim(AIM))?;
        let delay = |by, value| Figure {
            what: format!(
                "delay that {by} adds to half of the streams at most, which take {whole:.1?}"
            ),
            value,
            unit: Unit::Milliseconds,
            bound: Bound::None,
        };
        Ok(vec![
            time,
            delay("nginx", theirs),
            delay("the gateway", ours),
        ])
    })
}

fn load(address: SocketAddr, key: &'static str, seconds: u32) -> Result<Load> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let duration = Duration::from_secs(seconds.into());
    let began = Began::now();
    let streams = client::read_streams(address, key, STREAMS, CHUNKS, duration);
    let streams = runtime.block_on(streams)?;
    let took = began.elapsed().as_secs_f64();
    let count = f64::from(u32::try_from(streams.len())?) * f64::from(CHUNKS);
    let part = |share| {
        let time = figure::part(&streams, share);
        time.context("there was no stream")
    };
    Ok(Load {
        count,
        per_second: count / took,
        p50: part(0.5)?,
        p99: part(0.99)?,
    })
}
