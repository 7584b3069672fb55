//! The tables: IANA's special-purpose registries, and what no registry lists.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::AddressClass;

/// First address, bits of the prefix, class. The first row that fits counts.
type RowV4 = ([u8; 4], u32, AddressClass);
type RowV6 = ([u16; 8], u32, AddressClass);

// IANA IPv4 Special-Purpose Address Registry and RFC 5771 (multicast), RFC 1112 (class E).
const V4: [RowV4; 19] = [
    ([0, 0, 0, 0], 8, AddressClass::Unspecified),
    ([10, 0, 0, 0], 8, AddressClass::Private),
    ([100, 64, 0, 0], 10, AddressClass::CarrierShared),
    ([127, 0, 0, 0], 8, AddressClass::Loopback),
    ([169, 254, 0, 0], 16, AddressClass::LinkLocal),
    ([172, 16, 0, 0], 12, AddressClass::Private),
    // The registry calls .9 and .10 reachable, but they are anycast for the network's own NAT
    // (RFC 7723) and TURN (RFC 8155) servers: nothing that an API would be on.
    ([192, 0, 0, 0], 24, AddressClass::ProtocolAssignment),
    ([192, 0, 2, 0], 24, AddressClass::Documentation),
    ([192, 31, 196, 0], 24, AddressClass::Sink),
    ([192, 52, 193, 0], 24, AddressClass::Sink),
    ([192, 88, 99, 0], 24, AddressClass::RelayAnycast),
    ([192, 168, 0, 0], 16, AddressClass::Private),
    ([192, 175, 48, 0], 24, AddressClass::Sink),
    ([198, 18, 0, 0], 15, AddressClass::Benchmarking),
    ([198, 51, 100, 0], 24, AddressClass::Documentation),
    ([203, 0, 113, 0], 24, AddressClass::Documentation),
    ([224, 0, 0, 0], 4, AddressClass::Multicast),
    ([255, 255, 255, 255], 32, AddressClass::Broadcast),
    ([240, 0, 0, 0], 4, AddressClass::Reserved),
];

// IANA IPv6 Special-Purpose Address Registry (2026-09). Forms that carry an IPv4 address are
// in `embedded`; here is what they are besides.
const V6: [RowV6; 17] = [
    ([0, 0, 0, 0, 0, 0, 0, 0], 128, AddressClass::Unspecified),
    ([0, 0, 0, 0, 0, 0, 0, 1], 128, AddressClass::Loopback),
    ([0x100, 0, 0, 0, 0, 0, 0, 0], 64, AddressClass::Discard),
    // RFC 9780.
    ([0x100, 0, 0, 1, 0, 0, 0, 0], 64, AddressClass::Discard),
    // ORCHID, ORCHIDv2 and DRIP ids are not addresses of anything; benchmarking, AS112, PCP.
    (
        [0x2001, 2, 0, 0, 0, 0, 0, 0],
        48,
        AddressClass::Benchmarking,
    ),
    ([0x2001, 4, 0x112, 0, 0, 0, 0, 0], 48, AddressClass::Sink),
    (
        [0x2001, 0, 0, 0, 0, 0, 0, 0],
        23,
        AddressClass::ProtocolAssignment,
    ),
    (
        [0x2001, 0xdb8, 0, 0, 0, 0, 0, 0],
        32,
        AddressClass::Documentation,
    ),
    // Only 6to4, whose relays are gone.
    (
        [0x2002, 0, 0, 0, 0, 0, 0, 0],
        16,
        AddressClass::RelayAnycast,
    ),
    (
        [0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0],
        48,
        AddressClass::Sink,
    ),
    (
        [0x3fff, 0, 0, 0, 0, 0, 0, 0],
        20,
        AddressClass::Documentation,
    ),
    (
        [0x5f00, 0, 0, 0, 0, 0, 0, 0],
        16,
        AddressClass::SegmentRouting,
    ),
    ([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7, AddressClass::Private),
    ([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10, AddressClass::LinkLocal),
    ([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10, AddressClass::SiteLocal),
    ([0xff00, 0, 0, 0, 0, 0, 0, 0], 8, AddressClass::Multicast),
    // The one part of the space that is given out (RFC 4291 §2.4, IANA).
    ([0x2000, 0, 0, 0, 0, 0, 0, 0], 3, AddressClass::Public),
];

const METADATA_V4: [([u8; 4], &str); 8] = [
    ([169, 254, 169, 254], "AWS, Azure, Google Cloud and others"),
    ([169, 254, 170, 2], "AWS ECS"),
    ([169, 254, 170, 23], "AWS EKS"),
    // A public unicast address that only means something inside Azure.
    ([168, 63, 129, 16], "Azure"),
    ([192, 0, 0, 192], "Oracle Cloud"),
    ([100, 100, 100, 200], "Alibaba Cloud"),
    ([169, 254, 0, 23], "Tencent Cloud"),
    ([169, 254, 42, 42], "Scaleway"),
];

const METADATA_V6: [([u16; 8], &str); 4] = [
    ([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254], "AWS"),
    ([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x23], "AWS EKS"),
    ([0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254], "Google Cloud"),
    ([0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42], "Scaleway"),
];

/// The class of an IPv4 address by its range; what is in no row is public.
pub(super) fn v4(address: Ipv4Addr) -> AddressClass {
    for (first, bits, class) in V4 {
        let mask = u32::MAX << (32 - bits);
        if address.to_bits() & mask == Ipv4Addr::from(first).to_bits() {
            return class;
        }
    }
    AddressClass::Public
}

/// The class of an IPv6 address by its range; what is in no row is reserved.
pub(super) fn v6(address: Ipv6Addr) -> AddressClass {
    for (first, bits, class) in V6 {
        let mask = u128::MAX << (128 - bits);
        if address.to_bits() & mask == Ipv6Addr::from(first).to_bits() {
            return class;
        }
    }
    AddressClass::Reserved
}

/// The cloud whose metadata service answers at this address.
pub(super) fn metadata_v4(address: Ipv4Addr) -> Option<&'static str> {
    METADATA_V4
        .iter()
        .find(|(octets, _)| *octets == address.octets())
        .map(|(_, cloud)| *cloud)
}

/// The cloud whose metadata service answers at this address.
pub(super) fn metadata_v6(address: Ipv6Addr) -> Option<&'static str> {
    METADATA_V6
        .iter()
        .find(|(parts, _)| *parts == address.segments())
        .map(|(_, cloud)| *cloud)
}
