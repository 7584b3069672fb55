//! Addresses that must not be called: not one packet goes to them, whatever they are called by.

use std::net::TcpListener;
use std::sync::Arc;

use super::upstream::{Step, Upstream, answer};
use super::*;
use crate::address::{AddressClass, MetadataRule, OwnListeners};

/// Calls `url` and expects to be refused with `reason`.
async fn refused(rules: Rules, url: &str, reason: &str) {
    let (egress, _clock) = egress_with(Settings {
        rules,
        ..Settings::default()
    });
    let result = get(&egress, &origin(url)).await;
    let err = result.as_ref().expect_err(url);
    assert_eq!(err.blocked().expect(url).to_string(), reason, "{url}");
    assert_eq!(
        failure(result),
        (SendErrorKind::AddressRefused, Sent::Nothing),
        "{url}"
    );
}

#[tokio::test]
async fn literal_addresses_are_refused_in_every_spelling() {
    let loopback = "127.0.0.1 is a loopback address";
    for host in [
        "127.0.0.1",
        "127.1",
        "0x7f.1",
        "0177.0.0.1",
        "2130706433",
        "0x7f000001",
        "017700000001",
        "127.0.0.1.",
        "%31%32%37.0.0.1",
        "１２７.0.0.1",
        "127。0。0。1",
    ] {
        refused(Rules::default(), &format!("http://{host}/"), loopback).await;
    }
    for (host, reason) in [
        ("0.0.0.0", "0.0.0.0 means the machine itself"),
        ("0", "0.0.0.0 means the machine itself"),
        ("10.2.0.7", "10.2.0.7 is a private address"),
        ("[::1]", "::1 is a loopback address"),
        ("[::]", ":: means the machine itself"),
        ("[fd12::1]", "fd12::1 is a private address"),
        (
            "[::ffff:127.0.0.1]",
            "::ffff:127.0.0.1 carries 127.0.0.1 (mapped), which is a loopback address",
        ),
        (
            "[64:ff9b::a02:7]",
            "64:ff9b::a02:7 carries 10.2.0.7 (NAT64), which is a private address",
        ),
        (
            "[2002:7f00:1::]",
            "2002:7f00:1:: carries 127.0.0.1 (6to4), which is a loopback address",
        ),
    ] {
        refused(Rules::default(), &format!("https://{host}/"), reason).await;
    }
}

#[tokio::test]
async fn names_of_the_machine_are_refused() {
    for host in [
        "localhost",
        "LocalHost.",
        "app.localhost",
        "ｌocalhost",
        "local\u{ad}host",
    ] {
        let reason = "127.0.0.1 is a loopback address";
        refused(Rules::default(), &format!("http://{host}/"), reason).await;
    }
}

#[tokio::test]
async fn metadata_services_are_refused_whatever_is_allowed() {
    let everything = || Rules {
        allow: ["0.0.0.0/0", "::/0"]
            .map(|net| net.parse().expect(net))
            .to_vec(),
        ..Rules::default()
    };
    for (host, reason) in [
        (
            "169.254.169.254",
            "169.254.169.254 is the metadata service of AWS, Azure, Google Cloud and others",
        ),
        (
            "[fd00:ec2::254]",
            "fd00:ec2::254 is the metadata service of AWS",
        ),
        (
            "metadata.google.internal",
            "`metadata.google.internal` is the metadata service of Google Cloud",
        ),
        (
            "METADATA.goog.",
            "`metadata.goog.` is the metadata service of Google Cloud",
        ),
    ] {
        refused(everything(), &format!("http://{host}/"), reason).await;
    }
}

#[tokio::test]
async fn this_process_does_not_call_itself() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound");
    let own = Arc::new(OwnListeners::default());
    own.add(address);
    let rules = Rules { own, ..loopback() };
    let reason = "127.0.0.1 is where this process listens itself";
    refused(rules, &format!("http://{address}/"), reason).await;
}

#[tokio::test]
async fn nothing_reaches_an_address_that_is_refused() {
    let (egress, _clock) = egress_with(Settings::default());
    let mut upstream = Upstream::start([vec![Step::Request, answer("one")]]);
    let result = get(&egress, &upstream.origin()).await;
    let class = result
        .expect_err("refused")
        .blocked()
        .expect("an address")
        .class()
        .clone();
    assert_eq!(class, AddressClass::Loopback);
    assert_eq!(upstream.so_far(), Vec::<String>::new());
}

#[tokio::test]
async fn what_the_operator_allows_is_called() {
    let upstream = Upstream::start([vec![Step::Request, answer("one")]]);
    let allow = vec!["127.0.0.1/32".parse().expect("a range")];
    let rules = Rules {
        allow,
        metadata: MetadataRule::Blocked,
        ..Rules::default()
    };
    let (egress, _clock) = egress_with(Settings {
        rules,
        ..Settings::default()
    });
    let by_name = origin(&format!("http://localhost:{}", upstream.address.port()));
    assert_eq!(get_text(&egress, &by_name).await, "one");
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let (egress, _clock) = egress();
    let upstream = Upstream::start([vec![
        Step::Request,
        upstream::send(
            "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
        ),
    ]]);
    let answer = get(&egress, &upstream.origin()).await.expect("an answer");
    assert_eq!(answer.status(), 302);
    assert_eq!(answer.headers()["location"], "http://127.0.0.1:1/");
}
