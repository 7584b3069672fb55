//! Every row of the tables, every cloud, and the law that clothes never help.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use ipnet::Ipv6Net;
use proptest::prelude::*;

use super::*;

/// First and last address of each range that must not be called, and the class.
const BLOCKED_V4: &str = "
    0.0.0.0 0.255.255.255 Unspecified
    10.0.0.0 10.255.255.255 Private
    100.64.0.0 100.127.255.255 CarrierShared
    127.0.0.0 127.255.255.255 Loopback
    169.254.0.0 169.254.255.255 LinkLocal
    172.16.0.0 172.31.255.255 Private
    192.0.0.0 192.0.0.255 ProtocolAssignment
    192.0.0.9 192.0.0.10 ProtocolAssignment
    192.0.2.0 192.0.2.255 Documentation
    192.31.196.0 192.31.196.255 Sink
    192.52.193.0 192.52.193.255 Sink
    192.88.99.0 192.88.99.255 RelayAnycast
    192.168.0.0 192.168.255.255 Private
    192.175.48.0 192.175.48.255 Sink
    198.18.0.0 198.19.255.255 Benchmarking
    198.51.100.0 198.51.100.255 Documentation
    203.0.113.0 203.0.113.255 Documentation
    224.0.0.0 239.255.255.255 Multicast
    240.0.0.0 255.255.255.254 Reserved
    255.255.255.255 255.255.255.255 Broadcast
";

/// The neighbors of those ranges, just outside.
const PUBLIC_V4: &str = "
    1.0.0.0 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0
    169.253.255.255 169.255.0.0 172.15.255.255 172.32.0.0 191.255.255.255 192.0.1.0 192.0.1.255
    192.0.3.0 192.31.195.255 192.31.197.0 192.52.192.255 192.52.194.0 192.88.98.255 192.88.100.0
    192.167.255.255 192.169.0.0 192.175.47.255 192.175.49.0 198.17.255.255 198.20.0.0
    198.51.99.255 198.51.101.0 203.0.112.255 203.0.114.0 223.255.255.255
    168.63.129.15 168.63.129.17 1.1.1.1 8.8.8.8
";

const BLOCKED_V6: &str = "
    :: :: Unspecified
    ::1 ::1 Loopback
    100:: 100::ffff:ffff:ffff:ffff Discard
    100:0:0:1:: 100:0:0:1:ffff:ffff:ffff:ffff Discard
    2001:2:: 2001:2:0:ffff:ffff:ffff:ffff:ffff Benchmarking
    2001:4:112:: 2001:4:112:ffff:ffff:ffff:ffff:ffff Sink
    2001:1::1 2001:1::3 ProtocolAssignment
    2001:3:: 2001:3:ffff:ffff:ffff:ffff:ffff:ffff ProtocolAssignment
    2001:10:: 2001:1f:ffff:ffff:ffff:ffff:ffff:ffff ProtocolAssignment
    2001:20:: 2001:2f:ffff:ffff:ffff:ffff:ffff:ffff ProtocolAssignment
    2001:30:: 2001:3f:ffff:ffff:ffff:ffff:ffff:ffff ProtocolAssignment
    2001:1ff:: 2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff ProtocolAssignment
    2001:db8:: 2001:db8:ffff:ffff:ffff:ffff:ffff:ffff Documentation
    2620:4f:8000:: 2620:4f:8000:ffff:ffff:ffff:ffff:ffff Sink
    3fff:: 3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff Documentation
    5f00:: 5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff SegmentRouting
    fc00:: fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff Private
    fe80:: febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff LinkLocal
    fec0:: feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff SiteLocal
    ff00:: ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff Multicast
    4000:: 4000::1 Reserved
    1fff:ffff:: 1fff:ffff::1 Reserved
    e000:: fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff Reserved
    200:: 200::1 Reserved
    64:ff9a:: 64:ff9c:: Reserved
";

const PUBLIC_V6: &str = "
    2000:: 2001:200:: 2001:db7:ffff:: 2001:db9:: 2001:ffff:: 2003:: 2606:4700::1111
    2620:4f:7fff:ffff:: 2620:4f:8001:: 3ffe:ffff:: 3fff:1000:: 2a00:1450:4001:800::200e
";

