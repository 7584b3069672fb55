//! Where this process listens, so that it never calls itself.

use std::net::{IpAddr, SocketAddr};
use std::sync::{PoisonError, RwLock};

/// The sockets that this process accepts connections on; filled as they are bound.
#[derive(Debug, Default)]
pub struct OwnListeners(RwLock<Vec<SocketAddr>>);

impl OwnListeners {
    /// Notes one that has just been bound.
    pub fn add(&self, listener: SocketAddr) {
        self.0
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .push(listener);
    }

    /// Whether a connection to `address` is sure to end at this process.
    ///
    /// One on `0.0.0.0` or `::` is found at the machine's loopback addresses; at its other
    /// addresses it is found by [`OwnListeners::is_reached_by`], since only a connection tells
    /// which those are.
    pub fn contains(&self, address: SocketAddr) -> bool {
        let ip = address.ip().to_canonical();
        self.any(address.port(), |own| {
            let is_everywhere = own.is_unspecified() && (ip.is_loopback() || ip.is_unspecified());
            let is_nowhere_named = ip.is_unspecified() && own.is_loopback();
            ip == own || is_everywhere || is_nowhere_named
        })
    }

    /// Whether a connection from `local` to `peer` has ended at this process.
    ///
    /// The kernel gives a connection to one of the machine's own addresses that same address as
    /// its source.
    pub(crate) fn is_reached_by(&self, local: SocketAddr, peer: SocketAddr) -> bool {
        local.ip().to_canonical() == peer.ip().to_canonical()
            && self.any(peer.port(), |own| own.is_unspecified())
    }

    fn any(&self, port: u16, fits: impl Fn(IpAddr) -> bool) -> bool {
        let listeners = self.0.read().unwrap_or_else(PoisonError::into_inner);
        listeners
            .iter()
            .any(|own| own.port() == port && fits(own.ip().to_canonical()))
    }
}
