//! IPv4 addresses inside IPv6 ones: every form that a network may turn back into IPv4.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::Ipv6Net;

/// How an IPv6 address carries an IPv4 one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Embedding {
    /// `::ffff:a.b.c.d` (RFC 4291 §2.5.5.2); the kernel speaks IPv4 to it.
    Mapped,
    /// `::a.b.c.d` (RFC 4291 §2.5.5.1, deprecated).
    Compatible,
    /// `::ffff:0:a.b.c.d` (SIIT, RFC 2765).
    Translated,
    /// `64:ff9b::/96` (RFC 6052) and `64:ff9b:1::/48` (RFC 8215).
    Nat64,
    /// A prefix that the operator named.
    ConfiguredNat64,
    /// `2002:aabb:ccdd::/48` (RFC 3056).
    SixToFour,
    /// The server in `2001::/32` (RFC 4380).
    TeredoServer,
    /// The client in `2001::/32`, its bits turned over (RFC 4380).
    TeredoClient,
    /// An interface id `0:5efe:a.b.c.d` or `200:5efe:a.b.c.d` (RFC 5214).
    Isatap,
}

impl fmt::Display for Embedding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Embedding::Mapped => "mapped",
            Embedding::Compatible => "compatible",
            Embedding::Translated => "translated",
            Embedding::Nat64 | Embedding::ConfiguredNat64 => "NAT64",
            Embedding::SixToFour => "6to4",
            Embedding::TeredoServer => "Teredo server",
            Embedding::TeredoClient => "Teredo client",
            Embedding::Isatap => "ISATAP",
        })
    }
}

/// Every IPv4 address that `address` may be taken for.
///
/// One prefix can be read in several lengths (the local-use one has no fixed length), so one
/// address may give several.
pub(super) fn all(address: Ipv6Addr, nat64: &[Ipv6Net]) -> Vec<(Embedding, Ipv4Addr)> {
    let mut found = Vec::new();
    for net in nat64.iter().filter(|net| net.contains(&address)) {
        if let Some(v4) = translated(address, net.prefix_len()) {
            found.push((Embedding::ConfiguredNat64, v4));
        }
    }
    if !found.is_empty() {
        return found;
    }
    by_prefix(address, &mut found);
    let [_, _, _, _, fifth, sixth, _, _] = address.segments();
    // The bit 0x200 tells a globally unique IPv4 address, and is easily set for another.
    if sixth == 0x5efe && fifth & !0x0200 == 0 {
        found.push((Embedding::Isatap, low(address)));
    }
    found
}

fn by_prefix(address: Ipv6Addr, found: &mut Vec<(Embedding, Ipv4Addr)>) {
    match address.segments() {
        // `::` and `::1` have classes of their own.
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => {}
        [0, 0, 0, 0, 0, 0, _, _] => found.push((Embedding::Compatible, low(address))),
        [0, 0, 0, 0, 0, 0xffff, _, _] => found.push((Embedding::Mapped, low(address))),
        [0, 0, 0, 0, 0xffff, 0, _, _] => found.push((Embedding::Translated, low(address))),
        [0x64, 0xff9b, 0, 0, 0, 0, _, _] => found.push((Embedding::Nat64, low(address))),
        [0x64, 0xff9b, 1, ..] => {
            for length in [48, 56, 64, 96] {
                found.extend(translated(address, length).map(|v4| (Embedding::Nat64, v4)));
            }
        }
        [0x2001, 0, high, next, ..] => {
            found.push((Embedding::TeredoServer, pair(high, next)));
            let client = Ipv4Addr::from_bits(!low(address).to_bits());
            found.push((Embedding::TeredoClient, client));
        }
        [0x2002, high, next, ..] => found.push((Embedding::SixToFour, pair(high, next))),
        _ => {}
    }
}

/// Reads the IPv4 address behind a prefix of `length` bits (RFC 6052 §2.2); octet 8 is skipped.
fn translated(address: Ipv6Addr, length: u8) -> Option<Ipv4Addr> {
    let o = address.octets();
    let octets = match length {
        32 => [o[4], o[5], o[6], o[7]],
        40 => [o[5], o[6], o[7], o[9]],
        48 => [o[6], o[7], o[9], o[10]],
        56 => [o[7], o[9], o[10], o[11]],
        64 => [o[9], o[10], o[11], o[12]],
        96 => [o[12], o[13], o[14], o[15]],
        _ => return None,
    };
    Some(Ipv4Addr::from(octets))
}

/// The last 32 bits.
fn low(address: Ipv6Addr) -> Ipv4Addr {
    let [.., high, next] = address.segments();
    pair(high, next)
}

fn pair(high: u16, next: u16) -> Ipv4Addr {
    Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(next))
}