/// Addresses that carry `127.0.0.1`, with what they say of themselves.
const EMBEDDED_LOOPBACK: &str = "
    ::127.0.0.1 compatible
    ::ffff:127.0.0.1 mapped
    ::ffff:0:127.0.0.1 translated
    64:ff9b::127.0.0.1 NAT64
    64:ff9b:1:7f00:0:100:: NAT64
    2002:7f00:1:: 6to4
    2001:0:7f00:1:: Teredo server
    2001:0:808:808:0:0:80ff:fffe Teredo client
    2606:4700::5efe:127.0.0.1 ISATAP
    2606:4700::200:5efe:127.0.0.1 ISATAP
    fe80::5efe:127.0.0.1 ISATAP
";

const METADATA: &str = "
    169.254.169.254 AWS, Azure, Google Cloud and others
    169.254.170.2 AWS ECS
    169.254.170.23 AWS EKS
    168.63.129.16 Azure
    192.0.0.192 Oracle Cloud
    100.100.100.200 Alibaba Cloud
    169.254.0.23 Tencent Cloud
    169.254.42.42 Scaleway
    fd00:ec2::254 AWS
    fd00:ec2::23 AWS EKS
    fd20:ce::254 Google Cloud
    fd00:42::42 Scaleway
";

fn rows(table: &str) -> impl Iterator<Item = &str> {
    table.lines().map(str::trim).filter(|line| !line.is_empty())
}

fn ip(text: &str) -> IpAddr {
    text.parse().expect(text)
}

fn judge(rules: &Rules, address: &str) -> Result<(), String> {
    let address = SocketAddr::new(ip(address), 443);
    decide(rules, address).map_err(|blocked| blocked.to_string())
}

fn rules(allow: &[&str]) -> Rules {
    let allow = allow.iter().map(|net| net.parse().expect(net)).collect();
    Rules {
        allow,
        ..Rules::default()
    }
}

#[test]
fn both_ends_of_every_special_range_are_blocked() {
    for row in [rows(BLOCKED_V4), rows(BLOCKED_V6)].into_iter().flatten() {
        let [first, last, class] = row.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{row}");
        };
        for address in [first, last] {
            assert_eq!(format!("{:?}", classify(ip(address))), class, "{address}");
            assert!(judge(&Rules::default(), address).is_err(), "{address}");
        }
    }
}

#[test]
fn just_outside_of_the_special_ranges_is_public() {
    for address in [PUBLIC_V4, PUBLIC_V6]
        .into_iter()
        .flat_map(str::split_whitespace)
    {
        let class = classify(ip(address));
        if address.starts_with("168.63.129") {
            assert_eq!(class.metadata(), None, "{address}");
        }
        assert_eq!(class, AddressClass::Public, "{address}");
        assert_eq!(judge(&Rules::default(), address), Ok(()), "{address}");
    }
}

#[test]
fn loopback_is_seen_in_every_embedding() {
    for row in rows(EMBEDDED_LOOPBACK) {
        let (address, form) = row.split_once(' ').expect(row);
        let text = judge(&Rules::default(), address).expect_err(address);
        assert!(text.contains(form), "{address}: {text}");
        assert!(
            text.ends_with("which is a loopback address"),
            "{address}: {text}"
        );
        assert!(text.contains("carries 127.0.0.1 "), "{address}: {text}");
    }
}

#[test]
fn the_local_translators_prefix_is_read_in_every_length() {
    let everything = rules(&["::/0"]);
    for address in [
        "64:ff9b:1:a9fe:a9:fe00::",
        "64:ff9b:1:a9:fe:a9fe::",
        "64:ff9b:1:0:a9:fea9:fe00:0",
        "64:ff9b:1::169.254.169.254",
    ] {
        let text = judge(&everything, address).expect_err(address);
        assert!(
            text.contains("carries 169.254.169.254 (NAT64)"),
            "{address}: {text}"
        );
    }
}

#[test]
fn embeddings_of_public_addresses_are_blocked_too() {
    for address in [
        "::ffff:8.8.8.8",
        "::8.8.8.8",
        "::ffff:0:8.8.8.8",
        "64:ff9b::8.8.8.8",
        "64:ff9b:1:808:8:800::",
        "2002:808:808::1",
        "2001:0:808:808::f7f7:f7f7",
        "2606:4700::5efe:8.8.8.8",
    ] {
        assert!(judge(&Rules::default(), address).is_err(), "{address}");
    }
}

