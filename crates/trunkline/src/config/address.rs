//! What the words of a base address say without a look-up. Everything else is judged when it is
//! dialled.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use trunkline_egress::address::{self, Blocked, Rules};
use url::{Host, Url};

use super::Egress;

/// The metadata service that an address leads to, where its words alone say so.
pub(super) fn metadata(url: &Url, egress: &Egress) -> Option<Blocked> {
    if egress.danger_allow_metadata {
        return None;
    }
    let rules = Rules::default();
    let ip: IpAddr = match url.host()? {
        Host::Ipv4(ip) => ip.into(),
        Host::Ipv6(ip) => ip.into(),
        Host::Domain(name) => return address::decide_host(&rules, name).err(),
    };
    let port = url.port_or_known_default().unwrap_or_default();
    let blocked = address::decide(&rules, SocketAddr::new(ip, port)).err()?;
    blocked.class().metadata().is_some().then_some(blocked)
}

/// Whether an address may be called without encryption, as far as its words alone say.
pub(super) fn may_be_plain(url: &Url, egress: &Egress) -> bool {
    let is_listed = |ip: IpAddr| egress.allow.iter().any(|network| network.contains(&ip));
    match url.host() {
        Some(Host::Ipv4(ip)) => is_listed(ip.into()),
        Some(Host::Ipv6(ip)) => is_listed(ip.into()),
        Some(Host::Domain(name)) if address::is_local_host(name) => {
            is_listed(Ipv4Addr::LOCALHOST.into()) || is_listed(Ipv6Addr::LOCALHOST.into())
        }
        Some(Host::Domain(_)) => !egress.allow.is_empty(),
        None => false,
    }
}
