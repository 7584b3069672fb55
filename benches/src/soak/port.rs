//! Ports that stay free while nobody listens there.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use anyhow::{Context as _, Result};

/// Below those that systems give to whoever asks for any: a server that is away for a while finds
/// its port again.
const PORTS: std::ops::Range<u16> = 20_000..30_000;

/// How often to try.
const ATTEMPTS: usize = 100;

/// One of loopback that nobody listens at.
pub(super) fn free(chance: &mut fastrand::Rng) -> Result<SocketAddr> {
    let any = || SocketAddr::from((Ipv4Addr::LOCALHOST, chance.u16(PORTS)));
    std::iter::repeat_with(any)
        .take(ATTEMPTS)
        .find(|address| TcpListener::bind(address).is_ok())
        .context("loopback has no free port")
}
