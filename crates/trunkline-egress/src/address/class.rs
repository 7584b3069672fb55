//! What kinds of address there are, and how to say so.

use std::fmt;
use std::net::Ipv4Addr;

use super::Embedding;

/// What kind of address it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AddressClass {
    /// Anyone on the internet can reach it.
    Public,
    /// "This network" (`0.0.0.0/8`, `::`), which reaches the machine itself.
    Unspecified,
    /// The machine itself.
    Loopback,
    /// A private network (RFC 1918, `fc00::/7`).
    Private,
    /// Shared by a carrier's customers (`100.64.0.0/10`).
    CarrierShared,
    /// The network segment the machine is on.
    LinkLocal,
    /// The private addresses of early IPv6 (`fec0::/10`), still routed in places.
    SiteLocal,
    /// Many receivers at once.
    Multicast,
    /// Every machine of a segment.
    Broadcast,
    /// For examples in texts.
    Documentation,
    /// For measuring network devices.
    Benchmarking,
    /// For a protocol's own use (`192.0.0.0/24`, `2001::/23`).
    ProtocolAssignment,
    /// A relay between IPv4 and IPv6 that is no longer in use (`192.88.99.0/24`).
    RelayAnycast,
    /// Where packets go to be dropped (`100::/64`).
    Discard,
    /// A sink for reverse look-ups of private addresses (AS112).
    Sink,
    /// Segment routing inside a provider's network (`5f00::/16`).
    SegmentRouting,
    /// Set aside, never given out.
    Reserved,
    /// Carries a scope id (`%eth0`): it means something on one interface only.
    Scoped,
    /// A cloud's metadata service; the cloud's name.
    Metadata(&'static str),
    /// This process's own listener.
    OwnListener,
    /// An IPv4 address in IPv6 clothes.
    EmbeddedV4 {
        /// How it is embedded.
        form: Embedding,
        /// The address inside.
        address: Ipv4Addr,
        /// What the address inside is.
        class: Box<AddressClass>,
    },
}

impl AddressClass {
    /// Whether anyone may call it. What is behind a translator is as public as its IPv4 address.
    pub fn is_public(&self) -> bool {
        match self {
            AddressClass::Public => true,
            AddressClass::EmbeddedV4 {
                form: Embedding::ConfiguredNat64,
                class,
                ..
            } => class.is_public(),
            _ => false,
        }
    }

    /// The cloud whose metadata service it is, embedded or not.
    pub fn metadata(&self) -> Option<&'static str> {
        match self {
            AddressClass::Metadata(cloud) => Some(cloud),
            AddressClass::EmbeddedV4 { class, .. } => class.metadata(),
            _ => None,
        }
    }
}

/// Continues a sentence that begins with the address.
impl fmt::Display for AddressClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            AddressClass::Public => "is a public address",
            AddressClass::Unspecified => "means the machine itself",
            AddressClass::Loopback => "is a loopback address",
            AddressClass::Private => "is a private address",
            AddressClass::CarrierShared => "is a carrier's shared address",
            AddressClass::LinkLocal => "is a link-local address",
            AddressClass::SiteLocal => "is a site-local address",
            AddressClass::Multicast => "is a multicast address",
            AddressClass::Broadcast => "is a broadcast address",
            AddressClass::Documentation => "is an address for documentation",
            AddressClass::Benchmarking => "is an address for benchmarks",
            AddressClass::ProtocolAssignment => "is kept for a protocol's own use",
            AddressClass::RelayAnycast => "is a relay that is no longer in use",
            AddressClass::Discard => "is an address whose packets are dropped",
            AddressClass::Sink => "is a sink for stray look-ups",
            AddressClass::SegmentRouting => "is a segment routing address",
            AddressClass::Reserved => "is a reserved address",
            AddressClass::Scoped => "carries a scope id",
            AddressClass::Metadata(cloud) => {
                return write!(f, "is the metadata service of {cloud}");
            }
            AddressClass::OwnListener => "is where this process listens itself",
            AddressClass::EmbeddedV4 {
                form,
                address,
                class,
            } => {
                return write!(f, "carries {address} ({form}), which {class}");
            }
        };
        f.write_str(text)
    }
}
