//! The order of addresses, and the last check before a connection.

use expect_test::{Expect, expect};

use super::*;
use crate::address::AddressClass;

#[track_caller]
fn check(addresses: &str, expected: Expect) {
    let addresses = addresses
        .split_whitespace()
        .map(|ip| SocketAddr::new(ip.parse().expect(ip), 443))
        .collect();
    let ordered: Vec<String> = interleave(addresses)
        .iter()
        .map(|address| address.ip().to_string())
        .collect();
    expected.assert_eq(&ordered.join(" "));
}

#[test]
fn families_take_turns_beginning_with_the_systems_choice() {
    check(
        "::1 ::2 1.0.0.1 1.0.0.2",
        expect!["::1 1.0.0.1 ::2 1.0.0.2"],
    );
    check(
        "1.0.0.1 1.0.0.2 1.0.0.3 ::1",
        expect!["1.0.0.1 ::1 1.0.0.2 1.0.0.3"],
    );
    check(
        "::1 1.0.0.1 1.0.0.2 1.0.0.3",
        expect!["::1 1.0.0.1 1.0.0.2 1.0.0.3"],
    );
    check("1.0.0.1", expect!["1.0.0.1"]);
    check("", expect![""]);
}

/// Whoever hands addresses to the dialer: it judges each one itself, last thing.
#[tokio::test]
async fn an_address_is_judged_immediately_before_it_is_dialled() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("a socket");
    let address = listener.local_addr().expect("bound");
    let rules = Rules::default();
    let err = connect_one(address, Right::Rules(&rules))
        .await
        .expect_err("refused");
    assert_eq!(
        err.blocked().expect("an address").class(),
        &AddressClass::Loopback
    );
    assert!(listener.accept().is_err());
    connect_one(address, Right::Named)
        .await
        .expect("the operator named it");
    listener.accept().expect("a connection");
}

#[tokio::test]
async fn an_address_is_judged_immediately_before_a_proxy_is_asked_for_it() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("a socket");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let proxy = Proxy::new(&url.parse().expect("a URL")).expect("a proxy");
    let (clock, _) = Clock::manual();
    let dialer = Dialer {
        resolver: Resolver::new(Rules::default(), clock.clone()),
        tls: Tls::new(None).expect("no certificates of our own"),
        proxy: None,
        clock,
    };
    let origin = Origin::from_url(&"https://api.example.com".parse().expect("a URL"));
    let addresses = vec!["10.0.0.1:443".parse().expect("an address")];
    let progress = Progress::new(Step::LookUp);
    let dialled = dialer
        .tunnel(&proxy, &origin.expect("an origin"), addresses, &progress)
        .await;
    let err = dialled.expect_err("refused");
    assert_eq!(
        err.blocked().expect("an address").class(),
        &AddressClass::Private
    );
    assert!(listener.accept().is_err());
}
