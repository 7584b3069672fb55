//! Upstreams that speak TLS, beside nginx: on connections that are kept, and on new ones.

use std::net::SocketAddr;

use anyhow::{Context, Result, ensure};

use crate::binary::Binary;
use crate::certificate::Certificate;
use crate::effort::Effort;
use crate::figure::{Aim, Bound, Figure};
use crate::gateway::Gateway;
use crate::gateway::settings::{Features, Settings};
use crate::nginx::{Extra, Handshakes, Nginx, Role, Tls};
use crate::program::pinned;
use crate::rounds::{self, Job, Measured as _};
use crate::{machine, probe, say, wrk};

/// The processor time of a request that we want, in that of nginx.
const AIM: Aim = Aim {
    now: 1.0,
    later: None,
};

/// Connections where each request opens one upstream. A session of TLS 1.3 is resumed once, and
/// clients keep few of them: more connections at once would not all find one.
const CONNECTIONS_OPENING: u32 = 8;

/// Measures all three kinds.
pub(crate) fn measure(binary: &Binary, effort: &Effort) -> Result<Vec<Figure>> {
    let certificate = Certificate::make()?;
    let kinds = [
        (Handshakes::Few, "TLS upstream, connections kept"),
        (Handshakes::Full, "TLS upstream, a full handshake for each"),
        (
            Handshakes::Resumed,
            "TLS upstream, a session resumed for each",
        ),
    ];
    let mut figures = Vec::new();
    for (handshakes, name) in kinds {
        let tls = Tls {
            certificate: &certificate,
            handshakes,
        };
        say::line(name);
        figures.extend(measure_kind(binary, effort, tls, name)?);
    }
    Ok(figures)
}

/// One proxy on core 0, the other idle; wrk and the upstream on core 1.
fn measure_kind(binary: &Binary, effort: &Effort, tls: Tls<'_>, name: &str) -> Result<Vec<Figure>> {
    let (core, other_core) = machine::cores().unzip();
    let upstream = Nginx::start(Role::SecureUpstream(tls), other_core)?;
    let role = Role::Proxy(upstream.address(), &[Extra::Secure(tls)]);
    let nginx = Nginx::start(role, core)?;
    let settings = Settings {
        base_url: format!("https://{}", upstream.address()),
        extra_ca: Some(tls.certificate.authority()),
        ..Settings::one_thread(Features::Plain, upstream.address())
    };
    let gateway = Gateway::start(pinned(core, &binary.path), &settings)?;
    let connections = match tls.handshakes {
        Handshakes::Few => wrk::CONNECTIONS,
        Handshakes::Full | Handshakes::Resumed => CONNECTIONS_OPENING,
    };
    let job = Job {
        load: &|address, seconds| wrk::load(address, connections, seconds, other_core),
        look: &|address| look(address, tls.handshakes),
        besides: &|| Ok(()),
    };
    let rounds = rounds::take(&nginx, &gateway, &job, effort)?;
    let what = format!("processor time per request, {name}");
    Ok(vec![rounds.time(&what, Bound::Aim(AIM))?])
}

/// Whether connections come to be as they should: the upstream tells.
fn look(address: SocketAddr, handshakes: Handshakes) -> Result<()> {
    if handshakes != Handshakes::Full {
        // A load that is cut off takes its connections and sessions with it, so that the next call may
        // find none.
        probe::measured(address)?;
    }
    let reply = probe::measured(address)?;
    let said = reply
        .header("x-tls")
        .and_then(|value| value.split_once(' '));
    let (session, request) = said.context("the upstream says nothing about TLS")?;
    let is_first = request == "1";
    let is_right = match handshakes {
        Handshakes::Few => !is_first,
        Handshakes::Full => is_first && session == ".",
        Handshakes::Resumed => is_first && session == "r",
    };
    ensure!(
        is_right,
        "it was request {request} of its connection to the upstream, session `{session}`"
    );
    Ok(())
}