#[test]
fn a_configured_translator_is_judged_by_what_is_behind_it() {
    for (net, public, private) in [
        ("2a01:4f8::/32", "2a01:4f8:808:808::", "2a01:4f8:7f00:1::"),
        (
            "2a01:4f8:100::/40",
            "2a01:4f8:108:808:8::",
            "2a01:4f8:17f:0:1::",
        ),
        (
            "2a01:4f8:1::/48",
            "2a01:4f8:1:808:8:800::",
            "2a01:4f8:1:7f00:0:100::",
        ),
        (
            "2a01:4f8:1:100::/56",
            "2a01:4f8:1:108:8:808::",
            "2a01:4f8:1:17f:0:1::",
        ),
        (
            "2a01:4f8:1:1::/64",
            "2a01:4f8:1:1:8:808:800::",
            "2a01:4f8:1:1:7f:0:100::",
        ),
        (
            "2a01:4f8:1:1::/96",
            "2a01:4f8:1:1::8.8.8.8",
            "2a01:4f8:1:1::127.0.0.1",
        ),
        ("fd00:64::/96", "fd00:64::8.8.8.8", "fd00:64::127.0.0.1"),
        ("64:ff9b::/96", "64:ff9b::8.8.8.8", "64:ff9b::127.0.0.1"),
    ] {
        let nat64 = vec![net.parse().expect(net)];
        let rules = Rules {
            nat64,
            ..Rules::default()
        };
        assert_eq!(judge(&rules, public), Ok(()), "{net}");
        let text = judge(&rules, private).expect_err(net);
        assert_eq!(
            text,
            format!(
                "{} carries 127.0.0.1 (NAT64), which is a loopback address",
                ip(private)
            )
        );
    }
}

#[test]
fn every_clouds_metadata_service_is_known() {
    for row in rows(METADATA) {
        let (address, cloud) = row.split_once(' ').expect(row);
        let text = judge(&Rules::default(), address).expect_err(address);
        assert_eq!(
            text,
            format!("{address} is the metadata service of {cloud}")
        );
    }
}

#[test]
fn metadata_stays_blocked_whatever_is_allowed() {
    let everything = rules(&["0.0.0.0/0", "::/0"]);
    for row in rows(METADATA) {
        let (address, _) = row.split_once(' ').expect(row);
        assert!(judge(&everything, address).is_err(), "{address}");
    }
    for address in [
        "::169.254.169.254",
        "::ffff:169.254.169.254",
        "::ffff:0:169.254.169.254",
        "64:ff9b::169.254.169.254",
        "64:ff9b:1:a9fe:a9:fe00::",
        "2002:a9fe:a9fe::1",
        "2001:0:a9fe:a9fe::1",
        "2001:0:808:808::5601:5601",
        "2606:4700::5efe:169.254.169.254",
        "::ffff:168.63.129.16",
    ] {
        let text = judge(&everything, address).expect_err(address);
        assert!(text.contains("metadata service"), "{address}: {text}");
    }
    let nat64 = vec!["2a01:4f8:1:1::/96".parse().expect("a prefix")];
    let text = judge(
        &Rules {
            nat64,
            ..everything
        },
        "2a01:4f8:1:1::169.254.169.254",
    );
    assert!(text.expect_err("metadata").contains("metadata service"));
}

#[test]
fn danger_allowed_metadata_still_needs_its_range_to_be_allowed() {
    let danger = |allow: &[&str]| Rules {
        metadata: MetadataRule::DangerAllowed,
        ..rules(allow)
    };
    assert_eq!(
        judge(&danger(&["169.254.0.0/16"]), "169.254.169.254"),
        Ok(())
    );
    assert_eq!(judge(&danger(&[]), "168.63.129.16"), Ok(()));
    assert_eq!(
        judge(&danger(&[]), "169.254.169.254"),
        Err("169.254.169.254 is a link-local address".to_owned())
    );
}

#[test]
fn allow_opens_what_it_names_and_no_more() {
    let rules = rules(&["10.2.0.0/16", "127.0.0.1/32", "fd12::/16"]);
    for address in ["10.2.0.7", "127.0.0.1", "fd12::1"] {
        assert_eq!(judge(&rules, address), Ok(()), "{address}");
    }
    for address in [
        "10.3.0.7",
        "127.0.0.2",
        "fd13::1",
        "::1",
        "::ffff:127.0.0.1",
    ] {
        assert!(judge(&rules, address).is_err(), "{address}");
    }
    assert_eq!(
        judge(&rules, "10.3.0.7"),
        Err("10.3.0.7 is a private address".to_owned())
    );
}

#[test]
fn what_can_be_allowed_is_told_from_what_cannot() {
    let blocked = |text: &str| decide(&Rules::default(), SocketAddr::new(ip(text), 1)).unwrap_err();
    assert!(blocked("10.0.0.1").can_be_allowed());
    assert!(blocked("::ffff:10.0.0.1").can_be_allowed());
    assert!(!blocked("169.254.169.254").can_be_allowed());
    assert!(!blocked("::ffff:169.254.169.254").can_be_allowed());
}

#[test]
fn this_process_never_calls_itself() {
    let own = Arc::new(OwnListeners::default());
    let rules = Rules {
        own: Arc::clone(&own),
        ..rules(&["0.0.0.0/0", "::/0"])
    };
    let decide = |text: &str| decide(&rules, text.parse().expect(text));
    assert_eq!(decide("127.0.0.1:4000"), Ok(()));
    own.add("127.0.0.1:4000".parse().expect("an address"));
    for address in [
        "127.0.0.1:4000",
        "[::ffff:127.0.0.1]:4000",
        "0.0.0.0:4000",
        "[::]:4000",
    ] {
        let blocked = decide(address).expect_err(address);
        assert_eq!(blocked.class(), &AddressClass::OwnListener, "{address}");
        assert!(!blocked.can_be_allowed());
    }
    for address in ["127.0.0.1:4001", "127.0.0.2:4000", "10.0.0.1:4000"] {
        assert_eq!(decide(address), Ok(()), "{address}");
    }
}

#[test]
fn a_listener_on_every_address_is_found_at_every_loopback_address() {
    for listener in ["0.0.0.0:4000", "[::]:4000"] {
        let own = OwnListeners::default();
        own.add(listener.parse().expect(listener));
        for address in [
            "127.0.0.1:4000",
            "127.9.9.9:4000",
            "[::1]:4000",
            "0.0.0.0:4000",
        ] {
            assert!(
                own.contains(address.parse().expect(address)),
                "{listener} {address}"
            );
        }
        assert!(!own.contains("127.0.0.1:4001".parse().expect("an address")));
        assert!(!own.contains("192.168.1.5:4000".parse().expect("an address")));
        // A connection to it tells: it has the same address at both of its ends.
        let local = "192.168.1.5:50000".parse().expect("an address");
        let peer = "192.168.1.5:4000".parse().expect("an address");
        let other = "192.168.1.6:4000".parse().expect("an address");
        assert!(own.is_reached_by(local, peer));
        assert!(!own.is_reached_by(local, other));
    }
}

#[test]
fn scope_ids_are_refused() {
    let scoped = SocketAddr::V6(std::net::SocketAddrV6::new(
        "fe80::1".parse().expect("an address"),
        80,
        0,
        2,
    ));
    let blocked = decide(&rules(&["fe80::/10"]), scoped).expect_err("a scope");
    assert_eq!(blocked.to_string(), "fe80::1 carries a scope id");
}

#[test]
fn metadata_names_are_known_in_any_spelling() {
    for (name, cloud) in [
        ("metadata.google.internal", "Google Cloud"),
        ("Metadata.Google.Internal.", "Google Cloud"),
        ("metadata", "Google Cloud"),
        ("metadata.goog", "Google Cloud"),
        ("instance-data", "AWS"),
        ("metadata.tencentyun.com", "Tencent Cloud"),
        ("metadata.packet.net", "Equinix"),
        ("rancher-metadata", "Rancher"),
    ] {
        assert_eq!(metadata_host(name), Some(cloud), "{name}");
        let blocked = decide_host(&Rules::default(), name).expect_err(name);
        assert_eq!(
            blocked.to_string(),
            format!("`{name}` is the metadata service of {cloud}")
        );
        let danger = Rules {
            metadata: MetadataRule::DangerAllowed,
            ..Rules::default()
        };
        assert_eq!(decide_host(&danger, name), Ok(()));
    }
    for name in ["metadata.example.com", "api.example.com", "x.metadata.goog"] {
        assert_eq!(decide_host(&Rules::default(), name), Ok(()), "{name}");
    }
}

#[test]
fn local_names_are_known_in_any_spelling() {
    for name in ["localhost", "LOCALHOST.", "api.localhost", "a.b.localhost."] {
        assert!(is_local_host(name), "{name}");
    }
    for name in ["localhost.example.com", "mylocalhost", "example.com", ""] {
        assert!(!is_local_host(name), "{name}");
    }
}

/// Every address that some network may take for `v4`.
#[expect(
    clippy::many_single_char_names,
    reason = "the octets line up like in the RFCs"
)]
fn clothed(v4: Ipv4Addr, filler: u32) -> Vec<Ipv6Addr> {
    let [a, b, c, d] = v4.octets();
    let [w, x, y, z] = filler.to_be_bytes();
    let o = |octets: [u8; 16]| Ipv6Addr::from(octets);
    let [na, nb, nc, nd] = [!a, !b, !c, !d];
    vec![
        o([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d]),
        o([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, a, b, c, d]),
        o([0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, a, b, c, d]),
        o([0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, a, b, c, d]),
        o([0, 0x64, 0xff, 0x9b, 0, 1, a, b, 0, c, d, w, x, y, z, 0]),
        o([0, 0x64, 0xff, 0x9b, 0, 1, w, a, 0, b, c, d, x, y, z, 0]),
        o([0, 0x64, 0xff, 0x9b, 0, 1, w, x, 0, a, b, c, d, y, z, 0]),
        o([0, 0x64, 0xff, 0x9b, 0, 1, w, x, y, z, 0, 0, a, b, c, d]),
        o([0x20, 0x02, a, b, c, d, w, x, y, z, 0, 0, 0, 0, 0, 1]),
        o([0x20, 0x01, 0, 0, a, b, c, d, w, x, y, z, 1, 2, 3, 4]),
        o([0x20, 0x01, 0, 0, w, x, y, z, 0, 0, 0, 0, na, nb, nc, nd]),
        o([0x26, 0x06, w, x, y, z, 0, 0, 0, 0, 0x5e, 0xfe, a, b, c, d]),
        o([0x26, 0x06, w, x, y, z, 0, 0, 2, 0, 0x5e, 0xfe, a, b, c, d]),
        // Configured, at every length of RFC 6052.
        o([0x2a, 0x01, 0x04, 0xf8, a, b, c, d, 0, w, x, y, z, 0, 0, 0]),
        o([0x2a, 0x02, 0x04, 0xf8, 1, a, b, c, 0, d, w, x, y, z, 0, 0]),
        o([0x2a, 0x03, 0x04, 0xf8, 1, 1, a, b, 0, c, d, w, x, y, z, 0]),
        o([0x2a, 0x04, 0x04, 0xf8, 1, 1, 1, a, 0, b, c, d, w, x, y, z]),
        o([0x2a, 0x05, 0x04, 0xf8, 1, 1, 1, 1, 0, a, b, c, d, w, x, y]),
        o([0x2a, 0x06, 0x04, 0xf8, 1, 1, 1, 1, 0, 0, 0, 0, a, b, c, d]),
    ]
}

fn configured() -> Vec<Ipv6Net> {
    [
        "2a01:4f8::/32",
        "2a02:4f8:100::/40",
        "2a03:4f8:101::/48",
        "2a04:4f8:101:100::/56",
        "2a05:4f8:101:101::/64",
        "2a06:4f8:101:101::/96",
    ]
    .into_iter()
    .map(|net| net.parse().expect(net))
    .collect()
}

/// Addresses of every kind, special ones as often as others.
fn any_v4() -> impl Strategy<Value = Ipv4Addr> {
    let special: Vec<Ipv4Addr> = rows(BLOCKED_V4)
        .chain(rows(METADATA))
        .filter_map(|row| row.split(' ').next()?.parse().ok())
        .collect();
    prop_oneof![
        any::<u32>().prop_map(Ipv4Addr::from_bits),
        proptest::sample::select(special)
    ]
}

proptest! {
    #[test]
    fn no_embedding_is_judged_more_kindly_than_the_bare_address(v4 in any_v4(), filler: u32) {
        let rules = Rules { nat64: configured(), ..Rules::default() };
        let everything = Rules { nat64: configured(), ..self::rules(&["0.0.0.0/0", "::/0"]) };
        let bare = SocketAddr::new(v4.into(), 443);
        for v6 in clothed(v4, filler) {
            let dressed = SocketAddr::new(v6.into(), 443);
            if decide(&rules, bare).is_err() {
                prop_assert!(decide(&rules, dressed).is_err(), "{v4} {v6}");
            }
            if decide(&everything, bare).is_err() {
                prop_assert!(decide(&everything, dressed).is_err(), "{v4} {v6}");
            }
        }
    }

    #[test]
    fn ipv6_is_public_only_inside_of_2000_3(bits: u128) {
        let address = Ipv6Addr::from_bits(bits);
        if classify(address.into()).is_public() {
            prop_assert_eq!(address.octets()[0] >> 5, 1);
        }
    }

    #[test]
    fn a_decision_and_its_class_agree(bits: u128, v4: u32) {
        for ip in [IpAddr::from(Ipv6Addr::from_bits(bits)), Ipv4Addr::from_bits(v4).into()] {
            let decided = decide(&Rules::default(), SocketAddr::new(ip, 443));
            prop_assert_eq!(decided.is_ok(), classify(ip).is_public(), "{}", ip);
        }
    }
}
